"""Replies through the inbound handlers, on a campaign that was launched."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock, links
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging import inbound
from portal.messaging import services as messaging
from portal.messaging.models import InboundMessage, Message
from surveys.campaigns import launching
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign, Invitation
from surveys.quotas import services as quotas
from surveys.replies.models import PollReply
from surveys.ways import services as ways
from tests.factories.contacts import make_contact
from tests.factories.context import application
from tests.factories.messages import make_inbound
from tests.factories.surveys import make_survey, question, questionnaire
from tests.surveys.campaigns.drafts import launch, make_draft, set_messages
from tests.surveys.responses.phone import Phone, stored

pytestmark = pytest.mark.usefixtures("app")
TEXTS = dict.fromkeys(("fa", "ar", "en"), "? {choices}\n{link}")
FORM = questionnaire(
    [question("hello", "note"), question("wish", "select_one", "park library")],
    [question("bye", "note")],
)


@pytest.fixture
def person(app: Flask) -> Contact:
    return make_contact(language="fa")


def make_poll(texts: dict[str, str] | None = None) -> int:
    draft = make_draft(texts=texts or TEXTS, survey=make_survey(form=FORM))
    with application():
        ways.choose(draft, invites_by_sms=True, open_kind=None, takes_replies=True)
        db.session.commit()
    return draft


@pytest.fixture
def poll(person: Contact) -> int:
    draft = make_poll()
    launch(draft)
    sent(draft)
    return draft


def sent(campaign_id: int, at: dt.datetime | None = None, state: str = "delivered") -> None:
    """Its SMS were taken by a gateway."""
    batch = select(Campaign.batch_id).where(Campaign.id == campaign_id).scalar_subquery()
    with application():
        db.session.execute(
            update(Message)
            .where(Message.batch_id == batch)
            .values(state=state, accepted_at=at or clock.now())
        )
        db.session.commit()


@pytest.fixture
def arrive(app: Flask) -> Callable[[Contact, str], str | None]:
    """Offer an SMS to all handlers, twice as may happen; returns who took it."""

    def send(person: Contact, text: str) -> str | None:
        sms = make_inbound(text, person.e164)
        with app.app_context():
            for _ in range(2):
                inbound.handle({"id": sms.id})
                db.session.commit()
            return db.session.get_one(InboundMessage, sms.id).handled_by

    return send


def replies(app: Flask) -> list[str]:
    with app.app_context():
        return list(
            db.session.scalars(
                select(Message.body).where(Message.in_reply_to.is_not(None)).order_by(Message.id)
            )
        )


Arrive = Callable[[Contact, str], str | None]


def test_the_sms_lists_the_choices(app: Flask, poll: int) -> None:
    with app.app_context():
        body = db.session.scalars(select(Message.body)).one()
        campaign = db.session.get_one(Campaign, poll)
        assert "۱ park فا\n۲ library فا" in body
        assert campaigns.costs(campaign)["fa"].shown.count("park") == 1


def test_a_reply_is_an_answer_and_is_confirmed_once(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    assert arrive(person, "۲") == "poll_reply"
    (response,) = stored(app)
    assert (response.state, response.answers, response.mode, response.language) == (
        "complete",
        {"wish": "library"},
        "sms",
        "fa",
    )
    (said,) = replies(app)
    assert "library فا" in said


def test_a_second_reply_changes_nothing_and_is_told_once(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    for text in ("1", "2", "2", "پارک نه", "1"):
        arrive(person, text)
    (response,) = stored(app)
    assert response.answers == {"wish": "park"}
    told = [each for each in replies(app) if "park" not in each]
    assert len(told) <= 2
    with app.app_context():
        assert db.session.scalars(select(PollReply)).one().repeated_at is not None


def test_who_answered_by_link_has_answered(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    with app.app_context():
        token = links.token_for("survey", db.session.scalars(select(Invitation.id)).one())
    phone = Phone(app, token)
    phone.open()
    phone.send(wish="park")
    phone.send()
    assert arrive(person, "2") == "poll_reply"
    (response,) = stored(app)
    assert (response.answers, response.mode) == ({"wish": "park"}, "link")


def test_who_answered_by_sms_finds_the_link_answered(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    arrive(person, "1")
    with app.app_context():
        token = links.token_for("survey", db.session.scalars(select(Invitation.id)).one())
    assert "already answered" in Phone(app, token).open("?lang=en").text


def test_replies_at_once_are_one_answer(app: Flask, person: Contact, poll: int) -> None:
    found = [make_inbound(text, person.e164).id for text in ("1", "2") * 4]

    def take(inbound_id: int) -> None:
        with app.app_context():
            inbound.handle({"id": inbound_id})
            db.session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, found))
    assert len(stored(app)) == 1
    with app.app_context():
        taken = db.session.scalars(select(InboundMessage.handled_by)).all()
    assert taken == ["poll_reply"] * 8


def test_a_clumsy_answer_is_helped_once_and_then_goes_to_the_city(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    assert arrive(person, "نمی‌دانم") == "poll_reply"
    assert len(replies(app)) == 1
    assert arrive(person, "نمی‌دانم") != "poll_reply"
    assert stored(app) == []
    assert arrive(person, "1") == "poll_reply"
    assert len(stored(app)) == 1


def test_a_long_message_goes_to_the_city_at_once(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    assert arrive(person, "چاله بزرگی جلوی مدرسه کوچه ماست و خطرناک شده است") != "poll_reply"


@pytest.mark.parametrize(("text", "taker"), [("11", "opt_out"), ("لغو ۱۱", "opt_out")])
def test_stop_stays_stop(
    app: Flask, person: Contact, poll: int, arrive: Arrive, text: str, taker: str
) -> None:
    assert arrive(person, text) == taker
    assert stored(app) == [] and replies(app) == []


def test_a_stranger_and_a_closed_poll_are_left_alone(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    assert arrive(make_contact(), "1") != "poll_reply"
    with app.app_context():
        campaigns.close(poll)
        db.session.commit()
    assert arrive(person, "1") != "poll_reply"
    assert stored(app) == []


def test_a_robot_that_answers_answers_gets_no_endless_answers(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    for _ in range(10):
        arrive(person, "1")
    assert len(replies(app)) <= messaging.REPLIES_PER_HOUR


def test_of_two_polls_the_one_that_was_sent_last_is_meant(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    newer = make_poll()
    launch(newer)
    sent(newer)
    arrive(person, "1")
    arrive(person, "1")
    assert [response.campaign_id for response in stored(app)] == [newer]


@pytest.mark.parametrize("state", ["created", "suppressed", "cancelled", "failed"])
def test_a_poll_that_has_not_come_to_the_phone_is_not_meant(
    app: Flask, person: Contact, poll: int, arrive: Arrive, state: str
) -> None:
    launch(make_poll())
    set_messages(state, Message.state == "created")
    assert arrive(person, "1") == "poll_reply"
    assert [response.campaign_id for response in stored(app)] == [poll]


def test_a_reply_from_before_the_newer_poll_is_none_to_it(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    newer = make_poll()
    launch(newer)
    sent(newer, clock.now() + dt.timedelta(seconds=10))  # the reply lay in the queue meanwhile
    arrive(person, "1")
    assert [response.campaign_id for response in stored(app)] == [poll]


def test_a_reminder_is_the_newest_sms(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    newer = make_poll()
    launch(newer)
    sent(newer)
    with app.app_context():
        reminder = launching.remind(poll, user_id=None).batch_id
        db.session.execute(
            update(Message)
            .where(Message.batch_id == reminder)
            .values(state="accepted", accepted_at=clock.now())
        )
        db.session.commit()
    arrive(person, "1")
    assert [response.campaign_id for response in stored(app)] == [poll]


def test_an_sms_of_unknown_fate_may_have_come(
    app: Flask, person: Contact, poll: int, arrive: Arrive
) -> None:
    with app.app_context():
        db.session.execute(
            update(Message).values(state="unknown", accepted_at=None, claimed_at=clock.now())
        )
        db.session.commit()
    assert arrive(person, "1") == "poll_reply"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("? {link}", "{choices}"), ("{choices} {choices}", "more than once"), ("{choices}", None)],
)
def test_the_text_must_hold_the_choices(
    app: Flask, person: Contact, text: str, reason: str | None
) -> None:
    from portal.i18n import use_language

    draft = make_poll(dict.fromkeys(TEXTS, text))
    with app.app_context(), use_language("en"):
        problems = launching.plan(campaigns.locked(draft)).problems
    assert (reason is None and problems == ()) or (reason and reason in problems[0])


def test_an_anonymous_survey_takes_no_replies(app: Flask, person: Contact) -> None:
    make_contact(language="fa")
    draft = make_poll()
    with app.app_context():
        campaign = db.session.get_one(Campaign, draft)
        campaign.secrecy = "anonymous"
        db.session.commit()
        assert launching.plan(campaigns.locked(draft)).problems


def test_a_version_that_numbers_the_choices_otherwise_is_refused(app: Flask, poll: int) -> None:
    with app.app_context():
        survey = db.session.get_one(Campaign, poll).version.survey
        code = survey.code
    other = questionnaire([question("wish", "select_one", "library park")])
    number = make_survey(code, form=other).number
    with app.app_context():
        with pytest.raises(CampaignError, match="numbers"):
            campaigns.switch_version(poll, number)
        db.session.rollback()


def test_a_reply_of_a_full_group_is_thanked_and_not_kept(
    app: Flask, person: Contact, arrive: Callable[[Contact, str], str | None]
) -> None:
    late = make_contact(language="fa")
    draft = make_poll()
    with app.app_context():
        campaign = db.session.get_one(Campaign, draft)
        quotas.replace(campaign, [quotas.Wish("park", "${wish} = 'park'", 1)])
        db.session.commit()
    launch(draft)
    sent(draft)
    assert [arrive(each, "1") for each in (person, late)] == ["poll_reply"] * 2
    assert len(stored(app)) == 1
    assert len(replies(app)) == 2
