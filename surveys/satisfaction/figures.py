"""How many were satisfied, of those who answered the question after a closed case."""

from typing import Final

from sqlalchemy import func, select

from portal.db import db
from portal.i18n import _l
from portal.packet import Period, PublishedRate
from surveys.questionnaires.models import Survey, SurveyVersion
from surveys.responses.models import Response
from surveys.satisfaction.questionnaire import CODE

QUESTION: Final = "satisfaction"
SATISFIED_CHOICES: Final = ("very_satisfied", "satisfied")


def satisfied(period: Period) -> tuple[int, int] | None:
    """Satisfied or very satisfied, of the answers sent in the period.

    None where nobody answered; answers to a question of the office's own with other choices are
    not counted.
    """
    answer = Response.answers[QUESTION].astext
    part, whole = db.session.execute(
        select(func.count().filter(answer.in_(SATISFIED_CHOICES)), func.count())
        .select_from(Response)
        .join(SurveyVersion, SurveyVersion.id == Response.version_id)
        .join(Survey, Survey.id == SurveyVersion.survey_id)
        .where(
            Survey.code == CODE,
            Response.state == "complete",
            Response.is_test.is_(False),
            Response.submitted_at >= period.since,
            Response.submitted_at < period.until,
            answer.in_((*SATISFIED_CHOICES, "neither", "dissatisfied", "very_dissatisfied")),
        )
    ).one()
    return (part, whole) if whole else None


SATISFIED: Final = PublishedRate(
    "satisfied",
    _l("Satisfied with how their message was handled, of those who answered"),
    satisfied,
)
