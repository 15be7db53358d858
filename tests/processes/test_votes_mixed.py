"""A thousand votes of five hundred people, nearly all at once, by link and SMS: one counts of each.

Real connections to the web processes of the Procfile; SMS come by the gateway's hook and are
handled by real workers.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, update

from portal import clock, links
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import LANGUAGES
from portal.messaging import wording
from portal.messaging.models import InboundMessage, Message
from portal.services import ServiceUrls
from surveys.campaigns import figures
from surveys.campaigns.models import Campaign, Invitation
from surveys.responses.models import Response
from surveys.ways import services as ways
from tests.factories.accounts import make_user, sign_in
from tests.factories.messages import LINE
from tests.factories.surveys import make_survey, question, questionnaire
from tests.processes.running import Crew, Server
from tests.surveys.campaigns.drafts import launch, make_draft
from tests.surveys.campaigns.test_pages import shown

pytestmark = [pytest.mark.processes, pytest.mark.surveys, pytest.mark.timeout(300)]

PEOPLE = 500
CONNECTIONS = 50
SURE = 60
"""People of each way whose other vote is sent when the first is through: a busy machine may read
all links of the crowd before its first SMS."""
SECRET = "a-secret-of-22-characters-or-more"
FORM = questionnaire([question("wish", "select_one", "park library", required=True)])
NUMBER_OF = {"park": "۱", "library": "2"}
THANKED, TOO_LATE = "You have nothing more to do", "You have already answered"


@pytest.fixture
def port(app: Flask, urls: ServiceUrls, tmp_path: Path) -> Iterator[int]:
    """Of the city's web process; workers and beat run beside it."""
    environ = {
        "PASOKH_ENV": "test",
        "DATABASE_URL": urls.database_url,
        "REDIS_URL": urls.redis_url,
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": app.config["SECRET_KEY"],
        "PUBLIC_URL": "http://localhost",
        "LOG_LEVEL": "WARNING",
        "QUIET_HOURS": "",
        "SMS_GATEWAY": "kavenegar",
        "SMS_LINE": LINE,
        "SMS_HOOK_SECRET": SECRET,
        "KAVENEGAR_URL": "http://127.0.0.1:9",
        "KAVENEGAR_API_KEY": "k" * 20,
    }
    server, crew = Server(environ), Crew(environ)
    try:
        server.start()
        crew.keep()
        yield server.port
    finally:
        crew.stop()
        server.kill()


@dataclass(frozen=True)
class Person:
    number: str
    token: str
    by_link: str
    by_sms: str


def _people(app: Flask) -> tuple[int, list[Person]]:
    """The campaign, and everybody who was asked, with what they will say by either way."""
    with app.app_context():
        for n in range(PEOPLE):
            number = f"+98912{n:07d}"
            db.session.add(Contact(e164=number, language="en", sort_key=number, search_key=number))
        db.session.commit()
    draft = make_draft(
        texts=dict.fromkeys(LANGUAGES, "? {choices}\n{link}"), survey=make_survey(form=FORM)
    )
    with app.app_context():
        ways.choose(draft, invites_by_sms=True, open_kind=None, takes_replies=True)
        db.session.commit()
    assert launch(draft) == PEOPLE
    chance = random.Random(7)
    with app.app_context():
        # Not what is tried here: they have their SMS.
        now = clock.now()
        db.session.execute(update(Message).values(state="delivered", accepted_at=now))
        db.session.commit()
        rows = db.session.execute(
            select(Contact.e164, Invitation.id).join(
                Invitation, Invitation.contact_id == Contact.id
            )
        )
        return draft, [
            Person(
                number, links.token_for("survey", each), *chance.choices(["park", "library"], k=2)
            )
            for number, each in rows
        ]


def _by_link(port: int, person: Person) -> tuple[int, str]:
    form = {"wish": person.by_link, ".shown": "wish", ".go": "next", ".lang": "en"}
    url = f"http://127.0.0.1:{port}/s/{person.token}"
    answer = requests.post(url, data=form, allow_redirects=False, timeout=60)
    if answer.status_code != 303:
        return answer.status_code, answer.text
    page = requests.get(f"http://127.0.0.1:{port}{answer.headers['Location']}", timeout=60)
    return page.status_code, page.text


