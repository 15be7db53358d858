"""Several citizens on one case: joined, told together, asked once, split exactly."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from portal import clock
from portal.db import db
from portal.i18n import today
from portal.messaging.models import Message
from portal.packet import Period
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.calendars import clock as open_time
from workflows.calendars import own
from workflows.calendars import services as calendars
from workflows.cases import clocks, due_steps, feedback, pauses, stages, work
from workflows.cases.jobs import sweep_clocks
from workflows.cases.matter import heads, joins, people, sections
from workflows.cases.models import Case, CaseClock, CaseEvent, FeedbackQuestion
from workflows.cases.moves import InputRefused

SATURDAY = "2025-11-22T06:00:00+00:00"
ONE, TWO, THREE = "+989121110001", "+989121110002", "+989121110003"


@pytest.fixture(autouse=True)
def morning(context: Flask) -> Any:
    with clock.freeze(SATURDAY):
        yield


def now_of(case: Case) -> Case:
    return db.session.get_one(Case, case.id, populate_existing=True)


def state_of(case: Case) -> dict[str, Any]:
    found = now_of(case)
    return {
        name: getattr(found, name)
        for name in (
            "code", "stage", "stage_at", "outcome", "outcome_text", "confirmation", "unit_id",
            "assignee_id", "e164", "reopened", "first_action_at", "done_at", "closed_at",
        )
    }  # fmt: skip


def kinds(case: Case) -> list[str]:
    query = select(CaseEvent.kind).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)
    return list(db.session.scalars(query))


def sms_to(e164: str) -> list[Message]:
    return list(
        db.session.scalars(select(Message).where(Message.e164 == e164).order_by(Message.id))
    )


def joined(*numbers: str, **fields: Any) -> tuple[Case, list[Case]]:
    leading = make_case(e164=ONE, **fields)
    others = [make_case(e164=number) for number in numbers]
    for other in others:
        joins.join(other.id, leading.id, by=None)
    db.session.commit()
    return leading, others


def finish(case: Case, text: str = "چاله پر شد") -> None:
    work.finish(case.id, by=None, outcome="done", text=text)
    db.session.commit()


# Joining and splitting


def test_a_joined_case_keeps_its_code_and_its_clocks_stop() -> None:
    leading, (other,) = joined(TWO)
    case = now_of(other)
    assert (case.code, case.e164) == (other.code, TWO)
    assert (case.stage, case.outcome, case.next_due_at) == ("closed", "duplicate", None)
    assert clocks.running(case.id) == []
    assert clocks.running(leading.id), "those of the leading case go on"
    assert kinds(other)[-2:] == ["joined", "sms"]
    assert kinds(leading)[-1] == "follower_joined"
    assert other.code in sms_to(TWO)[-1].body
    assert leading.code not in sms_to(TWO)[-1].body, "a code is a key"


class Course:
    """When each clock of a case ran and in which calendar, written down by whoever watches."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.runs: dict[int, list[tuple[str, dt.datetime, dt.datetime]]] = {}
        self.since = {row.id: row.started_at for row in clocks.running(case.id)}

    def note(self) -> None:
        """Before anything that stops, pauses or changes a clock, and after it."""
        now = clock.now()
        rows = {row.id: row for row in clocks.running(self.case.id)}
        for clock_id, began in self.since.items():
            if clock_id in rows and now > began:
                self.runs.setdefault(clock_id, []).append((rows[clock_id].calendar, began, now))

    def go_on(self) -> None:
        rows = clocks.running(self.case.id)
        self.since = {row.id: clock.now() for row in rows if row.paused_at is None}

    def used(self, row: CaseClock) -> dt.timedelta:
        return sum(
            (
                open_time.business_time(calendars.calendar(calendar), start, end)
                for calendar, start, end in self.runs.get(row.id, ())
            ),
            dt.timedelta(),
        )


def clock_state(row: CaseClock) -> tuple[Any, ...]:
    return (
        row.id, row.kind, row.calendar, row.started_at, row.open_seconds, row.level, row.agreed,
        row.warned_at, row.escalated_at, list(row.told_units), row.paused_at is None,
    )  # fmt: skip


