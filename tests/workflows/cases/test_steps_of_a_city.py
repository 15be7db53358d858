"""What a city writes into its own workflows is carried out as it was checked."""

import datetime as dt
from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock, outbox
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from workflows.calendars import city
from workflows.cases import clocks, clockwork, feedback, flow, jobs, stages, steps, urgency
from workflows.cases.clock_jobs import redate
from workflows.cases.models import Case, CaseClock, CaseEvent, FeedbackQuestion
from workflows.cases.moves import InputRefused
from workflows.cases.tasks.models import CaseTask
from workflows.engine import versions

SATURDAY = "2025-11-22T06:00:00+00:00"
TEXTS = "titles: {fa: متن, ar: نص, en: Text}"
OWN = f"""\
name: own
{TEXTS}
initial: received
states:
  - {{name: received, {TEXTS}, stage: received}}
  - {{name: work, {TEXTS}, stage: in_progress}}
  - {{name: asked, {TEXTS}, stage: feedback}}
  - {{name: over, {TEXTS}, stage: closed}}
transitions:
  - action: begin
    {TEXTS}
    from: [received]
    to: over
    outcome: done
    roles: [operator]
    guard: form.action >= "2026-01-01"
    form:
      - {{name: action, kind: date, {TEXTS}}}
      - {{name: by, kind: text, {TEXTS}}}
      - {{name: case, kind: yesno, {TEXTS}}}
  - action: begin
    {TEXTS}
    from: [received]
    to: work
    roles: [operator]
    effects:
      - {{kind: task, {TEXTS}, role: operator, hours: 4, calendar: category}}
  - action: answer
    {TEXTS}
    from: [work]
    to: asked
    outcome: done
    roles: [operator]
    effects: [{{kind: ask_feedback}}]
  - action: settle
    {TEXTS}
    from: [work]
    to: over
    outcome: done
    roles: [operator]
    guard: form.whole
    form: [{{name: whole, kind: yesno, {TEXTS}}}]
  - {{action: settle, {TEXTS}, from: [work], roles: [operator]}}
  - {{action: put_off, {TEXTS}, from: [work], to: over, outcome: planned, roles: [operator]}}
  - {{action: take_back, {TEXTS}, from: [asked, over], to: work, roles: [operator]}}
  - {{action: file, {TEXTS}, from: [over], roles: [operator]}}
  - {{action: file, {TEXTS}, from: [work], roles: [operator], permission: cases.redact}}
  - {{action: accept, {TEXTS}, from: [asked], to: over, roles: [operator]}}
  - {{action: object, {TEXTS}, from: [asked], to: work, roles: [operator]}}
  - {{action: time_out, {TEXTS}, from: [asked], to: over, roles: []}}
  - action: remind
    {TEXTS}
    from: [received, work]
    roles: []
    effects:
      - {{kind: notify, to: citizen, texts: {{fa: یادآوری, ar: تذكير, en: Reminder}}}}
clocks:
  - name: patience
    {TEXTS}
    limit_hours: 4
    calendar: tehran-office
    starts: [received]
    stops: [asked, over]
    escalate_every_hours: null
    then: remind
"""


def own(text: str = OWN, **values: object) -> Case:
    """A case that follows it from its beginning."""
    if "own" not in versions.titles():
        row, problems = versions.save_draft(text, by=None)
        assert row is not None and not [one for one in problems if one.severity == "error"]
        versions.publish("own", upon=row.digest, note="x", by=None)
    case = db.session.get_one(Case, make_case(**values).id)
    for row in db.session.scalars(select(CaseClock).where(CaseClock.case_id == case.id)):
        db.session.delete(row)
    flow.bind(case, "own")
    clockwork.begin(case, flow.definition_of(case))
    db.session.commit()
    return case


def take(case: Case, action: str, values: Mapping[str, steps.Value] | None = None) -> None:
    steps.perform(case.id, action, by=None, values=values or {})
    db.session.commit()


def begin(case: Case, day: dt.date = dt.date(2025, 12, 31)) -> None:
    take(case, "begin", {"action": day, "by": "اداره", "case": True})


