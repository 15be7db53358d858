"""Somebody is away or has left: what lies with them is handed over, with a note."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.db import db
from portal.i18n import today
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from tests.workflows.cases.test_staff import kinds, now_is
from workflows.cases import work
from workflows.cases.rules import absences

PAGE = "/staff/cases/handover"


@pytest.fixture
def unit_id() -> int:
    return make_unit().id


def test_cases_are_handed_over_in_one_go(client: FlaskClient, app: Flask, unit_id: int) -> None:
    sign_in(client, make_user(("unit_officer",), language="en", unit_id=unit_id, name="Head"))
    away = make_user(("unit_officer",), unit_id=unit_id, name="Away")
    heir = make_user(("unit_officer",), unit_id=unit_id, name="Heir")
    cases = [make_case(unit_id=unit_id, assignee_id=away.id) for _n in range(3)]
    page = f"{PAGE}/{away.id}"
    until = (today() + dt.timedelta(days=5)).isoformat()
    token = csrf_token(client, page)
    answer = client.post(
        f"{page}/absence",
        data={
            "csrf_token": token,
            "absence-until": until,
            "absence-substitute": str(heir.id),
            "absence-note": "leave",
        },
    )
    assert answer.status_code == 303
    shown = client.get(page).text
    # The substitute is proposed.
    assert re.search(rf'<option selected value="{heir.id}">', shown)
    key = re.search(r'name="over-key"[^>]*value="(\w+)"', shown)
    assert key
    ids = re.findall(r'name="ids" value="([\d.]+)"', shown)
    with app.app_context():
        # One of them goes to somebody else before the form is sent.
        work.assign(cases[0].id, unit_id=unit_id, assignee_id=None, by=None)
        db.session.commit()
    answer = client.post(
        f"{page}/cases",
        data={
            "csrf_token": token,
            "ids": ids,
            "over-to": str(heir.id),
            "over-note": "Key lies at the gate",
            "over-key": key[1],
        },
    )
    assert answer.status_code == 303
    result = client.get(answer.location).text
    assert result.count("Not done</span>") == 1
    assert [now_is(case, app).assignee_id for case in cases] == [None, heir.id, heir.id]
    assert kinds(cases[1], app)[-1] == "assigned"
    assert "Key lies at the gate" in client.get(f"/staff/cases/{cases[1].id}").text
    # New ones go to whoever stands in, also where the absent one was named.
    assert make_case(unit_id=unit_id, assignee_id=away.id).assignee_id == heir.id
    assert "Away, away" in client.get(f"/staff/cases/{cases[1].id}").text
    assert client.post(f"{page}/back", data={"csrf_token": token}).status_code == 303
    assert make_case(unit_id=unit_id, assignee_id=away.id).assignee_id == away.id


def test_whose_work_somebody_may_hand_over(client: FlaskClient, app: Flask, unit_id: int) -> None:
    other = make_user(("unit_officer",), unit_id=make_unit().id, name="Elsewhere")
    under = make_user(("unit_officer",), unit_id=make_unit(parent_id=unit_id).id, name="Under")
    me = make_user(("unit_officer",), language="en", unit_id=unit_id, name="Me")
    sign_in(client, me)
    listed = client.get(PAGE).text
    assert "Under" in listed
    assert "Elsewhere" not in listed
    assert client.get(f"{PAGE}/{other.id}").status_code == 404
    assert client.get(f"{PAGE}/{under.id}").status_code == 200
    token = csrf_token(client, f"{PAGE}/{me.id}")
    assert client.post(f"{PAGE}/{other.id}/back", data={"csrf_token": token}).status_code == 404
    supervisor = app.test_client()
    own = make_user(("field_supervisor",), language="en", unit_id=unit_id)
    sign_in(supervisor, own)
    assert supervisor.get(PAGE).status_code == 403
    assert supervisor.get(f"{PAGE}/{own.id}").status_code == 200
    assert supervisor.get(f"{PAGE}/{me.id}").status_code == 404
    operator = app.test_client()
    sign_in(operator, make_user(("operator",), language="en"))
    assert "Elsewhere" in operator.get(PAGE).text


@pytest.mark.parametrize("wrong", [{"until": "2020-01-01"}, {"until": "soon"}, {"substitute": "0"}])
def test_an_absence_that_cannot_be(
    client: FlaskClient, app: Flask, unit_id: int, wrong: dict[str, str]
) -> None:
    me = make_user(("unit_officer",), language="en", unit_id=unit_id)
    sign_in(client, me)
    data = {f"absence-{name}": value for name, value in wrong.items()}
    data["csrf_token"] = csrf_token(client, f"{PAGE}/{me.id}")
    assert client.post(f"{PAGE}/{me.id}/absence", data=data).status_code == 422
    with app.app_context():
        assert absences.of(me.id) is None


def test_an_absence_ends_by_itself(
    app: Flask, unit_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_user(("unit_officer",), unit_id=unit_id)
    with app.app_context():
        absences.leave(person.id, until=today(), substitute_id=None, note="", by=None)
        db.session.commit()
        assert absences.stand_in(person.id) is None
        later = clock.now() + dt.timedelta(days=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert absences.stand_in(person.id) == person.id


def test_a_note_tells_the_colleague_whom_it_names(
    client: FlaskClient, app: Flask, unit_id: int
) -> None:
    me = make_user(("unit_officer",), language="en", unit_id=unit_id, name="رضا صادقی")
    make_user(("unit_officer",), unit_id=unit_id, name="رضا")
    other = make_user(("unit_officer",), email="lights@city.example", name="Lights")
    sign_in(client, me)
    case = make_case()
    with app.app_context():
        work.note(case.id, by=other.id, text="@رضا صادقي لطفاً ببینید، @lights")
        work.note(case.id, by=me.id, text="mail to a@nobody.example and @lights, @رضا صادقی")
        db.session.commit()
        from workflows.cases.filters import mentions

        assert (mentions.count(me.id), mentions.count(other.id)) == (1, 1)
    page = client.get("/staff/cases/mentions")
    assert "لطفاً ببینید" in page.text
    up_to = re.search(r'name="up_to" value="(\d+)"', page.text)
    assert up_to
    token = csrf_token(client, "/staff/cases/mentions")
    data = {"csrf_token": token, "up_to": up_to[1]}
    assert client.post("/staff/cases/mentions/seen", data=data).status_code == 303
    assert case.code not in client.get("/staff/cases/mentions").text
