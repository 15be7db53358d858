"""The corpus of expressions: the answers they are about, their values, and random ones.

`corpus/xpath1.json`: XPath 1.0, the values those of elementpath (most were also computed with
libxml2). `corpus/unlike_elementpath.json`: XPath 1.0 where elementpath leaves the recommendation,
with the reason. `corpus/odk.json`: what ODK adds and where we deviate on purpose, by hand.
"""

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from surveys.questionnaires.cli import typed
from surveys.questionnaires.expressions import (
    Context,
    EvaluationError,
    answers_lookup,
    evaluate,
    plain,
)

CORPUS = Path(__file__).parent / "corpus"


def load(name: str) -> Any:
    return json.loads((CORPUS / name).read_text("utf-8"))


def cases(name: str) -> list[tuple[str, dict[str, Any]]]:
    """(expression, {"value", "type"}) of a file; what follows in a row is for readers."""
    return [(text, {"value": value, "type": kind}) for text, kind, value, *_ in load(name)["cases"]]


WORLD = load("world.json")
ANSWERS: dict[str, Any] = WORLD["answers"]
TABLES: dict[str, Any] = WORLD["tables"]
LABELS: dict[str, dict[str, str]] = WORLD["labels"]
XPATH, UNLIKE, ODK = (cases(f"{name}.json") for name in ("xpath1", "unlike_elementpath", "odk"))
CONTEXT = Context(
    answers_lookup(ANSWERS),
    current=WORLD["current"],
    now=lambda: datetime.fromisoformat(WORLD["now"]),
    random=lambda: 0.25,
    table=TABLES.get,
    choice_label=lambda question, choice: LABELS.get(question, {}).get(choice, choice),
)


def value_of(text: str) -> dict[str, Any]:
    """{"value", "type"} by our evaluator; the type is "error" where there is no value."""
    try:
        return typed(evaluate(text, CONTEXT))
    except EvaluationError:
        return {"value": None, "type": "error"}


def number_of(value: dict[str, Any]) -> float:
    """The number behind {"value": 2 or "NaN" …}."""
    return float(value["value"])


def is_close(one: dict[str, Any], other: dict[str, Any], tolerance: float = 0.0) -> bool:
    """Equal in type and value; numbers may differ by `tolerance` relatively."""
    if one["type"] != other["type"]:
        return False
    if one["type"] != "number":
        return bool(one["value"] == other["value"])
    left, right = number_of(one), number_of(other)
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return left == right or math.isclose(left, right, rel_tol=tolerance)


WORDS = st.sampled_from(
    ["hello", "l", "a/b", "/", "", " x  y ", "سلام", "تهران", "42", "fig", "😀", "It's me"]
)
_COLUMNS = st.sampled_from(["age_of", "called", "school"])


def quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


def joined(*parts: Any) -> st.SearchStrategy[str]:
    """Texts and strategies of texts, one after the other."""
    made = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(*made).map("".join)


