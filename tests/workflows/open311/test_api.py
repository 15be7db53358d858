"""GeoReport v2 as another application sees it, from the key to the closed request."""

import json
import re
import threading
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from portal import clock
from portal.db import db
from portal.messaging.models import Message
from tests.factories.accounts import make_user
from tests.factories.cases import make_case, make_category
from tests.factories.context import application
from tests.queries import count_queries
from workflows.cases import work
from workflows.cases.models import Case
from workflows.cases.questions import services as questions
from workflows.cases.questions import showing as questions_shown
from workflows.cases.redaction import hiding
from workflows.open311 import catalogue, ids, keys, publishing, writing
from workflows.open311.models import Open311Request

NOW = "2026-11-28T07:00:00+00:00"
API = "/open311/v2/"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze(NOW):
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


def make_key(**overrides: Any) -> str:
    values = {"contact": "", "per_minute": 100, "reads_own": True, **overrides}
    with application():
        _row, key = keys.create("برنامهٔ شهروند", **values)
        db.session.commit()
        return key


def post(client: FlaskClient, key: str, **fields: Any) -> TestResponse:
    data = {"api_key": key, "service_code": "lamp", "address_string": "کوچهٔ یاس", **fields}
    return client.post(f"{API}requests.json?lang=en", data=data)


def read(client: FlaskClient, path: str = "requests.json", **args: str) -> Any:
    answer = client.get(API + path, query_string={"lang": "en", **args})
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


