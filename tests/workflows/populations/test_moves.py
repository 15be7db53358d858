"""A running population goes over to another version, and back, exactly."""

import threading
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.audit.models import AuditEntry
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case
from workflows.cases import work
from workflows.cases.models import Case, CaseClock, CaseEvent
from workflows.engine import catalogue, versions
from workflows.populations import plan, services
from workflows.populations.jobs import carry_out
from workflows.populations.models import MovedCase

SATURDAY = "2025-11-22T06:00:00+00:00"
NEXT = (
    catalogue.path_of("follow-up")
    .read_text(encoding="utf-8")
    # in_progress is called otherwise, the settlement is promised no more, a call-back is.
    .replace("in_progress", "under_way")
    .replace("stage: under_way", "stage: in_progress")
    .replace("name: resolution", "name: call_back")
    .replace(
        "    calendar: category\n    starts: [received]\n    stops: [feedback, closed]",
        "    limit_hours: 4\n    calendar: category\n    starts: [under_way]\n"
        "    stops: [feedback, closed]",
    )
)


def publish_next() -> int:
    row, problems = versions.save_draft(NEXT, by=None)
    assert row is not None, problems
    assert not [one for one in problems if one.severity == "error"], problems
    versions.publish("follow-up", upon=row.digest, note="نام‌های تازه", by=None)
    db.session.commit()
    return row.id


def picture() -> tuple[list[Any], list[Any]]:
    """Everything of the workflow of every case, and of every clock."""
    db.session.expire_all()
    cases = db.session.execute(
        select(
            Case.id, Case.definition_id, Case.state, Case.stage, Case.stage_at, Case.next_due_at
        ).order_by(Case.id)
    ).all()
    clocks = db.session.execute(select(*CaseClock.__table__.columns).order_by(CaseClock.id)).all()
    return [tuple(row) for row in cases], [tuple(row) for row in clocks]


def people() -> tuple[int, int]:
    return make_user().id, make_user().id


def population() -> list[int]:
    ids = [make_case().id for _n in range(4)]
    work.first_action(ids[1], by=None, text="بازدید شد")
    work.finish(ids[2], by=None, outcome="done", text="انجام شد")
    work.finish(ids[3], by=None, outcome="irrelevant", text="نامرتبط")
    db.session.commit()
    return ids


