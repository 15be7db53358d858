"""Answers that stand on a sheet and are not stored, for other answers of it exclude them.

Pure. Paper asks everything: people fill in what the form on the web would not have shown them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from surveys.paper import keying
from surveys.paper.blanks import Blank, Slot
from surveys.paper.keying import Entry
from surveys.questionnaires import flow
from surveys.questionnaires.logic import dependencies
from surveys.questionnaires.schema import Questionnaire


@dataclass(frozen=True)
class Excluded:
    """What is not stored of one answer. `is_asked`: the question is asked, but without these
    choices. `because`: the fields whose answers decide this, as far as they stand on the sheet."""

    value: Any
    is_asked: bool
    because: tuple[str, ...]


def of(
    q: Questionnaire, blank: Blank, entry: Entry, lang: str, at: datetime
) -> dict[str, Excluded]:
    """{field: Excluded} of a whole entry, in the order of the sheet."""
    state = flow.State(q, keying.answers(q, blank, entry), at, lang)
    found: dict[str, Excluded] = {}
    for slot in blank.slots():
        question, round_ = q.by_name[slot.question.name], slot.page.round
        typed = entry.get(slot.key)
        if typed is None:
            continue
        is_asked = round_ in state.rounds_of(question.name) and state.relevant(question, round_)
        kept = state.value(question.name, round_) if is_asked else None
        if is_asked and (kept == typed or not question.choice_filter):
            continue
        if isinstance(typed, list) and isinstance(kept, list):
            typed = [each for each in typed if each not in kept]
        because = tuple(_because(q, blank, slot))
        found[slot.key] = Excluded(typed, is_asked, because)
    return found


def _because(q: Questionnaire, blank: Blank, slot: Slot) -> Iterator[str]:
    """Behind calculations stand the answers that they are made of."""
    of_each, keys = dependencies(q), {each.key for each in blank.slots()}
    names, seen = [*of_each[slot.question.name]], {slot.question.name}
    found = set()
    while names:
        name = names.pop()
        if name in seen:
            continue
        seen.add(name)
        own = f"{name}@{slot.page.round}"
        if on_sheet := {name, own} & keys:
            found |= on_sheet
        else:
            names += of_each.get(name, ())
    yield from (each.key for each in blank.slots() if each.key in found)