def xpath1() -> st.SearchStrategy[str]:
    """Random XPath 1.0 of every type, within what elementpath computes as recommended.

    Numbers are written number('1.5'): it takes literals as decimal fractions. Left out, for its
    own reasons in `unlike_elementpath.json`: division of NaN by zero, texts compared with
    numbers, remainders of negative numbers, the text of fractions; and, for ours in `odk.json`,
    empty nodes as booleans.
    """
    strings: Any = st.deferred(lambda: _strings)
    numbers: Any = st.deferred(lambda: _numbers)
    booleans: Any = st.deferred(lambda: _booleans)
    nodes: Any = st.deferred(lambda: _nodes)
    counts = st.one_of(
        joined("string-length(", strings, ")"), joined("count(", nodes, ")"), st.just("${age}")
    )
    _strings = st.one_of(
        WORDS.map(quoted),
        st.sampled_from(["word", "name", "empty", "city", "nothing", "fruit"]).map(
            lambda name: f"string(${{{name}}})"
        ),
        joined("string(", nodes, ")"),
        joined("string(string-length(", strings, "))"),
        joined("concat(", strings, ", ", strings, ")"),
        joined("normalize-space(", strings, ")"),
        joined("substring-before(", strings, ", ", strings, ")"),
        joined("substring-after(", strings, ", ", strings, ")"),
        joined("substring(", strings, ", ", st.integers(-3, 8).map(str), ")"),
        joined(
            "substring(", strings, ", ", st.integers(-3, 8).map(str), ", ",
            st.integers(-2, 8).map(str), ")",
        ),
        joined("translate(", strings, ", ", st.sampled_from(["'abc'", "'lس/'", "' '"]), ", ",
               st.sampled_from(["'xyz'", "''", "'L'"]), ")"),
    )  # fmt: skip
    _numbers = st.one_of(
        st.floats(-1e6, 1e6).map(lambda number: f"number('{number:.4f}')"),
        st.sampled_from(["number(${age})", "number(${half})", "number(${neg})", "number(${word})"]),
        counts,
        joined("sum(${kids}/age_of)"),
        joined("(", numbers, st.sampled_from([" + ", " - ", " * "]), numbers, ")"),
        joined("(", numbers, " div number('", st.integers(1, 999).map(str), "'))"),
        joined("(", counts, " mod number('", st.integers(1, 9).map(str), "'))"),
        joined("-", numbers),
        joined(st.sampled_from(["floor(", "ceiling(", "round("]), numbers, ")"),
        joined("number(", booleans, ")"),
    )
    _booleans = st.one_of(
        st.sampled_from(["true()", "false()"]),
        joined("(", strings, st.sampled_from([" = ", " != "]), strings, ")"),
        joined("(number(", numbers, ")", st.sampled_from([" = ", " != ", " < ", " <= ", " > ",
               " >= "]), "number(", numbers, "))"),
        joined("(", nodes, st.sampled_from([" = ", " != "]), strings, ")"),
        joined("(", nodes, st.sampled_from([" = ", " != "]), nodes, ")"),
        joined("(", booleans, st.sampled_from([" = ", " != ", " and ", " or "]), booleans, ")"),
        joined("(", booleans, st.sampled_from([" and ", " or "]), strings, ")"),
        joined("not(", booleans, ")"),
        joined("boolean(", st.one_of(strings, numbers), ")"),
        joined(st.sampled_from(["contains(", "starts-with("]), strings, ", ", strings, ")"),
    )  # fmt: skip
    inside = st.one_of(
        joined("number(", _COLUMNS, ") > number('", st.integers(0, 12).map(str), "')"),
        joined(_COLUMNS, " = ", WORDS.map(quoted)),
        joined(_COLUMNS, " = ", _COLUMNS),
        joined("starts-with(", _COLUMNS, ", 's')"),
        joined("position() = ", st.integers(0, 4).map(str)),
        joined("position() > ", st.integers(0, 4).map(str)),
        st.integers(1, 4).map(str),
        st.just("last()"),
        joined("string-length(", _COLUMNS, ") = ", st.integers(0, 5).map(str)),
        joined("contains(string(${word}), ", _COLUMNS, ")"),
    )
    _nodes = st.one_of(
        joined("${kids}/", _COLUMNS),
        joined("${kids}[", inside, "]/", _COLUMNS),
        joined("${kids}[", inside, "][", inside, "]/", _COLUMNS),
        joined("instance('fruits')/root/item[name = ", WORDS.map(quoted), "]/label"),
        st.sampled_from(["${word}", "${fruit}", "${yes}"]),
    )
    return st.one_of(strings, numbers, booleans, nodes)


def browser_context() -> dict[str, Any]:
    """What `CONTEXT` holds, for the JavaScript twin."""
    columns = {
        name: {"nodes": [plain(round_[name]) for round_ in ANSWERS["kids"]]}
        for name in ANSWERS["kids"][0]
    }
    return {
        "values": {**ANSWERS, **columns},
        "current": WORLD["current"],
        "now": WORLD["now"] + ".000",
        "labels": LABELS,
        "tables": TABLES,
    }


