"""Rules of assignment, and who is away."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

WAYS = ("unit", "person", "fewest")
"""To the unit; to a person; to whoever of the unit has the fewest open cases."""


class AssignmentRule(Base):
    """If a new message is like this, it goes there. The first rule that fits decides."""

    __tablename__ = "case_rules"
    __table_args__ = (
        CheckConstraint(f"way IN {WAYS}", name="way"),
        CheckConstraint("(way = 'person') = (assignee_id IS NOT NULL)", name="assignee"),
        Index("ix_case_rules_position", "position", "id"),
    )

    id: Mapped[BigId]
    position: Mapped[int]
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    conditions: Mapped[dict[str, Any]]
    """workflows.cases.rules.matching.Conditions; what is not said fits everything."""
    way: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Created]


class Absence(Base):
    """Somebody does not work here for a while, or not any more: new cases go to the substitute."""

    __tablename__ = "case_absences"
    __table_args__ = (
        Index(
            "uq_case_absences_present",
            "user_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("substitute_id <> user_id", name="not_own_substitute"),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    until: Mapped[dt.date | None] = mapped_column(Date)
    """The last day away, in the city's calendar day; empty: has left."""
    substitute_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """Empty: new cases stay with the unit, without a person."""
    note: Mapped[str] = mapped_column(default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Created]
    ended_at: Mapped[dt.datetime | None]
    """Taken back, or replaced by a newer one."""
