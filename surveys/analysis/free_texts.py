"""The free texts of a question, page by page, without anything that leads to their authors."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONPATH

from portal.db import db
from surveys.analysis.variables import Variable
from surveys.questionnaires.models import SurveyVersion
from surveys.responses.models import Response

PAGE: Final = 50
MAX_SEARCH: Final = 100


@dataclass(frozen=True)
class Answer:
    """A free text, without anything that leads to its author."""

    id: int
    text: str
    submitted_at: Any


_FOLD_FROM: Final = "يىكڪأإآٱةۀ۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩\u200c\u0640"
_FOLD_TO: Final = "ییککااااهه01234567890123456789"
_FOLD: Final = str.maketrans(_FOLD_FROM[: len(_FOLD_TO)], _FOLD_TO, _FOLD_FROM[len(_FOLD_TO) :])


def _text_of(variable: Variable) -> Any:
    """The text of an answer, NULL where there is none."""
    if variable.repeat:
        path = f'$."{variable.repeat}"[*]."{variable.name}"'
        found = func.jsonb_path_query(Response.answers, cast(path, JSONPATH)).column_valued("found")
        lines = func.string_agg(found.op("#>>")(literal_column("'{}'")), "\n")
        return select(lines).scalar_subquery()
    is_text = func.jsonb_typeof(Response.answers[variable.name]) == "string"
    return case((is_text, Response.answers[variable.name].astext))


def has_photo(survey_id: int, name: str, variable: Variable) -> bool:
    """Whether a complete response to this question is this file."""
    path = "$"
    if variable.repeat:
        path += f'."{variable.repeat}"[*]'
    found = func.jsonb_path_exists(
        Response.answers,
        cast(f'{path}."{variable.name}" ? (@ == $name)', JSONPATH),
        func.jsonb_build_object("name", name),
    )
    query = (
        select(Response.id)
        .join(SurveyVersion, SurveyVersion.id == Response.version_id)
        .where(
            SurveyVersion.survey_id == survey_id,
            Response.state == "complete",
            ~Response.is_test,
            found,
        )
        .limit(1)
    )
    return db.session.scalar(query) is not None


def answers(
    variable: Variable,
    *,
    campaign_id: int | None = None,
    search: str = "",
    before: int | None = None,
) -> tuple[list[Answer], bool]:
    """One page of the texts of a question, the newest first; whether older ones follow.

    `search`: words that must all occur; spellings of one letter, digits and ZWNJ count alike.
    Of a question in a repeat all answers of a person are one text, a line for each.
    """
    value = _text_of(variable)
    query = (
        select(Response.id, value.label("text"), Response.submitted_at)
        .where(
            Response.version_id.in_(variable.version_ids),
            Response.state == "complete",
            ~Response.is_test,
            value.is_not(None),
        )
        .order_by(Response.id.desc())
        .limit(PAGE + 1)
    )
    if campaign_id is not None:
        query = query.where(Response.campaign_id == campaign_id)
    if before is not None:
        query = query.where(Response.id < before)
    folded = func.lower(func.translate(value, _FOLD_FROM, _FOLD_TO))
    for word in search[:MAX_SEARCH].replace("\x00", "").translate(_FOLD).lower().split():
        query = query.where(folded.contains(word, autoescape=True))
    rows = [Answer(*row) for row in db.session.execute(query)]
    return rows[:PAGE], len(rows) > PAGE
