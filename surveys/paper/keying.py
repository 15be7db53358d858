"""What a typist sends → values; two entries side by side; values → answers.

Pure. An entry is a mapping of a field's key to its value; what was left empty is not in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from portal.i18n import current_language
from portal.text import ascii_digits, fold
from surveys.paper.blanks import Blank, Slot
from surveys.questionnaires import answers as conversions
from surveys.questionnaires import flow
from surveys.questionnaires.schema import META, Questionnaire
from surveys.questionnaires.state import fixed_defaults, order_name

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Keyed:
    """What was typed. `errors`: of fields that cannot be read, e.g. letters for a number."""

    entry: dict[str, Any]
    errors: dict[str, str]


def read(blank: Blank, raw: Mapping[str, Sequence[str]], lang: str) -> Keyed:
    """Dates are read in the calendar of `lang`, that of the sheet."""
    entry: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for slot in blank.slots():
        value, error = conversions.convert(slot.question, raw.get(slot.key, ()), lang)
        if error is not None:
            errors[slot.key] = error
        elif value is not None:
            entry[slot.key] = value
    return Keyed(entry, errors)


def compared(first: Entry, second: Entry) -> int:
    """In how many fields at least one of the two typed something."""
    return len(first.keys() | second.keys())


def differing(blank: Blank, first: Entry, second: Entry, lang: str) -> list[Slot]:
    """The fields in which two entries differ, in the order of the sheet."""
    return [
        slot
        for slot in blank.slots()
        if normalised(first.get(slot.key), lang) != normalised(second.get(slot.key), lang)
    ]


def normalised(value: Any, lang: str) -> Any:
    """A value in which what keyboards confuse is no difference: digits, ي and ك, spaces."""
    if isinstance(value, str):
        return " ".join(ascii_digits(fold(value, lang)).split())
    return value


def answers(q: Questionnaire, blank: Blank, entry: Entry) -> dict[str, Any]:
    """An entry as `surveys.questionnaires.state` describes answers.

    Nothing is proposed for what was left empty, and the order of choices is that on the sheet.
    """
    asked = {slot.question.name for slot in blank.slots()}
    found = {
        name: value
        for name, value in fixed_defaults(q).items()
        if name not in asked and not q.repeat_of(name)
    }
    rows: dict[str, list[dict[str, Any]]] = {}
    for slot in blank.slots():
        name, value = slot.question.name, entry.get(slot.key)
        original = q.by_name[name]
        kept: dict[str, Any] = {} if value is None else {name: value}
        if value is None and original.default_expression:
            kept[name] = ""
        if original.randomize:
            kept[order_name(name)] = [choice.name for choice in original.choices]
        if not slot.page.round:
            found.update(kept)
            continue
        of_repeat = rows.setdefault(slot.page.repeat, [])
        while len(of_repeat) < slot.page.round:
            of_repeat.append({})
        of_repeat[slot.page.round - 1].update(kept)
    for repeat, all_rows in rows.items():
        # Rounds behind the last one in which anything stands were left empty: there are none.
        last = max(
            (
                slot.page.round
                for slot in blank.slots()
                if slot.page.repeat == repeat and slot.key in entry
            ),
            default=1,
        )
        found[repeat] = all_rows[:last]
    return found


def final(q: Questionnaire, kept: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What is stored of a whole sheet: relevant answers and calculations. When it was typed says
    nothing of when it was filled in, so the form's own times are left out."""
    times = {question.name for question in q.questions if question.type in META}

    def without(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: [without(each) if isinstance(each, dict) else each for each in value]
            if isinstance(value, list)
            else value
            for name, value in row.items()
            if name not in times
        }

    return without(flow.prune(q, kept, at))


def objections(
    q: Questionnaire, blank: Blank, entry: Entry, lang: str, at: datetime
) -> dict[str, str]:
    """{field: message} for answers that do not stand, in the language of the moment. What is
    missing is no error: paper forces nobody to answer. `lang` is that of the sheet."""
    lenient = replace(
        q,
        pages=tuple(
            replace(page, questions=tuple(replace(x, required=False) for x in page.questions))
            for page in q.pages
        ),
    )
    known = {slot.key for slot in blank.slots()}
    found: dict[str, str] = {}
    state = flow.State(lenient, answers(q, blank, entry), at, lang)
    for page, errors in flow.objections(state, current_language()):
        for name, message in errors.items():
            key = f"{name}@{page.round}" if page.round else name
            if key in known and key in entry:
                found[key] = message
    return found
