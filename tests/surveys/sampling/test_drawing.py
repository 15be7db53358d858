"""Samples drawn at the launch: who, how many, with which probability, and again."""

import hashlib

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.contacts import consent
from portal.contacts.audience import AudienceFilter
from portal.contacts.models import Contact
from portal.db import db
from surveys.campaigns import launching
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.sampling import drawing, services
from surveys.sampling.models import CampaignSample
from surveys.sampling.plans import Plan
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.contacts import make_contact
from tests.factories.context import application
from tests.queries import count_queries
from tests.surveys.campaigns.drafts import invitations, launch, make_draft, messages

pytestmark = pytest.mark.usefixtures("app")
SEED = "abcd-1405"


@pytest.fixture
def people(app: Flask) -> list[Contact]:
    """12 of سنگلج, 6 of بازار, 2 without a neighbourhood; every third reads Arabic."""
    places = ["سنگلج"] * 12 + ["بازار"] * 6 + [""] * 2
    return [
        make_contact(
            neighbourhood=place,
            language="ar" if n % 3 == 0 else "fa",
            tags=["کسبه"] if n % 2 else ["کسبه", "معلم"] if n % 4 == 0 else [],
        )
        for n, place in enumerate(places)
    ]


def make_sample(plan: Plan, seed: str = SEED) -> int:
    draft = make_draft()
    with application():
        services.set_plan(draft, plan, seed)
        db.session.commit()
    return draft


def order(person: Contact, seed: str = SEED) -> bytes:
    return hashlib.sha256(f"{seed}:{person.id}".encode()).digest()


def test_anybody_can_draw_it_again_from_the_seed(app: Flask, people: list[Contact]) -> None:
    launch(make_sample(Plan(("neighbourhood",), size=10)))
    expected: set[int] = set()
    for place, number in (("سنگلج", 6), ("بازار", 3), ("", 1)):
        stratum = sorted((p for p in people if p.neighbourhood == place), key=order)
        expected |= {person.id for person in stratum[:number]}
    assert {each.contact_id for each in invitations()} == expected
    assert {message.contact_id for message in messages()} == expected


def test_the_same_seed_draws_the_same_people_and_another_others(
    app: Flask, people: list[Contact]
) -> None:
    plan = Plan(("language",), size=8)
    drawn = []
    for seed in (SEED, SEED, "another-seed"):
        launch(make_sample(plan, seed))
        done = sum(len(each) for each in drawn)
        drawn.append([each.contact_id for each in invitations()][done:])
    assert drawn[0] == drawn[1] != drawn[2]


def test_frame_sizes_and_probabilities_are_kept(app: Flask, people: list[Contact]) -> None:
    draft = make_sample(Plan(("neighbourhood",), allocation="equal", size=9))
    launch(draft)
    with app.app_context():
        sample = db.session.get_one(CampaignSample, draft)
        assert sample.frame == 20 and sample.drawn_at is not None and sample.seed == SEED
        assert {each["key"][0]: (each["frame"], each["drawn"]) for each in sample.strata} == {
            "سنگلج": (12, 3),
            "بازار": (6, 4),
            "": (2, 2),
        }
        assert len(db.session.execute(drawing.members(draft)).all()) == 9


def test_a_person_with_several_tags_is_in_one_stratum(app: Flask, people: list[Contact]) -> None:
    draft = make_sample(Plan(("tag",), ("معلم", "کسبه"), size=20))
    launch(draft)
    with app.app_context():
        strata = db.session.get_one(CampaignSample, draft).strata
    assert {each["key"][0]: each["frame"] for each in strata} == {"معلم": 5, "کسبه": 10, "": 5}
    assert len(invitations()) == 20


