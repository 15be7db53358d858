"""An SMS that is nothing else becomes a case and is answered in its writer's language."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from portal.db import db
from portal.messaging import inbound as messaging
from portal.messaging.models import InboundMessage, Message
from tests.factories.cases import make_case
from tests.factories.contacts import make_contact
from tests.factories.messages import make_inbound
from tests.factories.units import make_unit
from workflows.cases import work
from workflows.cases.languages import guess
from workflows.cases.models import Case, CaseEvent

NUMBER = "+989121234567"


@pytest.fixture(autouse=True)
def _units(app: Flask) -> None:
    make_unit(code="city", kind="city")


def arrive(app: Flask, text: str, e164: str | None = NUMBER) -> InboundMessage:
    """Offer an SMS to the handlers as the outbox does, twice: it may run twice."""
    sms = make_inbound(text, e164)
    with app.app_context():
        for _ in range(2):
            messaging.handle({"id": sms.id})
            db.session.commit()
        return db.session.get_one(InboundMessage, sms.id)


def cases(app: Flask) -> list[Case]:
    with app.app_context():
        return list(db.session.scalars(select(Case).order_by(Case.id)))


def replies(app: Flask) -> list[Message]:
    with app.app_context():
        return list(
            db.session.scalars(
                select(Message).where(Message.in_reply_to.is_not(None)).order_by(Message.id)
            )
        )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("سلام، چاله بزرگی جلوی مدرسه است", "fa"),
        ("در كوچه ما آب قطع شده است", "fa"),
        ("هناك حفرة كبيرة أمام المدرسة", "ar"),
        ("السلام عليكم لا يوجد ماء في الشارع", "ar"),
        ("There is a big hole near the school", "en"),
    ],
)
def test_an_sms_becomes_a_case_and_gets_its_code(app: Flask, text: str, language: str) -> None:
    assert arrive(app, text).handled_by == "case_message"
    (case,) = cases(app)
    assert (case.channel, case.language, case.text) == ("sms", language, text)
    assert (case.e164, case.stage) == (NUMBER, "assigned")
    (reply,) = replies(app)
    assert reply.language == language and case.code in reply.body
    assert f"/t/{case.code}" in reply.body and reply.e164 == NUMBER
    assert reply.line == "10004346" and reply.contact_id == case.contact_id
    with app.app_context():
        assert len(db.session.scalars(select(Message)).all()) == 1
        kinds = list(db.session.scalars(select(CaseEvent.kind)))
    assert kinds.count("sms") == 1


def test_the_banks_language_goes_before_the_letters(app: Flask) -> None:
    make_contact(NUMBER, language="ar")
    arrive(app, "no water in our street")
    assert cases(app)[0].language == "ar"


@pytest.mark.parametrize("text", ["?", "7", "۳۱", "!!!", "", "👍", "1 2 3"])
def test_what_has_no_words_stays_in_the_inbox(app: Flask, text: str) -> None:
    assert arrive(app, text).handled_by is None
    assert cases(app) == []


def test_shops_and_banks_are_no_citizens(app: Flask) -> None:
    assert arrive(app, "حراج بزرگ فقط امروز", None).handled_by is None
    assert cases(app) == []


@pytest.mark.parametrize("text", ["11", "لغو ۱۱", "stop"])
def test_who_stops_messages_opens_no_case(app: Flask, text: str) -> None:
    assert arrive(app, text).handled_by == "opt_out"
    assert cases(app) == []


def test_an_answer_to_our_question_opens_no_case(app: Flask) -> None:
    case = make_case(e164=NUMBER)
    with app.app_context():
        work.finish(case.id, by=None, outcome="done", text="انجام شد")
        db.session.commit()
    assert arrive(app, "۳۱").handled_by == "case_feedback"
    assert len(cases(app)) == 1 and cases(app)[0].confirmation == "accepted"


def test_a_robot_is_heard_but_answered_only_a_few_times(app: Flask) -> None:
    for n in range(6):
        arrive(app, f"پیام خودکار شمارهٔ {n}")
    assert len(cases(app)) == 6
    assert len(replies(app)) == 3


def test_an_endless_sms_is_cut_and_taken(app: Flask) -> None:
    arrive(app, "آب " * 3000)
    assert len(cases(app)[0].text) <= 5000


@given(st.text(max_size=60), st.sampled_from(["fa", "ar", "en"]))
def test_a_language_is_always_one_of_ours(text: str, fallback: str) -> None:
    assert guess(text, fallback) in {"fa", "ar", "en"}


@given(st.sampled_from(["fa", "ar", "en"]))
def test_letters_that_say_nothing_leave_the_choice(fallback: str) -> None:
    assert guess("۱۲۳ ؟", fallback) == fallback
    assert guess("سلام بر دوستان", "ar") == "fa"
    assert guess("Rue d'eau", fallback) == "en"
