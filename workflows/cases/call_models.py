"""Feedback calls: one row for every attempt to ask a citizen by telephone."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

RESULTS = ("no_answer", "busy", "later", "wrong_number", "accepted", "objected")


class FeedbackCall(Base):
    """Who rang about a question, and what came of it. Rows never change."""

    __tablename__ = "feedback_calls"
    __table_args__ = (CheckConstraint(f"result IN {RESULTS}", name="result"),)

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    question_id: Mapped[int | None] = mapped_column(
        ForeignKey("case_feedback_questions.id"), index=True
    )
    """Empty where a citizen said it on the telephone without having been asked."""
    at: Mapped[Created]
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    result: Mapped[str]
    words: Mapped[str] = mapped_column(default="")
    """What an objecting citizen said."""
    again_at: Mapped[dt.datetime | None]
    """Not before this moment is the citizen rung again; empty: nobody rings again."""
