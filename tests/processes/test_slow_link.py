"""As many responses as respondents, none split, none lost, on a line that is hardly there.

The real server (granian, as in the Procfile) behind `slow_link.SlowLink`: 50 kbit/s, 800 ms, 10 %
loss. People reload, lose patience, press twice; half-way the server is killed and started again.

In the suite 60 people at ten times the speed; `make slow-link` is the whole: 500 people in real
time. SLOW_LINK_PEOPLE and SLOW_LINK_SPEED are for others.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import links, services
from portal.contacts.models import Contact
from portal.db import db
from surveys.campaigns.models import Invitation
from surveys.responses.models import Response
from tests.factories.surveys import make_campaign, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.processes.respondents import Person
from tests.processes.running import Server
from tests.processes.slow_link import SlowLink

PEOPLE = int(os.environ.get("SLOW_LINK_PEOPLE", "60"))
SPEED = float(os.environ.get("SLOW_LINK_SPEED", "10"))
pytestmark = [
    pytest.mark.processes,
    pytest.mark.surveys,
    pytest.mark.timeout(120 + PEOPLE * 3),
]

FORM = form(
    [question("who"), question("way", "select_one", "bus walk car", required=True)],
    [question("age", "integer", required=True, constraint=". < 130"), question("again")],
    [question("idea", appearance="multiline"), question("last", required=True)],
)


@pytest.fixture
def server(app: Flask, urls: services.ServiceUrls, tmp_path: Path) -> Iterator[Server]:
    found = Server(
        {
            "PASOKH_ENV": "test",
            "DATABASE_URL": urls.database_url,
            "REDIS_URL": urls.redis_url,
            "DATA_DIR": str(tmp_path),
            "SECRET_KEY": "test-secret-key-that-is-long-enough-0123456789",
            "PUBLIC_URL": "http://localhost",
            "LOG_LEVEL": "WARNING",
        }
    )
    found.start()
    yield found
    found.kill()


def invite(count: int) -> dict[str, int]:
    """token -> id of that many invitations, in two statements."""
    campaign = make_campaign(make_survey(form=FORM))
    numbers = [f"+98912{n:07d}" for n in range(count)]
    db.session.add_all(
        Contact(e164=number, language="en", sort_key=number, search_key=number)
        for number in numbers
    )
    db.session.flush()
    db.session.add_all(
        Invitation(campaign_id=campaign.id, contact_id=contact, language="en")
        for contact in db.session.scalars(select(Contact.id))
    )
    db.session.flush()
    tokens = {}
    for invitation in db.session.scalars(select(Invitation)):
        token = links.token_for("survey", invitation.id)
        invitation.token_digest = links.digest(token)
        tokens[token] = invitation.id
    db.session.commit()
    return tokens


def meant(number: int) -> dict[str, str]:
    """What one person wants to say; nobody else says the same."""
    return {
        "who": f"person {number}",
        "way": ("bus", "walk", "car")[number % 3],
        "age": str(18 + number % 80),
        "again": f"again {number}",
        "idea": f"چراغ کوچهٔ {number}\n" * 5,
        "last": f"last {number}",
    }


async def crowd(server: Server, tokens: dict[str, int]) -> tuple[list[Person], SlowLink]:
    async with SlowLink(server.port, speed=SPEED) as line:
        people = [
            Person(line.port, token, meant(number), SPEED, seed=number)
            for token, number in tokens.items()
        ]
        everybody = asyncio.gather(*(person.answer() for person in people))

        async def restart() -> None:
            while sum(person.seconds > 0 for person in people) < len(people) // 3:
                await asyncio.sleep(0.2)
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(3 / SPEED)
            await asyncio.to_thread(server.start)

        await asyncio.gather(everybody, restart())
        return people, line


def test_everybody_is_counted_once_and_whole(app: Flask, server: Server) -> None:
    with app.app_context():
        tokens = invite(PEOPLE)
    start = time.monotonic()
    # In a thread of its own: the browser tests leave an event loop running in this one.
    with ThreadPoolExecutor(1) as apart:
        people, line = apart.submit(lambda: asyncio.run(crowd(server, tokens))).result()
    took = time.monotonic() - start
    with app.app_context():
        rows = db.session.scalars(select(Response)).all()
        states = Counter(db.session.scalars(select(Invitation.state)))
        invitations = db.session.scalar(select(func.count()).select_from(Invitation))
    happened = sum((person.happened for person in people), Counter[str]())
    seconds = sorted(person.seconds for person in people)
    print(
        f"\n{PEOPLE} people, speed {SPEED:g}: {took:.0f} s; a person needed "
        f"{seconds[len(seconds) // 2]:.0f} s (median), {seconds[-1]:.0f} s (longest); "
        f"{dict(happened)}; {line.counts}"
    )
    assert invitations == PEOPLE
    assert len(rows) == PEOPLE
    assert Counter(row.state for row in rows) == {"complete": PEOPLE}
    assert states == {"answered": PEOPLE}
    assert len({row.invitation_id for row in rows}) == PEOPLE
    for row in rows:
        assert row.invitation_id is not None
        wanted = meant(row.invitation_id)
        assert row.answers == {
            **wanted,
            "age": int(wanted["age"]),
            "idea": wanted["idea"].strip(),
        }
    # The line was as bad as it claims, and people were as impatient.
    assert 0.05 < line.counts.lost / line.counts.segments < 0.15
    assert happened["double submits"] >= PEOPLE / 4
    assert happened["reloads"] >= PEOPLE / 8
    assert happened["broken connections"] >= 1
