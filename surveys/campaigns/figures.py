"""What has become of a campaign: counts for its list, its live page and its methodology."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import contains_eager

from portal import clock
from portal.db import db
from portal.messaging import approvals, overview, watching
from portal.messaging import services as messaging
from portal.messaging.models import Message
from portal.messaging.watching import Pace
from surveys.campaigns import choosing, services
from surveys.campaigns.models import Campaign, CampaignReminder, Invitation
from surveys.campaigns.texts import PURPOSE
from surveys.questionnaires.models import Survey, SurveyVersion

PAGE: Final = 25
SPEED_WINDOW: Final = dt.timedelta(minutes=1)

QUEUED: Final = ("created", "claimed")
SENT: Final = ("accepted", "at_operator", "expired")
"""With the gateway or beyond; `expired` is one of which no report ever came."""
UNDELIVERABLE: Final = ("undelivered", "blocked", "failed", "suppressed")


@dataclass(frozen=True)
class Line:
    """A campaign in the list."""

    campaign: Campaign
    invited: int
    answered: int
    states: dict[str, int]
    """State of its first messages -> number."""
    waits: bool = False
    """For the approval of a second person."""

    @property
    def state(self) -> str:
        return "waiting" if self.waits else self.campaign.state


@dataclass(frozen=True)
class Progress:
    """Messages of the first batch by what became of them, and invitations by their state."""

    invited: int = 0
    queued: int = 0
    sent: int = 0
    delivered: int = 0
    undeliverable: int = 0
    unknown: int = 0
    cancelled: int = 0
    answered: int = 0
    started: int = 0
    refused: int = 0
    screened: int = 0
    per_minute: int = 0
    """Messages a gateway took in the last minute, reminders too."""
    segments_sent: int = 0
    """Segments a gateway has taken, reminders too."""
    opened: int = 0
    """People who opened their link."""
    pace: Pace = Pace()
    """Of all its sendings, reminders too."""
    cost_rial: int = 0

    @property
    def accepted(self) -> int:
        """Everything a gateway ever took."""
        return self.sent + self.delivered


@dataclass(frozen=True)
class ReminderLine:
    reminder: CampaignReminder
    states: dict[str, int] = field(default_factory=dict)


def page(before: int | None = None) -> tuple[list[Line], bool]:
    """One page of campaigns, the newest first; whether older ones follow."""
    query = (
        select(Campaign)
        .join(Campaign.version)
        .join(SurveyVersion.survey)
        .options(contains_eager(Campaign.version).contains_eager(SurveyVersion.survey))
        .order_by(Campaign.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(Campaign.id < before)
    found = db.session.scalars(query).all()
    campaigns = found[:PAGE]
    invitations = _invitations([campaign.id for campaign in campaigns])
    batches = messaging.progress_by_batch([c.batch_id for c in campaigns if c.batch_id])
    waiting = approvals.waiting_among(services.SUBJECT, [campaign.id for campaign in campaigns])
    lines = [
        Line(
            campaign,
            sum(invitations.get(campaign.id, {}).values()),
            invitations.get(campaign.id, {}).get("answered", 0),
            batches.get(campaign.batch_id or 0, {}),
            campaign.id in waiting,
        )
        for campaign in campaigns
    ]
    return lines, len(found) > PAGE


def survey_of(campaign: Campaign) -> tuple[Survey, SurveyVersion, int]:
    """Its survey and version, and the number of the survey's newest version."""
    version = campaign.version
    newest = choosing.newest_version(version.survey_id)
    return version.survey, version, newest.number if newest else version.number


def progress(campaign: Campaign) -> Progress:
    """The live figures."""
    batches = services.batch_ids(campaign)
    if not batches:
        return Progress()
    people = _invitations([campaign.id]).get(campaign.id, {})
    states = messaging.progress(batches[:1])
    recent, segments = db.session.execute(
        select(
            func.count().filter(Message.accepted_at > clock.now() - SPEED_WINDOW),
            func.coalesce(func.sum(Message.segments).filter(Message.accepted_at.is_not(None)), 0),
        ).where(Message.batch_id.in_(batches))
    ).one()

    def total(names: Collection[str]) -> int:
        return sum(states.get(name, 0) for name in names)

    return Progress(
        invited=sum(people.values()),
        queued=total(QUEUED),
        sent=total(SENT),
        delivered=states.get("delivered", 0),
        undeliverable=total(UNDELIVERABLE),
        unknown=states.get("unknown", 0),
        cancelled=states.get("cancelled", 0),
        answered=people.get("answered", 0),
        started=people.get("started", 0),
        refused=people.get("refused", 0),
        screened=people.get("screened", 0),
        per_minute=recent,
        segments_sent=int(segments or 0),
        opened=opened(campaign.id),
        pace=watching.pace(batches),
        cost_rial=sum(overview.cost(batch_id)[1] for batch_id in batches),
    )


