"""Lists of ballots ask the database as often for many as for few."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.db import db
from portal.links import ALPHABET
from surveys.ballots import jobs
from surveys.ballots.models import BallotSheet, BallotVote
from surveys.ballots.services import closing, publishing
from tests.factories.accounts import make_user, sign_in
from tests.factories.ballots import Made, make_scheme, make_voters, open_vote, running
from tests.queries import count_queries
from tests.surveys.ballots.booth import Booth


def statements(client: FlaskClient, page: str) -> int:
    client.get(page)
    with count_queries() as queries:
        answer = client.get(page)
    assert answer.status_code == 200, answer.text
    return queries.count


def counted(app: Flask) -> tuple[Made, str]:
    """A vote of one person that was counted, and the receipt."""
    made, (token,) = running(1)
    receipt = Booth(app, token).vote({made.projects[0]: 1})
    with app.app_context():
        closing.close(made.scheme_id)
        db.session.commit()
    with app.app_context():
        jobs.advance()
        jobs.advance()
    return made, receipt


def add_votes(app: Flask, made: Made, number: int) -> None:
    choices: Any = [[project, 1] for project in made.projects[:2]]
    with app.app_context():
        db.session.add_all(
            BallotVote(
                area_id=made.area_id,
                receipt=f"ZZZZ{ALPHABET[n // 32 % 32]}{ALPHABET[n % 32]}ZZZZZZ",
                choices=choices,
                channel="paper" if n % 2 else "link",
            )
            for n in range(number)
        )
        db.session.commit()


@pytest.mark.parametrize("language", ["fa", "en"])
def test_published_votes(app: Flask, client: FlaskClient, language: str) -> None:
    made, receipt = counted(app)
    public = f"/{language}/ballots/{made.code.lower()}/{made.slug}/votes"
    pages = (public, f"{public}?receipt={receipt}")
    few = [statements(client, page) for page in pages]
    assert receipt in client.get(pages[1]).text
    add_votes(app, made, publishing.PAGE + 20)
    assert 'rel="next"' in client.get(public).text
    assert [statements(client, page) for page in pages] == few
    assert max(few) <= 8, few


def test_paper_ballots_that_are_typed(app: Flask) -> None:
    made = make_scheme(takes_paper=True)
    make_voters(made, 1)
    open_vote(made)
    client, user = app.test_client(), make_user(("communications",))
    sign_in(client, user)
    page = f"/staff/ballots/areas/{made.area_id}/paper"

    def add(start: int, number: int) -> None:
        with app.app_context():
            db.session.add_all(
                BallotSheet(
                    area_id=made.area_id,
                    label=str(start + n),
                    first=[[made.projects[0], 1]],
                    first_by=user.id,
                )
                for n in range(number)
            )
            db.session.commit()

    add(0, 2)
    few = statements(client, page)
    add(2, 60)
    assert client.get(page).text.count("<tr") > 60
    assert statements(client, page) == few <= 12
