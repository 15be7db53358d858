"""Moves of running cases from one version of a workflow to another."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

STATES: Final = ("waiting", "declined", "running", "done", "undoing", "undone")
RESULTS: Final = ("moved", "returned", "went_on")


class WorkflowMove(Base):
    """One move: asked for by one person, approved by another, carried out by a job."""

    __tablename__ = "workflow_moves"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("decided_by IS NULL OR decided_by <> created_by", name="two_persons"),
        # One at a time: two moves of one workflow would take each other's cases.
        Index(
            "uq_workflow_moves_open",
            "workflow",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'running', 'undoing')"),
        ),
    )

    id: Mapped[BigId]
    workflow: Mapped[str]
    from_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_definitions.id"))
    """Empty: cases from before there were definitions."""
    to_id: Mapped[int] = mapped_column(ForeignKey("workflow_definitions.id"))
    mapping: Mapped[dict[str, Any]]
    """State of the old version -> state of the new one."""
    report: Mapped[dict[str, Any]]
    """What the second person saw: cases by state, clocks that stop, start, go on."""
    state: Mapped[str] = mapped_column(default="waiting")
    reason: Mapped[str] = mapped_column(default="")
    """Why it is asked for."""
    created_at: Mapped[Created]
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    finished_at: Mapped[dt.datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    undone_at: Mapped[dt.datetime | None]


class MovedCase(Base):
    """One case of a move, and all that an exact return needs."""

    __tablename__ = "workflow_moved_cases"
    __table_args__ = (
        CheckConstraint(f"result IN {RESULTS}", name="result"),
        Index("ix_workflow_moved_cases_case_id", "case_id"),
    )

    move_id: Mapped[int] = mapped_column(ForeignKey("workflow_moves.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    before: Mapped[dict[str, Any]]
    """definition_id, state, stage, stage_at, next_due_at; clocks: those that were stopped, as they
    stood; started: ids of those that the move began; held: those that its new state let stand still
    or go on, as they stood, with the ids of the spans that were written for it."""
    event_id: Mapped[int]
    """The row of history that the move wrote: what comes behind it happened since."""
    result: Mapped[str] = mapped_column(default="moved")
    """moved; returned by the undo; went_on: steps were taken since, so the undo left it."""
