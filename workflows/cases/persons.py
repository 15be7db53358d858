"""Names and numbers of people in what was written about them: found, and left out."""

import re

from portal.text import ZWNJ, ascii_digits, fold, search_key

# Digits with what people put between them, and what cannot be seen at all.
_BETWEEN = r"[\s\-.·•*/_()‐-―\u200b-\u200f\u202a-\u202e\u2060-\u2069]"
_LONG_NUMBER = re.compile(rf"\+?\d(?:{_BETWEEN}{{0,4}}\d){{6,}}")
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:1[34]\d\d|20\d\d)"
_DATE = re.compile(
    rf"(?<![\d+])(?:{_YEAR}([/.-]){_MONTH}\1{_DAY}|{_DAY}([/.-]){_MONTH}\2{_YEAR})(?![\d/.-]*\d)"
)
HIDDEN = "…"
_SAME = {"ی": "یيىې", "ک": "کكڪ", "ه": "هەہةۀ", "ا": "اآأإٱ", "و": "وؤ", "ئ": "ئیي"}
_MARKS = r"[\u064b-\u0655\u0670\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069]*"


def without_person(text: str, name: str) -> str:
    """`text` without long numbers (telephones, identity cards) and the person's own name.

    A help, not a promise: whatever is published is read by somebody first.
    """
    for found in reversed(list(_LONG_NUMBER.finditer(_without_dates(text)))):
        text = text[: found.start()] + HIDDEN + text[found.end() :]
    for part in sorted({name, *name.split()}, key=len, reverse=True):
        if len(part) > 2:
            text = _spelt(part).sub(HIDDEN, text)
    return re.sub(rf"{HIDDEN}(?:\s*{HIDDEN})+", HIDDEN, text)


def has_number(text: str) -> bool:
    """Whether a long number, a telephone or an identity card, stands in it; dates are none."""
    return _LONG_NUMBER.search(_without_dates(text)) is not None


def _without_dates(text: str) -> str:
    """With ASCII digits, but none in dates; of the same length, so that positions hold."""
    return _DATE.sub(lambda found: "x" * len(found[0]), ascii_digits(text))


def _spelt(name: str) -> re.Pattern[str]:
    """A name however a keyboard writes it: ي or ی, with or without joiner, vowels, capitals."""
    letters = []
    for char in fold(name, diacritics=False).replace(ZWNJ, ""):
        same = "".join({*_SAME.get(char, char), char})
        letters.append(r"\s+" if char.isspace() else f"[{re.escape(same)}]")
    return re.compile(rf"(?<!\w){_MARKS.join(letters)}{_MARKS}(?!\w)", re.IGNORECASE)


def keys_of(text: str) -> set[str]:
    """Words as a search compares them; a joiner parts them or does not."""
    return {search_key(text), search_key(text.replace(ZWNJ, ""))} - {""}
