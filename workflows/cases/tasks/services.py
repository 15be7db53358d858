"""Open a task, do it, let it lapse with its case. Functions flush and never commit."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_

from portal import audit, clock
from portal.db import db
from portal.i18n import LazyText, _l
from portal.units.services import subtree
from workflows.calendars import services as calendars
from workflows.cases import moves
from workflows.cases.models import Case
from workflows.cases.tasks.models import CaseTask

PAGE = 50
OF_UNITS = frozenset({"unit_officer", "field_supervisor"})
"""Roles whose people do the tasks of their own unit and of those under it alone."""


class TaskError(ValueError):
    """It cannot be done now; `message` is for people."""

    def __init__(self, message: LazyText) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class Doer:
    """Who looks at tasks."""

    user_id: int
    roles: frozenset[str]
    unit_id: int | None


def open_task(
    case: Case,
    *,
    kind: str,
    titles: Mapping[str, str],
    role: str,
    action: str,
    hours: float | None = None,
    calendar: str = calendars.CITY,
    user_id: int | None = None,
) -> CaseTask:
    """A task of a locked case, due after so many open hours of a calendar."""
    now = clock.now()
    due = calendars.due(calendar, now, dt.timedelta(hours=hours)).at if hours else None
    row = CaseTask(
        case_id=case.id,
        kind=kind,
        titles=dict(titles),
        role=role,
        user_id=user_id,
        opened_by=action,
        created_at=now,
        due_at=due,
    )
    db.session.add(row)
    db.session.flush()
    moves.add_event(case.id, "task_opened", unit_id=case.unit_id, titles=dict(titles), role=role)
    return row


def done(task_id: int, *, doer: Doer, result: str) -> CaseTask:
    """Somebody has done it. Raises LookupError, TaskError, moves.InputRefused."""
    case_id = db.session.scalar(select(CaseTask.case_id).where(CaseTask.id == task_id))
    if case_id is None:
        raise LookupError(f"No task {task_id}")
    case = moves.lock(case_id)
    row = db.session.get_one(CaseTask, task_id, populate_existing=True)
    if row.done_at is not None:
        raise TaskError(_l("Somebody has done it already."))
    if not is_for(row, doer, case):
        raise TaskError(_l("This task is for somebody else."))
    result = moves.clean(result, "result", required=row.kind == "task")
    row.done_at, row.done_by, row.result = clock.now(), doer.user_id, result
    moves.add_event(
        case_id, "task_done", by=doer.user_id, text=result, titles=dict(row.titles), task=row.id
    )
    audit.record("case.task_done", "case", case_id, task=row.id, result=result)
    db.session.flush()
    return row


def is_for(row: CaseTask, doer: Doer, case: Case) -> bool:
    """Whether the task of a case is one of this person's."""
    if "administrator" in doer.roles:
        return True
    if row.user_id is not None:
        return row.user_id == doer.user_id
    if row.role not in doer.roles:
        return False
    if row.role not in OF_UNITS or doer.unit_id is None:
        return True
    return case.unit_id in subtree(doer.unit_id)


def of_case(case_id: int) -> Sequence[CaseTask]:
    """Open ones first, by due time."""
    return db.session.scalars(
        select(CaseTask)
        .where(CaseTask.case_id == case_id)
        .order_by(CaseTask.done_at.is_not(None), CaseTask.due_at.nulls_last(), CaseTask.id)
        .limit(100)
    ).all()


def page(
    doer: Doer, after: tuple[dt.datetime | None, int] | None = None
) -> Sequence[tuple[CaseTask, Case]]:
    """Open tasks of a person with their cases, one more than a page holds."""
    query = (
        select(CaseTask, Case)
        .join(Case, Case.id == CaseTask.case_id)
        .where(*_of(doer))
        .order_by(CaseTask.due_at.nulls_last(), CaseTask.id)
        .limit(PAGE + 1)
    )
    if after is not None:
        due, last = after
        if due is None:
            query = query.where(CaseTask.due_at.is_(None), CaseTask.id > last)
        else:
            beyond = tuple_(CaseTask.due_at, CaseTask.id) > tuple_(due, last)
            query = query.where(or_(beyond, CaseTask.due_at.is_(None)))
    return [(row.CaseTask, row.Case) for row in db.session.execute(query)]


def count(doer: Doer) -> int:
    """How many open tasks a person has."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(CaseTask)
            .join(Case, Case.id == CaseTask.case_id)
            .where(*_of(doer))
        )
        or 0
    )


def _of(doer: Doer) -> list[ColumnElement[bool]]:
    """Those of a role are for the people of the case's unit and the units above it."""
    mine = CaseTask.user_id == doer.user_id
    # With its case a task lapses; whoever opens the case again has it back.
    found: list[ColumnElement[bool]] = [CaseTask.done_at.is_(None), Case.stage != "closed"]
    roles: Collection[str] = doer.roles - {"administrator"}
    of_role = and_(CaseTask.user_id.is_(None), CaseTask.role.in_(sorted(roles)))
    if doer.unit_id is not None:
        of_role = and_(of_role, Case.unit_id.in_(subtree(doer.unit_id)))
    found.append(or_(mine, of_role))
    return found
