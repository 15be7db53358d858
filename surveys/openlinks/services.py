"""From an open link to an invitation. Flushes, never commits.

Everything that follows is the personal link: one invitation, one answer, one lock.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from flask import current_app
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from portal import clock, links
from portal.config import Settings
from portal.contacts import bank, consent
from portal.db import db
from portal.i18n import LazyText, _l
from portal.messaging import wording
from portal.messaging.services import send_one
from portal.text import ascii_digits
from surveys.campaigns import invitations
from surveys.campaigns.models import Campaign
from surveys.openlinks.models import OpenChallenge, OpenVisit
from surveys.ways import services as ways
from surveys.ways.models import CampaignWays

PURPOSE: Final = "open"
LIFE: Final = dt.timedelta(minutes=10)
KEPT: Final = dt.timedelta(days=2)
"""How long the row of a code stays, for the limits below."""
MAX_ATTEMPTS: Final = 5
HOURLY: Final = 3
DAILY: Final = 6
"""Codes to one number, over all campaigns: anybody can type the number of somebody else."""
CAMPAIGN_MINUTE: Final = 300
CAMPAIGN_HOUR: Final = 6000
"""Codes of one campaign: what a flood may cost before somebody looks."""

Status = Literal["open", "not_begun", "over", "cancelled"]


@dataclass(frozen=True)
class OpenLink:
    """What stands behind the code of an open link."""

    campaign: Campaign
    kind: str
    code: str

    def status(self, at: dt.datetime) -> Status:
        campaign = self.campaign
        if campaign.state == "draft" or (campaign.opens_at and campaign.opens_at > at):
            return "not_begun"
        if campaign.state == "cancelled":
            return "cancelled"
        if campaign.state == "closed" or (campaign.closes_at and campaign.closes_at <= at):
            return "over"
        return "open"


class OpenLinkError(Exception):
    """Refused; `message` is for the citizen. Codes: too_many, wrong, spent."""

    def __init__(self, code: str, message: LazyText) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def find(typed: str) -> OpenLink | None:
    """The open link of a code as somebody copied it."""
    found: CampaignWays | None = ways.by_code(typed)
    if found is None or not found.open_kind or not found.open_code:
        return None
    campaign = db.session.get_one(Campaign, found.campaign_id)
    return OpenLink(campaign, found.open_kind, found.open_code)


# With a check of the number


def ask_for_number(link: OpenLink, e164: str, language: str) -> str:
    """Send a code to a number. Returns the token of the page that asks for it. OpenLinkError.

    Counted in the table, not in the queue server: an SMS costs money and annoys.
    """
    # One at a time per number, so that a hundred requests at once see each other's rows.
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"open:{e164}", 0))
    db.session.execute(select(lock))
    now = clock.now()
    rows = OpenChallenge
    hour, day = db.session.execute(
        select(
            func.count().filter(rows.created_at > now - dt.timedelta(hours=1)), func.count()
        ).where(rows.e164 == e164, rows.created_at > now - dt.timedelta(days=1))
    ).one()
    if hour >= HOURLY or day >= DAILY:
        raise OpenLinkError(
            "too_many",
            _l("Too many codes were sent to this number. Use the last one, or try again later."),
        )
    minute, hour = db.session.execute(
        select(
            func.count().filter(rows.created_at > now - dt.timedelta(minutes=1)), func.count()
        ).where(rows.campaign_id == link.campaign.id, rows.created_at > now - dt.timedelta(hours=1))
    ).one()
    if minute >= CAMPAIGN_MINUTE or hour >= CAMPAIGN_HOUR:
        raise OpenLinkError(
            "too_many", _l("Very many people are taking part just now. Try again in a few minutes.")
        )
    token = secrets.token_urlsafe(16)
    challenge = OpenChallenge(
        campaign_id=link.campaign.id,
        e164=e164,
        language=language,
        token_digest=links.digest(token),
    )
    db.session.add(challenge)
    db.session.flush()
    words = wording.render("openlinks.code", language)
    send_one(
        e164,
        words.body,
        language=language,
        link_purpose=PURPOSE,
        link_id=challenge.id,
        template_version_id=words.version_id,
    )
    return token


def challenge_of(link: OpenLink, token: str, *, lock: bool = False) -> OpenChallenge | None:
    """The challenge behind the page of a code; None for an unknown one."""
    query = select(OpenChallenge).where(
        OpenChallenge.token_digest == links.digest(token[:64]),
        OpenChallenge.campaign_id == link.campaign.id,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


def prove(link: OpenLink, challenge: OpenChallenge, typed: str) -> str:
    """The token of the personal link of whoever has the code. The challenge must be locked.

    OpenLinkError: after MAX_ATTEMPTS or LIFE the code is spent; a wrong one is counted, so commit
    that too.
    """
    if challenge.attempts >= MAX_ATTEMPTS or challenge.created_at + LIFE <= clock.now():
        raise OpenLinkError("spent", _l("This code is no longer valid. Ask for a new one."))
    if not _matches(challenge, typed):
        challenge.attempts += 1
        db.session.flush()
        raise OpenLinkError("wrong", _l("This is not the code of the SMS. Check the digits."))
    # Pressed twice leads to the same link twice.
    challenge.used_at = challenge.used_at or clock.now()
    return _invited(link, challenge)


def _matches(challenge: OpenChallenge, typed: str) -> bool:
    given = "".join(ascii_digits(typed[:40]).split())
    return hmac.compare_digest(given.encode(), links.code_for(PURPOSE, challenge.id).encode())


def _invited(link: OpenLink, challenge: OpenChallenge) -> str:
    contact_id = bank.respondent(
        challenge.e164, language=challenge.language, source=f"open link {link.code}"
    )
    consent.agree_to_survey(challenge.e164, link.campaign.id, evidence=f"open link {link.code}")
    return invitations.find_or_make(
        link.campaign.id, contact_id, language=challenge.language, channel="verified"
    )


def sweep() -> int:
    """Delete challenges that no limit counts any more."""
    gone = db.session.execute(
        delete(OpenChallenge)
        .where(OpenChallenge.created_at < clock.now() - KEPT)
        .returning(OpenChallenge.id)
    )
    return len(gone.all())


# Without


def begin(link: OpenLink, *, language: str, address: str, browser: str) -> str:
    """The token of a new invitation that nothing proves; marked by the browser it came from."""
    invitation_id, token = invitations.make(link.campaign.id, language=language, channel="open")
    settings: Settings = current_app.extensions["pasokh_settings"]
    facts = f"visit:{link.campaign.id}:{address}:{browser[:400]}"
    db.session.execute(
        insert(OpenVisit).values(
            invitation_id=invitation_id,
            campaign_id=link.campaign.id,
            mark=hmac.digest(settings.key_for_links(), facts.encode(), hashlib.sha256)[:16],
        )
    )
    return token


def look_repeated(campaign_id: int) -> int:
    """Invitations beyond the first of their browser: perhaps one person several times."""
    marks = (
        select(func.count().label("n"))
        .where(OpenVisit.campaign_id == campaign_id)
        .group_by(OpenVisit.mark)
        .subquery()
    )
    return int(db.session.scalar(select(func.coalesce(func.sum(marks.c.n - 1), 0))) or 0)
