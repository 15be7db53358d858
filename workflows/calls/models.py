"""Calls that came in, and citizens who asked to be called."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

RESULTS = ("answered", "registered", "transferred", "irrelevant", "dropped")
"""How a call ended: a consultation answered at once, a case, somebody else's matter, none of the
centre's matters, a caller who was gone."""
TAKEN = RESULTS[:-1]
"""Calls in which somebody was talked to: what rates are counted of."""
CALLBACK_STATES = ("waiting", "answered", "registered", "unreached", "withdrawn")


class CentreCall(Base):
    """One call to the centre, written down when it ended."""

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint(f"result IN {RESULTS}", name="result"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        # Counted from this index alone: half a million calls a year, asked for every day.
        Index("ix_calls_counts", "day", "hour", "operator_id", "result"),
        Index("ix_calls_number", "e164", "id"),
        Index("ix_calls_operator", "operator_id", "id"),
    )

    id: Mapped[BigId]
    key: Mapped[str | None] = mapped_column(String(100), unique=True)
    """The exchange's own id of the call, or that of the page it was written on: sent twice, it is
    one call."""
    line: Mapped[str] = mapped_column(default="")
    """The number that was dialled, where the exchange says it."""
    e164: Mapped[str | None] = mapped_column(String(16))
    """Who rang, a landline too; empty: withheld."""
    name: Mapped[str] = mapped_column(default="")
    started_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    ended_at: Mapped[Created]
    day: Mapped[dt.date]
    """Of the city, when it began: what calls are counted by, with `hour`."""
    hour: Mapped[int] = mapped_column(SmallInteger)
    operator_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    result: Mapped[str]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    """Of a registered call, once the form was finished."""
    transferred_to: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(String(2))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("case_categories.id"))
    subject: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")


class Callback(Base):
    """«Call me back»: a citizen who would rather talk than write."""

    __tablename__ = "callbacks"
    __table_args__ = (
        CheckConstraint(f"state IN {CALLBACK_STATES}", name="state"),
        Index("ix_callbacks_waiting", "call_at", "id", postgresql_where=text("state = 'waiting'")),
        # Anybody can type somebody else's number: it rings once, however often it is asked for.
        Index(
            "uq_callbacks_waiting_number",
            "e164",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[BigId]
    e164: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Created]
    call_at: Mapped[dt.datetime]
    """Not before; moves on when nobody answers."""
    due_at: Mapped[dt.datetime]
    """When the citizen has waited long enough."""
    state: Mapped[str] = mapped_column(default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    """Calls that nobody answered."""
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    taken_at: Mapped[dt.datetime | None]
    """Begun; left to whoever began it for a while, then anybody may."""
    ended_at: Mapped[dt.datetime | None]
    note: Mapped[str] = mapped_column(default="")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
