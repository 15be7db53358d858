"""The voter's way: four kinds of ballot, one ballot per person, a receipt."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.db import db
from portal.messaging.models import Message
from portal.text import localized_digits
from surveys.ballots import jobs
from surveys.ballots.models import BallotSealed, BallotVote, BallotVoter
from surveys.ballots.services import closing, schemes, voting
from tests.factories.ballots import Made, make_scheme, make_voters, open_vote, running
from tests.surveys.ballots.booth import Booth


def close_and_open(app: Flask, made: Made) -> list[BallotVote]:
    """End the vote; the votes as they came out of the box, not yet counted."""
    with app.app_context():
        closing.close(made.scheme_id)
        db.session.commit()
        closing.open_box(made.area_id)
        db.session.commit()
        closing.destroy_keys()
        return list(db.session.scalars(select(BallotVote).order_by(BallotVote.receipt)))


@pytest.mark.parametrize(
    ("kind", "values", "choices"),
    [
        ("approval", (1, 1, None, None), [(0, 1), (1, 1)]),
        ("knapsack", (1, 1, 1, None), [(0, 1), (1, 1), (2, 1)]),
        ("ranked", ("2", "1", None, None), [(1, 1), (0, 2)]),
        ("points", ("۷", "٣", None, None), [(1, 3), (0, 7)]),
    ],
)
@pytest.mark.parametrize("language", ["fa", "ar", "en"])
def test_a_citizen_votes_to_the_end(
    app: Flask, kind: str, values: tuple[Any, ...], choices: list[Any], language: str
) -> None:
    made, (token,) = running(1, language, kind=kind)
    marks = {made.projects[n]: value for n, value in enumerate(values) if value is not None}
    booth = Booth(app, token)
    page = booth.open()
    assert f'<html lang="{language}"' in page.text
    assert sorted(booth.order) == sorted(made.projects)
    assert "Set-Cookie" not in page.headers and page.headers["Cache-Control"] == "no-store"
    review = booth.send("review", marks)
    assert review.status_code == 200
    assert len(re.findall(r"<li>", review.text)) == len(choices)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(BallotSealed)) == 0
    booth.send("final")
    receipt = booth.receipt
    assert receipt not in Booth(app, token).open().text
    (vote,) = close_and_open(app, made)
    assert vote.receipt == receipt.replace("-", "")
    assert vote.choices == [[made.projects[n], value] for n, value in choices]


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("approval", {}, "Choose at least one project"),
        ("approval", {0: 1, 1: 1, 2: 1}, "at most 2 projects; you have chosen 3"),
        ("knapsack", {0: 1, 3: 1}, "costs 100,000,000 toman more than the budget"),
        ("ranked", {0: 1, 1: 1}, "Two projects stand in place 1"),
        ("ranked", {0: 5}, "There is no such place"),
        ("points", {0: 6, 1: 5}, "given 11 points; you have 10"),
        ("points", {0: "many"}, "Write a whole number"),
        ("points", {0: "-3"}, "at least zero"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_marked_is_lost(
    app: Flask, kind: str, values: dict[int, Any], words: str
) -> None:
    made, (token,) = running(1, "en", kind=kind)
    marks = {made.projects[n]: value for n, value in values.items()}
    booth = Booth(app, token)
    booth.open()
    page = booth.send("review", marks)
    assert page.status_code == 422
    assert words in page.text
    assert 'id="error-summary"' in page.text
    for project, value in marks.items():
        if kind in {"approval", "knapsack"}:
            assert booth.fields[f"p{project}"] == "1"
        elif kind == "points":
            assert booth.fields[f"p{project}"] == str(value)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(BallotSealed)) == 0


def test_without_script_check_says_where_the_voter_stands(app: Flask) -> None:
    made, (token,) = running(1, "fa", kind="knapsack")
    booth = Booth(app, token)
    booth.open()
    page = booth.send("check", {made.projects[0]: 1, made.projects[2]: 1})
    assert page.status_code == 200
    assert localized_digits("600,000,000", "fa").replace(",", "٬") in page.text
    assert booth.fields[f"p{made.projects[0]}"] == "1"


def test_the_language_changes_and_the_marks_stay(app: Flask) -> None:
    made, (token,) = running(1, "fa", kind="points")
    booth = Booth(app, token)
    booth.open()
    page = booth.send("lang:en", {made.projects[0]: "۴", made.projects[1]: "x"})
    assert page.status_code == 200 and '<html lang="en"' in page.text
    assert booth.fields[f"p{made.projects[0]}"] == "۴"
    assert booth.fields[f"p{made.projects[1]}"] == "x"
    assert booth.fields[".lang"] == "en"


def test_the_order_is_random_recorded_and_stays_with_the_voter(app: Flask) -> None:
    made, tokens = running(12)
    orders = []
    for token in tokens:
        booth = Booth(app, token)
        booth.open()
        first = booth.order
        booth.open()
        assert booth.order == first
        orders.append(tuple(first))
    assert len(set(orders)) > 3
    with app.app_context():
        seeds = db.session.scalars(
            select(BallotVoter.order_seed).order_by(BallotVoter.contact_id)
        ).all()
        assert [tuple(voting.order_of(seed, made.projects)) for seed in seeds] == orders


def test_each_voter_sees_the_ballot_of_the_own_neighbourhood(app: Flask) -> None:
    first, (mine,) = running(1, "en")
    second, _tokens = running(1, "en")
    booth = Booth(app, mine)
    booth.open()
    assert set(booth.order) == set(first.projects)
    # A project of another ballot is no choice of this one.
    page = booth.send("review", {second.projects[0]: 1})
    assert page.status_code == 422
    assert set(second.projects).isdisjoint(booth.order)


def test_a_double_click_is_one_ballot_and_one_receipt(app: Flask) -> None:
    made, (token,) = running(1)
    booth = Booth(app, token)
    booth.open()
    booth.send("review", {made.projects[0]: 1})
    fields = booth.fields
    first = booth.client.post(f"/b/{token}", data={**fields, ".go": "final"})
    again = booth.client.post(f"/b/{token}", data={**fields, ".go": "final"})
    assert first.text == again.text
    # Another tab with a review page of its own comes too late, and learns nothing.
    other = Booth(app, token)
    other.page = first
    stopped = other.client.post(
        f"/b/{token}", data={**fields, ".key": voting.new_page_key(), ".go": "final"}
    )
    booth.page = first
    assert booth.receipt not in stopped.text
    assert len(close_and_open(app, made)) == 1


def test_two_hundred_at_once_are_one_ballot(app: Flask) -> None:
    made, (token,) = running(1)

    def press(number: int) -> int:
        data = {".go": "final", ".key": voting.new_page_key(), f"p{made.projects[number % 2]}": "1"}
        return app.test_client(use_cookies=False).post(f"/b/{token}", data=data).status_code

    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(press, range(200)))
    assert set(codes) == {200}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(BallotSealed)) == 1
    assert len(close_and_open(app, made)) == 1


def test_after_the_last_moment_no_ballot_is_taken(app: Flask) -> None:
    with clock.freeze("2026-05-01T08:00:00+00:00"):
        made, tokens = running(2, "en")
        late = Booth(app, tokens[0])
        late.open()
        late.send("review", {made.projects[0]: 1})
        clock.shift(days=7)
        page = late.send("final")
        assert page.status_code == 410 and "The vote is over" in page.text
        assert Booth(app, tokens[1]).open().status_code == 410
        with app.app_context():
            jobs.advance()
            assert schemes.by_code(made.code).state == "counted"  # type: ignore[union-attr]
        page = Booth(app, tokens[1]).open()
        assert page.status_code == 200 and "The result in your neighbourhood" in page.text


def test_the_invitation_leads_to_the_ballot_and_respects_who_opted_out(app: Flask) -> None:
    from portal.contacts import consent

    made = make_scheme()
    ids = make_voters(made, 3, "en")
    with app.app_context():
        from portal.contacts.models import Contact

        gone = db.session.get_one(Contact, ids[0])
        consent.opt_out(gone.e164, line=None, channel="staff", evidence="test")
        db.session.commit()
    tokens = open_vote(made)
    assert len(tokens) == 2
    with app.app_context():
        from portal.messaging import services as messaging

        messages = db.session.scalars(select(Message).order_by(Message.contact_id)).all()
        assert [message.contact_id for message in messages] == ids[1:]
        bodies = [messaging.text_of(message) for message in messages]
    for token, body in zip(tokens, bodies, strict=True):
        assert f"http://localhost/b/{token}" in body


@pytest.mark.parametrize("site", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.test"}])
def test_another_site_cannot_send_a_ballot(app: Flask, site: dict[str, str]) -> None:
    made, (token,) = running(1)
    booth = Booth(app, token)
    booth.open()
    assert booth.send("review", {made.projects[0]: 1}, **site).status_code == 403


def test_an_unknown_link_is_explained(app: Flask) -> None:
    page = Booth(app, "00000000000").open("?lang=en")
    assert page.status_code == 404 and "We do not know this link" in page.text


def test_a_vote_that_was_called_off_throws_its_box_away_unread(app: Flask) -> None:
    made, tokens = running(2, "en")
    Booth(app, tokens[0]).vote({made.projects[0]: 1})
    with app.app_context():
        schemes.cancel(made.scheme_id)
        db.session.commit()
        jobs.advance()
        assert db.session.scalar(select(func.count()).select_from(BallotSealed)) == 0
        assert db.session.scalar(select(func.count()).select_from(BallotVote)) == 0
    assert Booth(app, tokens[1]).open().status_code == 410


def test_the_first_view_is_small(app: Flask) -> None:
    import gzip
    from pathlib import Path

    _made, (token,) = running(1, kind="knapsack")
    page = Booth(app, token).open()
    static = Path(app.static_folder or "")
    parts = [page.data, *((static / name).read_bytes() for name in (
        "css/survey.css", "css/ballot.css", "js/ballot.js"))]  # fmt: skip
    assert sum(len(gzip.compress(part)) for part in parts) <= 14 * 1024


def test_a_vote_lasts_days(app: Flask) -> None:
    made, _tokens = running(1)
    with app.app_context():
        scheme = schemes.get(made.scheme_id)
        assert scheme is not None and scheme.voting_until is not None
        assert scheme.voting_until - clock.now() > dt.timedelta(days=6)
