"""The ways of a campaign, one row each; a campaign without a row has the SMS alone."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Created, Texts

VERIFIED = "verified"
UNVERIFIED = "unverified"


class CampaignWays(Base):
    """Chosen on the draft; the open link's kind never changes after the launch."""

    __tablename__ = "campaign_ways"
    __table_args__ = (CheckConstraint("open_kind IN ('verified', 'unverified')", name="open_kind"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    invites_by_sms: Mapped[bool] = mapped_column(default=True)
    """False: nobody gets a personal link; people come by poster, telephone or paper."""
    open_kind: Mapped[str | None]
    """verified: a code by SMS proves the number; unverified: nothing proves anything; empty: the
    campaign has no open link."""
    open_code: Mapped[str | None] = mapped_column(unique=True)
    """Of the address /o/<code>. Kept when the link is switched off and on: it may be printed."""
    takes_replies: Mapped[bool] = mapped_column(default=False)
    """The SMS lists the choices and its reply is an answer."""
    call_script: Mapped[Texts] = mapped_column(default=dict)
    """What an operator says on the telephone before the first question, per language."""
    changed_at: Mapped[Created]
