"""A case turns out to be about something else."""

from portal import audit
from portal.db import db
from portal.i18n import _l
from workflows.cases import flow, moves
from workflows.cases.models import Case, Category
from workflows.cases.moves import InputRefused


def recategorise(case_id: int, *, category_id: int, by: int | None) -> Case:
    """Mark what a case is about. Its unit and its running clocks stay: they were promised.

    Raises LookupError, stages.StageError and InputRefused.
    """
    case = moves.lock(case_id)
    flow.check(case, "assign", by=by)
    category = db.session.get(Category, category_id)
    if category is None or not category.active:
        raise InputRefused("category", _l("There is no such category."))
    if case.category_id == category.id:
        return case
    before = case.category_id
    case.category_id, case.category = category.id, category
    moves.add_event(
        case.id,
        "categorised",
        by=by,
        unit_id=case.unit_id,
        category=category.code,
        names=category.names,
        was=before,
    )
    audit.record("case.categorised", "case", case.id, category=category.id, was=before)
    db.session.flush()
    return case