def reminders(case: Case) -> int:
    return len(
        db.session.scalars(
            select(CaseEvent).where(
                CaseEvent.case_id == case.id,
                CaseEvent.kind == "sms",
                CaseEvent.data["about"].astext == "step",
            )
        ).all()
    )


def sweep() -> None:
    jobs.sweep_clocks()
    outbox.sweep()
    db.session.expire_all()


def close_offices(day: dt.date) -> None:
    city.announce(
        calendars=["tehran-office"], first=day, last=day, hours=None, reasons={"fa": "هوا"}, by=None
    )
    db.session.commit()
    redate()
    db.session.expire_all()


def test_a_step_that_plans_by_itself_asks_for_the_day(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = own(language="en")
        begin(case)
        (asked,) = steps.declared(case, "put_off")
        assert (asked.name, asked.kind) == ("promised_on", "date")
        assert asked.titles["fa"] == "موعد وعده‌داده‌شده"
        with pytest.raises(InputRefused) as refused:
            take(case, "put_off")
        assert refused.value.field == "promised_on"
        db.session.rollback()
        take(case, "put_off", {"promised_on": dt.date(2026, 3, 1)})
        assert case.outcome == "planned"
        assert case.outcome_text.startswith("Promised for 1 March 2026.")
        event = db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "answered")).one()
        assert event.data["promised_on"] == "2026-03-01"


def test_a_date_in_a_condition_is_the_text_that_the_check_says(context: Flask) -> None:
    early, late = own(), own()
    begin(early)
    begin(late, dt.date(2026, 1, 1))
    assert (early.state, late.state) == ("work", "over")


def test_the_hours_of_a_task_may_be_those_of_the_category(context: Flask) -> None:
    case = own()
    with clock.freeze(SATURDAY):
        begin(case)
        due = db.session.scalars(select(CaseTask.due_at)).one()
        assert due is not None and due > clock.now()


def test_what_is_taken_back_asks_nobody_any_more(context: Flask) -> None:
    case = own()
    begin(case)
    take(case, "answer")
    take(case, "take_back")
    question = db.session.scalars(select(FeedbackQuestion)).one()
    assert question.state == "withdrawn"
    assert (case.stage, case.outcome, case.confirmation) == ("in_progress", None, None)
    take(case, "answer")
    asked = db.session.scalars(select(FeedbackQuestion).order_by(FeedbackQuestion.id)).all()
    assert [one.state for one in asked] == ["withdrawn", "open"]


def test_where_nobody_can_be_asked_nobody_is_waited_for(context: Flask) -> None:
    case = own(e164=None)
    begin(case)
    take(case, "answer")
    assert (case.stage, case.confirmation, case.outcome) == ("closed", "not_asked", "done")
    assert clocks.running(case.id) == []


def test_a_step_out_of_an_end_opens_the_case_again(context: Flask) -> None:
    case = own()
    begin(case)
    take(case, "answer")
    feedback.answer_by_link(case.id, accepted=True)
    db.session.commit()
    assert case.closed_at is not None
    take(case, "take_back")
    assert (case.closed_at, case.confirmation, case.reopened) == (None, None, 1)


def test_a_step_that_stays_in_an_end_ends_nothing_again(context: Flask) -> None:
    case = own()
    begin(case)
    take(case, "answer")
    feedback.answer_by_link(case.id, accepted=True)
    db.session.commit()
    ended = case.closed_at
    with clock.freeze(clock.now() + dt.timedelta(hours=1)):
        take(case, "file")
    assert (case.closed_at, case.confirmation) == (ended, "accepted")
    kinds = list(
        db.session.scalars(
            select(CaseEvent.kind).where(CaseEvent.case_id == case.id, CaseEvent.kind == "closed")
        )
    )
    assert kinds == ["closed"]


def test_an_objection_that_the_workflow_has_no_step_for_is_kept_to_read(context: Flask) -> None:
    case = own(e164="+989120000001")
    begin(case)
    take(case, "answer")
    assert feedback.answer_by_sms("+989120000001", "31")
    db.session.commit()
    assert feedback.answer_by_sms("+989120000001", "33 هنوز خراب است")
    db.session.commit()
    last = db.session.scalars(
        select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id.desc())
    ).first()
    assert last is not None and "هنوز خراب است" in last.text
    assert (case.stage, case.confirmation) == ("closed", "accepted")


