"""Test answers from the preview of a version: kept apart, never counted, deleted by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import delete, select

from portal import audit, clock
from portal.db import db
from surveys.questionnaires.models import Survey, SurveyVersion
from surveys.responses import photos
from surveys.responses.models import Response

PAGE: Final = 50


def keep(version: SurveyVersion, answers: Mapping[str, Any], language: str) -> Response:
    """Store what somebody of the city answered in the preview."""
    now = clock.now()
    trial = Response(
        version_id=version.id,
        campaign_id=None,
        state="complete",
        language=language,
        answers=photos.keep_trials(answers),
        mode="preview",
        is_test=True,
        started_at=now,
        submitted_at=now,
    )
    db.session.add(trial)
    db.session.flush()
    return trial


def page(survey_id: int, before: int | None = None) -> tuple[Sequence[Any], bool]:
    """(response, version number) of one page, the newest first; whether older ones follow."""
    query = (
        select(Response, SurveyVersion.number)
        .join(SurveyVersion, SurveyVersion.id == Response.version_id)
        .where(SurveyVersion.survey_id == survey_id, Response.is_test)
        .order_by(Response.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(Response.id < before)
    found = db.session.execute(query).all()
    return found[:PAGE], len(found) > PAGE


def remove(survey: Survey, response_id: int | None = None) -> int:
    """Delete one test answer, or all of a survey; how many there were."""
    query = delete(Response).where(
        Response.is_test,
        Response.version_id.in_(
            select(SurveyVersion.id).where(SurveyVersion.survey_id == survey.id)
        ),
    )
    if response_id is not None:
        query = query.where(Response.id == response_id)
    removed = db.session.scalars(query.returning(Response.answers)).all()
    photos.discard_after_commit(name for answers in removed for name in photos.names_in(answers))
    count = len(removed)
    if count:
        audit.record("survey.tests_deleted", "survey", survey.id, code=survey.code, count=count)
    db.session.flush()
    return count