@given(
    before=st.integers(0, 60 * 24 * 12),
    waited=st.none() | st.integers(0, 60 * 24 * 8),
    between=st.integers(0, 60 * 24 * 20),
    after=st.integers(0, 60 * 24 * 4),
    urgent=st.booleans(),
    acted=st.booleans(),
)
@example(before=90, waited=None, between=60, after=30, urgent=False, acted=False)
@example(before=90, waited=600, between=3_000, after=30, urgent=False, acted=True)
@example(before=90, waited=600, between=3_000, after=30, urgent=True, acted=False)
@example(before=60 * 24 * 10, waited=None, between=3_000, after=30, urgent=False, acted=False)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_split_gives_everything_back_with_the_time_used(
    before: int, waited: int | None, between: int, after: int, urgent: bool, acted: bool
) -> None:
    """Whatever happened before and happens afterwards, a pause or another unit: the time together
    is what is left out, and nothing else."""
    with clock.freeze(SATURDAY):
        leading = make_case(e164=None)
        unit = make_unit(parent_id=make_unit(parent_id=make_unit().id).id)
        case = make_case(e164=None, urgency="danger" if urgent else None, unit_id=unit.id)
        if acted:
            work.first_action(case.id, by=None, text="بازدید شد")
            db.session.commit()
        course = Course(case)
        clock.shift(minutes=before)
        sweep_clocks()
        course.note()
        if waited is not None and pauses.may_pause(case):
            pauses.pause(case.id, by=None, reason="citizen", text="نشانی")
            db.session.commit()
            course.go_on()
            clock.shift(minutes=waited)
            sweep_clocks()
            course.note()
        kept, joined_at = state_of(case), clock.now()
        ran = [(clock_state(row), row.due_at, row.act_at) for row in clocks.running(case.id)]
        joins.join(case.id, leading.id, by=None)
        db.session.commit()
        clock.shift(minutes=between)
        sweep_clocks()
        joins.part(case.id, by=None)
        db.session.commit()

        assert state_of(case) == kept
        again = clocks.running(case.id)
        assert sorted(map(clock_state, again)) == sorted(each[0] for each in ran)
        was = {state[0]: (due, act) for state, due, act in ran}
        for row in again:
            due, act = was[row.id]
            if due <= joined_at:
                assert row.due_at == due, "what was late stays as late"
                assert (row.act_at is None) == (act is None)
        course.go_on()
        clock.shift(minutes=after)
        sweep_clocks()
        course.note()
        # Another unit, with hours of its own: what was used counts there too.
        late = {row.id: row.due_at for row in clocks.running(case.id) if row.due_at <= clock.now()}
        other = make_unit()
        own.set_unit_calendar(other.id, "always", by=None)
        work.assign(case.id, unit_id=other.id, assignee_id=None, by=None)
        if waited is not None and any(row.paused_at for row in clocks.running(case.id)):
            pauses.resume(case.id, by=None)
        db.session.commit()
        rows = clocks.running(case.id)
        for row in rows:
            limit = dt.timedelta(seconds=row.open_seconds)
            assert not row.agreed or urgent or row.calendar == "always"
            if course.used(row) >= limit:
                assert row.due_at <= clock.now()
                assert row.due_at == late.get(row.id, row.due_at)
            else:
                calendar = calendars.calendar(row.calendar)
                left = open_time.business_time(calendar, clock.now(), row.due_at)
                assert course.used(row) + left == limit
        assert now_of(case).next_due_at == min(row.due_at for row in rows)


def test_a_pause_that_should_have_ended_while_joined_ends_with_the_split() -> None:
    leading, case = make_case(), make_case()
    clock.shift(hours=1)
    ends = clock.now() + dt.timedelta(hours=2)
    pauses.pause(case.id, by=None, reason="other_body", text="برق", until=ends)
    joins.join(case.id, leading.id, by=None)
    db.session.commit()
    clock.shift(days=2)
    sweep_clocks()
    joins.part(case.id, by=None)
    db.session.commit()
    assert all(row.paused_at for row in clocks.running(case.id)), "as it was"
    parted_at = clock.now()
    clock.shift(minutes=30)
    sweep_clocks()
    for row in clocks.running(case.id):
        assert row.paused_at is None
        rules = calendars.calendar(row.calendar)
        left = open_time.business_time(rules, parted_at, row.due_at)
        paused_at = row.started_at + dt.timedelta(hours=1)
        used = open_time.business_time(rules, row.started_at, paused_at)
        assert used + left == dt.timedelta(seconds=row.open_seconds)
    db.session.refresh(case)
    texts = [line.what for each in due_steps.explained(case) for line in each.lines]
    assert len([one for one in texts if "برق" in one]) == 4, "before and after, of both clocks"


