"""The rule of a survey. Flushes, never commits."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from surveys.campaigns.models import Campaign
from surveys.questionnaires.models import Survey, SurveyVersion
from surveys.responses.models import Response
from surveys.retention.models import RetentionRule
from surveys.secrecy.services import ENDED

MOST_DAYS: Final = 36_500


class RetentionError(ValueError):
    """Days that make no rule: fewer than 1, more than MOST_DAYS, or responses before texts."""


@dataclass(frozen=True)
class Days:
    """None: kept for good."""

    texts: int | None = None
    responses: int | None = None

    def check(self) -> None:
        """RetentionError."""
        given = [days for days in (self.texts, self.responses) if days is not None]
        if not all(1 <= days <= MOST_DAYS for days in given):
            raise RetentionError("range")
        if self.texts and self.responses and self.responses < self.texts:
            raise RetentionError("order")

    @property
    def drafts(self) -> int | None:
        """Nobody can go on with a draft of an ended campaign: it goes at the first occasion."""
        return min((days for days in (self.texts, self.responses) if days), default=None)


def of(survey_id: int) -> Days:
    """The rule that holds now."""
    row = db.session.execute(
        select(RetentionRule.texts_days, RetentionRule.responses_days).where(
            RetentionRule.survey_id == survey_id
        )
    ).first()
    return Days(*row) if row else Days()


def change(survey: Survey, days: Days, user_id: int | None) -> None:
    """Set the rule of a survey. RetentionError."""
    days.check()
    before = of(survey.id)
    values: dict[str, Any] = {
        "texts_days": days.texts,
        "responses_days": days.responses,
        "changed_at": clock.now(),
        "changed_by": user_id,
    }
    db.session.execute(
        insert(RetentionRule)
        .values(survey_id=survey.id, **values)
        .on_conflict_do_update(index_elements=["survey_id"], set_=values)
    )
    if before != days:
        audit.record(
            "survey.retention_changed",
            "survey",
            survey.id,
            code=survey.code,
            texts_days=days.texts,
            responses_days=days.responses,
            texts_days_before=before.texts,
            responses_days_before=before.responses,
        )
    db.session.flush()


def of_survey(query: Select[Any], survey_id: int) -> Select[Any]:
    """A query of responses, only those of a survey; the campaign of each is joined."""
    versions = select(SurveyVersion.id).where(SurveyVersion.survey_id == survey_id)
    return query.outerjoin(Campaign, Campaign.id == Response.campaign_id).where(
        Response.version_id.in_(versions)
    )


def due_whole(days: int, at: dt.datetime) -> ColumnElement[bool]:
    """Complete responses that are to be erased whole."""
    return (Response.state == "complete") & (Response.submitted_at <= at - dt.timedelta(days=days))


def due_texts(days: int, at: dt.datetime) -> ColumnElement[bool]:
    """Complete responses whose texts are to be erased."""
    return due_whole(days, at) & Response.texts_erased.is_(False)


def due_drafts(days: int, at: dt.datetime) -> ColumnElement[bool]:
    """Drafts nobody can finish: a draft knows only when it was begun."""
    return (
        (Response.state == "draft")
        & (Response.started_at <= at - dt.timedelta(days=days))
        & (Campaign.state.in_(ENDED) | Response.is_test)
    )


def due_now(survey_id: int, days: Days) -> int:
    """Answers that such a rule would erase, whole or in part, as soon as it holds."""
    at, total = clock.now(), 0
    for number, condition in (
        (days.responses, due_whole),
        (days.texts, due_texts),
        (days.drafts, due_drafts),
    ):
        if number is None:
            continue
        query = of_survey(select(func.count()).select_from(Response), survey_id)
        if condition is due_texts and days.responses:
            query = query.where(~due_whole(days.responses, at))
        total += db.session.scalar(query.where(condition(number, at))) or 0
    return total
