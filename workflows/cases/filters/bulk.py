"""One step for many cases. Each is a transaction of its own: the callers commit after each.

Two cases in one transaction would hold the lock of the first case's number while they wait for the
second case, and a citizen's SMS takes the same two the other way round.
"""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from portal.i18n import _
from workflows.cases import flow, stages
from workflows.cases.filters.models import BulkRun
from workflows.cases.models import Case, CaseEvent
from workflows.cases.moves import InputRefused, lock
from workflows.cases.staff import detail

MOST: Final = 200
ACTIONS: Final = ("assign", "note", "finish", "categorise", "hand_over")


def begin(key: str, user_id: int, action: str, asked: int) -> BulkRun | None:
    """The row of a run; None where this form was sent before."""
    run_id = db.session.scalar(
        insert(BulkRun)
        .values(
            key=key,
            user_id=user_id,
            at=clock.now(),
            action=action,
            asked=asked,
            done=[],
            refused=[],
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(BulkRun.id)
    )
    if run_id is None:
        return None
    audit.record("case_bulk.begun", "case_bulk", run_id, step=action, asked=asked)
    return db.session.get_one(BulkRun, run_id)


def known(key: str, user_id: int) -> BulkRun | None:
    return db.session.scalars(
        select(BulkRun).where(BulkRun.key == key, BulkRun.user_id == user_id)
    ).first()


def one(
    run_id: int, case_id: int, step: Callable[[Case], object], action: str, upon: int | None
) -> bool:
    """The step for one case, under its lock. False, with the reason kept, where it is refused.

    `upon`: the last event that whoever chose the case has seen; a case that somebody else has
    changed meanwhile is left alone. The caller commits.
    """
    why: object = ""
    try:
        with db.session.begin_nested():
            case = lock(case_id)
            flow.check(case, action)
            if upon is not None and detail.version(case_id) != upon:
                why = _("Somebody else has changed it meanwhile.")
            else:
                step(case)
    except LookupError:
        why = _("There is no such case.")
    except (stages.StageError, InputRefused) as error:
        why = error.message
    run = db.session.get_one(BulkRun, run_id)
    if why:
        run.refused = [*run.refused, [case_id, str(why)]]
    else:
        run.done = [*run.done, case_id]
    db.session.flush()
    return not why


def end(run_id: int) -> None:
    db.session.get_one(BulkRun, run_id).finished_at = clock.now()


def versions(case_ids: Sequence[int]) -> dict[int, int]:
    """The last event of each that a change would contradict; one query. As detail.version."""
    rows = db.session.execute(
        select(CaseEvent.case_id, func.max(CaseEvent.id))
        .where(CaseEvent.case_id.in_(case_ids), CaseEvent.kind.not_in(detail.QUIET))
        .group_by(CaseEvent.case_id)
    )
    found = {row[0]: int(row[1]) for row in rows}
    return {case_id: found.get(case_id, 0) for case_id in case_ids}
