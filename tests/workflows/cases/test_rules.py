"""Who gets a new case: the first rule that fits, with a reason; who is away is stood in for."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.accounts.models import User
from portal.db import db
from portal.formats import today
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.workflows.cases.test_staff import now_is
from workflows.cases.models import Case, CaseEvent
from workflows.cases.rules import absences, matching, services
from workflows.cases.rules.matching import Conditions, Facts
from workflows.cases.rules.models import AssignmentRule

RULES = "/staff/cases/rules"


@pytest.fixture
def administrator(client: FlaskClient) -> User:
    user = make_user(language="en")
    sign_in(client, user)
    return user


def make_rule(
    app: Flask, unit_id: int, name: str = "Rule", way: str = "unit", **values: object
) -> int:
    with app.app_context():
        rule = services.save(
            None,
            name=name,
            conditions=Conditions(**values.pop("conditions", {"channels": ["phone"]})),  # type: ignore[arg-type]
            way=way,
            unit_id=unit_id,
            assignee_id=values.pop("assignee_id", None),  # type: ignore[arg-type]
            active=bool(values.pop("active", True)),
        )
        db.session.commit()
        return rule.id


def assigned(case: Case, app: Flask) -> dict[str, object]:
    with app.app_context():
        query = select(CaseEvent.data).where(
            CaseEvent.case_id == case.id, CaseEvent.kind == "assigned"
        )
        return dict(db.session.scalars(query).one())


# Matching


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
@settings(max_examples=200)
def test_hours_agree_with_a_walk_round_the_clock(now: int, begin: int, end: int) -> None:
    walked, minute = set(), begin
    while True:
        walked.add(minute)
        minute = (minute + 1) % 1440
        if minute in (end, begin):
            break
    as_text = [f"{value // 60:02d}:{value % 60:02d}" for value in (begin, end)]
    assert matching.within(dt.time(now // 60, now % 60), *as_text) == (now in walked)


@pytest.mark.parametrize(
    ("conditions", "held"),
    [
        ({}, ()),
        ({"words": ["چراغ"]}, ("words",)),
        ({"words": ["راغ"]}, None),
        ({"words": ["زباله", "خاموش است"]}, ("words",)),
        ({"channels": ["sms"], "languages": ["fa"]}, ("channels", "languages")),
        ({"channels": ["sms"], "languages": ["ar"]}, None),
        ({"neighbourhoods": ["نقش جهان", "عباس آباد"]}, ("neighbourhoods",)),
        ({"district": 7}, ("district",)),
        ({"district": 8}, None),
        ({"urgency": ["danger", "waste"]}, None),
        ({"hours": ["22:00", "06:00"], "days": [4]}, ("hours", "days")),
        ({"hours": ["06:00", "22:00"]}, None),
    ],
)
def test_a_rule_fits_by_all_that_it_says(
    conditions: dict[str, object], held: tuple[str, ...] | None
) -> None:
    facts = Facts(
        category_id=3,
        channel="sms",
        urgency=None,
        language="fa",
        text="چراغ كوچه خاموش است",
        neighbourhood="عباس‌آباد",
        at=dt.datetime(2026, 11, 27, 23, 30),  # noqa: DTZ001 (wall time, a Friday)
    )
    names = {7: frozenset({"عباس اباد"}), 8: frozenset({"جلفا"})}
    wanted = Conditions(**conditions)  # type: ignore[arg-type]
    assert matching.fits(wanted, facts, names.__getitem__) == held
    assert Conditions.from_json(wanted.to_json()).to_json() == wanted.to_json()


# At intake


def test_the_first_rule_that_fits_decides_and_says_why(
    client: FlaskClient, administrator: User, app: Flask
) -> None:
    lights, roads, district = make_unit(), make_unit(), make_unit()
    make_unit(parent_id=district.id, names={"fa": "نازی‌آباد"})
    category = make_category(unit_id=roads.id)
    make_rule(app, lights.id, "Dark streets", conditions={"words": ["چراغ"]})
    make_rule(app, district.id, "District", conditions={"district": district.id})
    dark = make_case(text="چراغ سوخته", neighbourhood="نازی آباد", category_id=category.id)
    assert dark.unit_id == lights.id
    assert assigned(dark, app)["rule"] == "Dark streets"
    assert assigned(dark, app)["because"] == ["words"]
    assert "By rule “Dark streets” (words)" in client.get(f"/staff/cases/{dark.id}").text
    near = make_case(neighbourhood="نازی‌آباد", category_id=category.id)
    assert near.unit_id == district.id
    # No rule fits: the category decides; and what somebody chose stands.
    assert make_case(category_id=category.id).unit_id == roads.id
    chosen = make_case(text="چراغ", unit_id=roads.id)
    assert chosen.unit_id == roads.id
    assert "rule" not in assigned(chosen, app)


def test_the_one_with_the_fewest_gets_it_but_nobody_who_is_away(app: Flask) -> None:
    unit = make_unit()
    people = [make_user(("unit_officer",), unit_id=unit.id) for _n in range(3)]
    make_user(("evaluator",), unit_id=unit.id)
    make_user(("unit_officer",), unit_id=unit.id, active=False)
    make_rule(app, unit.id, way="fewest")
    got = [make_case().assignee_id for _n in range(6)]
    assert sorted(got) == sorted([one.id for one in people] * 2)
    assert set(got[:3]) == {one.id for one in people}
    with app.app_context():
        absences.leave(people[0].id, until=None, substitute_id=people[1].id, note="", by=None)
        db.session.commit()
    assert people[0].id not in {make_case().assignee_id for _n in range(3)}


def test_who_is_away_is_stood_in_for_even_by_a_substitute_of_a_substitute(app: Flask) -> None:
    unit = make_unit()
    first, second, third = (make_user(("unit_officer",), unit_id=unit.id) for _n in range(3))
    make_rule(app, unit.id, way="person", assignee_id=first.id)
    with app.app_context():
        absences.leave(first.id, until=today(), substitute_id=second.id, note="", by=None)
        absences.leave(second.id, until=None, substitute_id=third.id, note="", by=None)
        db.session.commit()
    case = make_case()
    assert case.assignee_id == third.id
    assert assigned(case, app)["stands_in_for"] == first.name
    with app.app_context():
        # A ring ends with nobody; the unit has it all the same.
        absences.leave(third.id, until=None, substitute_id=first.id, note="", by=None)
        db.session.commit()
    ring = make_case()
    assert (ring.assignee_id, ring.unit_id) == (None, unit.id)
    with app.app_context():
        assert absences.back(first.id)
        db.session.commit()
    assert make_case().assignee_id == first.id


def test_a_rule_of_a_closed_unit_is_passed_over(app: Flask) -> None:
    unit, other = make_unit(active=False), make_unit()
    with app.app_context():
        for position, target in enumerate((unit, other)):
            db.session.add(
                AssignmentRule(
                    position=position,
                    name=f"r{position}",
                    conditions={"channels": ["phone"]},
                    way="unit",
                    unit_id=target.id,
                )
            )
        db.session.commit()
    assert make_case().unit_id == other.id


# The pages


def test_a_rule_is_tried_before_it_is_saved(
    client: FlaskClient, administrator: User, app: Flask
) -> None:
    make_unit()  # The root of the tree gets what fits nothing.
    unit = make_unit()
    fits, not_ = make_case(text="زباله مانده"), make_case(text="چاله")
    data = {
        "csrf_token": csrf_token(client, RULES + "/new"),
        "name": "Waste",
        "words": "زباله",
        "hour_from": "۰",
        "hour_to": "۲۴",
        "unit_id": str(unit.id),
        "way": "unit",
        "active": "y",
    }
    # Nothing is saved that was not tried.
    page = client.post(RULES + "/new", data={**data, "step": "save"})
    assert page.status_code == 200
    assert fits.code in page.text
    assert not_.code not in page.text
    assert client.get(RULES).text.count('scope="row"') == 0
    tried = re.search(r'name="tried"[^>]*value="(\w+)"', page.text)
    assert tried
    # Nor what was changed after the trial.
    changed = {**data, "words": "چاله", "tried": tried[1], "step": "save"}
    assert not_.code in client.post(RULES + "/new", data=changed).text
    saved = client.post(RULES + "/new", data={**data, "tried": tried[1], "step": "save"})
    assert saved.status_code == 303
    assert "Waste" in client.get(RULES).text
    assert now_is(fits, app).unit_id != unit.id
    assert make_case(text="زباله").unit_id == unit.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"unit_id": ""},
        {"way": "person"},
        {"hour_from": "25:00", "hour_to": "3"},
        {"hour_from": "8"},
    ],
)
def test_a_rule_that_cannot_be(
    client: FlaskClient, administrator: User, wrong: dict[str, str]
) -> None:
    data = {
        "csrf_token": csrf_token(client, RULES + "/new"),
        "name": "Waste",
        "words": "زباله",
        "unit_id": str(make_unit().id),
        "way": "unit",
        **wrong,
    }
    assert client.post(RULES + "/new", data=data).status_code == 422


def test_the_order_of_rules_is_changed_and_a_trial_knows_it(
    client: FlaskClient, administrator: User, app: Flask
) -> None:
    one, two = make_unit(), make_unit()
    first = make_rule(app, one.id, "first")
    second = make_rule(app, two.id, "second", conditions={"languages": ["fa"]})
    make_case()
    token = {"csrf_token": csrf_token(client, RULES)}
    form = {
        **token,
        "name": "second",
        "languages": "fa",
        "unit_id": str(two.id),
        "way": "unit",
        "active": "y",
    }
    assert "An earlier rule decides" in client.post(f"{RULES}/{second}", data=form).text
    assert client.post(f"{RULES}/{second}/move", data={**token, "way": "up"}).status_code == 303
    assert "This rule decides" in client.post(f"{RULES}/{second}", data=form).text
    assert make_case().unit_id == two.id
    assert client.post(f"{RULES}/{second}/delete", data=token).status_code == 303
    assert make_case().unit_id == one.id
    assert client.get(f"{RULES}/{first}").status_code == 200
    for gone in (f"{RULES}/{second}/move", f"{RULES}/{second}/delete"):
        assert client.post(gone, data=token).status_code == 404
