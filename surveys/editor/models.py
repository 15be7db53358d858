"""The open draft of a survey, and what it was at each save."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import User
from portal.db import Base, BigId, Created
from surveys.questionnaires.models import Survey, SurveyVersion


class SurveyDraft(Base):
    """A copy of a version that is being edited: one per survey. Publishing it deletes it."""

    __tablename__ = "survey_drafts"

    id: Mapped[BigId]
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), unique=True)
    base_version_id: Mapped[int] = mapped_column(ForeignKey("survey_versions.id"))
    revision: Mapped[int] = mapped_column(default=1)
    """Counts saves; a form says which one it was made from."""
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Created]
    changed_at: Mapped[dt.datetime]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    survey: Mapped[Survey] = relationship()
    base_version: Mapped[SurveyVersion] = relationship()
    editor: Mapped[User | None] = relationship()


class SurveyDraftRevision(Base):
    """The draft after a save: what a form that comes late was made from."""

    __tablename__ = "survey_draft_revisions"
    __table_args__ = (UniqueConstraint("draft_id", "revision"),)

    id: Mapped[BigId]
    draft_id: Mapped[int] = mapped_column(ForeignKey("survey_drafts.id", ondelete="CASCADE"))
    revision: Mapped[int]
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