def test_two_pauses_end_each_at_its_own_moment_after_a_split_too() -> None:
    leading, case = make_case(), make_case()
    soon, later = (clock.now() + dt.timedelta(hours=hours) for hours in (3, 9))
    pauses.pause(case.id, by=None, reason="citizen", text="نشانی", until=later)
    clocks.start(now_of(case), "x", "always", dt.timedelta(days=9))
    pauses.pause(case.id, by=None, reason="other_body", text="برق", until=soon)
    joins.join(case.id, leading.id, by=None)
    db.session.commit()
    clock.shift(hours=1)
    joins.part(case.id, by=None)
    db.session.commit()
    for hours, waiting in ((3, {"first_action", "resolution"}), (6, set())):
        clock.shift(hours=hours)
        sweep_clocks()
        assert {row.kind for row in clocks.running(case.id) if row.paused_at} == waiting


def test_a_joining_from_before_is_split_too() -> None:
    """Its snapshot holds the clocks in full."""
    leading, case = make_case(), make_case()
    clock.shift(hours=1)
    before = {row.id: row.open_seconds for row in clocks.running(case.id)}
    row = joins.join(case.id, leading.id, by=None)
    old = [
        {"id": one, "kind": "resolution", "calendar": "gone", "open_seconds": 1, "used_seconds": 1}
        for one in before
    ]
    row.snapshot = {**row.snapshot, "clocks": old}
    db.session.commit()
    joins.part(case.id, by=None)
    assert {row.id: row.open_seconds for row in clocks.running(case.id)} == before


def test_followers_of_a_follower_come_along_and_leave_with_it() -> None:
    first, (second,) = joined(TWO)
    third = make_case(e164=THREE)
    joins.join(first.id, third.id, by=None)
    assert heads.head_id(second.id) == third.id
    assert heads.follower_ids(third.id) == sorted([first.id, second.id])
    with pytest.raises(joins.JoinRefused):
        joins.join(third.id, second.id, by=None)
    joins.part(first.id, by=None)
    assert (heads.head_id(second.id), heads.follower_ids(third.id)) == (first.id, [])


def test_what_cannot_be_joined() -> None:
    leading, (other,) = joined(TWO)
    closed = make_case(e164=None)
    work.finish(closed.id, by=None, outcome="irrelevant", text="پایان")
    for case_id, into_id in (
        (leading.id, leading.id),
        (leading.id, other.id),
        (other.id, make_case().id),
        (closed.id, leading.id),
        (make_case().id, closed.id),
    ):
        with pytest.raises(joins.JoinRefused):
            joins.join(case_id, into_id, by=None)
        db.session.rollback()
    with pytest.raises(stages.StageError):
        work.reopen(other.id, by=None, text="دوباره")


def test_a_question_that_was_open_is_asked_again_after_a_split() -> None:
    leading = make_case(e164=ONE)
    case = make_case(e164=TWO)
    finish(case, "رسیدگی شد")
    joins.join(case.id, leading.id, by=None)
    assert now_of(case).outcome_text == ""
    joins.part(case.id, by=None)
    db.session.commit()
    assert (now_of(case).stage, now_of(case).outcome_text) == ("feedback", "رسیدگی شد")
    assert feedback.answer_by_sms(TWO, "31")
    assert now_of(case).confirmation == "accepted"


# Told and asked together


def test_the_answer_reaches_everybody_in_their_language_and_each_is_asked_once() -> None:
    leading, (arab, twin) = joined(TWO, ONE)
    arab = now_of(arab)
    arab.language = "ar"
    db.session.commit()
    finish(leading)
    questions = db.session.scalars(select(FeedbackQuestion).order_by(FeedbackQuestion.id)).all()
    assert sorted(row.e164 for row in questions) == [ONE, TWO]
    last = sms_to(TWO)[-1]
    assert last.language == "ar"
    assert arab.code in last.body and "چاله پر شد" in last.body and "٣١" in last.body
    assert len([m for m in sms_to(ONE) if "چاله پر شد" in m.body]) == 1
    assert "answered" in kinds(arab) and "answered" in kinds(twin)


def test_it_closes_when_all_have_answered_and_an_objection_of_any_opens_it() -> None:
    leading, (other, third) = joined(TWO, THREE)
    finish(leading)
    assert feedback.answer_by_sms(TWO, "31")
    db.session.commit()
    assert now_of(leading).stage == "feedback"
    assert feedback.answer_by_sms(ONE, "۳۱")
    assert feedback.answer_by_sms(THREE, "۳۳ هنوز پر نشده")
    db.session.commit()
    case = now_of(leading)
    assert (case.stage, case.confirmation, case.reopened) == ("assigned", "objected", 1)
    assert kinds(third).count("objected") == kinds(leading).count("objected") == 1
    assert now_of(other).outcome_text == ""
    finish(leading, "دوباره پر شد")
    for number in (ONE, TWO, THREE):
        assert feedback.answer_by_sms(number, "31")
    db.session.commit()
    assert (now_of(leading).stage, now_of(leading).confirmation) == ("closed", "accepted")
    # For thirty days anybody of them may still object.
    assert feedback.answer_by_sms(TWO, "33 باز خراب شد")
    assert now_of(leading).stage == "assigned"
    assert now_of(other).stage == "closed", "the joined case itself is not opened"


