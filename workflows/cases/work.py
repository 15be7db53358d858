"""What staff do with a case. Every function locks it, checks the stage, writes history and audit.

`by` is the id of the member of staff, None for the system. Nothing commits. All raise LookupError,
stages.StageError (not allowed now) and InputRefused (what was typed cannot be used).
"""

import datetime as dt

from sqlalchemy import select

from portal import audit, clock
from portal.accounts.models import User
from portal.db import db
from portal.i18n import _l
from portal.units.models import Unit
from workflows.cases import clocks, feedback, flow, moves, promised, silence, somebody_else
from workflows.cases.filters import mentions
from workflows.cases.matter import answers, heads, joins
from workflows.cases.models import OUTCOMES, Case
from workflows.cases.moves import InputRefused
from workflows.cases.redaction import hiding


def assign(
    case_id: int, *, unit_id: int, assignee_id: int | None, by: int | None, note: str = ""
) -> Case:
    """Pass a case to a unit and perhaps to a person; its clocks go on."""
    case = moves.lock(case_id)
    flow.check(case, "assign", by=by)
    note = moves.clean(note, "note")
    unit = db.session.get(Unit, unit_id)
    if unit is None or not unit.active:
        raise InputRefused("unit", _l("There is no such unit."))
    if assignee_id is not None and not db.session.scalar(
        select(User.active).where(User.id == assignee_id)
    ):
        raise InputRefused("assignee", _l("There is no such person."))
    if somebody_else.must_leave_it(case, assignee_id):
        raise InputRefused(
            "assignee", _l("The citizen objected to this person's answer; somebody else looks.")
        )
    before = (case.unit_id, case.assignee_id)
    case.unit_id, case.assignee_id = unit_id, assignee_id
    flow.pass_on(case, by=by)
    moves.add_event(
        case.id,
        "assigned",
        by=by,
        text=note,
        public=before[0] != unit_id,
        unit_id=unit_id,
        assignee=assignee_id,
        from_unit=before[0],
    )
    audit.record("case.assigned", "case", case.id, unit=unit_id, assignee=assignee_id, was=before)
    if before[0] != unit_id:
        clocks.passed_on(case, by)
    db.session.flush()
    return case


def first_action(case_id: int, *, by: int | None, text: str, public: bool = True) -> Case:
    """The first thing done about it; stops that clock, the settlement's goes on."""
    case = moves.lock(case_id)
    flow.check(case, "first_action", by=by)
    text = moves.clean(text, "text", required=True)
    flow.take(case, "first_action", by=by)
    _first_action_done(case)
    moves.add_event(case.id, "first_action", by=by, text=text, public=public, unit_id=case.unit_id)
    audit.record("case.first_action", "case", case.id, text=text)
    db.session.flush()
    return case


def note(case_id: int, *, by: int | None, text: str, public: bool = False) -> Case:
    """A line in the history, for colleagues or (`public`) for the citizen too."""
    case = moves.lock(case_id)
    flow.check(case, "note", by=by)
    text = moves.clean(text, "text", required=True)
    flow.take(case, "note", by=by)
    event = moves.add_event(case.id, "note", by=by, text=text, public=public, unit_id=case.unit_id)
    db.session.flush()
    mentions.tell(event)
    audit.record("case.noted", "case", case.id, text=text, public=public)
    db.session.flush()
    return case


def finish(
    case_id: int,
    *,
    by: int | None,
    outcome: str,
    text: str,
    promised_on: dt.date | None = None,
) -> Case:
    """Answer the citizen. Where the workflow leads to the citizen's word, that is asked for; else
    the case is closed at once (shipped: no number known, a duplicate, no matter for 137).

    `promised_on`: what is planned has a day, which the answer begins with."""
    case = moves.lock(case_id)
    flow.check(case, "finish", by=by)
    if outcome not in OUTCOMES:
        raise InputRefused("outcome", _l("Choose how it ended."))
    if somebody_else.must_leave_it(case, by):
        raise InputRefused(
            "text", _l("The citizen objected to your answer; somebody else must end it now.")
        )
    text = moves.clean(text, "text", required=True)
    data: dict[str, str] = {"outcome": outcome}
    if outcome == promised.PLANNED:
        text = promised.with_day(text, promised_on, case.language)
        data["promised_on"] = f"{promised_on}"
    flow.take(case, "finish", by=by, form={"outcome": outcome})
    _first_action_done(case)
    hiding.lapse(case)
    case.outcome, case.outcome_text, case.confirmation = outcome, text, None
    case.done_at = clock.now() if outcome == "done" else None
    moves.add_event(
        case.id, "answered", by=by, text=text, public=True, unit_id=case.unit_id, **data
    )
    audit.record("case.answered", "case", case.id, text=text, **data)
    answers.spread_answer(case)
    if case.stage == "feedback":
        feedback.ask(case)
        silence.end_unasked(case)
    else:
        _tell_answer(case)
        moves.close(case, "not_asked", by=by)
    db.session.flush()
    return case


def reopen(case_id: int, *, by: int | None, text: str) -> Case:
    """Work on it again though it was answered or closed; somebody else gets it."""
    case = moves.lock(case_id)
    flow.check(case, "reopen", by=by)
    joins.check_apart(case_id)
    text = moves.clean(text, "text", required=True)
    flow.take(case, "reopen", by=by)
    feedback.withdraw(case)
    moves.send_back(case, by=by, text=text, objection=False)
    return case


def _first_action_done(case: Case) -> None:
    if case.first_action_at is None:
        case.first_action_at = clock.now()


def _tell_answer(case: Case) -> None:
    for one in (case, *heads.told(case)):
        moves.write_to_citizen(
            one, "cases.answered", "answered", text=moves.shortened(case.outcome_text)
        )
