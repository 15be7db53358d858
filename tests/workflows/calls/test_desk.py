"""An operator with a ringing phone: who it is, how it ended, and the case that comes of it."""

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case
from tests.factories.contacts import make_contact
from tests.queries import count_queries
from workflows.calls.models import RESULTS, CentreCall
from workflows.cases.models import Case

DESK = "/staff/calls/"
NUMBER = "+989121112233"


@pytest.fixture
def operator(client: FlaskClient) -> User:
    user = make_user(("operator",), language="fa")
    sign_in(client, user)
    return user


def end(client: FlaskClient, result: str, url: str = DESK, **fields: str) -> tuple[int, str]:
    """Press the button of a result; (status, where to)."""
    data = {"language": "fa", "do": result, **fields}
    answer = client.post(DESK, data={**data, "csrf_token": csrf_token(client, url)})
    return answer.status_code, answer.location or answer.text


def calls(app: Flask) -> list[CentreCall]:
    with app.app_context():
        return list(db.session.scalars(select(CentreCall).order_by(CentreCall.id)))


def test_the_exchange_opens_the_page_and_nothing_is_stored_before_a_result(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    make_contact(NUMBER, name="زهرا احمدی", language="ar", neighbourhood="سنگلج")
    case = make_case(e164=NUMBER, text="پیام پیشین دربارهٔ زباله")
    began = clock.now() - dt.timedelta(seconds=40)
    page = client.get(
        DESK,
        query_string={
            "number": "۰۹۱۲۱۱۱۲۲۳۳",
            "line": "137",
            "call": "1700.55",
            "started": str(int(began.timestamp())),
        },
    ).text
    for words in ("زهرا احمدی", "سنگلج", case.code, 'value="exchange:1700.55"'):
        assert words in page
    assert calls(app) == []
    fields = {
        "number": "09121112233",
        "key": "exchange:1700.55",
        "line": "137",
        "started": str(int(began.timestamp())),
        "subject": "ساعت كار",
    }
    assert end(client, "answered", **fields)[0] == 303
    # The exchange's id makes a second press the same call.
    assert end(client, "dropped", **fields)[0] == 303
    page = client.get(DESK).text
    assert "این تماس پیش‌تر ثبت شده است: پاسخ آنی" in page
    (call,) = calls(app)
    assert (call.e164, call.result, call.line, call.subject) == (
        NUMBER,
        "answered",
        "137",
        "ساعت کار",
    )
    assert call.operator_id == operator.id
    assert abs((call.started_at - began).total_seconds()) < 1 and call.ended_at > call.started_at


@pytest.mark.parametrize("result", RESULTS)
def test_each_result_is_one_press(
    client: FlaskClient, operator: User, app: Flask, result: str
) -> None:
    status, location = end(client, result, number="02188881234", transferred_to="آتش‌نشانی")
    assert status == 303
    (call,) = calls(app)
    assert (call.result, call.e164) == (result, "+982188881234")
    assert call.transferred_to == ("آتش‌نشانی" if result == "transferred" else "")
    assert (call.answered_at is None) is (result == "dropped")
    assert ("/staff/cases/new" in location) is (result == "registered")
    with app.app_context():
        assert "call.recorded" in set(db.session.scalars(select(AuditEntry.action)))


@pytest.mark.parametrize(
    ("result", "fields"),
    [
        ("transferred", {}),
        ("nothing", {}),
        ("answered", {"number": "12"}),
        ("answered", {"note": "x" * 3000}),
        ("look", {"number": ""}),
    ],
)
def test_half_a_call_is_explained_and_keeps_what_was_typed(
    client: FlaskClient, operator: User, app: Flask, result: str, fields: dict[str, str]
) -> None:
    status, page = end(client, result, **{"subject": "نیمه‌کاره", **fields})
    assert status == 422
    assert "نیمه‌کاره" in page
    assert calls(app) == []


def test_a_registered_call_fills_the_form_and_is_connected_with_its_case(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    status, location = end(
        client,
        "registered",
        number="0912 111 2233",
        name="مریم",
        note="آب هدر می‌رود",
        language="ar",
    )
    assert status == 303
    page = client.get(location).text
    for words in ("مریم", "آب هدر می‌رود</textarea>", NUMBER):
        assert words in page
    (call,) = calls(app)
    data = {
        "csrf_token": csrf_token(client, location),
        "do": "register",
        "call": str(call.id),
        "phone": NUMBER,
        "channel": "phone",
        "language": "ar",
        "urgency": "",
        "text": "آب هدر می‌رود",
    }
    done = client.post("/staff/cases/new", data=data)
    assert done.status_code == 303
    assert f'href="{DESK}"' in client.get(done.location).text.partition('id="main"')[2]
    (call,) = calls(app)
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        assert (call.case_id, case.origin_type, case.origin_id) == (case.id, "call", call.id)
    # The form sent again makes a case of its own; the call stays with the first.
    assert client.post("/staff/cases/new", data=data).status_code == 303
    assert calls(app)[0].case_id == case.id
    # What is a case now is corrected there.
    client.post(
        f"{DESK}{call.id}/result", data={"csrf_token": data["csrf_token"], "result": "dropped"}
    )
    assert calls(app)[0].result == "registered"


def test_a_wrong_key_is_corrected_on_the_same_day_only(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    end(client, "answered")
    (call,) = calls(app)
    url = f"{DESK}{call.id}/result"
    token = csrf_token(client, DESK)
    client.post(url, data={"csrf_token": token, "result": "transferred"})
    assert calls(app)[0].result == "answered"
    client.post(
        url, data={"csrf_token": token, "result": "transferred", "transferred_to": "شرکت آب"}
    )
    assert (calls(app)[0].result, calls(app)[0].transferred_to) == ("transferred", "شرکت آب")
    with clock.freeze(clock.now() + dt.timedelta(days=2)):
        client.post(url, data={"csrf_token": token, "result": "dropped"})
    assert calls(app)[0].result == "transferred"
    assert client.post(f"{DESK}9999999/result", data={"csrf_token": token}).status_code == 404


def test_nobody_corrects_the_call_of_somebody_else(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    end(client, "answered")
    (call,) = calls(app)
    other = app.test_client()
    sign_in(other, make_user(("operator",)))
    data = {"csrf_token": csrf_token(other, DESK), "result": "dropped"}
    assert other.post(f"{DESK}{call.id}/result", data=data).status_code == 404
    assert calls(app)[0].result == "answered"


def test_a_longer_history_asks_no_more(client: FlaskClient, operator: User, app: Flask) -> None:
    url = f"{DESK}?number=09121112233"
    end(client, "answered", number=NUMBER)
    make_case(e164=NUMBER)
    with count_queries() as few:
        client.get(url)
    for _n in range(3):
        end(client, "answered", number=NUMBER)
        make_case(e164=NUMBER)
    with count_queries() as many:
        client.get(url)
    assert many.count == few.count <= 14, many.statements


def test_the_page_of_a_person_shows_the_calls(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    contact = make_contact(NUMBER, name="زهرا احمدی")
    end(client, "answered", number=NUMBER, subject="ساعت کار دفتر")
    browser = app.test_client()
    sign_in(browser, make_user())
    assert "ساعت کار دفتر" in browser.get(f"/staff/contacts/{contact.id}").text


def test_only_operators_take_calls(app: Flask) -> None:
    for role, reads in (("official", 200), ("unit_officer", 403)):
        browser = app.test_client()
        sign_in(browser, make_user((role,)))
        assert browser.get(DESK).status_code == 403
        assert browser.get(f"{DESK}figures").status_code == reads
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(CentreCall)) == 0
