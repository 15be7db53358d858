"""Surveys and versions that a campaign can ask."""

from sqlalchemy import select

from portal.db import db
from surveys.questionnaires.models import Survey, SurveyVersion


def newest_version(survey_id: int) -> SurveyVersion | None:
    return db.session.scalars(
        select(SurveyVersion)
        .where(SurveyVersion.survey_id == survey_id)
        .order_by(SurveyVersion.number.desc())
        .limit(1)
    ).first()


def surveys_to_choose() -> list[Survey]:
    """Surveys with at least one version, the newest first."""
    return list(
        db.session.scalars(
            select(Survey)
            .where(Survey.id.in_(select(SurveyVersion.survey_id)))
            .order_by(Survey.id.desc())
            .limit(500)
        )
    )
