"""The questions of a survey over all its versions, as one list of variables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import select

from portal.db import db
from surveys.questionnaires.answers import CONFIRMED
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.schema import Choice, Question, Texts
from surveys.questionnaires.services import load_version
from surveys.questionnaires.state import order_name

Kind = Literal["one", "multiple", "rank", "number", "text", "photo", "hidden"]
_KINDS: dict[str, Kind] = {
    "select_one": "one",
    "select_multiple": "multiple",
    "integer": "number",
    "decimal": "number",
    "range": "number",
    "rank": "rank",
    "acknowledge": "one",
    "text": "text",
    "barcode": "text",
    "geopoint": "text",
    "date": "text",
    "time": "text",
    "dateTime": "text",
    "image": "photo",
    "calculate": "hidden",
    "hidden": "hidden",
    "start": "hidden",
    "end": "hidden",
    "today": "hidden",
}
ORDER = "order"
"""Type of the variable that holds in which order randomised choices were shown."""
_CONFIRMED = Choice(CONFIRMED, {"fa": "تأیید شد", "ar": "تم التأكيد", "en": "Confirmed"})


@dataclass
class Variable:
    """One question. Wording and order are those of the newest version that asks it so; choices
    that only older versions had come last. A question whose kind changed is two variables."""

    name: str
    kind: Kind
    type: str
    label: Texts
    choices: list[Choice] = field(default_factory=list)
    version_ids: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Version numbers, newest first."""
    repeat: str = ""
    """The repeat it is asked in: its answers lie in the rounds of that."""
    looks: frozenset[str] = frozenset()


def versions(survey_id: int) -> Sequence[tuple[int, int]]:
    """(id, number) of a survey's versions, the newest first."""
    rows = db.session.execute(
        select(SurveyVersion.id, SurveyVersion.number)
        .where(SurveyVersion.survey_id == survey_id)
        .order_by(SurveyVersion.number.desc())
    )
    return [(version_id, number) for version_id, number in rows]


def variables(survey_id: int) -> list[Variable]:
    """Everything that responses to any version may hold, notes left out."""
    found: dict[tuple[str, str, Kind], Variable] = {}
    for version_id, number in versions(survey_id):
        form = load_version(version_id)
        for question in form.questions:
            if question.type in _KINDS:
                repeat = form.repeat_of(question.name)
                known = _known(found, question, repeat)
                _seen(known, version_id, number)
                choices = question.choices or (
                    (_CONFIRMED,) if question.type == "acknowledge" else ()
                )
                names = {choice.name for choice in known.choices}
                # Of two choices alike, told apart by a filter only, one.
                fresh = {choice.name: choice for choice in choices if choice.name not in names}
                known.choices += fresh.values()
                if question.randomize:
                    order = Variable(
                        order_name(question.name), "hidden", ORDER, question.label, repeat=repeat
                    )
                    _seen(
                        found.setdefault((repeat, order.name, "hidden"), order), version_id, number
                    )
    return list(found.values())


def _known(
    found: dict[tuple[str, str, Kind], Variable], question: Question, repeat: str
) -> Variable:
    kind = _KINDS[question.type]
    return found.setdefault(
        (repeat, question.name, kind),
        Variable(
            question.name,
            kind,
            question.type,
            question.label,
            repeat=repeat,
            looks=question.looks,
        ),
    )


def _seen(known: Variable, version_id: int, number: int) -> None:
    known.version_ids.append(version_id)
    known.numbers.append(number)
