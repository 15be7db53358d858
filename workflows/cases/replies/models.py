"""Canned replies."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created, SortKey, Texts
from workflows.cases.models import OUTCOMES


class CannedReply(Base):
    """A text that is sent often; chosen on the form that answers a case."""

    __tablename__ = "case_replies"
    __table_args__ = (CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),)

    id: Mapped[BigId]
    name: Mapped[str]
    """For those who choose it."""
    sort_key: Mapped[SortKey]
    outcome: Mapped[str]
    """How a case ends with it."""
    category_id: Mapped[int | None] = mapped_column(ForeignKey("case_categories.id"), index=True)
    """Offered for this category alone; empty: for every one."""
    texts: Mapped[Texts]
    """{language: text} with {code}, {unit} and {date}."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Created]