def test_nobody_takes_a_step_of_the_system_not_even_the_administrator(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        case_id = own().id
    sign_in(client, make_user(("administrator",)))
    token = csrf_token(client, f"/staff/cases/{case_id}/step/begin")
    page = client.get(f"/staff/cases/{case_id}/step/begin").text
    version = page.split('name="begin-version"')[1].split('value="')[1].split('"')[0]
    answer = client.post(
        f"/staff/cases/{case_id}/step/remind",
        data={"csrf_token": token, "remind-version": version},
    )
    assert answer.status_code in {403, 409}
    with app.app_context():
        assert not db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "step")).all()


def test_the_permission_is_that_of_the_state_in_which_the_case_is(context: Flask) -> None:
    case = own()
    begin(case)
    operator, administrator = make_user(("operator",)).id, make_user(("administrator",)).id
    with pytest.raises(stages.StageError):
        steps.perform(case.id, "file", by=operator, values={})
    steps.perform(case.id, "file", by=administrator, values={})


def test_who_may_not_end_it_does_not_end_it_by_a_step_that_may_go_on(context: Flask) -> None:
    mine, other = make_user(("operator",)).id, make_user(("operator",)).id
    case = own()
    begin(case)
    steps.perform(case.id, "answer", by=mine, values={})
    feedback.answer_by_link(case.id, accepted=False, words="نشده است")
    db.session.commit()
    with pytest.raises(stages.StageError):
        steps.perform(case.id, "settle", by=mine, values={"whole": True})
    steps.perform(case.id, "settle", by=mine, values={"whole": False})
    steps.perform(case.id, "settle", by=other, values={"whole": True})
    assert case.stage == "closed"


def test_a_deadline_that_is_not_reported_brings_its_step_about_once(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = own(e164="+989120000001")
        clock.shift(hours=6)
        sweep()
        assert reminders(case) == 1
        city.ask_to_redate(["tehran-office"])
        db.session.commit()
        redate()
        sweep()
        assert reminders(case) == 1
        row = clocks.running(case.id)[0]
        clocks.dated_anew(case)
        assert row.act_at is None
        # A day that turns out not to have counted gives the time back.
        close_offices(clock.now().date())
        assert clocks.running(case.id)[0].due_at > clock.now()
        clock.shift(days=3)
        sweep()
        assert reminders(case) == 2


def test_more_time_before_the_step_puts_it_off_and_does_not_lose_it(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = own(e164="+989120000001")
        row = clocks.running(case.id)[0]
        row.level_seconds = 3600
        db.session.commit()
        clock.shift(hours=6)
        jobs.sweep_clocks()
        close_offices(clock.now().date())
        sweep()
        assert reminders(case) == 0
        clock.shift(days=3)
        sweep()
        assert reminders(case) == 1


def test_a_message_is_taken_in_where_its_workflow_passes_on_later_only(context: Flask) -> None:
    own(OWN.replace("  - {action: accept,", f"""\
  - {{action: assign, {TEXTS}, from: [work], roles: [operator]}}
  - {{action: accept,"""))  # fmt: skip
    category = make_category(definition="own")
    case = make_case(category_id=category.id)
    assert (case.state, flow.definition_of(case).name) == ("received", "own")


def test_a_state_holds_its_deadlines_from_the_beginning(context: Flask) -> None:
    case = own(OWN.replace("stage: received}", "stage: received, pauses: [patience]}"))
    (row,) = clocks.running(case.id)
    assert row.paused_at is not None and case.next_due_at is None
    begin(case)
    assert clocks.running(case.id)[0].paused_at is None


def test_another_reason_for_urgency_tells_nobody_again(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = make_case(urgency="danger")
        clock.shift(minutes=100)
        assert clocks.sweep() == 1
        urgency.mark_urgent(case.id, by=None, urgency="waste")
        db.session.commit()
        assert db.session.get_one(Case, case.id).urgency == "waste"
        assert clocks.sweep() == 0
        warned = select(CaseEvent).where(CaseEvent.kind == "warned")
        assert len(db.session.scalars(warned).all()) == 1
