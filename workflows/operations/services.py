"""What the operations centre does with a case: sends out, records, orders a visit.

Everything locks the case first, writes history and audit, and flushes; nothing commits. All raise
LookupError, StageError and InputRefused. `by` is the id of a member of staff, None the system.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from portal import audit, clock
from portal.accounts.models import Role, User
from portal.db import db
from portal.i18n import _l
from portal.photos import Photo
from portal.units.models import Unit
from workflows.cases import flow, moves, stages, work
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.operations import proofs
from workflows.operations.models import CaseProof, Dispatch, Visit

MOST_CREW: Final = 120
LONGEST: Final = dt.timedelta(days=60)
"""Ahead, for a visit or a crew."""
LATE: Final = dt.timedelta(minutes=1)
"""So much in the past a typed time may be: who types it types minutes."""


def working(case_id: int) -> Case:
    """The case, locked, where there is still work on it. Raises LookupError and StageError."""
    case = moves.lock(case_id)
    if case.stage not in stages.WORKING:
        raise stages.StageError(
            _l(
                "This is not possible now; the stage is: %(stage)s.",
                stage=stages.STAGE_NAMES[case.stage],
            )
        )
    return case


def dispatch(
    case_id: int,
    *,
    unit_id: int | None,
    crew: str,
    expected_at: dt.datetime,
    note: str,
    by: int | None,
) -> Dispatch:
    """Send a unit or a crew. The case stays with the centre, whose clock runs."""
    case = working(case_id)
    crew = moves.clean(crew, "crew", MOST_CREW)
    note = moves.clean(note, "note")
    if unit_id is None and not crew:
        raise InputRefused("unit", _l("Choose a unit or write who goes."))
    if unit_id is not None:
        unit = db.session.get(Unit, unit_id)
        if unit is None or not unit.active:
            raise InputRefused("unit", _l("There is no such unit."))
    _check_time(expected_at, "at")
    row = Dispatch(
        case_id=case.id,
        unit_id=unit_id,
        crew=crew,
        expected_at=expected_at,
        note=note,
        sent_by=by,
    )
    db.session.add(row)
    db.session.flush()
    moves.add_event(
        case.id,
        "dispatched",
        by=by,
        text="\n".join(part for part in (crew, note) if part),
        unit_id=unit_id,
        dispatch=row.id,
        expected_at=expected_at.isoformat(),
    )
    audit.record(
        "case.dispatched",
        "case",
        case.id,
        unit=unit_id,
        crew=crew,
        expected_at=expected_at.isoformat(),
    )
    db.session.flush()
    return row


def first_action(
    case_id: int,
    *,
    text: str,
    photos: Sequence[Photo],
    no_photo: str,
    by: int | None,
    public: bool = True,
) -> list[CaseProof]:
    """The first action with its proof: a photo, or the reason why there is none."""
    case = moves.lock(case_id)
    flow.check(case, "first_action")
    no_photo = moves.clean(no_photo, "no_photo", 500)
    if not photos and not no_photo:
        raise InputRefused("photos", _l("Add a photo, or write why there is none."))
    work.first_action(case_id, by=by, text=text, public=public)
    if not photos:
        moves.add_event(case_id, "no_photo", by=by, text=no_photo)
        db.session.flush()
        return []
    return _add_photos(case_id, "proof", photos, by=by)


def add_photos(
    case_id: int, *, kind: str, photos: Sequence[Photo], by: int | None
) -> list[CaseProof]:
    """Pictures of before or after, at any time of the case."""
    moves.lock(case_id)
    if kind not in {"before", "after"}:
        raise InputRefused("kind", _l("Choose one."))
    if not photos:
        raise InputRefused("photos", _l("Choose a photo."))
    return _add_photos(case_id, kind, photos, by=by)


def _add_photos(
    case_id: int, kind: str, photos: Sequence[Photo], *, by: int | None
) -> list[CaseProof]:
    rows = proofs.add(case_id, kind, photos, by=by)
    try:
        note_photos(case_id, rows, by=by)
    except BaseException:
        proofs.discard(row.stored_path for row in rows)
        raise
    return rows


def note_photos(case_id: int, rows: Sequence[CaseProof], *, by: int | None) -> None:
    """History and audit of pictures that were added."""
    ids = [row.id for row in rows]
    kinds = sorted({row.kind for row in rows})
    moves.add_event(case_id, "proof_added", by=by, photos=ids, kinds=kinds)
    audit.record("case.proof_added", "case", case_id, photos=ids, kinds=kinds)
    db.session.flush()


def order_visit(
    case_id: int, *, supervisor_id: int, due_at: dt.datetime, instructions: str, by: int | None
) -> Visit:
    """Send a field supervisor to look; several may be under way on one case."""
    case = working(case_id)
    instructions = moves.clean(instructions, "instructions", 1_000)
    if supervisor_id not in {one for one, _name in supervisors()}:
        raise InputRefused("supervisor_id", _l("There is no such field supervisor."))
    _check_time(due_at, "at")
    row = Visit(
        case_id=case.id,
        supervisor_id=supervisor_id,
        due_at=due_at,
        instructions=instructions,
        ordered_by=by,
    )
    db.session.add(row)
    db.session.flush()
    moves.add_event(
        case.id,
        "visit_ordered",
        by=by,
        text=instructions,
        visit=row.id,
        supervisor=supervisor_id,
        due_at=due_at.isoformat(),
    )
    audit.record(
        "visit.ordered",
        "visit",
        row.id,
        case=case.id,
        supervisor=supervisor_id,
        due_at=due_at.isoformat(),
    )
    db.session.flush()
    return row


def cancel_visit(visit_id: int, *, by: int | None) -> Visit:
    """Call a visit off that nobody has recorded yet."""
    visit = db.session.get(Visit, visit_id)
    if visit is None:
        raise LookupError(f"No visit {visit_id}")
    moves.lock(visit.case_id)
    db.session.refresh(visit)
    if visit.state != "ordered":
        raise stages.StageError(_l("This visit has ended already."))
    visit.state, visit.ended_at = "cancelled", clock.now()
    moves.add_event(visit.case_id, "visit_cancelled", by=by, visit=visit.id)
    audit.record("visit.cancelled", "visit", visit.id, case=visit.case_id)
    db.session.flush()
    return visit


def supervisors() -> list[tuple[int, str]]:
    """(id, name) of the active field supervisors."""
    rows = db.session.execute(
        select(User.id, User.name, User.email)
        .where(User.active, User.roles.any(Role.name == "field_supervisor"))
        .order_by(User.name, User.id)
        .limit(500)
    )
    return [(row.id, row.name or row.email) for row in rows]


def _check_time(moment: dt.datetime, field: str) -> None:
    now = clock.now()
    if moment < now - LATE:
        raise InputRefused(field, _l("This time has passed."))
    if moment > now + LONGEST:
        raise InputRefused(field, _l("This is too far ahead."))
