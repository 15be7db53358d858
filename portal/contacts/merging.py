"""What a file's row does to what the bank already knows of the number."""

from dataclasses import dataclass
from typing import Any, Protocol

from portal import text
from portal.contacts.keys import order_key, search_text
from portal.contacts.rows import MAX_TAGS, Row


class Known(Protocol):
    """A contact, or a row of one."""

    e164: Any
    name: Any
    language: Any
    neighbourhood: Any
    tags: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """The contact after the row; `differs` says whether there is anything to write."""

    name: str
    language: str
    neighbourhood: str
    tags: list[str]
    differs: bool

    def columns(self, e164: str) -> dict[str, Any]:
        return {
            "name": self.name,
            "language": self.language,
            "neighbourhood": self.neighbourhood,
            "tags": self.tags,
            "sort_key": order_key(self.name, e164),
            "search_key": search_text(e164, self.name, self.neighbourhood, self.tags),
        }


def staged_values(row: Row) -> dict[str, Any]:
    """A checked row as it waits for the commit, its keys with it for the case that it is new."""
    return {
        "name": row.name,
        "language": row.language,
        "neighbourhood": row.neighbourhood,
        "tags": list(row.tags),
        "consent": row.consent,
        "warnings": list(row.warnings),
        "sort_key": order_key(row.name, row.e164),
        "search_key": search_text(row.e164, row.name, row.neighbourhood, row.tags),
    }


def merge(known: Known, values: dict[str, Any]) -> Merged:
    """The file's name, language and place replace the bank's where it gives one; tags add up."""
    name = values["name"] or known.name
    language = values["language"] or known.language
    neighbourhood = values["neighbourhood"] or known.neighbourhood
    tags = merge_tags(known.tags, values["tags"])
    before = (known.name, known.language, known.neighbourhood, list(known.tags))
    return Merged(
        name, language, neighbourhood, tags, (name, language, neighbourhood, tags) != before
    )


def merge_tags(known: list[str], added: list[str]) -> list[str]:
    """Both, each spelling once, the known ones first; at most MAX_TAGS."""
    tags = {text.search_key(tag): tag for tag in reversed(known)}
    merged = list(known)
    for tag in added:
        if text.search_key(tag) not in tags and len(merged) < MAX_TAGS:
            tags[text.search_key(tag)] = tag
            merged.append(tag)
    return merged
