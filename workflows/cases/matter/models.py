"""Which case goes with which other, and what it was before."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created


class CaseJoin(Base):
    """A case that is followed with another one, until `undone_at`.

    The case that others are joined to is never joined itself while it leads, but what is joined
    may have brought its own followers: they follow with it, and leave with it.
    """

    __tablename__ = "case_joins"
    __table_args__ = (
        CheckConstraint("case_id <> into_id", name="not_itself"),
        Index(
            "uq_case_joins_case", "case_id", unique=True, postgresql_where=text("undone_at IS NULL")
        ),
        Index("ix_case_joins_into", "into_id", postgresql_where=text("undone_at IS NULL")),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    into_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    joined_at: Mapped[Created]
    joined_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    snapshot: Mapped[dict[str, Any]]
    """State, owner and the ids of the running clocks at the moment of joining: no words of
    anybody, so that nothing has to be redacted here."""
    undone_at: Mapped[dt.datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
