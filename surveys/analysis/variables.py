"""The questions of a survey over all its versions, as one list of variables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import select

from portal.db import db
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.schema import Choice, Question, Texts
from surveys.questionnaires.services import load_version

Kind = Literal["one", "multiple", "number", "text", "hidden"]
_KINDS: dict[str, Kind] = {
    "select_one": "one",
    "select_multiple": "multiple",
    "integer": "number",
    "decimal": "number",
    "text": "text",
    "calculate": "hidden",
    "hidden": "hidden",
}


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
    found: dict[tuple[str, Kind], Variable] = {}
    for version_id, number in versions(survey_id):
        for question in load_version(version_id).questions:
            if question.type in _KINDS:
                _add(found, question, version_id, number)
    return list(found.values())


def _add(
    found: dict[tuple[str, Kind], Variable], question: Question, version_id: int, number: int
) -> None:
    kind = _KINDS[question.type]
    known = found.setdefault(
        (question.name, kind), Variable(question.name, kind, question.type, question.label)
    )
    known.version_ids.append(version_id)
    known.numbers.append(number)
    names = {choice.name for choice in known.choices}
    known.choices += [choice for choice in question.choices if choice.name not in names]
