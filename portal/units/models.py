"""The tree of units."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created, SortKey, Texts

KINDS = ("city", "deputy", "district", "neighbourhood", "organisation", "company", "office")


class Unit(Base):
    """A part of the city. Escalation goes to `escalates_to`, or else to the parent."""

    __tablename__ = "units"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("parent_id <> id", name="not_own_parent"),
        CheckConstraint("escalates_to_id <> id", name="not_own_escalation"),
        Index("ix_units_sort_key", "sort_key"),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    """Short ASCII name for files and addresses, e.g. d12 or org-parks."""
    kind: Mapped[str]
    names: Mapped[Texts]
    sort_key: Mapped[SortKey]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    escalates_to_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Created]
    parent: Mapped["Unit | None"] = relationship(foreign_keys=[parent_id], remote_side="Unit.id")
    escalates_to: Mapped["Unit | None"] = relationship(
        foreign_keys=[escalates_to_id], remote_side="Unit.id"
    )