def odk() -> st.SearchStrategy[str]:
    """Random expressions of everything that a browser evaluates too, well typed or not."""
    any_: Any = st.deferred(lambda: _any)
    leaves = st.one_of(
        WORDS.map(quoted),
        st.text(st.sampled_from("0123456789.-۱۲٣٫ aلT:Z+/\u00a0"), max_size=12).map(quoted),
        st.floats(0, 1e22).map(lambda number: format(number, "f")),
        st.integers(0, 20).map(str),
        st.dates().map(lambda day: f"'{day.isoformat()}'"),
        st.datetimes().map(lambda moment: f"'{moment.isoformat()}'"),
        st.sampled_from([
            "${age}", "${half}", "${neg}", "${word}", "${nothing}", "${fruit}", "${persian}",
            "${born}", "${city}", "${emoji}", "${kids}", "${age_of}", "${called}", ".", "true()",
            "false()", "today()", "now()", "pi()", "position(..)", "1 div 0", "0 div 0",
            "instance('fruits')/root/item/name", "${kids}[age_of > 4]/called", "${kids}[last()]",
        ]),
    )  # fmt: skip
    one = st.sampled_from([
        "boolean", "boolean-from-string", "ceiling", "count-non-empty", "count-selected", "date",
        "date-time", "decimal-date-time", "decimal-time", "floor", "int", "normalize-space", "not",
        "number", "round", "string", "string-length", "abs", "sqrt",
        "count", "sum", "min", "max", "concat", "once",
    ])  # fmt: skip
    two = st.sampled_from([
        "contains", "ends-with", "starts-with", "selected", "selected-at", "substr", "substring",
        "substring-after", "substring-before", "join", "round", "coalesce", "sum",
        "min", "max", "concat",
    ])  # fmt: skip
    operators = st.sampled_from(
        [
            " = ",
            " != ",
            " < ",
            " <= ",
            " > ",
            " >= ",
            " + ",
            " - ",
            " * ",
            " div ",
            " mod ",
            " and ",
            " or ",
        ]
    )
    patterns = st.sampled_from(
        ["[a-z]+", "\\\\d+", "\\w*", ".*", "[^ ]+", "(a|b)?l*", "\\s", "[۰-۹]+"]
    )
    dates = st.sampled_from(["%Y-%m-%d", "%a %b %e %n %y", "%H:%M:%S.%3 %h%%"])
    # Not inside others: floor() makes a whole number of the last digit of sin().
    rounded = st.sampled_from(
        ["acos", "asin", "atan", "cos", "exp", "exp10", "log", "log10", "sin", "tan"]
    )
    _any = st.one_of(
        leaves,
        leaves,
        joined(one, "(", any_, ")"),
        joined(two, "(", any_, ", ", any_, ")"),
        joined("(", any_, operators, any_, ")"),
        joined("-", leaves),
        joined("if(", any_, ", ", any_, ", ", any_, ")"),
        joined("substr(", any_, ", ", any_, ", ", any_, ")"),
        joined("substring(", any_, ", ", any_, ", ", any_, ")"),
        joined("translate(", any_, ", ", any_, ", ", any_, ")"),
        joined("format-date(", any_, ", '", dates, "')"),
        joined("checklist(", st.integers(-1, 3).map(str), ", 2, ", any_, ", ", any_, ")"),
        joined("weighted-checklist(1, 5, ", any_, ", ", any_, ")"),
        joined("regex(", any_, ", ", patterns.map(quoted), ")"),
        joined("jr:choice-name(", any_, ", '${fruit}')"),
        joined("indexed-repeat(${called}, ${kids}, ", any_, ")"),
        joined("pulldata('fruits', 'label', 'name', ", any_, ")"),
        joined("${kids}[", leaves, operators, "age_of]/called"),
        joined("instance('fruits')/root/item[", any_, "]/label").filter(
            lambda text: "[" not in text[text.index("[") + 1 :]
        ),
    )  # fmt: skip
    return st.one_of(
        _any,
        _any,
        joined(rounded, "(", _any, ")"),
        joined("pow(", _any, ", ", _any, ")"),
        joined("atan2(", _any, ", ", _any, ")"),
    )
