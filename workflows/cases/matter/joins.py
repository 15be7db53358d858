"""Following one case with another, and undoing it exactly. Nothing commits."""

import datetime as dt
from typing import Any, Final

from portal import audit, clock
from portal.db import db
from portal.i18n import LazyText, _l, digits
from workflows.cases import clocks, codes, feedback, flow, guards, moves, stages
from workflows.cases.matter import answers, apart, heads
from workflows.cases.matter.models import CaseJoin
from workflows.cases.models import Case, CaseEvent

MOST_AT_ONCE: Final = 50
GIVEN: Final = frozenset({"call_in", "callin", "decision", "project"})
"""Origins of cases that somebody gave their word for: their own end is counted."""
_MOMENTS: Final = ("stage_at", "first_action_at", "done_at", "closed_at")
_VALUES: Final = ("state", "stage", "outcome", "confirmation", "unit_id", "assignee_id", "reopened")


class JoinRefused(ValueError):  # noqa: N818
    """The two cannot be joined, or not be parted; `message` is for people."""

    def __init__(self, message: LazyText) -> None:
        super().__init__(str(message))
        self.message = message


def join(case_id: int, into_id: int, *, by: int | None, tell: bool = True) -> CaseJoin:
    """Follow a case with another: it keeps its code and its citizen, its clocks stop.

    Into a case that is joined itself means into the one that leads there. `tell`: an SMS says so.
    Raises LookupError, JoinRefused.
    """
    case, leading = _both(case_id, into_id)
    now = clock.now()
    row = CaseJoin(
        case_id=case.id,
        into_id=leading.id,
        joined_at=now,
        joined_by=by,
        snapshot=_snapshot(case),
    )
    moves.lock_numbers(heads.numbers([case.id]))
    feedback.withdraw(case)
    clocks.stop_all(case, "joined")
    flow.put_aside(case)
    case.outcome, case.confirmation, case.closed_at = "duplicate", "not_asked", now
    case.outcome_text = ""
    db.session.add(row)
    db.session.flush()
    moves.add_event(case.id, "joined", by=by, public=True, other=leading.code)
    moves.add_event(leading.id, "follower_joined", by=by, other=case.code)
    audit.record("case.joined", "case", case.id, into=leading.id, join=row.id)
    if tell:
        moves.write_to_citizen(case, "cases.joined", "joined", url=codes.url(case.code))
    if leading.stage == "feedback":
        feedback.ask_follower(leading, case)
    db.session.flush()
    return row


def join_several(case_ids: list[int], into_id: int, *, by: int | None) -> int:
    """All of them into one; those that are with it already are left. Returns how many joined.

    Raises LookupError, JoinRefused: then none of them may be kept.
    """
    if len(case_ids) > MOST_AT_ONCE:
        raise JoinRefused(_l("At most 50 cases at once."))
    leading = heads.head_id(into_id)
    wanted = sorted(set(case_ids) - {leading, *heads.follower_ids(leading)})
    # All that is needed for any of them, before the first is changed: an answer by SMS holds its
    # case and waits for its number.
    for case_id in sorted({leading, *wanted}):
        _lock_alone(case_id)
    moves.lock_numbers(heads.numbers(wanted))
    for case_id in wanted:
        join(case_id, leading, by=by)
    return len(wanted)


def part(case_id: int, *, by: int | None, tell: bool = True) -> Case:
    """Undo a joining: state, owner and clocks are what they were, with the time used until then.

    Raises LookupError, JoinRefused.
    """
    row = heads.join_of(case_id)
    if row is None:
        raise JoinRefused(_l("This case is not joined to another."))
    leading = heads.lock(case_id)
    case = moves.lock(case_id)
    row = heads.join_of(case_id)
    if row is None:
        raise JoinRefused(_l("This case is not joined to another."))
    moves.lock_numbers(heads.numbers([case.id]))
    feedback.withdraw_follower(case)
    row.undone_at, row.undone_by = clock.now(), by
    db.session.flush()
    _restore(case, row.snapshot)
    apart.go_on(case, apart.ids_in(row.snapshot["clocks"]), by=by)
    moves.add_event(case.id, "parted", by=by, public=True, other=leading.code)
    moves.add_event(leading.id, "follower_parted", by=by, other=case.code)
    audit.record("case.parted", "case", case.id, from_case=leading.id, join=row.id)
    if tell:
        moves.write_to_citizen(case, "cases.parted", "parted", url=codes.url(case.code))
    if case.stage == "feedback":
        feedback.ask_again(case, row.snapshot["question"])
    db.session.flush()
    return case


def _both(case_id: int, into_id: int) -> tuple[Case, Case]:
    """The case and the leading one, locked in the order of their ids."""
    leading_id = heads.head_id(into_id)
    if heads.head_id(case_id) != case_id:
        raise JoinRefused(_l("This case is joined to another already."))
    if leading_id == case_id:
        raise JoinRefused(_l("A case cannot be joined to itself or to one that follows it."))
    found = {one: _lock_alone(one) for one in sorted({leading_id, case_id})}
    leading, case = found[leading_id], found[case_id]
    if heads.head_id(into_id) != leading.id:
        raise JoinRefused(_l("Somebody else has just joined one of them. Look again."))
    if leading.stage == "closed":
        raise JoinRefused(_l("The other case is closed. Open it again first if it is not settled."))
    if case.origin_type in GIVEN:
        raise JoinRefused(
            _l("A promise or a decision is kept by itself: join the other case to it.")
        )
    if case.stage == "closed":
        raise JoinRefused(_l("A closed case is not joined."))
    try:
        guards.check(case, "join")
    except stages.StageError as error:
        raise JoinRefused(error.message) from error
    together = len(heads.follower_ids(leading.id)) + 1 + len(heads.follower_ids(case.id))
    if together > heads.MOST:
        # More would hear nothing of the answer.
        raise JoinRefused(_l("At most %(n)s messages can follow one case.", n=digits(heads.MOST)))
    return case, leading


def _lock_alone(case_id: int) -> Case:
    """One that follows no other; else nothing more is locked while it is held, as whoever holds
    the one that leads may wait for it. Raises LookupError, JoinRefused."""
    case = moves.lock(case_id)
    if heads.head_id(case_id) != case_id:
        raise JoinRefused(_l("Somebody else has just joined one of them. Look again."))
    return case


def _snapshot(case: Case) -> dict[str, Any]:
    question = feedback.question_of_case(case.id)
    return {
        **{name: getattr(case, name) for name in _VALUES},
        **{name: _iso(getattr(case, name)) for name in _MOMENTS},
        # The answer itself is a text of the history: its event is pointed at, not copied.
        "answer_event": answers.answer_event(case.id) if case.outcome_text else None,
        "question": question.id if question is not None else None,
        "clocks": [row.id for row in clocks.running(case.id)],
    }


def _restore(case: Case, kept: dict[str, Any]) -> None:
    for name in _VALUES:
        setattr(case, name, kept[name])
    for name in _MOMENTS:
        setattr(case, name, _moment(kept[name]))
    answer = db.session.get(CaseEvent, kept["answer_event"]) if kept["answer_event"] else None
    case.outcome_text = answer.text if answer is not None else ""
    db.session.flush()


def check_apart(case_id: int) -> None:
    """Work on a joined case is work on the one that leads. Raises StageError."""
    if heads.join_of(case_id) is not None:
        raise stages.StageError(_l("This case is followed with another one. Split it off first."))


def _iso(value: dt.datetime | None) -> str | None:
    return value.isoformat() if value is not None else None


def _moment(value: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(value) if value is not None else None
