"""Call-ins: series, sessions and the queue of callers."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Time,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created, Texts

KINDS = ("call_in", "meeting", "mosque", "press", "visit")
"""What citizens come for: a call, a public meeting, a meeting in a mosque, a press conference, a
visit of a project."""
FREQUENCIES = ("monthly", "weekly")
ON_HOLIDAYS = ("skip", "hold")
MONTH_CALENDARS = ("persian", "gregorian")
SESSION_STATES = ("planned", "open", "closed", "cancelled")
CALL_STATES = (
    "waiting",
    "queued",
    "in_call",
    "answered",
    "promised",
    "transferred",
    "dropped",
    "no_show",
    "unreached",
    "cancelled",
)
"""waiting: on the waiting list; unreached: the session ended before their turn."""
LIVE_STATES = ("waiting", "queued", "in_call")


class CallinSeries(Base):
    """A promise repeated: who sits at the telephone where, and by which rule."""

    __tablename__ = "callin_series"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"on_holiday IN {ON_HOLIDAYS}", name="on_holiday"),
        CheckConstraint(f"frequency IN {FREQUENCIES}", name="frequency"),
        CheckConstraint(f"month_calendar IN {MONTH_CALENDARS}", name="month_calendar"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("ordinal IN (-1, 1, 2, 3, 4)", name="ordinal"),
        CheckConstraint("starts < ends", name="times"),
    )

    id: Mapped[BigId]
    kind: Mapped[str] = mapped_column(default="call_in")
    titles: Mapped[Texts]
    officials: Mapped[Texts]
    """Office and name of whoever answers."""
    places: Mapped[Texts]
    subjects: Mapped[Texts]
    """What the session is about, and what it is not; may be empty."""
    phone: Mapped[str] = mapped_column(default="137")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    """Unit of the official: first choice for the owner of a promise."""
    frequency: Mapped[str] = mapped_column(default="monthly")
    month_calendar: Mapped[str] = mapped_column(default="persian")
    ordinal: Mapped[int] = mapped_column(default=1)
    """Which such weekday of the month, -1 the last; no meaning when weekly."""
    weekday: Mapped[int]
    """Monday is 0, as in datetime."""
    starts: Mapped[dt.time] = mapped_column(Time)
    ends: Mapped[dt.time] = mapped_column(Time)
    """Wall times of the city."""
    capacity: Mapped[int] = mapped_column(default=20)
    waiting_capacity: Mapped[int] = mapped_column(default=10)
    on_holiday: Mapped[str] = mapped_column(default="skip")
    """Whether a day of the rule that the city's calendar closes has a session all the same."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Created]


class CallinSession(Base):
    """One sitting. Keeps its own texts, so that a later change of the series rewrites no past."""

    __tablename__ = "callin_sessions"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"state IN {SESSION_STATES}", name="state"),
        CheckConstraint("starts_at < ends_at", name="times"),
        UniqueConstraint("series_id", "occurrence_on"),
        Index("ix_callin_sessions_starts", "starts_at", "id"),
    )

    id: Mapped[BigId]
    kind: Mapped[str] = mapped_column(default="call_in")
    series_id: Mapped[int] = mapped_column(ForeignKey("callin_series.id"))
    occurrence_on: Mapped[dt.date] = mapped_column(Date)
    """The day the rule gave; stays when the session is moved."""
    uid: Mapped[str] = mapped_column(unique=True)
    """UID of the calendar feed, for ever."""
    sequence: Mapped[int] = mapped_column(default=0)
    """SEQUENCE of the feed: one more with every change that moves or ends it."""
    titles: Mapped[Texts]
    officials: Mapped[Texts]
    places: Mapped[Texts]
    subjects: Mapped[Texts]
    phone: Mapped[str]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    capacity: Mapped[int]
    waiting_capacity: Mapped[int]
    state: Mapped[str] = mapped_column(default="planned")
    created_at: Mapped[Created]
    changed_at: Mapped[Created]
    opened_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    minutes_published_at: Mapped[dt.datetime | None]
    series: Mapped[CallinSeries] = relationship()


class Call(Base):
    """One caller in the queue of a session, and what came of it."""

    __tablename__ = "callin_calls"
    __table_args__ = (
        CheckConstraint(f"state IN {CALL_STATES}", name="state"),
        CheckConstraint("(state = 'promised') = (case_id IS NOT NULL)", name="promise_is_a_case"),
        CheckConstraint("seats BETWEEN 1 AND 20", name="seats"),
        Index("ix_callin_calls_session", "session_id", "id"),
        Index(
            "uq_callin_calls_number",
            "session_id",
            "e164",
            unique=True,
            postgresql_where=sql("state IN ('waiting', 'queued', 'in_call')"),
        ),
        Index(
            "ix_callin_calls_reminders",
            "session_id",
            postgresql_where=sql("state = 'queued' AND reminded_at IS NULL AND NOT walk_in"),
        ),
    )

    id: Mapped[BigId]
    session_id: Mapped[int] = mapped_column(ForeignKey("callin_sessions.id"))
    code: Mapped[str] = mapped_column(String(12), unique=True)
    """What the citizen shows or cancels with."""
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the form that was sent: sent twice it makes one registration."""
    walk_in: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(default="")
    e164: Mapped[str | None] = mapped_column(String(16), index=True)
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(default="")
    neighbourhood: Mapped[str] = mapped_column(default="")
    medium: Mapped[str] = mapped_column(default="")
    """The newspaper, agency or channel of a journalist at a press conference."""
    seats: Mapped[int] = mapped_column(default=1)
    """For how many people, at a visit."""
    state: Mapped[str]
    rounds: Mapped[int] = mapped_column(default=0)
    """How often put back: who did not answer is called again after the others."""
    created_at: Mapped[Created]
    reminded_at: Mapped[dt.datetime | None]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[dt.datetime | None]
    lease_until: Mapped[dt.datetime | None]
    """Until then the caller is left to whoever took them; the open page of the call renews it."""
    ended_at: Mapped[dt.datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    """The short answer, the promise, or to whom the call was transferred."""
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), unique=True)
    due_at: Mapped[dt.datetime | None]
    """By when it was promised; the case's clock is the same moment."""
    public: Mapped[bool] = mapped_column(default=True)
    """Whether the public minutes hold it."""
    public_subject: Mapped[str] = mapped_column(default="")
    public_text: Mapped[str] = mapped_column(default="")
    session: Mapped[CallinSession] = relationship()


class CallinRequest(Base):
    """A registration whose number is not proved yet: it holds no place. Deleted after two days.

    The code itself is derived from the id and lies in no table.
    """

    __tablename__ = "callin_requests"
    __table_args__ = (
        Index("ix_callin_requests_number", "e164", "created_at"),
        Index("ix_callin_requests_session", "session_id", "created_at"),
    )

    id: Mapped[BigId]
    session_id: Mapped[int] = mapped_column(ForeignKey("callin_sessions.id"))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Of the random token in the address of the page that asks for the code."""
    e164: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(2))
    values: Mapped[dict[str, Any]]
    """The other arguments of registration.register."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Wrong codes so far."""
    created_at: Mapped[Created]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("callin_calls.id"))
    """What it became once the code was typed."""
