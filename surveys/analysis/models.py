"""Counts that are kept, for surveys too large to count while somebody waits."""

from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
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
