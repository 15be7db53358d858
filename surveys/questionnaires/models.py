"""Surveys and their frozen versions."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created, Texts


class Survey(Base):
    """A questionnaire under a code, e.g. BUDGET-1405."""

    __tablename__ = "surveys"
    __table_args__ = (CheckConstraint("code ~ '^[A-Z0-9][A-Z0-9_-]{1,39}$'", name="code"),)

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    titles: Mapped[Texts]
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    versions: Mapped[list["SurveyVersion"]] = relationship(
        back_populates="survey", order_by="SurveyVersion.number"
    )


class SurveyVersion(Base):
    """A published questionnaire; a trigger refuses to change it."""

    __tablename__ = "survey_versions"
    __table_args__ = (UniqueConstraint("survey_id", "number"),)

    id: Mapped[BigId]
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    number: Mapped[int]
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True)
    """surveys.questionnaires.schema.Questionnaire.to_json()"""
    question_count: Mapped[int]
    languages: Mapped[list[Any]]
    source_filename: Mapped[str] = mapped_column(default="")
    source_digest: Mapped[bytes] = mapped_column(LargeBinary)
    published_at: Mapped[dt.datetime]
    survey: Mapped[Survey] = relationship(back_populates="versions")
