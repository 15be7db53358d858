"""31 in haste, SMS in parts, SMS after a stop: what belongs together."""

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.messaging import dispatch, inbound
from portal.messaging.models import InboundMessage, Message
from tests.factories.cases import make_case
from tests.factories.messages import LINE, FakeGateway, make_inbound, use_gateways
from tests.factories.units import make_unit
from workflows.cases import work
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion
from workflows.cases.staff import lists
from workflows.cases.staff.lists import Reader

NUMBER = "+989121110001"
SATURDAY = "2025-11-22T06:00:00+00:00"


@pytest.fixture(autouse=True)
def gateway(context: Flask) -> FakeGateway:
    make_unit(code="city", kind="city")
    fake = FakeGateway()
    use_gateways(context, fake)
    return fake


def answered() -> int:
    """Id of a case whose citizen is asked, or will be."""
    case_id = make_case(e164=NUMBER).id
    work.finish(case_id, by=None, outcome="done", text="چاله پر شد")
    db.session.commit()
    return case_id


def arrive(text: str, *, at: dt.datetime | None = None, line: str = LINE) -> InboundMessage:
    sms = make_inbound(text, NUMBER, received_at=at or clock.now(), line=line)
    for _ in range(2):
        inbound.handle({"id": sms.id})
        db.session.commit()
    return db.session.get_one(InboundMessage, sms.id, populate_existing=True)


def questions() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(FeedbackQuestion.state).order_by(FeedbackQuestion.id)))


def kinds(case: Case) -> list[str]:
    query = select(CaseEvent.kind).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)
    return list(db.session.scalars(query))


def test_a_second_31_in_haste_does_not_answer_the_next_question(gateway: FakeGateway) -> None:
    with clock.freeze(SATURDAY):
        first, second = answered(), answered()
        dispatch.run(1)
        clock.shift(minutes=10)
        assert arrive("31").handled_by == "case_feedback"
        dispatch.run(1)
        clock.shift(seconds=20)
        assert arrive("۳۱").handled_by == "case_feedback"
        assert questions() == ["accepted", "open"]
        assert db.session.get_one(Case, second).stage == "feedback"
        # It is written down where it belongs.
        about = select(CaseEvent.data["about"].astext).where(CaseEvent.case_id == first)
        assert "answered_again" in db.session.scalars(about).all()
        clock.shift(minutes=1)
        dispatch.run(1)
        clock.shift(minutes=1)
        assert arrive("31").handled_by == "case_feedback"
        assert questions() == ["accepted", "accepted"]


def test_an_answer_that_came_before_the_sms_left_is_not_for_it(gateway: FakeGateway) -> None:
    """The gateway hands it over late: what counts is when it arrived there."""
    with clock.freeze(SATURDAY) as begun:
        answered()
        dispatch.run(1)
        answered()
        clock.shift(minutes=1)
        arrive("31")
        clock.shift(minutes=5)
        dispatch.run(1)
        clock.shift(minutes=5)
        arrive("31", at=begun + dt.timedelta(minutes=3))
        assert questions() == ["accepted", "open"]
        arrive("33 هنوز نه")
        assert questions() == ["accepted", "objected"]


def test_a_second_33_in_haste_objects_to_the_first_end(gateway: FakeGateway) -> None:
    with clock.freeze(SATURDAY):
        first, second = answered(), answered()
        dispatch.run(1)
        clock.shift(minutes=10)
        arrive("31")
        arrive("33 نه، اشتباه زدم")
        assert questions()[1] == "open"
        assert db.session.get_one(Case, first, populate_existing=True).stage == "assigned"
        assert db.session.get_one(Case, second).stage == "feedback"


def test_the_clocks_of_gateway_and_portal_may_differ_a_little(gateway: FakeGateway) -> None:
    with clock.freeze(SATURDAY) as begun:
        answered()
        dispatch.run(1)
        arrive("31", at=begun - dt.timedelta(seconds=1))
        assert questions() == ["accepted"]


# Parts of a long SMS

LONG = "سلام، جلوی مدرسهٔ شهید رجایی در کوچهٔ یازدهم چالهٔ بزرگی باز شده و بچه‌ها"
REST = "هر روز می‌افتند. لطفا رسیدگی کنید"


def cases() -> list[Case]:
    return list(db.session.scalars(select(Case).order_by(Case.id)))


@pytest.mark.parametrize("parts", [(LONG, REST), (REST, LONG), (LONG, LONG, REST)])
def test_parts_that_come_one_by_one_are_one_case(parts: tuple[str, ...]) -> None:
    with clock.freeze(SATURDAY):
        for part in parts:
            assert arrive(part).handled_by == "case_message"
            clock.shift(seconds=3)
        (case,) = cases()
        assert case.text == "\n".join(parts)
        assert kinds(case).count("received") == len(parts)
        assert len(db.session.scalars(select(Message)).all()) == 1, "one answer"
        found = lists.search("شهید رجایی", Reader(0, None, False)).ids(only_open=True)
        assert db.session.scalars(found).all() == [case.id]


def test_two_short_messages_or_another_minute_or_line_are_two_cases() -> None:
    with clock.freeze(SATURDAY):
        arrive("چراغ خاموش است")
        arrive("آب قطع است")
        assert len(cases()) == 2
        clock.shift(minutes=2)
        arrive(LONG)
        clock.shift(seconds=5)
        arrive(REST, line="30001")
        clock.shift(minutes=2)
        arrive(REST)
        assert len(cases()) == 5


def test_a_part_of_a_finished_case_begins_another() -> None:
    with clock.freeze(SATURDAY):
        arrive(LONG)
        (case,) = cases()
        work.finish(case.id, by=None, outcome="done", text="شد")
        db.session.commit()
        arrive(REST)
        assert len(cases()) == 2


def test_parts_without_end_are_cut() -> None:
    with clock.freeze(SATURDAY):
        for _ in range(40):
            arrive("آب " * 100)
        assert len(cases()[0].text) <= 5_000


# After a stop


def test_one_s_own_case_is_answered_after_a_stop_of_the_line(gateway: FakeGateway) -> None:
    with clock.freeze(SATURDAY):
        assert arrive("11").handled_by == "opt_out"
        arrive("چراغ کوچهٔ ما خاموش است")
        (case,) = cases()
        code = case.code
        work.finish(case.id, by=None, outcome="done", text="روشن شد")
        db.session.commit()
        dispatch.run(1)
        texts = [sms.text for sms in gateway.ledger]
        assert any(code in text for text in texts)
        assert any("۳۱" in text for text in texts)
        assert arrive("31").handled_by == "case_feedback"
        sent = len(gateway.ledger)
        assert arrive("لغو همه").handled_by == "opt_out"
        arrive("یک چراغ دیگر هم خاموش است")
        clock.shift(minutes=5)
        dispatch.run(1)
        assert len(gateway.ledger) == sent, "not even what was asked for"