def test_there_and_back_is_exact_and_every_step_is_written_down(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        ids = population()
        first = db.session.get_one(Case, ids[0]).definition_id
        assert first is not None
        before = picture()
        new = publish_next()
        mapping = {
            "received": "received",
            "assigned": "assigned",
            "in_progress": "under_way",
            "feedback": "feedback",
        }
        report = plan.dry_run("follow-up", first, new, mapping)
        assert report.cases == 3 and not report.problems
        assert report.stop == {"resolution": 2} and report.start == {"call_back": 1}
        assert picture() == before
        asker, second = people()
        move = services.ask("follow-up", first, new, mapping, reason="نام تازه", by=asker)
        db.session.commit()
        carry_out()
        assert picture() == before, "nobody has approved it yet"
        services.decide(move.id, approved=True, by=second)
        db.session.commit()
        carry_out()
        states = dict(db.session.execute(select(Case.id, Case.state)).all())
        assert [states[one] for one in ids] == ["assigned", "under_way", "feedback", "closed"]
        closed = db.session.get_one(Case, ids[3])
        assert closed.definition_id == first, "what has ended stays what it was"
        case = db.session.get_one(Case, ids[1])
        assert case.stage == "in_progress" and case.next_due_at is not None
        running = db.session.scalars(
            select(CaseClock.kind).where(
                CaseClock.case_id == ids[1], CaseClock.stopped_at.is_(None)
            )
        ).all()
        assert running == ["call_back"]
        services.undo(move.id, by=asker)
        db.session.commit()
        carry_out()
        assert picture() == before
    events = db.session.scalar(
        select(func.count()).select_from(CaseEvent).where(CaseEvent.kind == "migrated")
    )
    audited = db.session.execute(
        select(AuditEntry.action, func.count())
        .where(AuditEntry.action.like("%migrat%") | AuditEntry.action.like("workflow.%"))
        .group_by(AuditEntry.action)
    ).all()
    assert events == 6
    assert dict(audited) == {
        "workflow.drafted": 1,
        "workflow.published": 1,
        "workflow.move_requested": 1,
        "workflow.move_approved": 1,
        "workflow.move_done": 1,
        "workflow.undo_requested": 1,
        "workflow.move_undone": 1,
        "case.migrated": 3,
        "case.migration_undone": 3,
    }


def test_a_case_that_went_on_stays_where_it_is(context: Flask) -> None:
    ids = population()
    first = db.session.get_one(Case, ids[0]).definition_id
    new = publish_next()
    mapping = plan.suggested(plan.definition_from("follow-up", first), versions.get(new))
    mapping["in_progress"] = "under_way"
    asker, second = people()
    move = services.ask("follow-up", first, new, mapping, reason="x", by=asker)
    services.decide(move.id, approved=True, by=second)
    db.session.commit()
    carry_out()
    work.first_action(ids[0], by=None, text="بازدید شد")
    db.session.commit()
    services.undo(move.id, by=asker)
    db.session.commit()
    carry_out()
    results = dict(db.session.execute(select(MovedCase.case_id, MovedCase.result)).all())
    assert results == {ids[0]: "went_on", ids[1]: "returned", ids[2]: "returned"}
    assert db.session.get_one(Case, ids[0]).state == "under_way"
    assert services.result_of(move.id) == {"went_on": 1, "returned": 2}


def test_what_cannot_be_moved_is_refused_before_anybody_is_asked(context: Flask) -> None:
    ids = population()
    first = db.session.get_one(Case, ids[0]).definition_id
    new = publish_next()
    asker, _second = people()
    good = {"assigned": "assigned", "in_progress": "under_way", "feedback": "feedback"}
    for wrong in (
        {**good, "in_progress": ""},
        {**good, "in_progress": "closed"},
        {**good, "in_progress": "feedback"},
        {**good, "feedback": "assigned"},
    ):
        with pytest.raises(plan.PlanError):
            services.ask("follow-up", first, new, wrong, reason="x", by=asker)
    with pytest.raises(plan.PlanError):
        services.ask("follow-up", first, new, good, reason=" ", by=asker)
    move = services.ask("follow-up", first, new, good, reason="x", by=asker)
    with pytest.raises(plan.PlanError):
        services.decide(move.id, approved=True, by=asker)
    with pytest.raises(plan.PlanError):
        services.ask("follow-up", first, new, good, reason="again", by=asker)


def test_two_administrators_move_cases_on_the_pages(app: Flask) -> None:
    with app.app_context():
        ids = population()
        publish_next()
    one, two = app.test_client(), app.test_client()
    sign_in(one, make_user())
    sign_in(two, make_user())
    address = "/staff/workflows/follow-up/move?from=1&to=2"
    token = csrf_token(one, address)
    data = {
        "from": "1",
        "to": "2",
        "state-received": "received",
        "state-assigned": "assigned",
        "state-in_progress": "under_way",
        "state-feedback": "feedback",
        "reason": "نام تازه",
        "csrf_token": token,
    }
    refused = one.post(
        "/staff/workflows/follow-up/move", data={**data, "state-in_progress": "", "ask": "y"}
    )
    assert refused.status_code == 422 and "نام تازه" in refused.text
    answer = one.post("/staff/workflows/follow-up/move", data={**data, "ask": "y"})
    assert answer.status_code == 303
    page = answer.headers["Location"]
    decide = f"{page}/decide"
    assert one.get(page).text.count("/decide") == 0
    one.post(decide, data={"answer": "approve", "csrf_token": token})
    assert _move(app) == "waiting"
    other = csrf_token(two, page)
    two.post(decide, data={"answer": "approve", "csrf_token": other})
    assert _move(app) in {"running", "done"}
    assert _carried_out(app) == "done"
    with app.app_context():
        assert db.session.get_one(Case, ids[1]).state == "under_way"
    two.post(f"{page}/undo", data={"csrf_token": other})
    assert _carried_out(app) == "undone"


def _move(app: Flask) -> str:
    with app.app_context():
        (row,) = services.moves_of("follow-up")
        return row.state


def _carried_out(app: Flask) -> str:
    with app.app_context():
        carry_out()
    return _move(app)


@pytest.mark.parametrize("role", ["operator", "unit_officer"])
def test_only_administrators_ask_for_moves(app: Flask, client: FlaskClient, role: str) -> None:
    with app.app_context():
        versions.current("follow-up")
        db.session.commit()
    sign_in(client, make_user((role,)))
    assert client.get("/staff/workflows/follow-up").status_code == 200
    assert client.get("/staff/workflows/follow-up/move").status_code == 403


def test_a_state_without_cases_is_looked_at_too(context: Flask) -> None:
    """Somebody may come into it before the move comes by."""
    case = make_case()
    new = publish_next()
    asker, _second = people()
    good = {"received": "received", "assigned": "assigned", "in_progress": "under_way"}
    for wrong in ({"in_progress": "closed"}, {"in_progress": "nowhere"}, {"feedback": "assigned"}):
        with pytest.raises(plan.PlanError):
            services.ask(
                "follow-up", case.definition_id, new, {**good, **wrong}, reason="x", by=asker
            )
    services.ask("follow-up", case.definition_id, new, good, reason="x", by=asker)


def _changed(text: str) -> int:
    row, problems = versions.save_draft(text, by=None)
    assert row is not None
    assert not [one for one in problems if one.severity == "error"], problems
    versions.publish("follow-up", upon=row.digest, note="x", by=None)
    db.session.commit()
    return row.id


def _carry(first: int | None, to: int) -> int:
    asker, second = people()
    states = dict.fromkeys(["received", "assigned", "in_progress", "feedback"])
    row = services.ask(
        "follow-up", first, to, {name: name for name in states}, reason="x", by=asker
    )
    services.decide(row.id, approved=True, by=second)
    db.session.commit()
    carry_out()
    db.session.expire_all()
    return row.id


def _running(case_id: int) -> list[str]:
    return sorted(
        db.session.scalars(
            select(CaseClock.kind).where(
                CaseClock.case_id == case_id, CaseClock.stopped_at.is_(None)
            )
        )
    )


def test_two_who_ask_at_the_same_moment_ask_once(app: Flask) -> None:
    with app.app_context():
        first, new = make_case().definition_id, publish_next()
        asker, second = people()
    good = {"received": "received", "assigned": "assigned", "in_progress": "under_way"}
    answers: list[str] = []
    one_has_asked, other_asks = threading.Event(), threading.Event()

    def ask(by: int, hold: bool) -> None:
        with app.app_context():
            try:
                if not hold:
                    one_has_asked.wait(20)
                    other_asks.set()
                services.ask("follow-up", first, new, good, reason="x", by=by)
                one_has_asked.set()
                if hold:
                    other_asks.wait(20)
                    time.sleep(0.5)
                db.session.commit()
                answers.append("asked")
            except plan.PlanError:
                answers.append("told")
            except DBAPIError:
                answers.append("broken")
            db.session.remove()

    threads = [
        threading.Thread(target=ask, args=(asker, True)),
        threading.Thread(target=ask, args=(second, False)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == ["asked", "told"]


OLD = catalogue.path_of("follow-up").read_text(encoding="utf-8")
NOTED = OLD + (
    "  - name: noted\n    titles: {fa: یادداشت, ar: ملاحظة, en: Noted}\n    limit_hours: 9\n"
    "    calendar: always\n    starts: ['action:note']\n    stops: [feedback, closed]\n"
)


def test_a_deadline_begun_after_the_move_does_not_outlive_its_undo(context: Flask) -> None:
    case = make_case()
    before = _running(case.id)
    first, new = case.definition_id, _changed(NOTED)
    move = _carry(first, new)
    work.note(case.id, by=None, text="زنگ زد")
    db.session.commit()
    assert "noted" in _running(case.id)
    services.undo(move, by=people()[0])
    db.session.commit()
    carry_out()
    db.session.expire_all()
    assert db.session.get_one(Case, case.id).definition_id == first
    assert _running(case.id) == before
    _carry(first, new)
    assert db.session.get_one(Case, case.id).definition_id == new


def test_a_promise_that_the_old_version_had_not_begun_yet_begins(context: Flask) -> None:
    """Else no step would ever begin it: the case is in a state that begins it already."""
    later = OLD.replace("starts: [received]\n    stops: [feedback, closed]",
                        "starts: [in_progress]\n    stops: [feedback, closed]")  # fmt: skip
    assert later != OLD
    first = _changed(later)
    case = make_case()
    assert "resolution" not in _running(case.id)
    before = picture()
    sooner = later.replace("starts: [in_progress]\n    stops: [feedback, closed]",
                           "starts: [received, assigned, in_progress]\n"
                           "    stops: [feedback, closed]")  # fmt: skip
    new = _changed(sooner)
    move = _carry(first, new)
    assert "resolution" in _running(case.id)
    work.first_action(case.id, by=None, text="بازدید شد")
    db.session.commit()
    assert "resolution" in _running(case.id)
    make_case()
    services.undo(move, by=people()[0])
    db.session.commit()
    carry_out()
    assert len(picture()[0]) == len(before[0]) + 1
