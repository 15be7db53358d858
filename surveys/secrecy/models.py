"""The box of sealed answers, and the public halves of its keys."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId


class SealingKey(Base):
    """One epoch of a box. The private key is a file outside the database, named by the public one.

    filling: answers are sealed to it. shut: no more come, they wait to be opened. opened: its
    answers lie in `responses`. destroyed: the private key is gone too.
    """

    __tablename__ = "sealing_keys"
    __table_args__ = (
        CheckConstraint("state IN ('filling', 'shut', 'opened', 'destroyed')", name="state"),
        Index(
            "ix_sealing_keys_filling",
            "campaign_id",
            "version_id",
            unique=True,
            postgresql_where=text("state = 'filling'"),
        ),
        Index("ix_sealing_keys_campaign", "campaign_id", "state"),
    )

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("survey_versions.id"))
    """Answers to different versions are told apart by their questions: each version has a box."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    state: Mapped[str] = mapped_column(default="filling")
    look_on: Mapped[dt.date]
    """The day before which nobody looks whether there are enough; the only time kept here."""
    kept: Mapped[int] = mapped_column(default=0)
    """Of a shut epoch: how many answers, by lot, go sealed again into the next one."""
    is_forced: Mapped[bool] = mapped_column(default=False)
    """An administrator decided to open fewer than the minimum."""


class SealedAnswer(Base):
    """One answer in the box: no time, no person, no order, and all of one size."""

    __tablename__ = "sealed_answers"
    __table_args__ = (
        Index("ix_sealed_answers_key", "key_id"),
        Index("ix_sealed_answers_campaign", "campaign_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    key_id: Mapped[int] = mapped_column(ForeignKey("sealing_keys.id"))
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
