"""The versions of workflow definitions."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

ORIGINS: Final = ("shipped", "city")


class WorkflowDefinition(Base):
    """One version of a definition. A published one never changes (a trigger refuses it)."""

    __tablename__ = "workflow_definitions"
    __table_args__ = (
        CheckConstraint(f"origin IN {ORIGINS}", name="origin"),
        CheckConstraint("(published_at IS NULL) = (number IS NULL)", name="published"),
        UniqueConstraint("name", "number"),
        Index(
            "uq_workflow_definitions_draft",
            "name",
            unique=True,
            postgresql_where=text("published_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    name: Mapped[str]
    number: Mapped[int | None]
    """1, 2, 3… within a name; empty: a draft. The highest one is what new cases get."""
    document: Mapped[dict[str, Any]]
    """The definition (workflows.engine.reader)."""
    digest: Mapped[str]
    """SHA-256 of the document in its one spelling, in hexadecimal digits."""
    source: Mapped[str] = mapped_column(default="")
    """The YAML as it was typed, with its comments; empty: as shipped."""
    origin: Mapped[str] = mapped_column(default="city")
    note: Mapped[str] = mapped_column(default="")
    """What was changed and why, in the words of whoever published it."""
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    published_at: Mapped[dt.datetime | None]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