def _by_sms(port: int, person: Person) -> tuple[int, str]:
    sms = {"messageid": person.number[1:], "from": person.number, "to": LINE}
    sms["message"] = NUMBER_OF[person.by_sms]
    url = f"http://127.0.0.1:{port}/hooks/sms/kavenegar/{SECRET}/inbound"
    answer = requests.post(url, data=sms, timeout=60)
    return answer.status_code, answer.text


def test_a_thousand_votes_of_five_hundred_people_are_five_hundred(app: Flask, port: int) -> None:
    campaign_id, people = _people(app)
    sooner = [(_by_sms, each) for each in people[:SURE]]
    sooner += [(_by_link, each) for each in people[SURE : 2 * SURE]]
    crowd = [(way, each) for each in people for way in (_by_link, _by_sms)]
    crowd = [vote for vote in crowd if vote not in sooner]
    random.Random(8).shuffle(crowd)
    votes = sooner + crowd
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(lambda vote: vote[0](port, vote[1]), sooner))
        _until_handled(app, SURE)
        began = time.monotonic()
        answers += pool.map(lambda vote: vote[0](port, vote[1]), crowd)
    sent = time.monotonic() - began
    assert {code for code, _text in answers} == {200}, Counter(code for code, _ in answers)
    _until_handled(app, PEOPLE)
    print(f"\n{len(crowd)} votes in {sent:.1f} s, handled after {time.monotonic() - began:.1f} s")
    pages = {
        person.number: text
        for (way, person), (_code, text) in zip(votes, answers, strict=True)
        if way is _by_link
    }
    with app.app_context():
        assert set(db.session.scalars(select(InboundMessage.handled_by))) == {"poll_reply"}
        rows = db.session.execute(
            select(Contact.e164, Response.mode, Response.state, Response.answers)
            .join(Invitation, Invitation.id == Response.invitation_id)
            .join(Contact, Contact.id == Invitation.contact_id)
        ).all()
        told = dict(
            db.session.execute(
                select(Message.e164, Message.body).where(Message.in_reply_to.is_not(None))
            ).all()
        )
        states = Counter(db.session.scalars(select(Invitation.state)))
        too_late_by_sms = wording.render("replies.repeated", "en").body
    assert len(rows) == len({row.e164 for row in rows}) == PEOPLE
    assert states == {"answered": PEOPLE}
    counted = Counter(row.mode for row in rows)
    assert min(counted["link"], counted["sms"]) >= SURE, f"not mixed: {counted}"
    votes_of = {person.number: person for person in people}
    for number, mode, state, given in rows:
        person, page = votes_of[number], pages[number]
        is_by_link = mode == "link"
        assert state == "complete"
        assert given == {"wish": person.by_link if is_by_link else person.by_sms}
        # Each way says whether its own vote is the one that counts.
        is_thanked = is_by_link or person.by_link == person.by_sms
        assert (THANKED in page, TOO_LATE in page) == (is_thanked, not is_thanked), page
        assert (told[number] == too_late_by_sms) is is_by_link
    _pages_agree(app, campaign_id, Counter(row.answers["wish"] for row in rows))


def _until_handled(app: Flask, number: int) -> None:
    ends = time.monotonic() + 120
    left = number
    while left:
        assert time.monotonic() < ends, f"{left} SMS are not handled"
        time.sleep(0.2)
        with app.app_context():
            handled = select(func.count()).where(InboundMessage.handled_at.is_not(None))
            left = number - (db.session.scalar(handled) or 0)


def _pages_agree(app: Flask, campaign_id: int, wishes: Counter[str]) -> None:
    """The figures of the campaign and the page of results count as the table does."""
    client = app.test_client()
    sign_in(client, make_user(roles=("communications",), language="en"))
    with app.app_context():
        campaign = db.session.get_one(Campaign, campaign_id)
        code = campaign.version.survey.code
        progress = figures.progress(campaign)
    assert (progress.invited, progress.answered) == (PEOPLE, PEOPLE)
    page = shown(client.get(f"/staff/results/{code}?lang=en").text)
    assert f"People who answered this question: {PEOPLE}." in page
    for wish, number in wishes.items():
        assert f" {wish} en {number} " in page
    assert f"{PEOPLE} of {PEOPLE}" in page
