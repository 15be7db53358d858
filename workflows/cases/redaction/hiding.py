"""Leaving a text out of the citizen's page, and showing it again. Nothing commits."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select, text, update

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from workflows.cases import moves
from workflows.cases.matter import heads
from workflows.cases.models import Case, CaseEvent
from workflows.cases.moves import InputRefused
from workflows.cases.redaction import published
from workflows.cases.redaction.models import REASONS, CaseHide

_NO_ANSWER = text(
    """
    WITH RECURSIVE up (own, id, depth) AS (
        SELECT one, one, 0 FROM unnest(CAST(:cases AS bigint[])) AS one
        UNION ALL
        SELECT up.own, j.into_id, up.depth + 1 FROM case_joins j JOIN up ON j.case_id = up.id
        WHERE j.undone_at IS NULL AND up.depth < 50
    )
    SELECT DISTINCT up.own FROM up JOIN case_hides h ON h.case_id = up.id
    WHERE h.event_id IS NULL AND h.shown_at IS NULL
    """
)


def hidden(case_ids: Sequence[int], events: Iterable[CaseEvent] = ()) -> tuple[set[int], set[int]]:
    """(ids of hidden events, cases whose answer is hidden); one query.

    `events`: what is shown of these cases. Copies of an answer are hidden with it, also in a case
    that has been split off since; of those from before copies said whose they are, while it
    follows the other.
    """
    copies = {event.id: event for event in events if _is_copy(event)}
    sources = {event.data["copy_from"] for event in copies.values() if "copy_from" in event.data}
    unseen, no_answer = _rows({*case_ids, *sources})
    unseen |= {
        event.id
        for event in copies.values()
        if event.data.get("copy_of") in unseen
        or ("copy_of" not in event.data and no_answer & {*case_ids} - {event.case_id})
    }
    return unseen, no_answer


def no_answer(case_ids: Iterable[int]) -> set[int]:
    """Those of the cases whose answer is hidden, their own or that of the case they follow; one
    query."""
    return set(db.session.scalars(_NO_ANSWER, {"cases": list(case_ids)}))


def lapse(case: Case) -> None:
    """A locked case is answered anew: what was hidden was the earlier answer, whose place in the
    history stays hidden."""
    db.session.execute(
        update(CaseHide)
        .where(
            CaseHide.case_id == case.id, CaseHide.event_id.is_(None), CaseHide.shown_at.is_(None)
        )
        .values(shown_at=clock.now())
    )


def _is_copy(event: CaseEvent) -> bool:
    return event.kind == "answered" and event.actor_id is None


def _rows(case_ids: Iterable[int]) -> tuple[set[int], set[int]]:
    rows = db.session.execute(
        select(CaseHide.case_id, CaseHide.event_id).where(
            CaseHide.case_id.in_(list(case_ids)), CaseHide.shown_at.is_(None)
        )
    ).all()
    return (
        {row.event_id for row in rows if row.event_id is not None},
        {row.case_id for row in rows if row.event_id is None},
    )


def of_case(case_id: int) -> Sequence[CaseHide]:
    return db.session.scalars(
        select(CaseHide)
        .where(CaseHide.case_id == case_id, CaseHide.shown_at.is_(None))
        .order_by(CaseHide.id)
    ).all()


def hide(case_id: int, *, event_id: int | None, reason: str, by: int | None) -> None:
    """An event's text, or (None) the answer with the events that repeat it, in followers too.

    Raises LookupError, InputRefused.
    """
    case = moves.lock(case_id)
    if reason not in REASONS:
        raise InputRefused("reason", _l("Choose a reason."))
    wanted: list[int | None] = [event_id]
    if event_id is None:
        wanted += _answers(case)
    else:
        event = db.session.get(CaseEvent, event_id)
        if event is None or event.case_id != case_id or not event.public:
            raise InputRefused("what", _l("The citizen does not see this text."))
    known = {row.event_id for row in of_case(case_id)}
    for one in wanted:
        if one not in known:
            db.session.add(
                CaseHide(
                    case_id=case_id,
                    event_id=one,
                    reason=reason,
                    hidden_at=clock.now(),
                    hidden_by=by,
                )
            )
    # The answer is the answer of all who follow the case.
    also = heads.follower_ids(case_id) if event_id is None else []
    for one in (case_id, *also):
        published.take_back(one, by=by)
    moves.add_event(case_id, "hidden", by=by, reason=reason, event=event_id)
    audit.record("case.hidden", "case", case_id, event=event_id, reason=reason)
    db.session.flush()


def show(case_id: int, *, event_id: int | None, by: int | None) -> None:
    """Raises LookupError."""
    case = moves.lock(case_id)
    wanted: set[int | None] = {event_id}
    if event_id is None:
        wanted |= set(_answers(case))
    for row in of_case(case_id):
        if row.event_id in wanted:
            row.shown_at, row.shown_by = clock.now(), by
    moves.add_event(case_id, "shown", by=by, event=event_id)
    audit.record("case.shown", "case", case_id, event=event_id)
    db.session.flush()


def _answers(case: Case) -> list[int]:
    return list(
        db.session.scalars(
            select(CaseEvent.id).where(CaseEvent.case_id == case.id, CaseEvent.kind == "answered")
        )
    )
