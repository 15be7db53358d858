"""Programs that look at links vote for nobody and open nothing; people do, once."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import clock, links
from portal.db import db
from portal.security import AccessRule, rule_of
from surveys.ballots.models import BallotArea, BallotProposer
from surveys.ballots.services import inviting, proposals
from surveys.campaigns import figures
from surveys.campaigns.models import Invitation
from tests.factories.ballots import TEXTS, make_scheme, make_voters, running
from tests.factories.callins import make_call, make_session
from tests.factories.cases import make_case
from tests.factories.surveys import (
    make_campaign,
    make_invitation,
    make_survey,
    make_ways,
    question,
    questionnaire,
)
from tests.factories.units import make_unit
from tests.factories.visitors import IN_ADVANCE, PEOPLE, PROGRAMS, headers_of
from tests.queries import count_queries
from tests.surveys.responses.phone import Phone, states, stored

VOTE = questionnaire([question("vote", "select_one", "a b", required=True)])
BROWSER = headers_of(PEOPLE[0])


def opened(app: Flask) -> list[object]:
    with app.app_context():
        return list(db.session.scalars(select(Invitation.opened_at).order_by(Invitation.id)))


def everything(app: Flask) -> dict[str, object]:
    """All rows of all tables, as text."""
    with app.app_context():
        return {
            table.name: sorted(map(repr, db.session.execute(select(table)).all()))
            for table in db.metadata.sorted_tables
        }


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client(use_cookies=False) as client:
        yield client


def personal_links(app: Flask) -> dict[str, str]:
    """endpoint -> an address of it that works, of every page whose token is the authority."""
    from workflows.callins import proving
    from workflows.cases import work

    campaign = make_campaign(make_survey(form=VOTE))
    _id, token = make_invitation(campaign)
    poster = make_ways(campaign, open_kind="verified").open_code
    _made, (ballot,) = running(1, "fa", kind="approval")
    scheme = make_scheme(projects=())
    make_voters(scheme, 1)
    make_unit(code="city", kind="city")
    case = make_case(e164="+989121110001")
    session = make_session()
    call = make_call(session)
    with app.app_context():
        _request, proof = proving.begin(
            session.id,
            e164="+989121110004",
            language="fa",
            form_key="a-form",
            name="زهرا",
            subject="پارک محله",
            neighbourhood="",
        )
        work.finish(case.id, by=None, outcome="done", text="انجام شد")
        inviting.invite(scheme.scheme_id, texts=TEXTS, expected=1)
        proposer = db.session.scalars(select(BallotProposer.id)).one()
        area = db.session.get_one(BallotArea, scheme.area_id)
        content = proposals.Content("نیمکت", "برای سالمندان", "پارک", "fa", None)
        _proposal, key = proposals.submit(area, content, e164="+989121110002")
        db.session.commit()
        proposing = links.token_for(inviting.PURPOSE, proposer)
    asked = app.test_client(use_cookies=False).post(f"/o/{poster}", data={"phone": "09121110003"})
    return {
        "responses.show": f"/s/{token}",
        "responses.choose": f"/s/{token}/a",
        "ballot_vote.show": f"/b/{ballot}",
        "ballot_invited.show": f"/p/{proposing}",
        "ballots_public.enter_code": f"/fa/ballots/{scheme.code}/propose/{key}",
        "openlinks.show": f"/o/{poster}",
        "openlinks.code": asked.headers["Location"],
        "citizen_cases.track": f"/t/{case.code}",
        "citizen_cases.sent": f"/fa/message/{case.code}",
        "citizen_cases.confirm": f"/t/{case.code}/accept",
        "callin_pages.ask_code": f"/fa/callins/check/{proof}",
        "callin_pages.short": f"/c/{call.code}",
        "callin_pages.registered": f"/fa/callins/registrations/{call.code}",
    }


@pytest.mark.workflows
def test_no_program_changes_anything_by_any_link(app: Flask, client: FlaskClient) -> None:
    assert len(PROGRAMS) >= 20
    by_endpoint = personal_links(app)
    with app.app_context():
        known = {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and rule_of(rule.endpoint) == AccessRule("token")
        }
    assert by_endpoint.keys() == known, "a new kind of personal link is to be tried here too"
    paths = list(by_endpoint.values())
    paths += [
        f"{by_endpoint['responses.show']}?p=1",
        by_endpoint["citizen_cases.track"] + "/object",
    ]
    before = everything(app)
    # Each by its name, as generous as a browser else; and a browser that fetches in advance.
    looks = [headers_of(agent) for agent in PROGRAMS]
    looks += [{**BROWSER, **changes} for changes in IN_ADVANCE]
    for number, headers in enumerate(looks):
        for path in paths:
            for call in (client.get, client.head)[: 2 if number < 20 else 1]:
                assert call(path, headers=headers).status_code in {200, 302, 303}, (path, headers)
    for path in paths:
        # Even in the name of a browser a HEAD is no look.
        assert client.head(path, headers=BROWSER).status_code in {200, 302, 303}
        assert client.options(path, headers=BROWSER).status_code == 200
    assert everything(app) == before
    assert stored(app) == []
    assert set(opened(app)) == {None}


@pytest.mark.parametrize("path", ["", "/a"])
def test_a_person_opens_once_without_a_further_write(app: Flask, path: str) -> None:
    phone = Phone(app, make_invitation(make_campaign(make_survey(form=VOTE)))[1])
    with clock.freeze("2026-03-01T10:20:30+00:00") as now:
        phone.client.get(f"/s/{phone.token}{path}", headers=BROWSER)
        clock.shift(hours=1)
        with count_queries() as second:
            phone.client.get(f"/s/{phone.token}{path}", headers=BROWSER)
    assert second.count == 1, second.statements
    assert opened(app) == [now]
    assert states(app) == ["open"]


def test_the_campaign_counts_people_not_looks(app: Flask) -> None:
    campaign = make_campaign(make_survey(form=VOTE))
    tokens = [make_invitation(campaign)[1] for _ in range(3)]
    client = app.test_client(use_cookies=False)
    for token in (*tokens[:2], tokens[0]):
        client.get(f"/s/{token}", headers=BROWSER)
    client.get(f"/s/{tokens[2]}", headers=headers_of(PROGRAMS[0]))
    with app.app_context():
        assert figures.opened(campaign.id) == 2


def test_of_an_anonymous_survey_only_the_day_is_kept(app: Flask) -> None:
    campaign = make_campaign(make_survey(form=VOTE), secrecy="anonymous")
    token = make_invitation(campaign)[1]
    with clock.freeze("2026-03-01T10:20:30+00:00"):
        app.test_client().get(f"/s/{token}", headers=BROWSER)
    (at,) = opened(app)
    assert str(at) == "2026-02-28 20:30:00+00:00", "the beginning of the day in Tehran"


def test_an_unknown_link_is_opened_by_nobody(app: Flask) -> None:
    token = "0" * links.TOKEN_LENGTH
    assert app.test_client().get(f"/s/{token}", headers=BROWSER).status_code == 404
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Invitation)) == 0
