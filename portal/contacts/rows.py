"""One row of a contact file, checked: a contact to store, or a reason why not."""

import re
from dataclasses import dataclass, field

from portal import phones, text
from portal.contacts.reader import RawRow
from portal.i18n import LazyText, _l, known_language

MAX_NAME = 200
MAX_PLACE = 120
MAX_TAG = 50
MAX_TAGS = 20

REASONS: dict[str, LazyText] = phones.MESSAGES

WARNINGS: dict[str, LazyText] = {
    "language_unknown": _l("The language is not one of the portal's and was left out"),
    "consent_unknown": _l("The consent is neither yes nor no and was left out"),
    "name_cut": _l("The name was too long and was cut"),
    "tags_cut": _l("There were too many or too long tags; some were left out"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row with a number that can receive an SMS; what the file does not say is empty."""

    number: int
    e164: str
    country: str = ""
    name: str = ""
    language: str | None = None
    neighbourhood: str = ""
    district: str = ""
    tags: tuple[str, ...] = ()
    consent: bool | None = None
    warnings: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot be used. `row` is its number in the file, `code` a key of REASONS."""

    row: int
    code: str
    reason: str
    values: dict[str, str]


_LANGUAGE_NAMES = {
    text.search_key(name): code
    for code, names in {
        "fa": ("fa", "per", "fas", "prs", "persian", "farsi", "dari", "فارسی", "پارسی", "دری",
               "الفارسية"),
        "ar": ("ar", "ara", "arabic", "عربی", "عربي", "العربية", "عربية"),
        "en": ("en", "eng", "english", "انگلیسی", "الإنجليزية", "الانكليزية", "إنجليزي", "إنكليزي",
               "انگليسي"),
    }.items()
    for name in names
}  # fmt: skip
_YES = {
    text.search_key(word)
    for word in ("yes", "y", "1", "true", "ok", "x", "✓", "بله", "بلی", "دارد", "آری", "نعم",
                 "موافق", "opt in", "subscribed")
} - {""}  # fmt: skip
_NO = {
    text.search_key(word)
    for word in ("no", "n", "0", "false", "خیر", "نه", "ندارد", "لا", "غير موافق", "opt out",
                 "unsubscribed", "لغو")
}  # fmt: skip
_TAG_BREAK = re.compile(r"[,،;؛|\n]+")


def check_row(raw: RawRow) -> Row | Rejection:
    """`raw` as a contact, folded and bounded. Only the number can make it a Rejection.

    Rows of the same file that repeat a number are the importer's concern.
    """
    values = raw.values
    try:
        phone = phones.parse_mobile(values.get("phone", ""))
    except phones.PhoneError as error:
        return Rejection(raw.number, error.code, str(error.message), {**values, **raw.extra})
    warnings: list[str] = []
    language = language_code(values.get("language", ""))
    if language is None and values.get("language"):
        warnings.append("language_unknown")
    script = language or "fa"
    name = _name(values, script)
    if len(name) > MAX_NAME:
        name = name[:MAX_NAME].rstrip()
        warnings.append("name_cut")
    consent = _yes_no(values.get("consent", ""))
    if consent is None and values.get("consent"):
        warnings.append("consent_unknown")
    tags, cut = tags_of(values.get("tags", ""))
    if cut:
        warnings.append("tags_cut")
    return Row(
        number=raw.number,
        e164=phone.e164,
        country=phone.country,
        name=name,
        language=language,
        # Places are matched against the city's own list, which is Persian.
        neighbourhood=_line(values.get("neighbourhood", ""), "fa")[:MAX_PLACE],
        district=_line(text.ascii_digits(values.get("district", "")), "fa")[:MAX_PLACE],
        tags=tags,
        consent=consent,
        warnings=tuple(warnings),
        values={**values, **raw.extra},
    )


def language_code(name: str) -> str | None:
    """fa, ar or en for a language's code or its name in any of the three; else None."""
    return _LANGUAGE_NAMES.get(text.search_key(name)) or known_language(name)


def _line(value: str, script: str) -> str:
    one_line = text.strip_controls(value, keep_newlines=False)
    return " ".join(text.fold(one_line, script).split())


def _name(values: dict[str, str], script: str) -> str:
    whole = _line(values.get("name") or values.get("first_name", ""), script)
    last = _line(values.get("last_name", ""), script)
    # A whole name beside its parts says it all already; «نام» alone may be the first name.
    if (values.get("name") and values.get("first_name")) or whole.endswith(last):
        return whole
    return f"{whole} {last}".strip()


def _yes_no(value: str) -> bool | None:
    key = text.search_key(value)
    if key in _YES or value.strip() in {"✓", "✔", "☑"}:
        return True
    return False if key in _NO else None


def tags_of(value: str) -> tuple[tuple[str, ...], bool]:
    """(distinct tags in their order, whether any was left out)."""
    tags: dict[str, str] = {}
    cut = False
    for part in _TAG_BREAK.split(value):
        tag = _line(part, "fa").lstrip("#").strip()
        if not tag:
            continue
        if len(tag) > MAX_TAG or (len(tags) >= MAX_TAGS and text.search_key(tag) not in tags):
            cut = True
            continue
        tags.setdefault(text.search_key(tag), tag)
    return tuple(tags.values()), cut