def test_silence_of_some_closes_with_what_the_others_said() -> None:
    leading, _others = joined(TWO)
    finish(leading)
    assert feedback.answer_by_sms(TWO, "31")
    db.session.commit()
    clock.shift(hours=73)
    sweep_clocks()
    assert (now_of(leading).stage, now_of(leading).confirmation) == ("closed", "accepted")
    states = select(FeedbackQuestion.state).order_by(FeedbackQuestion.id)
    assert sorted(db.session.scalars(states)) == ["accepted", "timed_out"]


def test_followers_are_asked_though_the_leading_citizen_gave_no_number() -> None:
    leading = make_case(e164=None)
    other = make_case(e164=TWO)
    joins.join(other.id, leading.id, by=None)
    finish(leading)
    assert now_of(leading).stage == "feedback"
    feedback.answer_by_link(other.id, accepted=True)
    assert now_of(leading).confirmation == "accepted"


def test_a_joined_after_the_answer_is_told_it() -> None:
    leading = make_case(e164=ONE)
    finish(leading)
    other = make_case(e164=TWO)
    joins.join(other.id, leading.id, by=None)
    assert "چاله پر شد" in sms_to(TWO)[-1].body


# Followers and second matters


def test_a_follower_gets_a_code_and_one_sms() -> None:
    leading = make_case(e164=ONE, place="خیابان بهار")
    case = people.add_follower(leading.id, e164=TWO, name="سارا", language="en", by=None)
    assert heads.follower_ids(leading.id) == [case.id]
    assert (case.place, case.language) == ("خیابان بهار", "en")
    assert [case.code in message.body for message in sms_to(TWO)] == [True]
    with pytest.raises(InputRefused):
        people.add_follower(leading.id, e164=TWO, name="", language="fa", by=None)


def test_a_second_matter_counts_from_the_message_and_can_be_joined_back() -> None:
    category = make_category()
    case = make_case(e164=ONE, text="چاله هست. چراغ هم سوخته.")
    clock.shift(hours=3)
    made = people.divide(case.id, text="چراغ هم سوخته.", category_id=category.id, by=None)
    db.session.commit()
    assert made.received_at == case.received_at
    assert (made.e164, made.category_id, made.origin_id) == (ONE, category.id, case.id)
    assert now_of(case).text == "چاله هست. چراغ هم سوخته."
    began = select(func.min(CaseClock.started_at)).where(CaseClock.case_id == made.id)
    assert db.session.scalar(began) == case.received_at
    assert kinds(case)[-1] == "divided" and "divided_from" in kinds(made)
    assert case.code in sms_to(ONE)[-1].body and made.code in sms_to(ONE)[-1].body
    joins.join(made.id, case.id, by=None)
    assert heads.follower_ids(case.id) == [made.id]


def test_several_join_one_or_none() -> None:
    leading = make_case()
    many = [make_case().id for _n in range(4)]
    assert joins.join_several([*many, leading.id], leading.id, by=None) == 4
    assert joins.join_several(many, leading.id, by=None) == 0
    closed = make_case(e164=None)
    work.finish(closed.id, by=None, outcome="irrelevant", text="پایان")
    with pytest.raises(joins.JoinRefused):
        joins.join_several([make_case().id, closed.id], leading.id, by=None)


def test_more_than_can_be_told_are_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "MOST", 3)
    leading, others = joined(TWO, THREE)
    with_own = make_case()
    joins.join(make_case().id, with_own.id, by=None)
    db.session.commit()
    with pytest.raises(joins.JoinRefused, match=r"[3۳٣]"):
        joins.join(with_own.id, leading.id, by=None)
    db.session.rollback()
    with pytest.raises(joins.JoinRefused):
        joins.join_several([make_case().id, make_case().id], leading.id, by=None)
    db.session.rollback()
    assert len(heads.follower_ids(leading.id)) == 2, "all of them or none"
    joins.join(make_case().id, leading.id, by=None)
    db.session.commit()
    with pytest.raises(joins.JoinRefused):
        people.add_follower(leading.id, e164="+989121110009", name="", language="fa", by=None)
    db.session.rollback()
    joins.part(others[0].id, by=None)
    joins.join(make_case().id, leading.id, by=None)


