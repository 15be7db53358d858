"""What is different between two questionnaires, for a person to read."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from surveys.editor.documents import TEXT_KEYS, Document

Kind = Literal["added", "removed", "changed", "moved"]
Subject = Literal["questionnaire", "page", "question", "choice"]


_APART = {"title", "pages", "repeats", "languages", "format"}
"""Of the questionnaire: compared one by one, or none of the author's doing."""


@dataclass(frozen=True)
class Change:
    """`what` is the property that changed (label, relevant, type …); empty where the whole subject
    was added, removed or moved. `question` is the name of the question concerned."""

    kind: Kind
    subject: Subject
    name: str
    question: str = ""
    what: str = ""
    language: str = ""
    before: str = ""
    after: str = ""


def changes(old: Document, new: Document) -> list[Change]:
    """In the order of the new questionnaire, what was removed at the end of its level."""
    found: list[Change] = []
    found += _texts(old, new, Change("changed", "questionnaire", ""), ("title",))
    found += _languages(old, new)
    found += _plain(old, new, Change("changed", "questionnaire", ""), _APART)
    found += _pages(old["pages"], new["pages"])
    found += _pages(old.get("repeats", ()), new.get("repeats", ()))
    found += _questions(_all(old), _all(new))
    return found


def _languages(old: Document, new: Document) -> Iterator[Change]:
    for language in new["languages"]:
        if language not in old["languages"]:
            yield Change("added", "questionnaire", "", what="language", language=language)
    for language in old["languages"]:
        if language not in new["languages"]:
            yield Change("removed", "questionnaire", "", what="language", language=language)


def _pages(old: Sequence[Document], new: Sequence[Document]) -> Iterator[Change]:
    before = {page["name"]: page for page in old}
    after = {page["name"]: page for page in new}
    for name, page in after.items():
        if name not in before:
            yield Change("added", "page", name, after=_words(page.get("label")))
            continue
        about = Change("changed", "page", name)
        yield from _texts(before[name], page, about, TEXT_KEYS)
        yield from _plain(before[name], page, about, {*TEXT_KEYS, "name", "questions"})
    for name, page in before.items():
        if name not in after:
            yield Change("removed", "page", name, before=_words(page.get("label")))
    yield from _moves(list(before), list(after), Change("moved", "page", ""))


def _questions(
    old: dict[str, tuple[str, Document]], new: dict[str, tuple[str, Document]]
) -> Iterator[Change]:
    for name, (page, question) in new.items():
        if name not in old:
            yield Change("added", "question", name, name, after=_words(question.get("label")))
            continue
        old_page, before = old[name]
        if page != old_page:
            yield Change("moved", "question", name, name, "page", before=old_page, after=page)
        yield from _question(before, question)
    for name, (_page, question) in old.items():
        if name not in new:
            yield Change("removed", "question", name, name, before=_words(question.get("label")))
    pages = dict.fromkeys(page for page, _question in new.values())
    for page in pages:
        yield from _moves(
            [name for name, (where, _q) in old.items() if where == page],
            [name for name, (where, _q) in new.items() if where == page],
            Change("moved", "question", ""),
        )


def _question(old: Document, new: Document) -> Iterator[Change]:
    name = new["name"]
    about = Change("changed", "question", name, name)
    yield from _texts(old, new, about, TEXT_KEYS)
    yield from _plain(old, new, about, {*TEXT_KEYS, "name", "choices"})
    before = {choice["name"]: choice for choice in old.get("choices", ())}
    after = {choice["name"]: choice for choice in new.get("choices", ())}
    for key, choice in after.items():
        if key not in before:
            yield Change("added", "choice", key, name, after=_words(choice.get("label")))
            continue
        about = Change("changed", "choice", key, name)
        yield from _texts(before[key], choice, about, TEXT_KEYS)
        yield from _plain(before[key], choice, about, {*TEXT_KEYS, "name"})
    for key, choice in before.items():
        if key not in after:
            yield Change("removed", "choice", key, name, before=_words(choice.get("label")))
    yield from _moves(list(before), list(after), Change("moved", "choice", "", name))


def _texts(old: Document, new: Document, about: Change, keys: Sequence[str]) -> Iterator[Change]:
    for key in keys:
        before, after = old.get(key) or {}, new.get(key) or {}
        for language in dict.fromkeys((*after, *before)):
            if before.get(language, "") != after.get(language, ""):
                yield _with(about, key, before.get(language, ""), after.get(language, ""), language)


def _plain(old: Document, new: Document, about: Change, besides: set[str]) -> Iterator[Change]:
    """Everything that is no text and has no names of its own: logic, type, appearance."""
    for key in sorted({*old, *new} - besides):
        if old.get(key) != new.get(key):
            yield _with(about, key, _shown(old.get(key)), _shown(new.get(key)))


def _with(about: Change, what: str, before: str, after: str, language: str = "") -> Change:
    return Change(
        about.kind, about.subject, about.name, about.question, what, language, before, after
    )


def _moves(old: list[str], new: list[str], about: Change) -> Iterator[Change]:
    """Those that stand out of the longest run that kept its order."""
    common = [name for name in new if name in set(old)]
    place = {name: number for number, name in enumerate(old)}
    kept = _longest([place[name] for name in common])
    for name in common:
        if place[name] not in kept:
            yield Change(
                "moved",
                about.subject,
                name,
                about.question or (name if about.subject == "question" else ""),
            )


def _longest(numbers: list[int]) -> set[int]:
    """A longest increasing subsequence (patience sorting), n log n."""
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(tails, number)
        before[number] = tails[at - 1] if at else None
        tails[at : at + 1] = [number]
    found: set[int] = set()
    step: int | None = tails[-1] if tails else None
    while step is not None:
        found.add(step)
        step = before[step]
    return found


def _all(document: Document) -> dict[str, tuple[str, Document]]:
    return {
        question["name"]: (page["name"], question)
        for page in document["pages"]
        for question in page["questions"]
    }


def _words(texts: Mapping[str, str] | None) -> str:
    return next((text for text in (texts or {}).values() if text), "")


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
