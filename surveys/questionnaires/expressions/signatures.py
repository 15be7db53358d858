"""The functions of XPath 1.0 and of ODK that we know, with how many arguments each takes.

Semantics: https://www.w3.org/TR/xpath-10/#corelib and https://docs.getodk.org/form-operators-functions/
"""

SIGNATURES: dict[str, tuple[int, int | None]] = {
    # XPath 1.0
    "boolean": (1, 1), "ceiling": (1, 1), "concat": (1, None), "contains": (2, 2),
    "count": (1, 1), "false": (0, 0), "floor": (1, 1), "normalize-space": (0, 1), "not": (1, 1),
    "number": (0, 1), "position": (0, 1), "round": (1, 2), "starts-with": (2, 2),
    "string": (0, 1), "string-length": (0, 1), "substring": (2, 3), "substring-after": (2, 2),
    "substring-before": (2, 2), "sum": (1, None), "translate": (3, 3), "true": (0, 0),
    # choices
    "selected": (2, 2), "count-selected": (1, 1), "selected-at": (2, 2), "jr:choice-name": (2, 2),
    # logic
    "if": (3, 3), "coalesce": (2, None), "once": (1, 1), "checklist": (3, None),
    "boolean-from-string": (1, 1), "weighted-checklist": (4, None), "pulldata": (4, 4),
    # text
    "regex": (2, 2), "substr": (2, 3), "join": (1, None), "ends-with": (2, 2), "uuid": (0, 1),
    "digest": (2, 3), "base64-decode": (1, 1),
    # numbers
    "int": (1, 1), "min": (1, None), "max": (1, None), "abs": (1, 1), "pow": (2, 2),
    "sqrt": (1, 1), "exp": (1, 1), "exp10": (1, 1), "log": (1, 1), "log10": (1, 1), "pi": (0, 0),
    "random": (0, 0), "sin": (1, 1), "cos": (1, 1), "tan": (1, 1), "asin": (1, 1),
    "acos": (1, 1), "atan": (1, 1), "atan2": (2, 2),
    # repeats
    "indexed-repeat": (3, 3), "count-non-empty": (1, 1), "last": (0, 0),
    # dates
    "today": (0, 0), "now": (0, 0), "date": (1, 1), "date-time": (1, 1),
    "decimal-date-time": (1, 1), "decimal-time": (1, 1), "format-date": (2, 2),
    "format-date-time": (2, 2),
}  # fmt: skip

UNSUPPORTED = frozenset(
    {
        "area",
        "distance",
        "hash",
        "randomize",
        "version",
        "property",
        "name",
        "local-name",
        "namespace-uri",
        "id",
        "lang",
        "text",
        "node",
        "comment",
        "jr:itext",
        "geofence",
        "intersects",
        "depend",
        "difference-in-months",
        "cht:difference-in-months",
        "add-date",
        "cht:extension-lib",
        "z-score",
        "decode-object",
        "extract-signed",
    }
)
"""Functions other tools know; named as unsupported instead of unknown."""
