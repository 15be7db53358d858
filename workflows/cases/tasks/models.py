"""What a workflow asks people to do besides moving a case."""

import datetime as dt
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created, Texts

KINDS: Final = ("task", "letter", "notice")


class CaseTask(Base):
    """One thing to do about a case, for a role of its unit or for one person."""

    __tablename__ = "case_tasks"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index("ix_case_tasks_case_id", "case_id", "id"),
        Index(
            "ix_case_tasks_open", "role", "due_at", "id", postgresql_where=text("done_at IS NULL")
        ),
        Index(
            "ix_case_tasks_of_person",
            "user_id",
            "due_at",
            "id",
            postgresql_where=text("done_at IS NULL AND user_id IS NOT NULL"),
        ),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(default="task")
    titles: Mapped[Texts]
    role: Mapped[str]
    """Who does it, among the people of the case's unit and of those above."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """The one person it is for; empty: whoever of the role is first."""
    opened_by: Mapped[str]
    """The action whose effect it is."""
    created_at: Mapped[Created]
    due_at: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]
    done_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    result: Mapped[str] = mapped_column(default="")
    """What came of it, in words."""
