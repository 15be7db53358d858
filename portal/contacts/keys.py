"""The stored forms by which contacts are searched and ordered."""

from collections.abc import Iterable

from portal import text

UNNAMED = "~~"
"""Sorts behind every name, whatever its script."""


def order_key(name: str, e164: str) -> str:
    """Persian order of names; people without a name come last, by number."""
    return text.sort_key(name) or f"{UNNAMED}{e164}"


def tag_part(tag: str) -> str:
    """A tag's piece of `search_text`: marked, so that it can be cut out again exactly."""
    return f"#{_words(tag)}\n"


def search_text(e164: str, name: str, neighbourhood: str, tags: Iterable[str]) -> str:
    """What the trigram index sees of a contact: lines of folded words, digits at the end."""
    lines = [f"{_words(name)}\n{_words(neighbourhood)}\n", *map(tag_part, tags)]
    return "".join(lines) + e164.removeprefix("+")


def _words(value: str) -> str:
    """Folded; with a joiner inside, both «نیک خواه» and «نیکخواه» find it."""
    key = text.search_key(value)
    if text.ZWNJ in value:
        joined = text.search_key(value.replace(text.ZWNJ, ""))
        return key if joined == key else f"{key} {joined}"
    return key


def query_terms(typed: str) -> list[str]:
    """The pieces that must all occur in a `search_text`; a number may be written in any way."""
    words = text.search_key(typed[:200]).split()
    if words and all(word.isdigit() for word in words):
        words = ["".join(words)]
    return [_number(word) if word.isdigit() else word for word in words[:10]]


def _number(digits: str) -> str:
    """Digits as a stored number has them: without 00 before a country or 0 before a mobile."""
    if len(digits) < 4:
        return digits
    return digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("0")