def test_the_database_keeps_one_joining_of_a_case() -> None:
    _leading, (other,) = joined(TWO)
    another = make_case()
    with pytest.raises(Exception, match="uq_case_joins_case"):
        db.session.execute(
            text(
                "INSERT INTO case_joins (case_id, into_id, joined_at, snapshot) "
                f"VALUES ({other.id}, {another.id}, '2025-01-01', '{{}}')"
            )
        )
    db.session.rollback()


def test_messages_and_matters_are_counted_apart() -> None:
    leading, _others = joined(TWO, THREE)
    make_case()
    day = today()
    period = Period(day, day)
    assert sections.counts(period) == (4, 2)
    table = sections.build(period)["blocks"][1]
    assert (table["rows"][0][0]["code"], table["rows"][0][1]["number"]) == (str(leading.id), 2)


# Pages


def test_the_citizen_of_a_joined_case_sees_how_far_the_other_is(client: FlaskClient) -> None:
    leading, (other,) = joined(TWO)
    work.first_action(leading.id, by=None, text="اکیپ اعزام شد")
    db.session.commit()
    page = client.get(f"/t/{other.code}").text
    assert 'id="joined"' in page
    assert "اکیپ اعزام شد" in page
    assert leading.code not in page
    finish(leading)
    page = client.get(f"/t/{other.code}").text
    assert "چاله پر شد" in page
    assert f"/t/{other.code}/accept" in page
    assert client.post(f"/t/{other.code}/accept").status_code == 303
    assert "/accept" not in client.get(f"/t/{other.code}").text
    assert now_of(leading).stage == "feedback", "the first citizen is still asked"


def test_join_and_split_on_the_pages(client: FlaskClient) -> None:
    leading, case = make_case(), make_case()
    sign_in(client, make_user(("unit_officer",)))
    page = f"/staff/cases/{case.id}/matter"
    token = csrf_token(client, page)

    def post(path: str, **data: str) -> int:
        return client.post(path, data={"csrf_token": token, **data}).status_code

    join = f"/staff/cases/{case.id}/join"
    assert post(join, **{"join-code": "XXXXXXXXXX"}) == 422
    assert post(join, **{"join-code": leading.code.lower()}) == 303
    assert heads.head_id(case.id) == leading.id
    assert leading.code in client.get(f"/staff/cases/{case.id}").text
    assert case.code in client.get(f"/staff/cases/{leading.id}").text
    assert post(f"/staff/cases/{case.id}/part") == 303
    assert heads.join_of(case.id) is None
    assert (
        post(
            f"/staff/cases/{leading.id}/followers",
            **{"follower-phone": "۰۹۱۲۳۴۵۶۷۸۹", "follower-language": "ar"},
        )
        == 303
    )
    assert len(heads.follower_ids(leading.id)) == 1
    divide = {"divide-text": "موضوع دوم", "divide-category_id": ""}
    assert post(f"/staff/cases/{case.id}/divide", **divide) == 303


def test_the_pages_of_a_matter_cost_the_same_however_many_follow(client: FlaskClient) -> None:
    leading, _others = joined(TWO)
    sign_in(client, make_user(("operator",)))
    counts = []
    for _round in range(2):
        counts.append([])
        for page in (f"/staff/cases/{leading.id}", f"/staff/cases/{leading.id}/matter"):
            with count_queries() as queries:
                assert client.get(page).status_code == 200
            counts[-1].append(queries.count)
        for _n in range(3):
            joins.join(make_case().id, leading.id, by=None)
        db.session.commit()
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 36


def test_a_promise_is_not_joined_to_another_case() -> None:
    case = make_case(origin_type="decision", origin_id=1)
    with pytest.raises(joins.JoinRefused):
        joins.join(case.id, make_case().id, by=None)


def test_several_from_the_list(client: FlaskClient) -> None:
    cases = [make_case() for _n in range(3)]
    sign_in(client, make_user(("operator",)))
    page = client.get("/staff/cases/").text
    assert all(f'name="ids" value="{case.id}"' in page for case in cases)
    query = "&".join(f"case={case.id}" for case in cases)
    assert client.get(f"/staff/cases/together?{query}").text.count('name="into"') == 3
    assert client.get("/staff/cases/together?case=x&case=9").status_code == 200
    data = {"case": [str(case.id) for case in cases], "into": str(cases[1].id)}
    data["csrf_token"] = csrf_token(client, f"/staff/cases/together?{query}")
    assert client.post("/staff/cases/together", data=data).status_code == 303
    assert heads.follower_ids(cases[1].id) == [cases[0].id, cases[2].id]
