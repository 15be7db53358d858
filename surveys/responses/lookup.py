"""Find what stands behind a token; lock it where something is to be written."""

import hashlib
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, literal, null, select

from portal import links
from portal.db import db
from surveys.campaigns.models import Campaign, Invitation
from surveys.questionnaires.models import SurveyVersion
from surveys.responses.link import Link
from surveys.responses.models import Response


def find(token: str) -> Link | None:
    """The link of a token as a person typed it, in one indexed read; changes nothing."""
    digest = _digest(token)
    if digest is None:
        return None
    row = db.session.execute(
        _links(digest)
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .add_columns(
            Response.state.label("response_state"),
            Response.version_id.label("begun_version_id"),
            Response.answers,
            Response.reached,
            Response.language.label("begun_language"),
            _number_begun(),
        )
    ).first()
    return replace(_link(row), seed=_seed(token)) if row else None


def _digest(token: str) -> bytes | None:
    plain = links.normalise(token)
    return links.digest(plain) if plain else None


def _seed(token: str) -> str:
    plain = links.normalise(token) or token
    return hashlib.sha256(b"order of choices\n" + plain.encode()).hexdigest()


def _links(digest: bytes) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Invitation.id.label("invitation_id"),
            Invitation.campaign_id,
            Invitation.language,
            Invitation.state.label("invitation_state"),
            Invitation.opened_at,
            Campaign.state.label("campaign_state"),
            Campaign.closes_at,
            Campaign.opens_at,
            Campaign.launched_at,
            Campaign.secrecy,
            Campaign.counter_key,
            Campaign.version_id,
            SurveyVersion.number.label("version_number"),
        )
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .join(SurveyVersion, SurveyVersion.id == Campaign.version_id)
        .where(Invitation.token_digest == digest)
    )


def _number_begun() -> Any:
    """Number of a response's version; the campaign may be at another one by now."""
    number = select(SurveyVersion.number).where(SurveyVersion.id == Response.version_id)
    return number.correlate(Response).scalar_subquery().label("begun_number")


def lock(token: str) -> Link | None:
    """As `find`, holding the invitation until the transaction ends."""
    digest = _digest(token)
    if digest is None:
        return None
    # Two statements: whoever waited for the lock would, in one statement with a join, see the
    # response as it was before the wait, and overwrite what the other one stored.
    row = db.session.execute(
        _links(digest)
        .with_for_update(of=Invitation)
        .add_columns(
            null().label("response_state"),
            null().label("begun_version_id"),
            null().label("answers"),
            literal("").label("reached"),
            null().label("begun_language"),
            null().label("begun_number"),
        )
    ).first()
    if row is None:
        return None
    link = replace(_link(row), seed=_seed(token))
    begun = db.session.execute(
        select(
            Response.state,
            Response.version_id,
            Response.answers,
            Response.reached,
            Response.language,
            _number_begun(),
        ).where(Response.invitation_id == link.invitation_id)
    ).first()
    if begun is None:
        return link
    return replace(
        link,
        response_state=begun.state,
        version_id=begun.version_id,
        version_number=begun.begun_number,
        answers=begun.answers,
        reached=begun.reached,
        language=begun.language,
    )


def _link(row: Any) -> Link:
    return Link(
        invitation_id=row.invitation_id,
        campaign_id=row.campaign_id,
        version_id=row.begun_version_id or row.version_id,
        language=row.begun_language or row.language,
        invitation_state=row.invitation_state,
        is_opened=row.opened_at is not None,
        campaign_state=row.campaign_state,
        closes_at=row.closes_at,
        opens_at=row.opens_at,
        launched_at=row.launched_at,
        secrecy=row.secrecy,
        counter_key=row.counter_key,
        response_state=row.response_state,
        answers=row.answers or {},
        reached=row.reached or "",
        version_number=row.begun_number or row.version_number,
    )
