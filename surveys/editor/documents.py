"""A questionnaire's JSON as an editor sees it: its texts, its questions, and edits of both.

Everything works on the JSON of a version, not on its dataclasses: what this module knows nothing
of stays as it is. No function changes what it is given; edits return a new document.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from surveys.questionnaires.schema import UNSEEN

Document = Mapping[str, Any]
TEXT_KEYS = ("title", "label", "hint", "guidance", "required_message", "constraint_message")


@dataclass(frozen=True)
class TextRow:
    """One text in all its languages. `pointer` is its address: names, not positions, so that it
    stays the same when questions move."""

    pointer: str
    key: str
    texts: Mapping[str, str]
    page: str = ""
    """Name of the page; empty for the title."""
    question: str = ""
    choice: str = ""

    def missing(self, languages: list[str]) -> list[str]:
        return [language for language in languages if not self.texts.get(language)]


@dataclass
class _Place:
    """Where a text stands in a document."""

    row: TextRow
    owner: dict[str, Any] = field(repr=False)


def text_rows(document: Document) -> list[TextRow]:
    """Every text that has words in some language, and the label of everything that is shown."""
    return [place.row for place in _places(document)]


def _places(document: Any) -> Iterator[_Place]:
    yield _place(document, "title", "title")
    for page in document["pages"]:
        at = f"pages/{_escaped(page['name'])}"
        if page.get("label"):
            yield _place(page, "label", f"{at}/label", page=page["name"])
        for question in page["questions"]:
            yield from _question_places(question, page["name"])
    for repeat in document.get("repeats", ()):
        if repeat.get("label"):
            yield _place(repeat, "label", f"repeats/{_escaped(repeat['name'])}/label")


def _question_places(question: dict[str, Any], page: str) -> Iterator[_Place]:
    name = question["name"]
    at = f"questions/{_escaped(name)}"
    for key in TEXT_KEYS:
        if question.get(key) or (key == "label" and question["type"] not in UNSEEN):
            yield _place(question, key, f"{at}/{key}", page=page, question=name)
    for kind, items in question.items():
        # Choices today; whatever else a question may list later has texts too.
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            continue
        seen: set[str] = set()
        for number, item in enumerate(items):
            own = str(item.get("name", number))
            # ~ is escaped in names, so that the second of two equal names is still alone.
            unique = f"{_escaped(own)}~n{number}" if own in seen else _escaped(own)
            seen.add(own)
            for key in TEXT_KEYS:
                if item.get(key):
                    pointer = f"{at}/{kind}/{unique}/{key}"
                    yield _place(item, key, pointer, page=page, question=name, choice=own)


def _place(owner: dict[str, Any], key: str, pointer: str, **where: str) -> _Place:
    return _Place(TextRow(pointer, key, owner.get(key) or {}, **where), owner)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


Typed = Mapping[tuple[str, str], str]
"""{(pointer, language): text}, as it came from a form."""


@dataclass(frozen=True)
class Merge:
    """What came of texts typed over an older state of the document.

    `conflicts` are texts that somebody else changed meanwhile to something else, `gone` those
    whose question or choice is no more; with either, nothing of `document` may be kept.
    `show` is what a form must show again: the person's changes over the newest state.
    """

    document: dict[str, Any]
    conflicts: dict[tuple[str, str], str]
    gone: list[tuple[str, str]]
    show: dict[tuple[str, str], str]

    @property
    def ok(self) -> bool:
        return not self.conflicts and not self.gone


def merge_texts(base: Document, current: Document, typed: Typed) -> Merge:
    """Put typed texts into `current`, as far as they differ from `base`, which the form showed."""
    before = {row.pointer: row.texts for row in text_rows(base)}
    changed: dict[str, Any] = deepcopy(dict(current))
    places = {place.row.pointer: place for place in _places(changed)}
    conflicts: dict[tuple[str, str], str] = {}
    gone: list[tuple[str, str]] = []
    show: dict[tuple[str, str], str] = {}
    for (pointer, language), text in typed.items():
        old = before.get(pointer, {}).get(language, "")
        place = places.get(pointer)
        now = place.row.texts.get(language, "") if place else ""
        if text == old:
            show[pointer, language] = now
            continue
        show[pointer, language] = text
        if place is None:
            gone.append((pointer, language))
        elif now not in (old, text):
            conflicts[pointer, language] = now
        else:
            texts = {**(place.owner.get(place.row.key) or {}), language: text}
            place.owner[place.row.key] = {code: each for code, each in texts.items() if each}
    return Merge(changed, conflicts, gone, show)


def completeness(document: Document) -> dict[str, tuple[int, int]]:
    """language -> (texts it has, texts there are)."""
    rows = text_rows(document)
    return {
        language: (sum(bool(row.texts.get(language)) for row in rows), len(rows))
        for language in document["languages"]
    }


# Questions


def find_question(document: Document, name: str) -> dict[str, Any] | None:
    return next(
        (q for page in document["pages"] for q in page["questions"] if q["name"] == name), None
    )


def page_of(document: Document, name: str) -> str | None:
    """The name of a question's page."""
    return next(
        (
            page["name"]
            for page in document["pages"]
            if any(question["name"] == name for question in page["questions"])
        ),
        None,
    )


def move_question(document: Document, name: str, step: int) -> dict[str, Any]:
    """One place up (-1) or down (1) within its page; at the edge nothing moves."""
    changed = deepcopy(dict(document))
    for page in changed["pages"]:
        names = [question["name"] for question in page["questions"]]
        if name in names:
            at = names.index(name)
            to = min(max(at + step, 0), len(names) - 1)
            page["questions"].insert(to, page["questions"].pop(at))
    return changed


def remove_question(document: Document, name: str) -> dict[str, Any]:
    """Without that question; a page that is left empty goes with it, unless it is the last."""
    changed = deepcopy(dict(document))
    for page in changed["pages"]:
        page["questions"] = [each for each in page["questions"] if each["name"] != name]
    kept = [page for page in changed["pages"] if page["questions"]]
    changed["pages"] = kept or changed["pages"][:1]
    return changed


def put_question(document: Document, question: Mapping[str, Any], page: str) -> dict[str, Any]:
    """Replace the question of that name, or add it at the end of the page."""
    changed = deepcopy(dict(document))
    for each in changed["pages"]:
        for number, old in enumerate(each["questions"]):
            if old["name"] == question["name"]:
                each["questions"][number] = dict(question)
                return changed
    for each in changed["pages"]:
        if each["name"] == page:
            each["questions"].append(dict(question))
    return changed


def add_language(document: Document, language: str) -> dict[str, Any]:
    changed = deepcopy(dict(document))
    if language not in changed["languages"]:
        changed["languages"].append(language)
    return changed
