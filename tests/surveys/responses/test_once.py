"""One invitation, one response: double clicks, tabs, threads, closed and finished surveys."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import update

from portal import clock, signals
from portal.contacts.models import Contact
from portal.db import db
from surveys.campaigns.models import Campaign
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.responses.phone import Phone, row_counts, states, stored

SHORT = form([question("vote", "select_one", "a b", required=True)])


def link(app: Flask, **campaign: object) -> Phone:
    token = make_invitation(make_campaign(make_survey(form=SHORT), **campaign), language="en")[1]
    return Phone(app, token)


def test_pressed_twice_is_answered_once_and_both_presses_are_thanked(app: Flask) -> None:
    phone = link(app)
    phone.open()
    action, data = phone.action, {**phone.fields, "vote": "a", ".go": "next"}
    first, second = (phone.client.post(action, data=data) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert "Your answers have arrived." in phone.client.get(first.headers["Location"]).text
    assert len(stored(app)) == 1


def test_fifty_at_once_are_one_response(app: Flask) -> None:
    phone = link(app)
    phone.open()
    action, fields = phone.action, phone.fields

    def press(n: int) -> int:
        client = app.test_client(use_cookies=False)
        data = {**fields, "vote": "ab"[n % 2], ".go": "next"}
        return client.post(action, data=data).status_code

    with ThreadPoolExecutor(25) as pool:
        assert set(pool.map(press, range(50))) == {303}
    (response,) = stored(app)
    assert response.state == "complete"
    assert response.answers["vote"] in {"a", "b"}
    assert states(app) == ["answered"]


def test_two_pages_sent_at_once_are_both_kept(app: Flask) -> None:
    q = form(*[[question(f"q{n}")] for n in range(10)], [question("must", required=True)])
    token = make_invitation(make_campaign(make_survey(form=q)))[1]

    def press(n: int) -> int:
        client = app.test_client(use_cookies=False)
        data = {".shown": f"q{n}", f"q{n}": str(n)}
        return client.post(f"/s/{token}?p={n + 1}", data=data).status_code

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(press, range(10))) == {303}
    assert stored(app)[0].answers == {f"q{n}": str(n) for n in range(10)}


def test_a_second_tab_comes_too_late_changes_nothing_and_is_told_so(app: Flask) -> None:
    one = link(app)
    one.open()
    two = Phone(app, one.token)
    two.open()
    one.send(vote="a")
    assert two.send(vote="b").status_code == 303
    assert "You have already answered" in two.page.text
    assert stored(app)[0].answers == {"vote": "a"}


def test_the_last_page_of_several_pressed_twice_is_thanked_twice(app: Flask) -> None:
    pages = form([question("why")], [question("vote", "select_one", "a b", required=True)])
    phone = Phone(app, make_invitation(make_campaign(make_survey(form=pages)), language="en")[1])
    phone.open()
    phone.send(why="so")
    action, data = phone.action, {**phone.fields, ".go": "next"}
    for vote, said in (("a", "You have nothing more to do"), ("a", "You have nothing more to do"),
                       ("b", "You have already answered")):  # fmt: skip
        answer = phone.client.post(action, data={**data, "vote": vote})
        assert said in phone.client.get(answer.headers["Location"]).text
    assert stored(app)[0].answers == {"why": "so", "vote": "a"}


def test_the_link_of_somebody_who_answered_says_so(app: Flask) -> None:
    phone = link(app)
    phone.open()
    phone.send(vote="a")
    assert "Thank you" in phone.page.text
    phone.open()
    assert phone.page.status_code == 200
    assert "You have already answered" in phone.page.text
    assert "<form" not in phone.page.text
    assert '<html lang="fa"' in phone.open("?lang=fa").text


@pytest.mark.parametrize(
    ("campaign", "status", "words"),
    [
        ({"state": "draft"}, 404, "has not begun"),
        ({"state": "closed"}, 410, "is over"),
        ({"state": "cancelled"}, 410, "called off"),
        ({"closes_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, 410, "is over"),
    ],
)
def test_a_survey_that_takes_no_answers_says_so_kindly(
    app: Flask, campaign: dict[str, object], status: int, words: str
) -> None:
    phone = link(app, **campaign)
    for query in ("", "?p=1", "/a"):
        assert phone.open(query).status_code == status
        assert words in phone.page.text
    answer = phone.client.post(f"/s/{phone.token}", data={"vote": "a", ".shown": "vote"})
    assert answer.status_code == 303
    assert phone.client.get(answer.headers["Location"]).status_code == status
    assert stored(app) == []


def test_closing_in_the_middle_stops_the_answer_but_not_the_thanks(app: Flask) -> None:
    early, late = link(app), link(app)
    early.open()
    late.open()
    early.send(vote="a")
    with app.app_context():
        db.session.execute(update(Campaign).values(state="closed"))
        db.session.commit()
    late.send(vote="b")
    assert late.page.status_code == 410
    assert "already answered" in early.open().text
    assert [r.state for r in stored(app)] == ["complete"]


def test_a_paused_campaign_still_takes_answers(app: Flask) -> None:
    phone = link(app, state="paused")
    phone.open()
    phone.send(vote="a")
    assert states(app) == ["answered"]


def test_who_opts_out_is_not_waited_for_but_may_still_answer(app: Flask) -> None:
    waiting, done = link(app), link(app)
    done.open()
    done.send(vote="a")
    with app.app_context():
        for contact in db.session.query(Contact).order_by(Contact.id):
            signals.opted_out.send(None, contact_id=None, e164=contact.e164, line=None)
        db.session.commit()
    assert states(app) == ["refused", "answered"]
    waiting.open()
    waiting.send(vote="b")
    assert states(app) == ["answered", "answered"]


SCANNERS = (
    "WhatsApp/2.23",
    "TelegramBot (like TwitterBot)",
    "facebookexternalhit/1.1",
    "Mozilla/5.0 (compatible; bingbot/2.0)",
    "curl/8.0",
)


@pytest.mark.parametrize("agent", SCANNERS)
def test_looking_changes_nothing(app: Flask, agent: str) -> None:
    phone = link(app)
    before = row_counts(app)
    for query in ("", "/a", "?p=1", "?lang=ar", "?done=1"):
        for method in (phone.client.get, phone.client.head):
            answer = method(f"/s/{phone.token}{query}", headers={"User-Agent": agent})
            assert answer.status_code == 200
    assert row_counts(app) == before
    assert states(app) == ["open"]


def test_the_answer_says_when_it_began_and_ended(app: Flask) -> None:
    start = clock.now()
    phone = link(app)
    phone.open()
    phone.send(vote="a")
    (response,) = stored(app)
    assert response.submitted_at is not None
    assert start <= response.started_at <= response.submitted_at <= clock.now()
