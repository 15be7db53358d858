"""Votes by link and by SMS at the same time: each person has one."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import links, outbox
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging.models import InboundMessage, Message
from surveys.campaigns.models import Invitation
from surveys.responses.models import Response
from surveys.ways import services as ways
from tests.factories.messages import LINE
from tests.factories.surveys import make_survey, question, questionnaire
from tests.surveys.campaigns.drafts import launch, make_draft

PEOPLE = 500
THREADS = 12
SECRET = "a-secret-of-22-characters-or-more"
FORM = questionnaire([question("wish", "select_one", "park library", required=True)])


@pytest.fixture
def city(make_app: Callable[..., Flask], app: Flask) -> Iterator[Flask]:
    """With a gateway that pushes what arrives."""
    yield make_app(
        sms_gateway="kavenegar",
        sms_line=LINE,
        sms_hook_secret=SECRET,
        gateway_options={"kavenegar": {"url": "http://127.0.0.1:9", "api_key": "k" * 20}},
    )


def _people(city: Flask) -> list[tuple[str, str]]:
    """(number, token) of each person who was asked."""
    with city.app_context():
        for n in range(PEOPLE):
            number = f"+98912{n:07d}"
            db.session.add(Contact(e164=number, language="fa", sort_key=number, search_key=number))
        db.session.commit()
    draft = make_draft(
        texts=dict.fromkeys(("fa", "ar", "en"), "? {choices}\n{link}"),
        survey=make_survey(form=FORM),
    )
    with city.app_context():
        ways.choose(draft, invites_by_sms=True, open_kind=None, takes_replies=True)
        db.session.commit()
    assert launch(draft) == PEOPLE
    with city.app_context():
        # Not what is tried here: they have their SMS.
        db.session.execute(update(Message).values(state="delivered"))
        db.session.commit()
        rows = db.session.execute(
            select(Contact.e164, Invitation.id).join(
                Invitation, Invitation.contact_id == Contact.id
            )
        )
        return [(number, links.token_for("survey", each)) for number, each in rows]


def test_a_thousand_votes_of_five_hundred_people_at_once_are_five_hundred(city: Flask) -> None:
    people = _people(city)
    chance = random.Random(7)

    def by_link(_number: str, token: str, choice: str) -> int:
        data = {"wish": choice, ".shown": "wish", ".go": "next"}
        return city.test_client(use_cookies=False).post(f"/s/{token}", data=data).status_code

    def by_sms(number: str, _token: str, choice: str) -> int:
        text = {"park": "۱", "library": "2"}[choice]
        sms = {"messageid": number[1:], "from": number, "to": LINE, "message": text}
        path = f"/hooks/sms/kavenegar/{SECRET}/inbound"
        code = city.test_client(use_cookies=False).post(path, data=sms).status_code
        with city.app_context():
            outbox.sweep()  # as a worker does at the hint
        return code

    votes = [
        (way, *person, chance.choice(["park", "library"]))
        for person in people
        for way in (by_link, by_sms)
    ]
    chance.shuffle(votes)
    with ThreadPoolExecutor(THREADS) as pool:
        codes = Counter(pool.map(lambda vote: vote[0](*vote[1:]), votes))
    assert set(codes) == {200, 303}
    assert codes[200] == PEOPLE, "each SMS was taken"
    with city.app_context():
        assert db.session.scalar(select(func.count()).select_from(InboundMessage)) == PEOPLE
        assert set(db.session.scalars(select(InboundMessage.handled_by))) == {"poll_reply"}
        modes = Counter(db.session.scalars(select(Response.mode)))
        states = Counter(db.session.scalars(select(Response.state)))
        answered = Counter(db.session.scalars(select(Invitation.state)))
        persons = db.session.scalar(select(func.count(Response.invitation_id.distinct())))
    assert states == {"complete": PEOPLE}
    assert persons == PEOPLE
    assert answered == {"answered": PEOPLE}
    assert min(modes["link"], modes["sms"]) > PEOPLE // 10, f"not mixed: {modes}"
