"""Questions of a category and the answers that cases bring along."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created, Texts

KINDS = ("text", "choice", "several", "number", "yesno", "date")
AUDIENCES = ("everybody", "staff")
"""Who is asked: citizens and staff, or staff alone."""


class CaseQuestion(Base):
    """One version of a question. Rows never change but for their place and their end: an answer
    points at the words it was given to."""

    __tablename__ = "case_questions"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"audience IN {AUDIENCES}", name="audience"),
        UniqueConstraint("category_id", "key", "version"),
        Index(
            "uq_case_questions_current",
            "category_id",
            "key",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    category_id: Mapped[int] = mapped_column(ForeignKey("case_categories.id"))
    key: Mapped[str] = mapped_column(String(40))
    """Names the question through all its versions, in files too."""
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str]
    texts: Mapped[Texts]
    hints: Mapped[Texts] = mapped_column(default=dict)
    options: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    """[{"value": "o1", "texts": {lang: text}}], of choice and several."""
    required: Mapped[bool] = mapped_column(default=False)
    audience: Mapped[str] = mapped_column(default="everybody")
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Created]
    retired_at: Mapped[dt.datetime | None]
    """Empty: asked now."""


class CaseAnswer(Base):
    """What was answered to one version of a question."""

    __tablename__ = "case_answers"
    __table_args__ = (UniqueConstraint("case_id", "question_id"),)

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("case_questions.id"), index=True)
    value: Mapped[Any] = mapped_column(JSONB)
    """text: string; choice: value of an option; several: a list of them; number: number; yesno:
    true or false; date: ISO 8601."""
    answered_at: Mapped[Created]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """Who wrote it down; empty: the citizen."""
