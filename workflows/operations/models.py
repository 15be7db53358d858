"""What the operations centre sends out, what supervisors find, and the pictures of it."""

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

PROOF_KINDS = ("before", "after", "proof")
"""proof: of the first action."""
VISIT_STATES = ("ordered", "done", "cancelled")
FINDINGS = ("settled", "not_settled", "more")
"""more: it goes on, and something else is needed first."""
ENTRY_KINDS = ("arrival", "finding")
ENTRY_STATES = ("taken", "note")
"""note: somebody was quicker; the record is kept beside the course of the case."""
ENTRY_REASONS = ("settled", "cancelled", "recorded")
"""Why it is a note: the case was settled, the visit called off, or recorded before."""


class Dispatch(Base):
    """Somebody was sent: a unit, a crew or both, to be there by a time."""

    __tablename__ = "case_dispatches"
    __table_args__ = (
        CheckConstraint("unit_id IS NOT NULL OR crew <> ''", name="somebody"),
        Index("ix_case_dispatches_case", "case_id", "id"),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    crew: Mapped[str] = mapped_column(default="")
    expected_at: Mapped[dt.datetime]
    """When they are to be at the place."""
    note: Mapped[str] = mapped_column(default="")
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    sent_at: Mapped[Created]


class Visit(Base):
    """An order to one field supervisor to go and look."""

    __tablename__ = "field_visits"
    __table_args__ = (
        CheckConstraint(f"state IN {VISIT_STATES}", name="state"),
        CheckConstraint(f"finding IN {FINDINGS}", name="finding"),
        CheckConstraint("(state = 'done') = (finding IS NOT NULL)", name="done_with_a_finding"),
        Index("ix_field_visits_case", "case_id", "id"),
        # What a supervisor has before them.
        Index(
            "ix_field_visits_open",
            "supervisor_id",
            "due_at",
            "id",
            postgresql_where=text("state = 'ordered'"),
        ),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    supervisor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    due_at: Mapped[dt.datetime]
    instructions: Mapped[str] = mapped_column(default="")
    """What to check there."""
    ordered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ordered_at: Mapped[Created]
    state: Mapped[str] = mapped_column(default="ordered")
    arrived_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    """When the finding was made, or the visit called off."""
    finding: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    """Why it is not settled, or what else is needed."""
    words: Mapped[str] = mapped_column(default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    """Metres, as the phone said."""


class FieldEntry(Base):
    """One record as a phone sent it, perhaps hours after it was made.

    The clock of a phone may be wrong: what it said is kept as it said it. By the clock of the
    server it was made at `received_at - (device_sent_at - device_at)`.
    """

    __tablename__ = "field_entries"
    __table_args__ = (
        CheckConstraint(f"kind IN {ENTRY_KINDS}", name="kind"),
        CheckConstraint(f"state IN {ENTRY_STATES}", name="state"),
        CheckConstraint(f"why IN {ENTRY_REASONS}", name="why"),
        CheckConstraint("(state = 'note') = (why IS NOT NULL)", name="note_with_a_reason"),
        Index("ix_field_entries_visit", "visit_id", "id"),
    )

    id: Mapped[BigId]
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True)
    """Made by the phone: the same record sent twice has the same one."""
    visit_id: Mapped[int] = mapped_column(ForeignKey("field_visits.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str]
    why: Mapped[str | None]
    why_at: Mapped[dt.datetime | None]
    device_at: Mapped[dt.datetime]
    device_sent_at: Mapped[dt.datetime]
    received_at: Mapped[Created]


class CaseProof(Base):
    """A picture of the work on a case, drawn anew without its EXIF, under DATA_DIR/uploads/cases.

    The citizen's own photos are workflows.cases.models.CasePhoto.
    """

    __tablename__ = "case_proofs"
    __table_args__ = (
        CheckConstraint(f"kind IN {PROOF_KINDS}", name="kind"),
        Index("ix_case_proofs_case", "case_id", "id"),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str]
    stored_path: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("field_visits.id"), index=True)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    added_at: Mapped[Created]