def test_the_plan_shows_what_the_launch_does(app: Flask, people: list[Contact]) -> None:
    draft = make_sample(Plan(("neighbourhood", "language"), size=7))
    with app.app_context():
        plan = launching.plan(campaigns.locked(draft))
        assert plan.recipients == 7 and plan.problems == ()
        db.session.rollback()
    assert launch(draft) == 7
    by_language = {
        code: sum(message.language == code for message in messages()) for code in ("fa", "ar", "en")
    }
    assert plan.audience.by_language == by_language


def test_who_opted_out_and_who_is_outside_the_audience_is_not_in_the_frame(
    app: Flask, people: list[Contact]
) -> None:
    gone = next(person for person in people if person.neighbourhood == "بازار")
    draft = make_draft(wanted=AudienceFilter(neighbourhoods=("بازار",)))
    with app.app_context():
        consent.opt_out(gone.e164, line=None, channel="sms", evidence="11")
        services.set_plan(draft, Plan(size=100), SEED)
        db.session.commit()
    assert launch(draft) == 5
    with app.app_context():
        assert db.session.get_one(CampaignSample, draft).frame == 5


def test_a_drawn_sample_never_changes(app: Flask, people: list[Contact]) -> None:
    draft = make_sample(Plan(size=3))
    launch(draft)
    for plan in (Plan(size=4), None):
        with app.app_context(), pytest.raises(CampaignError) as refused:
            services.set_plan(draft, plan, SEED)
        assert refused.value.code == "not_draft"


@pytest.fixture
def officer(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(("communications",), language="en"))
    return client


def test_from_the_page_to_the_launch(
    app: Flask, officer: FlaskClient, people: list[Contact]
) -> None:
    draft = make_draft()
    page = f"/staff/campaigns/{draft}/sample"
    data = {
        "csrf_token": csrf_token(officer, page),
        "dimensions": ["neighbourhood"],
        "allocation": "proportional",
        "size": "۱۰",
        "seed": "",
    }
    counted = officer.post(page, data={**data, "action": "recount"}).text
    assert "Drawn in all: 10 of 20" in counted
    assert officer.post(page, data=data).status_code == 302
    with app.app_context():
        seed = db.session.get_one(CampaignSample, draft).seed
        assert "campaign.sample_changed" in db.session.scalars(select(AuditEntry.action)).all()
    assert seed in officer.get(f"/staff/campaigns/{draft}/review").text
    launch(draft)
    shown = officer.get(page).text
    assert seed in shown and "50" in shown
    assert officer.post(page, data=data).status_code == 302


def test_a_number_for_each_stratum(app: Flask, officer: FlaskClient, people: list[Contact]) -> None:
    draft = make_draft()
    page = f"/staff/campaigns/{draft}/sample"
    token = csrf_token(officer, page)
    base = {"csrf_token": token, "dimensions": ["neighbourhood"], "allocation": "fixed"}
    assert officer.post(page, data=base).status_code == 422
    sizes = {"key-0": "بازار", "size-0": "۲", "key-1": "سنگلج", "size-1": "99"}
    assert officer.post(page, data={**base, **sizes}).status_code == 302
    assert launch(draft) == 2 + 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": ""},
        {"size": "many"},
        {"size": "5", "seed": "نه"},
        {"size": "5", "dimensions": ["tag"]},
        {"size": "5", "dimensions": ["x"]},
    ],
)
def test_what_is_wrong_is_said_and_kept(
    officer: FlaskClient, people: list[Contact], wrong: dict[str, str]
) -> None:
    page = f"/staff/campaigns/{make_draft()}/sample"
    data = {"csrf_token": csrf_token(officer, page), "allocation": "proportional", **wrong}
    answer = officer.post(page, data=data)
    assert answer.status_code == 422 and "error-summary" in answer.text


def test_the_page_asks_the_database_as_often_for_many_strata(
    officer: FlaskClient, people: list[Contact]
) -> None:
    page = f"/staff/campaigns/{make_sample(Plan(('neighbourhood', 'language'), size=5))}/sample"
    with count_queries() as queries:
        officer.get(page)
    assert queries.count <= 12, queries.statements
