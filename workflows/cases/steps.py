"""Steps that only a definition knows: taken by their name, with the form that it declares.

Nothing commits. What the portal itself knows how to do (stages.BUILT_IN) is in `work` and
`feedback`.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from portal import audit, clock
from portal.db import db
from portal.i18n import LANGUAGES, _l
from workflows.cases import feedback, flow, guards, moves, promised, silence, somebody_else, stages
from workflows.cases.matter import answers, heads, joins
from workflows.cases.models import OUTCOMES, Case
from workflows.cases.moves import InputRefused
from workflows.cases.redaction import hiding
from workflows.engine import run
from workflows.engine.model import FormField, Transition

UNKNOWN: Final = "irrelevant"
"""Of an end that names no outcome, from before definitions had to: never taken to be done."""

Value = str | int | float | bool | dt.date | None


def perform(
    case_id: int,
    action: str,
    *,
    by: int | None,
    values: Mapping[str, Value],
    photo: int | None = None,
) -> Case:
    """Take a step of the case's definition. `values`: what was filled in, by the fields' names.

    Raises LookupError, stages.StageError and InputRefused (its field is the form's).
    """
    case = moves.lock(case_id)
    if action in stages.BUILT_IN:
        raise stages.StageError(_l("This step has a form of its own."))
    flow.check(case, action, by=by)
    definition = flow.definition_of(case)
    _check_end(case, (one for one in definition.steps(case.state) if one.action == action), by)
    if case.stage == "closed":
        joins.check_apart(case_id)
    form = declared(case, action)
    filled = _checked(form, values)
    before, was = case.state, case.stage
    stored = {name: _stored(value) for name, value in filled.items()}
    chosen = run.choose(definition, case.state, action, flow.facts(case), stored)
    _check_end(case, [chosen] if chosen else (), by)
    step = flow.take(case, action, by=by, form=stored)
    moves.add_event(
        case.id,
        "step",
        by=by,
        text=_words(form, filled),
        public=case.state != before,
        unit_id=case.unit_id,
        action=action,
        titles=dict(step.titles),
        state=case.state,
        state_titles=dict(flow.state_of(case).titles),
        values=stored,
        **({"photo": photo} if photo else {}),
    )
    audit.record("case.step", "case", case.id, step=action, before=before, after=case.state)
    if _has_ended(case, was):
        _ended(case, step, filled, _words(form, filled), by, needs_day=promised.is_asked_for(form))
    _again(case, was)
    db.session.flush()
    return case


def _check_end(case: Case, steps: Iterable[Transition], by: int | None) -> None:
    """What stands in the way of an answer stands in the way of every step that is one. `steps`:
    those of which one is taken."""
    states = flow.definition_of(case).states
    after = {run.next_state(case.state, step) for step in steps}
    if after - {case.state} and {states[one].stage for one in after} <= {"feedback", "closed"}:
        guards.check(case, "finish")
        if somebody_else.must_leave_it(case, by):
            raise stages.StageError(
                _l("The citizen objected to your answer; somebody else must end it now.")
            )


def taken_by_itself(case: Case, step: Transition, was: str) -> None:
    """The history, and the end where it is one, of a step that a clock has brought about.

    `was`: the stage before it.
    """
    moves.add_event(
        case.id,
        "step",
        public=True,
        unit_id=case.unit_id,
        action=step.action,
        titles=dict(step.titles),
        state=case.state,
        state_titles=dict(flow.state_of(case).titles),
    )
    audit.record("case.step", "case", case.id, step=step.action, after=case.state)
    if _has_ended(case, was):
        _ended(case, step, {}, "", None)
    _again(case, was)
    db.session.flush()


def declared(case: Case, action: str) -> tuple[FormField, ...]:
    """The form of an action from the state where the case is."""
    definition = flow.definition_of(case)
    plans = any(
        step.action == action and step.outcome == promised.PLANNED
        for step in definition.steps(case.state)
    )
    return promised.asked_for(run.form_of(definition, case.state, action), always=plans)


def _checked(fields: tuple[FormField, ...], values: Mapping[str, Value]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for field in fields:
        value = values.get(field.name)
        if field.kind in {"text", "words"}:
            most = 300 if field.kind == "text" else moves.MOST_TEXT
            value = moves.clean(str(value or ""), field.name, most, required=field.required)
        elif value is None and field.required and field.kind not in {"photo", "yesno"}:
            raise InputRefused(field.name, _l("Write something here."))
        elif field.kind == "choice" and value not in {None, "", *field.choices}:
            raise InputRefused(field.name, _l("There is no such choice."))
        found[field.name] = value
    return found


def _words(form: tuple[FormField, ...], filled: Mapping[str, Value]) -> str:
    """What was written, for the history; other fields stand in the event's data."""
    return "\n".join(
        str(filled[field.name])
        for field in form
        if field.kind in {"text", "words"} and filled.get(field.name)
    )


def _stored(value: Value) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _has_ended(case: Case, was: str) -> bool:
    """Whether a step has led to an end; of one that had ended before nobody is told again."""
    return case.stage in {"feedback", "closed"} and not was == case.stage == "closed"


def _again(case: Case, was: str) -> None:
    """What a step that leads away from an end takes back."""
    if case.stage not in stages.WORKING:
        return
    if was not in stages.WORKING:
        feedback.withdraw(case)
        case.confirmation = case.closed_at = None
    if was == "closed":
        case.reopened += 1
    # Worked on again: what was answered holds no longer.
    case.outcome, case.outcome_text, case.done_at = None, "", None


def _ended(
    case: Case,
    step: Transition,
    filled: Mapping[str, Value],
    words: str,
    by: int | None,
    *,
    needs_day: bool = False,
) -> None:
    """What every end has, whatever its definition calls it: an outcome and an answer.

    `needs_day`: what is planned for later has one, because somebody could name it.
    """
    answered = case.outcome is not None
    if not answered:
        hiding.lapse(case)
        outcome = str(filled.get("outcome") or step.outcome)
        case.outcome = outcome if outcome in OUTCOMES else UNKNOWN
        case.outcome_text = words or _in_language_of(case)
        data: dict[str, str] = {"outcome": case.outcome}
        if case.outcome == promised.PLANNED and needs_day:
            day = filled.get(promised.FIELD)
            day = day if isinstance(day, dt.date) else None
            case.outcome_text = promised.with_day(case.outcome_text, day, case.language)
            data[promised.FIELD] = f"{day}"
        case.done_at = clock.now() if case.outcome == "done" else None
        moves.add_event(
            case.id,
            "answered",
            by=by,
            text=case.outcome_text,
            public=True,
            unit_id=case.unit_id,
            **data,
        )
        answers.spread_answer(case)
    if case.stage == "feedback":
        if any(effect.kind == "ask_feedback" for effect in step.effects):
            feedback.ask(case)
            silence.end_unasked(case)
        return
    feedback.withdraw(case)
    if not answered and not any(effect.settings.get("texts") for effect in step.effects):
        for one in (case, *heads.told(case)):
            moves.write_to_citizen(
                one, "cases.answered", "answered", text=moves.shortened(case.outcome_text)
            )
    moves.close(case, "not_asked", by=by)


def _in_language_of(case: Case) -> str:
    titles = flow.state_of(case).titles
    return titles.get(case.language) or next(titles[one] for one in LANGUAGES if one in titles)
