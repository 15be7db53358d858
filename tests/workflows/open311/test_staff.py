"""The administrator issues keys; an operator releases a text on the page of the case."""

import re

import pytest
from flask import Flask

from portal.db import db
from tests.factories.cases import make_case, make_category
from tests.workflows.letters.desk import Desk
from workflows.cases.models import CaseEvent, Category
from workflows.open311 import attributes, keys
from workflows.open311.attributes import Attribute
from workflows.open311.models import Open311Key, Open311Request, Open311Service

STAFF = "/staff/open311/"


def test_a_key_is_shown_once_and_revoked(app: Flask) -> None:
    desk = Desk(app, "administrator")
    assert Desk(app, "operator").client.get(STAFF).status_code == 403
    assert desk.post(f"{STAFF}keys", name="", per_minute="5").status_code == 422
    assert desk.post(f"{STAFF}keys", name="x", per_minute="601").status_code == 422
    page = desk.post(f"{STAFF}keys", name="برنامهٔ محله", per_minute="۵", reads_own="y")
    found = re.search(r'id="key">([^<]+)<', page.text)
    assert found
    assert found[1] not in desk.get(STAFF)
    with app.app_context():
        row = keys.find(found[1])
        assert row is not None
        assert (row.name, row.per_minute, row.reads_own) == ("برنامهٔ محله", 5, True)
    assert desk.post(f"{STAFF}keys/{row.id}/revoke").status_code == 303
    with app.app_context():
        assert keys.find(found[1]) is None
        assert db.session.get_one(Open311Key, row.id).revoked_at is not None


def test_a_category_is_made_public(app: Flask) -> None:
    category = make_category(code="lamp")
    desk = Desk(app, "administrator")
    address = f"{STAFF}services/{category.id}"
    assert 'name="public"' in desk.get(address)
    saved = desk.post(address, public="y", description_fa="چراغ‌های خیابان", keywords=" نور ,, چراغ")
    assert saved.status_code == 303
    with app.app_context():
        row = db.session.get_one(Open311Service, category.id)
        assert (row.public, row.descriptions) == (True, {"fa": "چراغ‌های خیابان"})
        assert row.keywords == "نور,چراغ"


def test_a_text_is_released_and_withheld_on_the_page_of_the_case(app: Flask) -> None:
    category = make_category()
    case = make_case(category_id=category.id, text="نام همسایه‌ام حسینی است و چراغ خاموش است")
    desk = Desk(app, "operator")
    page = f"/staff/cases/{case.id}"
    assert 'id="open311"' not in desk.get(page)
    with app.app_context():
        db.session.add(
            Open311Service(category_id=category.id, public=True, descriptions={}, keywords="")
        )
        db.session.commit()
    assert 'id="open311"' in desk.get(page)
    address = f"{STAFF}cases/{case.id}"
    # There is no answer yet that could be released.
    early = desk.post(
        f"{address}/release", **{"release-description": "چراغ", "release-answer": "شد"}
    )
    assert early.status_code == 422 and ">چراغ</textarea>" in re.sub(r">\s+", ">", early.text)
    long = "چراغ" * 1_001
    assert long in desk.post(f"{address}/release", **{"release-description": long}).text
    with app.app_context():
        assert db.session.get(Open311Request, case.id) is None
    done = desk.post(f"{address}/release", **{"release-description": "چراغ خاموش است"})
    assert done.status_code == 303
    with app.app_context():
        row = db.session.get_one(Open311Request, case.id)
        assert (row.description, row.with_place) == ("چراغ خاموش است", False)
        assert row.released_by == desk.user.id
    assert desk.post(f"{address}/withhold").status_code == 303
    with app.app_context():
        row = db.session.get_one(Open311Request, case.id)
        assert (row.description, row.withheld, row.released_at) == ("", True, None)
        kinds = [one.kind for one in db.session.query(CaseEvent).order_by(CaseEvent.id)]
        assert kinds[-2:] == ["open311_released", "open311_withheld"]
    assert Desk(app, "unit_officer").post(f"{address}/release").status_code == 403


def test_questions_of_a_category_become_attributes(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_category(code="lamp")
    answers: dict[int, object] = {}

    def of(_category: Category) -> list[Attribute]:
        texts = {"en": "How many lamps?"}
        kinds = (("one", {"en": "One"}), ("more", {"en": "More"}))
        return [
            Attribute("COUNT", "singlevaluelist", texts, required=True, values=kinds),
            Attribute("NOTE", "text", {"en": "Note"}),
        ]

    connected = {"of": of, "keep": answers.__setitem__, "asked": set}
    monkeypatch.setattr(attributes, "_connected", connected)
    client = app.test_client()
    (service,) = client.get("/open311/v2/services.json").get_json()
    assert service["metadata"] is True
    definition = client.get("/open311/v2/services/lamp.json?lang=en").get_json()
    assert definition["attributes"][0]["order"] == 1
    assert definition["attributes"][0]["values"][0] == {"key": "one", "name": "One"}
    with app.app_context():
        _row, key = keys.create("x", contact="", per_minute=100, reads_own=True)
        db.session.commit()
    data = {"api_key": key, "service_code": "lamp", "address_id": "none"}
    for wrong in ({}, {"attribute[COUNT]": "many"}, {"attribute[COUNT]": ["one", "more"]}):
        answer = client.post("/open311/v2/requests.json", data={**data, **wrong})
        assert answer.status_code == 400
        assert answer.get_json()[0]["code"] == "attribute"
    answer = client.post(
        "/open311/v2/requests.json",
        data={**data, "attribute[COUNT]": "one", "attribute[ELSE]": "x"},
    )
    assert answer.status_code == 200
    assert list(answers.values()) == [{"COUNT": ["one"]}]
