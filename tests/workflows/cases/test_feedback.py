"""31 or 33: the end the citizen agrees with."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from portal import clock, signals
from portal.db import db
from portal.messaging import inbound
from portal.messaging.models import Message
from tests.factories.cases import make_case
from tests.factories.messages import make_inbound
from tests.factories.units import make_unit
from workflows.cases import feedback, stages, work
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import Case, CaseClock, CaseEvent, FeedbackQuestion
from workflows.cases.moves import InputRefused

SATURDAY = "2025-11-22T06:00:00+00:00"
NUMBER = "+989121110001"


def answered(**overrides: object) -> Case:
    case = make_case(**{"e164": NUMBER, **overrides})
    found = work.finish(case.id, by=None, outcome="done", text="چاله پر شد")
    db.session.commit()
    return found


def now_of(case: Case) -> Case:
    return db.session.get_one(Case, case.id, populate_existing=True)


def question_states() -> list[str]:
    return list(db.session.scalars(select(FeedbackQuestion.state).order_by(FeedbackQuestion.id)))


def texts() -> list[str]:
    return list(db.session.scalars(select(Message.body).order_by(Message.id)))


# Reading


@pytest.mark.parametrize(
    ("text", "verdict", "words"),
    [
        ("31", "accept", ""),
        ("۳۱", "accept", ""),
        ("٣١", "accept", ""),
        (" \u200f۳۱. ", "accept", ""),
        ("31 ممنون", "accept", "ممنون"),
        ("۳۳ هنوز پر نشده", "object", "هنوز پر نشده"),
        ("٣٣، لم يُصلَح بعد", "object", "لم يُصلَح بعد"),
        ("33:not done, 3 holes", "object", "not done, 3 holes"),
        ("33", "object", ""),
        ("«33»", "object", ""),
    ],
)
def test_answers_in_every_script(text: str, verdict: str, words: str) -> None:
    reply = feedback.read(text)
    assert reply is not None
    assert (reply.verdict, reply.words) == (verdict, words)


@pytest.mark.parametrize(
    "text",
    ["", "11", "310", "۳۳۳", "3 1", "31 یا 33؟", "چاله ۳۱ متری", "032", "سلام", "1331"],
)
def test_other_texts_are_no_answers(text: str) -> None:
    assert feedback.read(text) is None


@given(st.text(max_size=300))
def test_any_text_is_read_without_trouble(text: str) -> None:
    reply = feedback.read(text)
    assert reply is None or reply.verdict in {"accept", "object"}


# Answering


def test_31_closes(context: Flask) -> None:
    case = answered()
    assert feedback.answer_by_sms(NUMBER, "۳۱")
    db.session.commit()
    case = now_of(case)
    assert (case.stage, case.confirmation, case.outcome) == ("closed", "accepted", "done")
    assert case.next_due_at is None
    assert question_states() == ["accepted"]
    assert case.code in texts()[-1]
    running = select(CaseClock).where(CaseClock.stopped_at.is_(None))
    assert db.session.scalars(running).all() == []


def test_33_goes_to_the_unit_above_on_the_objection_clock(context: Flask) -> None:
    above = make_unit()
    below = make_unit(parent_id=above.id)
    case = answered(unit_id=below.id)
    assert feedback.answer_by_sms(NUMBER, "۳۳ هنوز پر نشده")
    db.session.commit()
    case = now_of(case)
    assert (case.stage, case.unit_id, case.assignee_id) == ("assigned", above.id, None)
    assert (case.confirmation, case.reopened, case.outcome) == ("objected", 1, None)
    running = db.session.scalars(select(CaseClock).where(CaseClock.stopped_at.is_(None))).all()
    assert [row.kind for row in running] == ["objection"]
    objected = db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "objected")).one()
    assert objected.text == "هنوز پر نشده"
    work.finish(case.id, by=None, outcome="done", text="دوباره پر شد")
    assert feedback.answer_by_sms(NUMBER, "31")
    db.session.commit()
    assert now_of(case).confirmation == "accepted"
    assert question_states() == ["objected", "accepted"]


def test_an_answer_twice_changes_nothing(context: Flask) -> None:
    case = answered()
    assert feedback.answer_by_sms(NUMBER, "31")
    assert feedback.answer_by_sms(NUMBER, "31")
    db.session.commit()
    kinds = db.session.scalars(select(CaseEvent.kind).where(CaseEvent.case_id == case.id)).all()
    assert (kinds.count("accepted"), kinds.count("closed")) == (1, 1)


def test_an_objection_after_the_end_opens_again(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = answered()
        assert feedback.answer_by_sms(NUMBER, "31")
        db.session.commit()
        clock.shift(days=2)
        assert feedback.answer_by_sms(NUMBER, "33 باز خراب شد")
        db.session.commit()
        assert (now_of(case).stage, now_of(case).reopened) == ("assigned", 1)


def test_without_a_question_nothing_is_taken(context: Flask) -> None:
    make_case(e164=NUMBER)
    assert not feedback.answer_by_sms(NUMBER, "31")
    with clock.freeze(SATURDAY):
        answered(e164="+989121110002")
        assert not feedback.answer_by_sms("+989121110002", "سلام")
        clock.shift(days=31)
        sweep_clocks()
        assert not feedback.answer_by_sms("+989121110002", "31")


def test_one_question_at_a_time_a_number(context: Flask) -> None:
    first, second, third = answered(), answered(), answered()
    answered(e164="+989121110002")
    assert question_states() == ["open", "waiting", "waiting", "open"]
    assert feedback.answer_by_sms(NUMBER, "31")
    db.session.commit()
    assert question_states() == ["accepted", "open", "waiting", "open"]
    feedback.answer_by_call(third.id, by=None, accepted=True, words="")
    db.session.commit()
    assert question_states() == ["accepted", "open", "accepted", "open"]
    assert feedback.answer_by_sms(NUMBER, "33 نه")
    db.session.commit()
    stages_now = [now_of(case).stage for case in (first, second, third)]
    assert stages_now == ["closed", "assigned", "closed"]


def test_opening_again_lets_the_next_question_out(context: Flask) -> None:
    first, _second = answered(), answered()
    work.reopen(first.id, by=None, text="اشتباه بود")
    db.session.commit()
    assert question_states() == ["withdrawn", "open"]


def test_a_call_is_recorded_with_its_words(context: Flask) -> None:
    case = answered()
    with pytest.raises(InputRefused):
        feedback.answer_by_call(case.id, by=None, accepted=False, words=" ")
    feedback.answer_by_call(case.id, by=None, accepted=False, words="گفت نشده است")
    db.session.commit()
    question = db.session.scalars(select(FeedbackQuestion)).one()
    assert (question.state, question.channel, question.words) == (
        "objected",
        "call",
        "گفت نشده است",
    )
    with pytest.raises(stages.StageError):
        feedback.answer_by_call(case.id, by=None, accepted=True, words="")


def test_who_does_not_answer_for_72_hours_is_not_waited_for(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        first, second = answered(), answered()
        clock.shift(hours=71, minutes=59)
        sweep_clocks()
        assert now_of(first).stage == "feedback"
        clock.shift(minutes=1)
        sweep_clocks()
        assert (now_of(first).stage, now_of(first).confirmation) == ("closed", "timed_out")
        # The second was not asked until now, so its 72 hours begin now.
        assert now_of(second).stage == "feedback"
        assert question_states() == ["timed_out", "open"]
        clock.shift(hours=72)
        sweep_clocks()
        assert now_of(second).confirmation == "timed_out"


@pytest.mark.parametrize("state", ["suppressed", "undelivered", "failed"])
def test_who_was_never_reached_did_not_keep_silent(context: Flask, state: str) -> None:
    with clock.freeze(SATURDAY):
        case = answered()
        for message in db.session.scalars(select(Message)):
            message.state = state
        db.session.commit()
        clock.shift(hours=72)
        sweep_clocks()
        assert (now_of(case).stage, now_of(case).confirmation) == ("closed", "not_asked")
        assert question_states() == ["withdrawn"]


def test_a_closing_that_is_refused_holds_up_no_other(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        first, second = answered(), answered(e164="+989121110002")
        clock.shift(hours=73)

        def refuse(_sender: object, *, case_id: int, **_facts: object) -> None:
            if case_id == first.id:
                raise RuntimeError

        first_id = first.id
        with signals.case_closed.connected_to(refuse):
            sweep_clocks()
        assert db.session.get_one(Case, first_id).stage == "feedback"
        assert now_of(second).confirmation == "timed_out"


def test_a_question_that_was_lost_is_asked_by_the_sweep(context: Flask) -> None:
    answered()
    question = db.session.scalars(select(FeedbackQuestion)).one()
    question.state, question.asked_at = "waiting", None
    db.session.commit()
    sweep_clocks()
    assert question_states() == ["open"]


def test_an_sms_that_arrives_is_taken_by_the_handler(context: Flask) -> None:
    case = answered()
    message = make_inbound("٣٣ ليس صحيحاً", e164=NUMBER)
    inbound.handle({"id": message.id})
    db.session.commit()
    assert now_of(case).stage == "assigned"
    handled = db.session.get_one(type(message), message.id)
    assert handled.handled_by == "case_feedback"
    inbound.handle({"id": message.id})
    db.session.commit()
    assert now_of(case).reopened == 1


def test_a_long_answer_is_shortened_in_the_sms_alone(context: Flask) -> None:
    case = make_case(e164=NUMBER)
    work.finish(case.id, by=None, outcome="done", text="آسفالت " * 600)
    db.session.commit()
    assert len(texts()[-1]) < 400
    assert now_of(case).outcome_text.count("آسفالت") == 600


def test_what_waits_is_found_by_what_waits(context: Flask) -> None:
    """Not by reading every question that was ever asked."""
    case = make_case(e164="+989120000001")
    db.session.execute(
        insert(FeedbackQuestion),
        [
            {
                "case_id": case.id, "round": number + 10, "e164": "+989120000001",
                "state": "accepted", "created_at": clock.now(), "asked_at": clock.now(),
            }
            for number in range(5000)
        ],
    )  # fmt: skip
    db.session.execute(text("ANALYZE case_feedback_questions"))
    query = feedback.waiting_numbers().compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = "\n".join(db.session.scalars(text(f"EXPLAIN {query}")))
    assert "Seq Scan" not in plan, plan
    db.session.rollback()
