"""The rule of a survey, what was erased under it, and files that must still go."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Created


class RetentionRule(Base):
    """Days from a response's submission; empty: kept for good."""

    __tablename__ = "retention_rules"
    __table_args__ = (
        CheckConstraint("texts_days > 0 AND responses_days > 0", name="days"),
        CheckConstraint("responses_days >= texts_days", name="order"),
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    texts_days: Mapped[int | None]
    responses_days: Mapped[int | None]
    changed_at: Mapped[Created]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class ErasedAnswers(Base):
    """How many complete responses of a campaign were erased; test answers are not counted."""

    __tablename__ = "erased_answers"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    responses: Mapped[int] = mapped_column(default=0)
    """Whole responses: they are gone from the table."""
    texts: Mapped[int] = mapped_column(default=0)
    """Responses that lost their free texts, whether or not they were erased whole later."""
    last_at: Mapped[dt.datetime]


class ErasedPhoto(Base):
    """A file whose answer is erased. Written with the erasure, removed with the file: a process
    that is killed between the two leaves no photo behind."""

    __tablename__ = "erased_photos"

    name: Mapped[str] = mapped_column(primary_key=True)
