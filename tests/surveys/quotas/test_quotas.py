"""Exactly as many as allowed, however many come at once, and no word about who."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal import links
from portal.db import db
from portal.i18n import use_language
from surveys.campaigns.models import Campaign, Invitation
from surveys.quotas import services
from surveys.quotas.jobs import settle_counts
from surveys.quotas.models import Quota
from surveys.secrecy import keys
from tests.factories.surveys import make_campaign, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.responses.phone import Phone, states, stored
from tests.surveys.secrecy.boxes import answer, close, opened, sealed, sweep

ONE = form([question("who", "select_one", "woman man", required=True)])
LONG = form(
    [question("who", "select_one", "woman man"), question("old", "integer")],
    [question("more"), question("age", "calculate", calculation="${old} + 1")],
    [question("last")],
)


def make(q: Any, *wishes: tuple[str, int], secrecy: str = "confidential") -> Campaign:
    """A running campaign with quotas."""
    made = make_campaign(make_survey(form=q), state="draft", secrecy=secrecy)
    campaign = db.session.get_one(Campaign, made.id)
    services.replace(campaign, [services.Wish(each[0], *each) for each in wishes])
    services.prepare(campaign)
    campaign.state, campaign.launched_at = "launched", campaign.created_at
    db.session.commit()
    return campaign


def people(campaign: Campaign, number: int) -> list[str]:
    made = [Invitation(campaign_id=campaign.id, language="en") for _ in range(number)]
    db.session.add_all(made)
    db.session.flush()
    tokens = []
    for each in made:
        tokens.append(links.token_for("survey", each.id))
        each.token_digest = links.digest(tokens[-1])
    db.session.commit()
    return tokens


@pytest.mark.parametrize("secrecy", ["confidential", "anonymous"])
def test_two_hundred_at_once_on_a_quota_of_25_are_25(
    app: Flask, context: Flask, secrecy: str
) -> None:
    campaign = make(ONE, ("${who} = 'woman'", 25), secrecy=secrecy)
    tokens = people(campaign, 200)

    def press(token: str) -> int:
        client = app.test_client(use_cookies=False)
        data = {".shown": "who", "who": "woman", ".go": "next"}
        return client.post(f"/s/{token}?p=1", data=data).status_code

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(press, tokens)) <= {200, 303}
    if secrecy == "confidential":
        assert [r.state for r in stored(app)] == ["complete"] * 25
        assert sorted(states(app)) == ["answered"] * 25 + ["screened"] * 175
        assert services.of(campaign.id)[0].filled == 25
    else:
        assert set(states(app)) == {"answered"}, "who came too late looks like the others"
        assert len(sealed()) == 200
        close(campaign)
        sweep()
        assert len(opened()) == 25
        settle_counts()
        db.session.rollback()
        assert services.of(campaign.id)[0].filled == 25


def test_two_hundred_presses_of_one_link_are_one_response(app: Flask, context: Flask) -> None:
    campaign = make(ONE, ("${who} = 'woman'", 25))
    (token,) = people(campaign, 1)

    def press(n: int) -> int:
        client = app.test_client(use_cookies=False)
        data = {".shown": "who", "who": ("woman", "man")[n % 2], ".go": "next"}
        return client.post(f"/s/{token}?p=1", data=data).status_code

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(press, range(200))) == {303}
    (response,) = stored(app)
    assert response.state == "complete"
    db.session.rollback()
    assert services.of(campaign.id)[0].filled == (response.answers["who"] == "woman")


@pytest.mark.parametrize("secrecy", ["confidential", "anonymous"])
def test_a_full_group_is_thanked_at_the_first_page_that_shows_it(
    app: Flask, context: Flask, secrecy: str
) -> None:
    campaign = make(
        LONG, ("${who} = 'woman'", 1), ("${age} > 30 and ${who} = 'man'", 1), secrecy=secrecy
    )
    first, second, man, old, older = (Phone(app, token) for token in people(campaign, 5))
    for phone, who, age in ((first, "woman", "20"), (old, "man", "40")):
        phone.open()
        for each in ({"who": who, "old": age}, {}, {}):
            phone.send(**each)
        assert "Thank you" in phone.page.text
    second.open()
    second.send(who="woman", old="50")
    assert "Enough people like you" in second.page.text
    man.open()
    man.send(who="man", old="20")
    assert man.shows("more")
    older.open()
    older.send(who="man", old="50")
    assert older.shows("more"), "the calculation stands on the next page"
    older.send(more="secret")
    assert "Enough people like you" in older.page.text
    expected = "screened" if secrecy == "confidential" else "answered"
    assert states(app)[1] == states(app)[4] == expected
    assert all(r.answers.get("more") != "secret" for r in stored(app))
    older.open()
    assert ("Enough people" if expected == "screened" else "already answered") in older.page.text


def test_a_negated_condition_does_not_turn_away_who_was_not_asked_yet(
    app: Flask, context: Flask
) -> None:
    campaign = make(LONG, ("not(${more} = 'x')", 1))
    one, two = (Phone(app, token) for token in people(campaign, 2))
    one.open()
    for each in ({}, {"more": "y"}, {}):
        one.send(**each)
    two.open()
    two.send(who="man")
    assert two.shows("more")
    two.send(more="x")
    assert two.shows("last")


def test_several_quotas_count_all_or_nothing(context: Flask) -> None:
    campaign = make(ONE, ("${who} = 'woman'", 5), ("${who} != ''", 2))
    kinds = [answer(token, who="woman") for token in people(campaign, 4)]
    assert kinds == ["done", "done", "screened", "screened"]
    assert [quota.filled for quota in services.of(campaign.id)] == [2, 2]


@pytest.mark.parametrize(
    ("condition", "word"),
    [
        ("${nobody} = 1", "nobody"),
        ("${who} =", ""),
        ("1 = 1", "names no question"),
        ("who = 'woman'", "${name}"),
    ],
)
def test_a_condition_that_cannot_work_is_refused(context: Flask, condition: str, word: str) -> None:
    found = services.problem(condition, ONE)
    assert found
    with use_language("en"):
        assert word in str(found)
    assert services.problem("${who} = 'woman'", ONE) is None


def test_the_count_of_an_anonymous_quota_does_not_betray_who_grew_it(
    app: Flask, context: Flask
) -> None:
    """Every answer writes every counter anew, and no two versions are alike."""
    campaign = make(ONE, ("${who} = 'woman'", 50), ("${who} = 'man'", 50), secrecy="anonymous")
    seen: set[bytes] = set()
    xmins = []
    for n, token in enumerate(people(campaign, 20)):
        answer(token, who="woman" if n < 3 else "man")
        rows = db.session.execute(
            text("SELECT xmin::text AS xmin, filled, sealed_count FROM quotas ORDER BY id")
        ).all()
        assert len({row.xmin for row in rows}) == 1
        assert {row.filled for row in rows} == {0}
        xmins.append(rows[0].xmin)
        assert {len(row.sealed_count) for row in rows} == {48}
        seen |= {bytes(row.sealed_count) for row in rows}
        db.session.rollback()
    assert len(seen) == 40
    assert len(set(xmins)) == 20
    close(campaign)
    settle_counts()
    db.session.rollback()
    assert db.session.scalars(select(Quota.filled)).all() == [0, 0], "answers wait in the box"
    name = db.session.get_one(Campaign, campaign.id).counter_key
    assert name is not None
    sweep()
    settle_counts()
    settle_counts()
    db.session.rollback()
    assert db.session.scalars(select(Quota.filled).order_by(Quota.id)).all() == [3, 17]
    assert not keys.exists(name)
    assert db.session.get_one(Campaign, campaign.id).counter_key is None
