"""Campaigns and the invitations they make."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created, Texts
from surveys.questionnaires.models import SurveyVersion


class Campaign(Base):
    """Frozen at launch: audience and texts no longer change, the version only by an explicit
    switch to a newer one of the same survey."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'launched', 'paused', 'closed', 'cancelled')", name="state"
        ),
        CheckConstraint("secrecy IN ('confidential', 'anonymous')", name="secrecy"),
    )

    id: Mapped[BigId]
    name: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("survey_versions.id"), index=True)
    state: Mapped[str] = mapped_column(default="draft")
    audience: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{"tags": […], "neighbourhoods": […], "languages": […]}; an empty list means all."""
    texts: Mapped[Texts] = mapped_column(default=dict)
    """SMS per language; holds {link}."""
    reminder_texts: Mapped[Texts] = mapped_column(default=dict)
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    launched_at: Mapped[dt.datetime | None]
    launched_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    opens_at: Mapped[dt.datetime | None]
    """Answers are taken from this moment on; empty: from the launch on."""
    closes_at: Mapped[dt.datetime | None]
    launch_at: Mapped[dt.datetime | None]
    """Of a draft: when it is to launch by itself. Nothing in it may change until then."""
    launch_planned_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    launch_failed_at: Mapped[dt.datetime | None]
    """When a planned launch was refused; its reasons stand on the page of the draft."""
    secrecy: Mapped[str] = mapped_column(
        default="confidential", server_default=text("'confidential'")
    )
    counter_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Name of the key file that hides the counts of an anonymous campaign's quotas."""
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("message_batches.id"))
    budget_rial: Mapped[int | None]
    """What its SMS may cost, reminders included; after the launch the first batch keeps it too."""
    spread_hours: Mapped[int | None]
    """Over how many open hours the first SMS are spread; empty: as fast as may be."""
    built_in: Mapped[str | None] = mapped_column(unique=True)
    """Name of a campaign that the product itself keeps, without an end; empty elsewhere."""
    version: Mapped[SurveyVersion] = relationship()


class CampaignReminder(Base):
    """One wave of reminders to those who had not answered."""

    __tablename__ = "campaign_reminders"

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("message_batches.id"))
    sent_at: Mapped[Created]
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recipients: Mapped[int]


class PlannedReminder(Base):
    """A moment at which those who have not answered are reminded by themselves, once."""

    __tablename__ = "planned_reminders"
    __table_args__ = (
        UniqueConstraint("campaign_id", "due_at"),
        CheckConstraint("state IN ('planned', 'sent', 'nobody', 'over')", name="state"),
        Index("ix_planned_reminders_due", "due_at", postgresql_where=text("state = 'planned'")),
    )

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    due_at: Mapped[dt.datetime]
    planned_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(default="planned")
    """nobody: there was nobody to remind; over: the campaign had ended before."""
    reminder_id: Mapped[int | None] = mapped_column(ForeignKey("campaign_reminders.id"))


class Invitation(Base):
    """One person in one campaign. The token itself is never stored."""

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("campaign_id", "contact_id", "occasion"),
        CheckConstraint(
            "state IN ('open', 'started', 'answered', 'refused', 'screened')", name="state"
        ),
        Index("ix_invitations_state", "campaign_id", "state"),
    )

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    """Nobody in the contact bank: somebody who came by an open link, an interview or on paper."""
    language: Mapped[str] = mapped_column(String(2))
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    state: Mapped[str] = mapped_column(default="open")
    """screened: the quota of the person's group was full, so nothing of the answers was kept."""
    state_at: Mapped[Created]
    channel: Mapped[str] = mapped_column(default="sms", server_default=text("'sms'"))
    """How the person came to it: sms (invited), open (unverified), verified (an open link and a
    code by SMS), phone (an operator called or was called), interview, paper, test."""
    occasion: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Tells invitations of one person apart where a built-in campaign asks again, e.g. about
    another case; 0 elsewhere."""
    campaign: Mapped[Campaign] = relationship()
