"""Quotas of campaigns."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId


class Quota(Base):
    """At most `maximum` complete answers for which `condition` is true."""

    __tablename__ = "quotas"
    __table_args__ = (
        CheckConstraint("maximum > 0", name="maximum"),
        CheckConstraint("filled BETWEEN 0 AND maximum", name="filled"),
        Index("ix_quotas_campaign", "campaign_id", "id"),
    )

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    name: Mapped[str]
    condition: Mapped[str]
    """An expression over the questions, as in a questionnaire's `relevant`."""
    maximum: Mapped[int]
    filled: Mapped[int] = mapped_column(default=0)
    """Complete answers so far. Of a running anonymous campaign: not used, see sealed_count."""
    sealed_count: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The count, encrypted with the campaign's counter key: the row's old versions stay on the
    disk, each beside the invitation of its transaction, and would tell who belongs to the group."""
