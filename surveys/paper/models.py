"""Printed sheets and what was typed from them until they count."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created
from surveys.campaigns.models import Campaign
from surveys.questionnaires.models import SurveyVersion

PRINTED, FIRST, SECOND, DIFFERS = "printed", "first", "second", "differs"
COMPLETE, VOID = "complete", "void"


class PaperBatch(Base):
    """Sheets printed together, of one version in one language. Both never change: a sheet is read
    as it was printed, whatever version the campaign asks by then."""

    __tablename__ = "paper_batches"
    __table_args__ = (CheckConstraint("sheets > 0", name="sheets"),)

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("survey_versions.id"))
    language: Mapped[str] = mapped_column(String(2))
    sheets: Mapped[int]
    """How many."""
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    campaign: Mapped[Campaign] = relationship()
    version: Mapped[SurveyVersion] = relationship()


class PaperSheet(Base):
    """One sheet; its id with a check digit is the number printed on it. It names no person.

    printed → first → complete, where both entries agree and their answers stand;
    first → differs (they disagree) or second (they agree on answers that do not stand) →
    a third person decides → complete. void: does not count, for a reason.
    """

    __tablename__ = "paper_sheets"
    __table_args__ = (
        CheckConstraint(
            "state IN ('printed', 'first', 'second', 'differs', 'complete', 'void')", name="state"
        ),
        CheckConstraint("first_by <> second_by", name="two_people"),
        CheckConstraint(
            "state IN ('first', 'second', 'differs') OR (first IS NULL AND second IS NULL)",
            name="kept_no_longer_than_needed",
        ),
        Index("ix_paper_sheets_batch", "batch_id", "state", "id"),
        Index("ix_paper_sheets_campaign", "campaign_id", "state", "id"),
    )

    id: Mapped[BigId]
    batch_id: Mapped[int] = mapped_column(ForeignKey("paper_batches.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    state: Mapped[str] = mapped_column(default=PRINTED)
    state_at: Mapped[Created]
    first: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """{field: value} as the first person typed it; forgotten once the sheet counts or is void."""
    first_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    second: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    second_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    compared: Mapped[int] = mapped_column(default=0)
    """Fields in which at least one of the two typed something."""
    differing: Mapped[int] = mapped_column(default=0)
    first_wrong: Mapped[int] = mapped_column(default=0)
    """Differing fields that were decided otherwise than the first person had typed."""
    second_wrong: Mapped[int] = mapped_column(default=0)
    void_reason: Mapped[str] = mapped_column(default="")
    batch: Mapped[PaperBatch] = relationship()


def ended(moment: dt.datetime, sheet: PaperSheet, state: str) -> None:
    """A sheet that counts or is void keeps nothing of what was typed."""
    sheet.state, sheet.state_at, sheet.first, sheet.second = state, moment, None, None
