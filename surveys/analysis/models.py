"""What is made in the background for surveys too large to make people wait: counts and files."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created


class ResultCount(Base):
    """What the results page shows of a survey, or of one of its campaigns."""

    __tablename__ = "result_counts"
    __table_args__ = (
        UniqueConstraint("survey_id", "campaign_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[BigId]
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    """None: all campaigns."""
    counted_at: Mapped[Created]
    fingerprint: Mapped[str]
    """Of the responses that were counted; another one means: count again."""
    complete: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{"results": […], "dispositions": {…}}, see surveys.analysis.counting."""


class ExportFile(Base):
    """A file of answers too large to be made while somebody waits. A day later it is erased."""

    __tablename__ = "export_files"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'made', 'failed')", name="state"),
        Index("ix_export_files_waiting", "id", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[BigId]
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    """None: all campaigns."""
    language: Mapped[str] = mapped_column(String(2))
    """Of the labels in it."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[Created]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[dt.datetime | None]
    """Until then a worker is at it."""
    name: Mapped[str]
    """Random name of the file in DATA_DIR/exports."""
    size: Mapped[int | None]
    """Bytes, once it is made."""
