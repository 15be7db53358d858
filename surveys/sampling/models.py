"""The plan of a sample, and what the launch drew by it."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class CampaignSample(Base):
    """Of one campaign. What was drawn is fixed with the launch."""

    __tablename__ = "campaign_samples"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    plan: Mapped[dict[str, Any]]
    """surveys.sampling.plans.Plan.to_json()"""
    seed: Mapped[str]
    """The same seed over the same frame draws the same people."""
    frame: Mapped[int | None]
    """People the sample was drawn from; empty before the launch."""
    strata: Mapped[list[Any]] = mapped_column(default=list)
    """At launch: [{"key": […], "frame": n, "wanted": n, "drawn": n}], in a fixed order. The
    probability of selection in a stratum is drawn / frame, the design weight its inverse."""
    drawn_at: Mapped[dt.datetime | None]


class SampleMember(Base):
    """Somebody who was drawn, and the place of the stratum in `CampaignSample.strata`."""

    __tablename__ = "sample_members"
    __table_args__ = (Index("ix_sample_members_contact", "contact_id"),)

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaign_samples.campaign_id"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    stratum: Mapped[int]
