"""Saved filters, and what became of a step for many cases."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created


class SavedFilter(Base):
    """A work list with a name: of one person, or shared with a unit and all under it."""

    __tablename__ = "case_filters"
    __table_args__ = (Index("ix_case_filters_unit", "unit_id"),)

    id: Mapped[BigId]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    """Whom it is shared with; empty: nobody."""
    name: Mapped[str]
    args: Mapped[dict[str, Any]]
    """As in workflows.cases.staff.lists.CaseFilter.to_args."""
    created_at: Mapped[Created]


class FilterDefault(Base):
    """The list with which a person begins."""

    __tablename__ = "case_filter_defaults"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    filter_id: Mapped[int] = mapped_column(
        ForeignKey("case_filters.id", ondelete="CASCADE"), index=True
    )


class BulkRun(Base):
    """One step for many cases, with what was done and what was not, and why."""

    __tablename__ = "case_bulk_runs"

    id: Mapped[BigId]
    key: Mapped[str] = mapped_column(String(32), unique=True)
    """Of the form: sent twice, it is one run."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    at: Mapped[Created]
    action: Mapped[str]
    asked: Mapped[int]
    """How many cases were chosen."""
    done: Mapped[list[Any]] = mapped_column(default=list)
    """Ids of cases."""
    refused: Mapped[list[Any]] = mapped_column(default=list)
    """[id, why]; the reason in the language of whoever tried."""
    finished_at: Mapped[dt.datetime | None]


class Mention(Base):
    """A note names a colleague, who is told on the dashboard until it is marked as seen."""

    __tablename__ = "case_mentions"
    __table_args__ = (
        Index("ix_case_mentions_unseen", "user_id", "id", postgresql_where=text("seen_at IS NULL")),
        UniqueConstraint("event_id", "user_id"),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("case_events.id"))
    at: Mapped[Created]
    seen_at: Mapped[dt.datetime | None]