def test_discovery_and_services_in_both_forms(client: FlaskClient) -> None:
    category = make_category(code="lamp")
    with application():
        catalogue.set_service(
            category.id, public=False, descriptions={"en": "Dark <street>"}, keywords="light, dark"
        )
        db.session.commit()
    found = read(client, "discovery.json")
    assert set(found) == {"changeset", "contact", "key_service", "endpoints"}
    assert found["endpoints"][0]["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert found["endpoints"][0]["formats"] == ["text/xml", "application/json"]
    answer = client.get(f"{API}discovery.xml")
    assert answer.content_type == "text/xml; charset=utf-8"
    root = ET.fromstring(answer.data)
    assert root.findtext("endpoints/endpoint/formats/format") == "text/xml"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"

    (service,) = read(client, "services.json")
    assert service["service_code"] == "lamp"
    assert service["metadata"] is False
    assert service["type"] == "realtime"
    assert (service["description"], service["keywords"]) == ("Dark <street>", "light,dark")
    root = ET.fromstring(client.get(f"{API}services.xml?lang=en").data)
    assert root.findtext("service/description") == "Dark <street>"
    assert root.findtext("service/metadata") == "false"
    assert read(client, "services/lamp.json") == {"service_code": "lamp", "attributes": []}


def test_a_request_from_the_application_to_the_public_answer(
    app: Flask, client: FlaskClient
) -> None:
    make_category(code="lamp")
    key, other = make_key(), make_key()
    sent = post(
        client,
        key,
        description="چراغ سوخته، علی احمدی گزارش می‌دهد",
        first_name="علی",
        last_name="احمدی",
        phone="09121234567",
        email="ali@example.org",
        lat="35.7",
        long="51.4",
        media_url="http://evil.example/x.jpg",
    )
    assert sent.status_code == 200, sent.text
    (made,) = json.loads(sent.data)
    public_id = made["service_request_id"]
    assert made["service_notice"]
    with app.app_context():
        (case,) = db.session.query(Case).all()
        assert (case.channel, case.e164, case.citizen_name) == (
            "open311",
            "+989121234567",
            "علی احمدی",
        )
        assert (case.latitude, case.longitude, case.origin_type) == (35.7, 51.4, "open311")
        assert db.session.query(Message).count() == 1
        code = case.code
    assert public_id not in {code, str(case.id)}
    assert read(client, f"tokens/{public_id}.json") == [
        {"service_request_id": public_id, "token": public_id}
    ]

    # Everybody: that it is there. The application itself: all but the person.
    (seen,) = read(client)
    assert (seen["status"], seen["service_code"]) == ("open", "lamp")
    assert DATE.fullmatch(seen["requested_datetime"])
    assert DATE.fullmatch(seen["expected_datetime"])
    for field in ("description", "address", "lat", "long", "media_url"):
        assert seen[field] is None
    (own,) = read(client, api_key=key)
    assert (own["lat"], own["address"]) == (35.7, "کوچهٔ یاس")
    assert "چراغ سوخته" in own["description"]
    assert read(client, api_key=other) == [seen]

    with app.app_context():
        publishing.release(case.id, by=_staff(), description="چراغ سوخته", with_place=True)
        db.session.commit()
    (seen,) = read(client, f"requests/{public_id}.json")
    assert (seen["description"], seen["address"], seen["lat"]) == ("چراغ سوخته", "کوچهٔ یاس", 35.7)

    # Answered: still open, until the citizen agrees; the answer itself only once released.
    clock.shift(hours=2)
    with app.app_context():
        work.finish(case.id, by=None, outcome="done", text="آقای احمدی، عوض شد")
        db.session.commit()
    (seen,) = read(client)
    assert seen["status"] == "open"
    assert "احمدی" not in json.dumps(seen, ensure_ascii=False)
    with app.app_context():
        publishing.release(
            case.id, by=_staff(), description="چراغ سوخته", answer="عوض شد", with_place=False
        )
        from workflows.cases import feedback

        feedback.answer_by_link(case.id, accepted=True, words="")
        db.session.commit()
    (seen,) = read(client, status="closed")
    assert "عوض شد" in seen["status_notes"]
    assert seen["address"] is None
    assert seen["updated_datetime"] == "2026-11-28T09:00:00Z"
    assert read(client, status="open") == []

    # An objection begins another round: the old answer is none any more.
    with app.app_context():
        work.reopen(case.id, by=None, text="دوباره خاموش است")
        work.finish(case.id, by=None, outcome="done", text="بار دوم")
        db.session.commit()
    (seen,) = read(client)
    assert "عوض شد" not in seen["status_notes"]

    for path in ("requests.json", "requests.xml", f"requests/{public_id}.json"):
        text = client.get(API + path, query_string={"api_key": key}).text
        for secret in ("9121234567", "ali@example.org", code, "evil.example"):
            assert secret not in text, path
    with app.app_context():
        publishing.withhold(case.id, by=None)
        db.session.commit()
        assert db.session.get_one(Open311Request, case.id).description == ""
    assert read(client) == read(client, api_key=key) == []
    assert client.get(f"{API}requests/{public_id}.json").status_code == 404


def _staff() -> int:
    from tests.factories.accounts import make_user

    return make_user(("operator",)).id


def test_a_hidden_answer_is_hidden_from_the_application_too(client: FlaskClient) -> None:
    make_category(code="lamp")
    key = make_key()
    made = json.loads(post(client, key, description="Dark").data)[0]["service_request_id"]
    with application():
        case_id = ids.case_id(made)
        assert case_id is not None
        work.finish(case_id, by=None, outcome="irrelevant", text="A rude answer")
        db.session.commit()
    own = {"api_key": key}
    assert "A rude answer" in read(client, f"requests/{made}.json", **own)[0]["status_notes"]
    with application():
        hiding.hide(case_id, event_id=None, reason="insult", by=None)
        publishing.release(case_id, by=make_user().id, description="A lamp is dark")
        db.session.commit()
    found = read(client, f"requests/{made}.json", **own)[0]
    assert found["description"] == "Dark"
    assert "A rude answer" not in found["status_notes"]


def test_cases_of_public_categories_are_listed_whatever_their_channel(
    client: FlaskClient,
) -> None:
    shown, hidden = make_category(code="lamp"), make_category(code="fraud")
    case = make_case(category_id=shown.id, text="متن محرمانه", place="خانهٔ من")
    make_case(category_id=hidden.id)
    make_case()
    assert read(client) == []
    with application():
        catalogue.set_service(shown.id, public=True, descriptions={}, keywords="")
        db.session.commit()
    (seen,) = read(client)
    assert seen["service_code"] == "lamp"
    assert "محرمانه" not in json.dumps(seen, ensure_ascii=False)
    assert seen["address"] is None
    with application():
        publishing.withhold(case.id, by=None)
        db.session.commit()
    assert read(client) == []


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": "wrong"}, 403, "api_key"),
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "none-such"}, 404, "service_code"),
        ({"service_code": "x\x00"}, 404, "service_code"),
        ({"address_string": ""}, 400, "location"),
        ({"lat": "35.7"}, 400, "location"),
        ({"lat": "nan", "long": "51"}, 400, "location"),
        ({"lat": "91", "long": "51"}, 400, "location"),
        ({"description": "x" * 4001}, 400, "description"),
        ({"email": "nobody"}, 400, "email"),
        ({"jurisdiction_id": "elsewhere.example"}, 404, "jurisdiction_id"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_in_the_words_of_the_specification(
    app: Flask, client: FlaskClient, fields: dict[str, str], status: int, code: str
) -> None:
    make_category(code="lamp")
    key = make_key()
    answer = (
        post(client, **{"key": key, **fields})
        if "api_key" not in fields
        else client.post(
            f"{API}requests.json", data={"service_code": "lamp", "address_string": "x", **fields}
        )
    )
    assert answer.status_code == status
    (fault,) = json.loads(answer.data)
    assert fault["code"] == code
    assert fault["description"]
    with app.app_context():
        assert db.session.query(Case).count() == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-11-01T00:00:00Z", 400),
        ("requests.json?start_date=2026-01-01", 400),
        ("requests.json?start_date=0001-01-01T00:00:00Z", 400),
        ("requests.json?start_date=2026-11-02T00:00:00Z&end_date=2026-11-01T00:00:00Z", 400),
        ("requests.json?status=lost", 400),
        ("requests.json?page=0", 400),
        ("requests.json?page=11", 400),
        ("requests.json?page_size=1001", 400),
        ("requests.json?api_key=wrong", 403),
        ("requests/0000000000001.json", 404),
        ("requests/%00.json", 404),
        ("tokens/x.json", 404),
        ("services/none-such.xml", 404),
        ("services.csv", 404),
        ("services.json?jurisdiction_id=elsewhere.example", 404),
        ("nothing/at/all", 404),
    ],
)
def test_what_is_wrong_with_a_question(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(API + path)
    assert answer.status_code == status
    if ".json" in path:
        assert isinstance(json.loads(answer.data), list)
    else:
        assert ET.fromstring(answer.data).findtext("error/description")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_dates_states_pages_and_lists_of_ids_narrow(client: FlaskClient) -> None:
    make_category(code="lamp")
    make_category(code="hole")
    key = make_key()
    made = []
    for days in (0, 40, 60):
        clock.shift(days=days)
        code = "hole" if days == 40 else "lamp"
        (answer,) = json.loads(post(client, key, service_code=code).data)
        made.append(answer["service_request_id"])

    def found(**args: str) -> list[str]:
        return [one["service_request_id"] for one in read(client, **args)]

    # The last ninety days: the first one lies a hundred days back.
    assert found() == [made[2], made[1]]
    assert found(start_date="2026-11-28T10:30:00+03:30") == [made[1], made[0]]
    assert found(start_date="2026-11-28T10:30:00 03:30") == [made[1], made[0]]
    assert found(end_date="2026-12-01T00:00:00Z", start_date="") == [made[0]]
    assert found(service_code="hole, none-such") == [made[1]]
    assert found(service_code="!") == []
    assert found(service_request_id=f"{made[0]},{made[2]},nonsense", status="closed") == [
        made[2],
        made[0],
    ]
    first = client.get(f"{API}requests.json?page_size=1&api_key={key}")
    assert [one["service_request_id"] for one in json.loads(first.data)] == [made[2]]
    link = first.headers["Link"]
    assert 'rel="next"' in link
    assert "page=2" in link
    assert key not in link
    assert found(page="2", page_size="1") == [made[1]]


def test_a_list_of_many_costs_as_many_queries_as_one(client: FlaskClient) -> None:
    make_category(code="lamp")
    key = make_key()
    post(client, key)
    with count_queries() as few:
        read(client)
    for _each in range(4):
        post(client, key)
    with count_queries() as many:
        read(client)
    assert many.count == few.count


def test_the_same_mark_is_one_request_even_at_once(app: Flask, client: FlaskClient) -> None:
    make_category(code="lamp")
    key, other = make_key(), make_key()
    data = {"api_key": key, "service_code": "lamp", "address_id": "none"}
    start = threading.Barrier(4)
    answers: list[str] = []

    def send() -> None:
        browser = app.test_client()
        start.wait()
        answers.append(
            browser.post(f"{API}requests.json", data=data, headers={"Idempotency-Key": "abc"}).text
        )

    threads = [threading.Thread(target=send) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({json.loads(one)[0]["service_request_id"] for one in answers}) == 1
    client.post(
        f"{API}requests.json", data={**data, "api_key": other}, headers={"Idempotency-Key": "abc"}
    )
    with app.app_context():
        assert db.session.query(Case).count() == 2


def test_a_key_has_a_pace_of_its_own_and_ends_when_it_is_revoked(
    app: Flask, client: FlaskClient
) -> None:
    make_category(code="lamp")
    key = make_key(per_minute=2)
    assert [post(client, key).status_code for _each in range(3)] == [200, 200, 429]
    fresh = make_key()
    with app.app_context():
        row = keys.find(fresh)
        assert row is not None
        assert fresh.encode() not in row.digest
        keys.revoke(row.id)
        db.session.commit()
    assert post(client, fresh).status_code == 403


def test_a_body_too_large_and_a_strange_method_get_the_shape_too(client: FlaskClient) -> None:
    answer = client.post(f"{API}requests.json", data={"description": "x" * 120_000})
    assert (answer.status_code, json.loads(answer.data)[0]["code"]) == (413, "413")
    answer = client.put(f"{API}requests.xml")
    assert answer.status_code == 404
    assert ET.fromstring(answer.data).tag == "errors"
    assert "Access-Control-Allow-Origin" not in answer.headers


@settings(max_examples=100)
@given(st.integers(0, ids.MOST - 1))
def test_public_ids_lead_back_and_tell_nothing(number: int) -> None:
    from unittest import mock

    with mock.patch.object(ids, "_key", lambda: b"k" * 32):
        assert ids.case_id(ids.public_id(number)) == number
        assert ids.public_id(number) != ids.public_id((number + 1) % ids.MOST)


@settings(max_examples=100)
@given(st.text())
def test_whatever_a_citizen_typed_is_good_xml(text: str) -> None:
    data = [{"description": text, "lat": 1.5, "status": None, "metadata": True}]
    root = ET.fromstring(writing.write("service_requests", data, "xml"))
    assert root.findtext("request/lat") == "1.5"
    plain = "".join(root.find("request/description").itertext())  # type: ignore[union-attr]
    allowed = writing._FORBIDDEN.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    assert plain == allowed


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_dates_and_ids(text: str) -> None:
    assert writing.read_date(text) is None or text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "_key", lambda: b"k" * 32)
        assert ids.case_id(text) is None or len(text) == 13


def ask_of_lamps(app: Flask) -> int:
    """A category with a question of each kind; one of them for staff alone."""
    category = make_category(code="lamp")
    kinds = (
        ("what", "choice", True, "everybody"),
        ("also", "several", False, "everybody"),
        ("depth", "number", False, "everybody"),
        ("danger", "yesno", False, "everybody"),
        ("since", "date", False, "everybody"),
        ("words", "text", False, "everybody"),
        ("inside", "text", True, "staff"),
    )
    with app.app_context():
        for key, kind, required, audience in kinds:
            questions.create(
                category.id,
                key=key,
                kind=kind,
                texts={"fa": f"پرسش {key}", "ar": f"سؤال {key}", "en": f"Question {key}"},
                hints={"en": f"Hint {key}"},
                options={"fa": ["راه", "پیاده‌رو"], "ar": ["طريق", "رصيف"], "en": ["Road", "Path"]},
                required=required,
                audience=audience,
            )
        db.session.commit()
    return category.id


def test_a_service_asks_the_questions_of_its_category(app: Flask, client: FlaskClient) -> None:
    ask_of_lamps(app)
    make_category(code="tree")
    by_code = {one["service_code"]: one["metadata"] for one in read(client, "services.json")}
    assert by_code == {"lamp": True, "tree": False}
    found = read(client, "services/lamp.json")["attributes"]
    assert [(one["code"], one["datatype"], one["required"]) for one in found] == [
        ("what", "singlevaluelist", True),
        ("also", "multivaluelist", False),
        ("depth", "number", False),
        ("danger", "singlevaluelist", False),
        ("since", "datetime", False),
        ("words", "text", False),
    ]
    assert (found[0]["description"], found[0]["datatype_description"]) == (
        "Question what",
        "Hint what",
    )
    assert found[0]["values"] == [{"key": "o1", "name": "Road"}, {"key": "o2", "name": "Path"}]
    arabic = read(client, "services/lamp.json", lang="ar")["attributes"]
    assert (arabic[0]["description"], arabic[0]["values"][1]["name"]) == ("سؤال what", "رصيف")
    root = ET.fromstring(client.get(f"{API}services/lamp.xml?lang=fa").data)
    assert root.findtext("attributes/attribute/description") == "پرسش what"
    assert root.findtext("attributes/attribute/values/value/name") == "راه"


def test_answers_to_the_questions_are_kept_and_bad_ones_refused(
    app: Flask, client: FlaskClient
) -> None:
    ask_of_lamps(app)
    key = make_key()

    def refused(**attributes: Any) -> list[str]:
        sent = {f"attribute[{name}]": value for name, value in attributes.items()}
        answer = post(client, key, description="تاریک است", **sent)
        assert answer.status_code == 400
        faults = json.loads(answer.data)
        assert all(set(one) == {"code", "description"} for one in faults)
        return [one["code"] for one in faults if one["description"]]

    assert refused() == ["attribute"]
    assert refused(what="o9", depth="deep", danger="perhaps", since="then") == ["attribute"] * 4
    assert refused(what=["o1", "o2"]) == ["attribute"]
    assert refused(what="o1", words="x" * 1500) == ["attribute"]
    data = {
        "api_key": key,
        "service_code": "lamp",
        "address_string": "کوچه",
        "description": "تاریک است",
        "attribute[what]": "o2",
        "attribute[also][]": ["o2", "o1"],
        "attribute[depth]": "۱۲٫۵",
        "attribute[danger]": "yes",
        "attribute[since]": "2026-11-01T21:30:00Z",
        "attribute[words]": "کنار مدرسه",
        "attribute[inside]": "not asked",
        "attribute[unknown]": "passed over",
    }
    sent = client.post(f"{API}requests.json?lang=en", data=data)
    assert sent.status_code == 200, sent.text
    with app.app_context():
        (case,) = db.session.query(Case).all()
        assert questions_shown.for_export([case.id])[case.id] == {
            "what": "o2",
            "also": ["o1", "o2"],
            "depth": 12.5,
            "danger": True,
            # In the city it was the next day already.
            "since": "2026-11-02",
            "words": "کنار مدرسه",
        }


def test_the_list_of_services_asks_once_for_all(app: Flask, client: FlaskClient) -> None:
    ask_of_lamps(app)
    with count_queries() as few:
        read(client, "services.json")
    for n in range(5):
        make_category(code=f"more-{n}")
    with count_queries() as many:
        read(client, "services.json")
    assert many.count == few.count
