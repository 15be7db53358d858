"""Cases and everything that happens to them."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created, SortKey, Texts

CHANNELS = (
    "portal",
    "sms",
    "phone",
    "counter",
    "studio",
    "social",
    "callin",
    "council",
    "survey",
    "file",
    "open311",
)
"""How a case came: the citizens' channels, a call-in's promise, a council decision, an answer to
a survey, a file, another application (Open311)."""

STAGES = ("received", "assigned", "in_progress", "feedback", "closed")
OUTCOMES = ("done", "not_municipal", "planned", "impossible", "duplicate", "irrelevant")
"""Only `done` counts as done."""
LISTED = (
    "unit_id",
    "assignee_id",
    "category_id",
    "channel",
    "urgency",
    "stage",
    "latitude",
    "longitude",
)
"""What the lists of open cases are narrowed by, beside words."""


class Category(Base):
    """What a message can be about, and the promise that goes with it."""

    __tablename__ = "case_categories"

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    names: Mapped[Texts]
    sort_key: Mapped[SortKey]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    """Who gets it first; empty: the centre itself."""
    calendar: Mapped[str] = mapped_column(default="tehran-office")
    """Name of a working calendar (workflows.calendars)."""
    first_action_hours: Mapped[int] = mapped_column(default=8)
    """Open hours of the calendar; an urgent case has 2 hours around the clock instead."""
    resolution_hours: Mapped[int] = mapped_column(default=40)
    active: Mapped[bool] = mapped_column(default=True)
    asks_feedback: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    """Whether the citizen is asked about the answer; of an urgent case always."""
    definition: Mapped[str | None] = mapped_column(String(60))
    """Name of the workflow definition its cases follow; empty: the usual one."""


class Case(Base):
    """One matter, from the message to the end that the citizen agrees with."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        CheckConstraint(f"stage IN {STAGES}", name="stage"),
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        CheckConstraint("urgency IN ('danger', 'costly_violation', 'waste')", name="urgency"),
        CheckConstraint(
            "confirmation IN ('accepted', 'objected', 'timed_out', 'not_asked')",
            name="confirmation",
        ),
        # The lists people live in: what is open, by its next due time. What a list is narrowed by
        # lies in the index too, so that 200,000 open cases are filtered without visiting them.
        Index(
            "ix_cases_open",
            "next_due_at",
            "id",
            postgresql_where=text("stage <> 'closed'"),
            postgresql_include=LISTED,
        ),
        Index(
            "ix_cases_unit_open",
            "unit_id",
            "next_due_at",
            "id",
            postgresql_where=text("stage <> 'closed'"),
        ),
        Index(
            "ix_cases_assignee_open",
            "assignee_id",
            "next_due_at",
            "id",
            postgresql_where=text("stage <> 'closed'"),
        ),
        Index(
            "ix_cases_unassigned",
            "next_due_at",
            "id",
            postgresql_where=text("stage <> 'closed' AND assignee_id IS NULL"),
            postgresql_include=("stage", "unit_id"),
        ),
        # The queue of the operations centre.
        Index(
            "ix_cases_urgent_open",
            "next_due_at",
            "id",
            postgresql_where=text("stage <> 'closed' AND urgency IS NOT NULL"),
            postgresql_include=("unit_id", "stage", "first_action_at"),
        ),
        # What many cases lack is not written where it lacks.
        *(
            Index(f"ix_cases_{name}", name, postgresql_where=text(f"{name} IS NOT NULL"))
            for name in ("assignee_id", "contact_id", "e164")
        ),
        Index(
            "uq_cases_form_key",
            "form_key",
            unique=True,
            postgresql_where=text("form_key IS NOT NULL"),
        ),
        # Lists with closed cases come newest first.
        Index("ix_cases_unit_newest", "unit_id", "id"),
        Index("ix_cases_channel_newest", "channel", "id"),
        Index("ix_cases_category_newest", "category_id", "id"),
        Index("ix_cases_received", "received_at", "id"),
        Index(
            "ix_cases_definition_open",
            "definition_id",
            "state",
            "id",
            postgresql_where=text("stage <> 'closed'"),
        ),
        # What other applications ask for, among a million cases of other channels.
        Index(
            "ix_cases_open311",
            "received_at",
            "id",
            postgresql_where=text("channel = 'open311'"),
        ),
        Index("ix_cases_closed", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        # Where the same matter is looked for (workflows.cases.matter.candidates).
        Index(
            "ix_cases_open_category",
            "category_id",
            "received_at",
            postgresql_where=text("stage <> 'closed'"),
        ),
        Index(
            "ix_cases_open_neighbourhood_category",
            "neighbourhood",
            "category_id",
            "received_at",
            postgresql_where=text("stage <> 'closed' AND neighbourhood <> ''"),
        ),
        Index(
            "ix_cases_open_neighbourhood",
            "neighbourhood",
            "received_at",
            postgresql_where=text("stage <> 'closed' AND neighbourhood <> ''"),
        ),
        Index(
            "ix_cases_open_point",
            "latitude",
            "longitude",
            postgresql_where=text("stage <> 'closed' AND latitude IS NOT NULL"),
        ),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(String(12), unique=True)
    """The tracking code: ten characters of Crockford's base 32, for /t/<code>."""
    channel: Mapped[str]
    category_id: Mapped[int | None] = mapped_column(ForeignKey("case_categories.id"))
    language: Mapped[str] = mapped_column(String(2))
    """The citizen's language: every SMS about the case is written in it."""
    text: Mapped[str]
    place: Mapped[str] = mapped_column(default="")
    neighbourhood: Mapped[str] = mapped_column(default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    citizen_name: Mapped[str] = mapped_column(default="")
    e164: Mapped[str | None] = mapped_column(String(16))
    """Empty: the citizen gave no number, so nothing can be asked by SMS."""
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    urgency: Mapped[str | None]
    """Why it is urgent; empty: it is not."""
    definition_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_definitions.id"))
    """The version of the workflow it follows; empty: it came before there were definitions, and
    follows the shipped one until its next step."""
    state: Mapped[str] = mapped_column(default="received")
    """Name of a state of that definition; `stage` is what lists and reports know of it."""
    special: Mapped[bool] = mapped_column(default=False)
    """A message with a follow-up of its own (پیام ویژه)."""
    stage: Mapped[str] = mapped_column(default="received")
    stage_at: Mapped[Created]
    outcome: Mapped[str | None]
    outcome_text: Mapped[str] = mapped_column(default="")
    """What the city answers, in the citizen's language."""
    confirmation: Mapped[str | None]
    """What the citizen said of the end; not_asked where nobody could be asked."""
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    received_at: Mapped[Created]
    first_action_at: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    reopened: Mapped[int] = mapped_column(default=0)
    next_due_at: Mapped[dt.datetime | None]
    """Due time of the running clock that runs out first."""
    origin_type: Mapped[str | None]
    """call_in | decision | survey …: what brought it, with origin_id; a case knows no source."""
    origin_id: Mapped[int | None]
    registered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    form_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Digest of one filled-in form: sent twice, it is one case."""
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What its channel adds (workflows.cases.channels)."""
    category: Mapped[Category | None] = relationship()


class CaseWords(Base):
    """What a search for a case looks in (workflows.cases.searchable).

    Apart from the case, for a case is written whenever its clocks are, and each time every index
    would be: these two cost more than all others of a case together.
    """

    __tablename__ = "case_words"
    __table_args__ = (
        Index(
            "ix_case_words",
            "words",
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
        ),
        # A closed case is four in five of all.
        Index(
            "ix_case_words_open",
            "words",
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
            postgresql_where=text("is_open"),
        ),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    words: Mapped[str]
    is_open: Mapped[bool]
    """Whether the case is; a trigger of `cases` sees to it."""


class CaseEvent(Base):
    """The history: one row for whatever happened. Rows never change."""

    __tablename__ = "case_events"
    __table_args__ = (Index("ix_case_events_case", "case_id", "id"),)

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    at: Mapped[Created]
    kind: Mapped[str]
    """received, assigned, first_action, note, answered, feedback_asked, accepted, objected,
    timed_out, closed, reopened, warned, escalated, sms."""
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor: Mapped[str] = mapped_column(default="")
    """The name at that moment; empty: the system or the citizen."""
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    text: Mapped[str] = mapped_column(default="")
    public: Mapped[bool] = mapped_column(default=False)
    """Whether the citizen sees it on the tracking page."""
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class CaseClock(Base):
    """One promise of time. Until it is stopped the sweep warns once, and escalates once a level."""

    __tablename__ = "case_clocks"
    __table_args__ = (
        # What the sweep looks at: the next moment at which something must be done about it.
        Index("ix_case_clocks_next", "act_at", "id", postgresql_where=text("stopped_at IS NULL")),
        # A calendar that changes: whose due times must be found anew.
        Index(
            "ix_case_clocks_calendar",
            "calendar",
            "case_id",
            postgresql_where=text("stopped_at IS NULL"),
        ),
        Index(
            "uq_case_clocks_running",
            "case_id",
            "kind",
            unique=True,
            postgresql_where=text("stopped_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str]
    """Name of the clock in the case's definition."""
    calendar: Mapped[str]
    started_at: Mapped[dt.datetime]
    open_seconds: Mapped[int]
    """The limit, in open seconds of the calendar."""
    due_at: Mapped[dt.datetime]
    act_at: Mapped[dt.datetime | None]
    """When the sweep must act next: the warning, the due time, the next level; empty: never."""
    warned_at: Mapped[dt.datetime | None]
    escalated_at: Mapped[dt.datetime | None]
    level: Mapped[int] = mapped_column(default=0)
    """How often it has been reported upwards."""
    warn_percent: Mapped[int] = mapped_column(default=75)
    """Of the open time, after which it warns."""
    level_seconds: Mapped[int] = mapped_column(default=28_800)
    """Open time from one level of the unit chain to the next; 0: it is never reported upwards."""
    told_units: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    """Units above that have heard of it, in this order: nobody is told twice, whatever unit the
    case is passed to, and of the new unit's chain nobody is passed over."""
    agreed: Mapped[bool] = mapped_column(default=False)
    """It follows the agreement of category and unit, and changes with it."""
    paused_at: Mapped[dt.datetime | None]
    """It stands still since then; what happened before is in case_clock_spans."""
    stopped_at: Mapped[dt.datetime | None]
    stopped_by: Mapped[str | None]
    """What stopped it: the event's kind."""


class CasePhoto(Base):
    """A photo, re-encoded without its EXIF, under DATA_DIR/uploads/cases."""

    __tablename__ = "case_photos"

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    stored_path: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    added_at: Mapped[Created]


class FeedbackQuestion(Base):
    """«31 or 33?» asked of one number; one open at a time, later ones wait."""

    __tablename__ = "case_feedback_questions"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'open', 'accepted', 'objected', 'timed_out', 'withdrawn')",
            name="state",
        ),
        Index(
            "uq_feedback_open_number",
            "e164",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        # Whom to ring, the one asked longest ago first; what a period's rates are counted over.
        Index("ix_feedback_open_asked", "asked_at", postgresql_where=text("state = 'open'")),
        Index("ix_feedback_asked", "asked_at"),
        UniqueConstraint("case_id", "round"),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    round: Mapped[int] = mapped_column(default=1)
    e164: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(default="waiting")
    created_at: Mapped[Created]
    asked_at: Mapped[dt.datetime | None]
    answered_at: Mapped[dt.datetime | None]
    channel: Mapped[str | None]
    """sms | call | link: how the answer came, for the rates."""
    words: Mapped[str] = mapped_column(default="")
    """What an objecting citizen wrote."""
