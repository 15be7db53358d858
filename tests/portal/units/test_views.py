"""The pages of units."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.units import services
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.units import make_unit
from tests.queries import count_queries


@pytest.fixture
def administrator(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user())
    return client


def test_the_tree_costs_the_same_for_many_units(administrator: FlaskClient) -> None:
    city = make_unit(kind="city", names={"fa": "شهر"})
    administrator.get("/staff/units/")
    with count_queries() as few:
        administrator.get("/staff/units/")
    for _number in range(12):
        make_unit(parent_id=city.id)
    with count_queries() as many:
        page = administrator.get("/staff/units/")
    assert page.text.count('href="/staff/units/') > 12
    assert many.count == few.count


def test_a_unit_is_created_shown_and_changed(app: Flask, administrator: FlaskClient) -> None:
    token = csrf_token(administrator, "/staff/units/new")
    form = {"csrf_token": token, "code": "d-۱۲", "kind": "district", "name_fa": "منطقهٔ ۱۲"}
    created = administrator.post("/staff/units/new", data={**form, "active": "y"})
    assert created.status_code == 302
    shown = administrator.get(created.location)
    assert "منطقهٔ ۱۲" in shown.text
    assert "d-12" in shown.text
    edit = created.location + "/edit"
    changed = administrator.post(edit, data={**form, "name_en": "District 12"})
    assert changed.status_code == 302
    with app.app_context():
        unit = services.by_code("d-12")
        assert unit is not None
        assert (unit.names["en"], unit.active) == ("District 12", False)


def test_a_circle_is_explained_at_its_field(administrator: FlaskClient) -> None:
    top = make_unit()
    low = make_unit(parent_id=top.id)
    url = f"/staff/units/{top.id}/edit"
    form = {
        "csrf_token": csrf_token(administrator, url),
        "code": top.code,
        "kind": top.kind,
        "name_fa": "نام",
        "parent_id": str(low.id),
    }
    refused = administrator.post(f"{url}?lang=en", data=form)
    assert refused.status_code == 422
    assert "lies above the chosen one" in refused.text


def test_readers_cannot_write(client: FlaskClient) -> None:
    unit = make_unit()
    sign_in(client, make_user(("analyst",)))
    assert client.get(f"/staff/units/{unit.id}").status_code == 200
    assert client.get(f"/staff/units/{unit.id}/edit").status_code == 403
    assert client.get("/staff/units/999999").status_code == 404
