"""Whatever people do in whatever order: a case stays in order."""

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from portal import clock
from portal.db import db
from tests.factories.cases import make_case
from tests.factories.contacts import number as new_number
from tests.factories.units import make_unit
from workflows.cases import clocks, feedback, flow, stages, work
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import OUTCOMES, Case, CaseClock, CaseEvent, FeedbackQuestion

NUMBERS = ("+989121110001", "+989121110002", None)
SATURDAY = "2025-11-22T06:00:00+00:00"
which = st.integers(0, 20)


class Office(RuleBasedStateMachine):
    """Three units in a chain, two citizens, and one without a number."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen = clock.freeze(SATURDAY)
        self.frozen.__enter__()
        top = make_unit().id
        middle = make_unit(parent_id=top).id
        self.units = [top, middle, make_unit(parent_id=middle).id]
        self.cases: list[int] = []
        # Examples share a database: each has telephones of its own, or a question left open by an
        # earlier one would make its questions wait.
        self.telephones = {one: new_number() if one else None for one in NUMBERS}
        self.first = db.session.scalar(select(func.max(Case.id))) or 0

    def teardown(self) -> None:
        self.frozen.__exit__(None, None, None)

    def _try(self, action: str, index: int, step: Callable[[int], object]) -> None:
        """Take a step; it is refused exactly where the table of steps says so."""
        if not self.cases:
            return
        case_id = self.cases[index % len(self.cases)]
        case = db.session.get_one(Case, case_id)
        state, definition = case.state, flow.definition_of(case)
        try:
            step(case_id)
            done = True
        except stages.StageError:
            db.session.rollback()
            done = False
        known = {step.action for step in definition.steps(state)}
        assert done == (action in known), (action, state)
        db.session.commit()

    @rule(number=st.sampled_from(NUMBERS), urgent=st.booleans(), unit=st.integers(0, 2))
    def receive(self, number: str | None, urgent: bool, unit: int) -> None:
        case = make_case(
            e164=self.telephones[number],
            urgency="danger" if urgent else None,
            unit_id=self.units[unit],
        )
        self.cases.append(case.id)

    @rule(index=which, unit=st.integers(0, 2))
    def assign(self, index: int, unit: int) -> None:
        self._try(
            "assign",
            index,
            lambda one: work.assign(one, unit_id=self.units[unit], assignee_id=None, by=None),
        )

    @rule(index=which)
    def first_action(self, index: int) -> None:
        self._try("first_action", index, lambda one: work.first_action(one, by=None, text="x"))

    @rule(index=which)
    def note(self, index: int) -> None:
        self._try("note", index, lambda one: work.note(one, by=None, text="x"))

    @rule(index=which, outcome=st.sampled_from(OUTCOMES))
    def finish(self, index: int, outcome: str) -> None:
        day = clock.now().date() + dt.timedelta(days=30) if outcome == "planned" else None
        self._try(
            "finish",
            index,
            lambda one: work.finish(one, by=None, outcome=outcome, text="x", promised_on=day),
        )

    @rule(index=which)
    def reopen(self, index: int) -> None:
        self._try("reopen", index, lambda one: work.reopen(one, by=None, text="x"))

    @rule(index=which, accepted=st.booleans())
    def call(self, index: int, accepted: bool) -> None:
        self._try(
            "accept" if accepted else "object",
            index,
            lambda one: feedback.answer_by_call(one, by=None, accepted=accepted, words="x"),
        )

    @rule(number=st.sampled_from(NUMBERS[:2]), text=st.sampled_from(["۳۱", "33 نه", "سلام"]))
    def sms(self, number: str, text: str) -> None:
        telephone = self.telephones[number]
        assert telephone is not None
        taken = feedback.answer_by_sms(telephone, text)
        assert not (taken and text == "سلام")
        db.session.commit()

    @rule(hours=st.sampled_from([0.5, 2, 30, 80]))
    def time_passes(self, hours: float) -> None:
        clock.shift(dt.timedelta(hours=hours))
        sweep_clocks()

    @invariant()
    def cases_are_in_order(self) -> None:
        db.session.expire_all()
        for case in db.session.scalars(select(Case).where(Case.id > self.first)):
            running = clocks.running(case.id)
            assert case.next_due_at == min((row.due_at for row in running), default=None)
            assert bool(running) == (case.stage != "closed")
            kinds = {row.kind for row in running}
            assert (case.stage == "feedback") == ("feedback" in kinds)
            assert (case.stage in {"feedback", "closed"}) == (case.outcome is not None)
            assert (case.stage == "closed") == (case.closed_at is not None)
            if case.stage == "closed":
                assert case.confirmation in {"accepted", "timed_out", "not_asked"}
            assert clocks.explain(case, "en")

    @invariant()
    def each_question_is_about_a_case_that_waits(self) -> None:
        asked = db.session.execute(
            select(FeedbackQuestion.e164, FeedbackQuestion.state, Case.stage)
            .join(Case, Case.id == FeedbackQuestion.case_id)
            .where(FeedbackQuestion.state.in_(["open", "waiting"]), Case.id > self.first)
        ).all()
        assert {row.stage for row in asked} <= {"feedback"}
        open_ones = [row.e164 for row in asked if row.state == "open"]
        assert len(open_ones) == len(set(open_ones))
        assert {row.e164 for row in asked} == set(open_ones)

    @invariant()
    def each_clock_warned_once_and_escalated_once_a_level(self) -> None:
        told = db.session.execute(
            select(CaseEvent.data["clock_id"].astext, CaseEvent.kind, CaseEvent.data["level"])
            .where(CaseEvent.kind.in_(["warned", "escalated"]))
            .where(CaseEvent.case_id > self.first)
        ).all()
        assert len(told) == len({tuple(row) for row in told})
        for row in db.session.scalars(select(CaseClock).where(CaseClock.case_id > self.first)):
            mine = [kind for clock_id, kind, _level in told if int(clock_id) == row.id]
            assert mine.count("warned") == (row.warned_at is not None)
            assert mine.count("escalated") == row.level


@pytest.mark.timeout(300)  # hundreds of steps, each with its commit
def test_no_order_of_steps_brings_a_case_into_disorder(context: Flask) -> None:
    run_state_machine_as_test(
        Office,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
