"""The figures of a period, counted by the database. Every rate keeps both its numbers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Interval, and_, func, literal, select

from portal.db import db
from portal.packet import Period
from portal.units.models import Unit
from workflows.cases.models import Case, Category, FeedbackQuestion
from workflows.packets.models import Packet, PacketDecision

FIRST_ACTION: Final = dt.timedelta(hours=2)
FEEDBACK: Final = dt.timedelta(hours=24)
OLDEST: Final = 20
MOST_DECISIONS: Final = 100
MOST_UNITS: Final = 60
FROM_CITIZENS: Final = (
    "portal",
    "sms",
    "phone",
    "counter",
    "studio",
    "social",
    "callin",
    "open311",
)
"""Channels a citizen came by; decisions of the council and imported files are not observed."""

# An answer stands as long as the case was not reopened, whatever it says: «not the city's» too.
ANSWERED: Final[ColumnElement[bool]] = Case.outcome.is_not(None)


@dataclass(frozen=True)
class Group:
    """`observed` messages, `answered` of them; `key` is a channel or the names of a unit."""

    key: Any
    observed: int
    answered: int


@dataclass(frozen=True)
class Urgent:
    """Urgent messages received in a period.

    `in_time` of `registered` had their first action within 2 hours; the citizen's feedback came
    within 24 hours for `feedback_in_time` of the `asked`.
    """

    registered: int
    in_time: int
    asked: int
    feedback_in_time: int
    by_reason: dict[str, int]


def _received(period: Period) -> ColumnElement[bool]:
    return and_(
        Case.received_at >= period.since,
        Case.received_at < period.until,
        Case.channel.in_(FROM_CITIZENS),
    )


def urgent(period: Period) -> Urgent:
    """The urgent cycle."""
    conditions = (_received(period), Case.urgency.is_not(None))
    in_time = Case.first_action_at <= Case.received_at + literal(FIRST_ACTION, Interval)
    registered, acted = db.session.execute(
        select(func.count(), func.count().filter(in_time)).where(*conditions)
    ).one()
    answered = and_(
        FeedbackQuestion.state.in_(("accepted", "objected")),
        FeedbackQuestion.answered_at <= FeedbackQuestion.asked_at + literal(FEEDBACK, Interval),
    )
    asked, told = db.session.execute(
        select(func.count(), func.count().filter(answered))
        .select_from(FeedbackQuestion)
        .join(Case, Case.id == FeedbackQuestion.case_id)
        .where(*conditions, FeedbackQuestion.round == 1, FeedbackQuestion.asked_at.is_not(None))
    ).one()
    reasons = db.session.execute(
        select(Case.urgency, func.count()).where(*conditions).group_by(Case.urgency)
    )
    return Urgent(registered, acted, asked, told, {str(reason): n for reason, n in reasons})


def by_channel(period: Period) -> list[Group]:
    """Every channel of citizens, also those nobody used."""
    rows = db.session.execute(
        select(Case.channel, func.count(), func.count().filter(ANSWERED))
        .where(_received(period))
        .group_by(Case.channel)
    )
    found = {channel: (observed, answered) for channel, observed, answered in rows}
    return [Group(channel, *found.get(channel, (0, 0))) for channel in FROM_CITIZENS]


def by_unit(period: Period) -> list[Group]:
    """Units with messages, most messages first."""
    rows = db.session.execute(
        select(Unit.names, func.count(Case.id), func.count(Case.id).filter(ANSWERED))
        .select_from(Case)
        .join(Unit, Unit.id == Case.unit_id, isouter=True)
        .where(_received(period))
        .group_by(Unit.id)
        .order_by(func.count(Case.id).desc(), Unit.id)
        .limit(MOST_UNITS)
    )
    return [Group(names, observed, answered) for names, observed, answered in rows]


def outcomes(period: Period) -> dict[str, int]:
    """How the answered ones ended."""
    rows = db.session.execute(
        select(Case.outcome, func.count())
        .where(_received(period), ANSWERED, Case.outcome.is_not(None))
        .group_by(Case.outcome)
    )
    return {str(outcome): number for outcome, number in rows}


def confirmations(period: Period) -> dict[str, int]:
    """What the citizens said of the end; an objection counts although the case is open again."""
    rows = db.session.execute(
        select(Case.confirmation, func.count())
        .where(_received(period), Case.confirmation.is_not(None))
        .group_by(Case.confirmation)
    )
    return {str(confirmation): number for confirmation, number in rows}


def oldest_open(period: Period) -> tuple[int, Sequence[Any]]:
    """How many received before the period's end are open, and the oldest of them.

    Rows: case, names of its category, names of its unit.
    """
    is_open = and_(
        Case.stage != "closed",
        Case.received_at < period.until,
        Case.channel.in_(FROM_CITIZENS),
    )
    total = db.session.scalar(select(func.count()).select_from(Case).where(is_open)) or 0
    rows = db.session.execute(
        select(Case, Category.names, Unit.names)
        .join(Category, Category.id == Case.category_id, isouter=True)
        .join(Unit, Unit.id == Case.unit_id, isouter=True)
        .where(is_open)
        .order_by(Case.received_at, Case.id)
        .limit(OLDEST)
    ).all()
    return total, rows


def decisions() -> Sequence[Any]:
    """Earlier decisions with their cases, open ones first, then the newest.

    Rows: decision, its packet, its case, names of the case's unit.
    """
    return db.session.execute(
        select(PacketDecision, Packet, Case, Unit.names)
        .join(Packet, Packet.id == PacketDecision.packet_id)
        .join(Case, Case.id == PacketDecision.case_id)
        .join(Unit, Unit.id == Case.unit_id, isouter=True)
        .order_by(Case.stage == "closed", PacketDecision.id.desc())
        .limit(MOST_DECISIONS)
    ).all()
