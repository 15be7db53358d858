"""What readers of results are told about erased answers."""

import datetime as dt
from typing import Any

from sqlalchemy import func, select

from portal import clock
from portal.db import db
from portal.i18n import _, format_date, format_number
from surveys.campaigns.models import Campaign
from surveys.questionnaires.models import SurveyVersion
from surveys.responses.models import Response
from surveys.retention import services
from surveys.retention.models import ErasedAnswers
from surveys.retention.services import Days


def erased(survey_id: int, campaign_id: int | None = None) -> tuple[int, int]:
    """(whole responses, responses without their texts) erased so far, of one campaign or all."""
    query = (
        select(
            func.coalesce(func.sum(ErasedAnswers.responses), 0),
            func.coalesce(func.sum(ErasedAnswers.texts), 0),
        )
        .join(Campaign, Campaign.id == ErasedAnswers.campaign_id)
        .join(SurveyVersion, SurveyVersion.id == Campaign.version_id)
        .where(SurveyVersion.survey_id == survey_id)
    )
    if campaign_id is not None:
        query = query.where(ErasedAnswers.campaign_id == campaign_id)
    responses, texts = db.session.execute(query).one()
    return int(responses), int(texts)


def next_erasure(survey_id: int, days: Days) -> dt.datetime | None:
    """When the next complete response of a survey loses its texts or is erased whole."""
    moments = []
    if days.texts:
        moments.append((_oldest(survey_id, Response.texts_erased.is_(False)), days.texts))
    if days.responses:
        moments.append((_oldest(survey_id), days.responses))
    found = [oldest + dt.timedelta(days=number) for oldest, number in moments if oldest]
    return max(min(found), clock.now()) if found else None


def sentences(survey_id: int, campaign_id: int | None = None) -> list[str]:
    """What was erased and what comes next, in the language in use; nothing where nothing was."""
    days = services.of(survey_id)
    responses, texts = erased(survey_id, campaign_id)
    said = []
    if responses:
        said.append(
            _(
                "Whole responses erased under the retention rule: %(count)s. The figures and files "
                "describe only the responses that are left.",
                count=format_number(responses),
            )
        )
    if texts:
        said.append(
            _(
                "Responses whose free texts, places and photos were erased under the retention "
                "rule: %(count)s.",
                count=format_number(texts),
            )
        )
    if moment := next_erasure(survey_id, days):
        said.append(_("Next erasure in this survey: %(date)s.", date=format_date(moment)))
    return said


def _oldest(survey_id: int, *conditions: Any) -> dt.datetime | None:
    # One look at the index per version, however many responses there are.
    per_version = (
        select(func.min(Response.submitted_at))
        .where(
            Response.version_id == SurveyVersion.id,
            Response.submitted_at.is_not(None),
            *conditions,
        )
        .correlate(SurveyVersion)
        .scalar_subquery()
    )
    versions = select(per_version.label("oldest")).where(SurveyVersion.survey_id == survey_id)
    found: dt.datetime | None = db.session.scalar(select(func.min(versions.subquery().c.oldest)))
    return found
