"""Audit rows. The payload lies apart, so that it can be erased and the chain still verifies."""

from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created


class AuditEntry(Base):
    """One change. `sequence` and `chain_digest` are given by the sealer, once."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_unsealed", "id", postgresql_where=text("sequence IS NULL")),
        Index(
            "uq_audit_entries_sequence",
            "sequence",
            unique=True,
            postgresql_where=text("sequence IS NOT NULL"),
        ),
        # The system is nobody.
        Index(
            "ix_audit_entries_actor_id",
            "actor_id",
            postgresql_where=text("actor_id IS NOT NULL"),
        ),
        Index("ix_audit_subject", "subject_type", "subject_id", "id"),
    )

    id: Mapped[BigId]
    at: Mapped[Created]
    actor_id: Mapped[int | None]
    actor: Mapped[str]
    """Name of the person, or of the part of the system, at that moment."""
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[str]
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of salt and payload: proves the payload without holding it."""
    sequence: Mapped[int | None]
    chain_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    payload: Mapped["AuditPayload | None"] = relationship(back_populates="entry")


class AuditPayload(Base):
    """What changed. May be erased (the row deleted); the entry stays."""

    __tablename__ = "audit_payloads"

    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entries.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[dict[str, Any]]
    entry: Mapped[AuditEntry] = relationship(back_populates="payload")