def opened(campaign_id: int) -> int:
    """People invited by SMS whose link something opened that acts like a person's browser."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Invitation)
            .where(
                Invitation.campaign_id == campaign_id,
                Invitation.channel == "sms",
                Invitation.opened_at.is_not(None),
            )
        )
        or 0
    )


def reminders(campaign: Campaign) -> list[ReminderLine]:
    found = db.session.scalars(
        select(CampaignReminder)
        .where(CampaignReminder.campaign_id == campaign.id)
        .order_by(CampaignReminder.id)
    ).all()
    states = messaging.progress_by_batch([reminder.batch_id for reminder in found])
    return [ReminderLine(reminder, states[reminder.batch_id]) for reminder in found]


def failures(campaign: Campaign, limit: int = 10) -> Sequence[tuple[str, str | None, int]]:
    """(state, reason, number) of messages that did not arrive, the most frequent first."""
    rows = db.session.execute(
        select(Message.state, Message.reason, func.count())
        .where(
            Message.batch_id.in_(services.batch_ids(campaign)),
            Message.state.in_((*UNDELIVERABLE, "unknown")),
        )
        .group_by(Message.state, Message.reason)
        .order_by(func.count().desc())
        .limit(limit)
    )
    return [(state, reason, number) for state, reason, number in rows]


def running() -> int:
    """How many campaigns are running, for the dashboard."""
    return (
        db.session.scalar(
            select(func.count()).select_from(Campaign).where(Campaign.state.in_(services.RUNNING))
        )
        or 0
    )


def _invitations(campaign_ids: Collection[int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    if campaign_ids:
        for campaign_id, state, number in db.session.execute(
            select(Invitation.campaign_id, Invitation.state, func.count())
            .where(Invitation.campaign_id.in_(campaign_ids), Invitation.channel != "test")
            .group_by(Invitation.campaign_id, Invitation.state)
        ):
            found.setdefault(campaign_id, {})[state] = number
    return found


# Dispositions (AAPOR Standard Definitions, for SMS polls)

_RANK: Final = {"delivered": 5, **dict.fromkeys(SENT, 4), "unknown": 3, **dict.fromkeys(QUEUED, 2)}
_FATES: Final = {5: "delivered", 4: "sent", 3: "unknown", 2: "waiting", 1: "undeliverable"}
_CANCELLED: Final = 0


def dispositions(campaign_ids: Collection[int]) -> dict[str, int]:
    """Each invitation once: complete, partial, refused, screened, or by the best fate of its
    messages: delivered, sent, unknown, undeliverable, waiting, not_sent."""
    rank = func.max(
        case(
            *((Message.state == state, rank) for state, rank in _RANK.items()),
            (Message.state == "cancelled", _CANCELLED),
            else_=1,
        )
    )
    first = select(Campaign.batch_id).where(Campaign.id.in_(campaign_ids))
    later = select(CampaignReminder.batch_id).where(CampaignReminder.campaign_id.in_(campaign_ids))
    best = (
        select(Message.link_id, rank.label("rank"))
        .where(Message.batch_id.in_(first.union_all(later)), Message.link_purpose == PURPOSE)
        .group_by(Message.link_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Invitation.state, best.c.rank, func.count())
        .join(best, best.c.link_id == Invitation.id, isouter=True)
        .where(Invitation.campaign_id.in_(campaign_ids), Invitation.channel != "test")
        .group_by(Invitation.state, best.c.rank)
    )
    names = {
        "answered": "complete",
        "started": "partial",
        "refused": "refused",
        "screened": "screened",
    }
    found: dict[str, int] = {}
    for state, value, number in rows:
        name = names.get(state) or _FATES.get(value or 0, "not_sent")
        found[name] = found.get(name, 0) + number
    return found
