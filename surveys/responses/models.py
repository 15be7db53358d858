"""Answers."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created


class Response(Base):
    """The answers of one invitation: one row, kept as a draft until it is submitted.

    Without an invitation: an anonymous answer out of the box, which leads to nobody.
    """

    __tablename__ = "responses"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'complete')", name="state"),
        CheckConstraint("is_test OR campaign_id IS NOT NULL", name="campaign"),
        Index("ix_responses_campaign", "campaign_id", "state", "id"),
        Index("ix_responses_version", "version_id", "state", "id"),
        Index("ix_responses_sent", "version_id", "submitted_at"),
        Index(
            "ix_responses_texts",
            "version_id",
            "submitted_at",
            postgresql_where=text("NOT texts_erased"),
        ),
    )

    id: Mapped[BigId]
    version_id: Mapped[int] = mapped_column(ForeignKey("survey_versions.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    """Only a test answer from the preview of a version has none."""
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"), unique=True)
    state: Mapped[str] = mapped_column(default="draft")
    language: Mapped[str] = mapped_column(String(2))
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reached: Mapped[str] = mapped_column(default="")
    """Of a draft: name of the page to go on with."""
    mode: Mapped[str] = mapped_column(default="link")
    """How it was given: link, sms, phone (an operator), interview, paper, preview."""
    is_test: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Somebody of the city tried the form: never counted, never exported with the others."""
    started_at: Mapped[Created]
    submitted_at: Mapped[dt.datetime | None]
    texts_erased: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Its free texts were erased under the survey's retention rule (surveys.retention)."""
