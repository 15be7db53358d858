"""An operator writes down what somebody says, rings citizens, and keeps the categories."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.db import db
from portal.messaging.models import Message
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.contacts import make_contact
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.cases import work
from workflows.cases.models import Case, CaseEvent, Category

NEW = "/staff/cases/new"
CALLS = "/staff/cases/calls"
CATEGORIES = "/staff/cases/categories"


@pytest.fixture
def operator(client: FlaskClient) -> User:
    user = make_user(("operator",), language="en")
    sign_in(client, user)
    return user


def register(client: FlaskClient, **fields: str) -> tuple[int, str, str]:
    """(status, page, where to)"""
    data = {"channel": "phone", "language": "fa", "urgency": "", "do": "register", **fields}
    answer = client.post(NEW, data={**data, "csrf_token": csrf_token(client, NEW)})
    return answer.status_code, answer.text, answer.location or ""


def the_case(app: Flask) -> Case:
    with app.app_context():
        found = db.session.scalars(select(Case)).one()
        db.session.expunge(found)
        return found


# Registering


def test_a_call_becomes_a_case_with_a_code_to_read_out(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    unit = make_unit()
    category = make_category(unit_id=unit.id)
    status, _page, location = register(
        client,
        phone="۰۹۱۲ ۱۱۱ ۲۲۳۳",
        text="كابل برق آويزان است",
        category_id=str(category.id),
        urgency="danger",
        place="بازار، کوچهٔ سوم",
        name="مريم",
    )
    assert status == 303
    case = the_case(app)
    assert (case.e164, case.urgency, case.unit_id) == ("+989121112233", "danger", unit.id)
    assert (case.text, case.citizen_name) == ("کابل برق آویزان است", "مریم")
    assert (case.channel, case.registered_by) == ("phone", operator.id)
    page = client.get(location).text
    assert f'<span class="ltr">{case.code}</span>' in page
    assert " ".join(re.findall("..", case.code)) in page
    assert "/t/" + case.code in page
    with app.app_context():
        assert case.code in db.session.scalars(select(Message.body)).one()


def test_somebody_at_the_counter_without_a_number(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    status, _page, location = register(client, channel="counter", text="آب هدر می‌رود")
    assert status == 303
    assert (the_case(app).e164, the_case(app).channel) == (None, "counter")
    assert "No number was given" in client.get(location).text


def test_the_same_form_sent_twice_is_one_case(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    page = client.get(NEW).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    key = re.search(r'name="key"[^>]*value="([^"]+)"', page)
    assert token and key
    data = {"channel": "phone", "language": "fa", "urgency": "", "do": "register"}
    data |= {"csrf_token": token[1], "key": key[1], "phone": "09121112233", "text": "چاله"}
    first, second = (client.post(NEW, data=data) for _press in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Message)) == 1
    # Who goes back and writes down another message loses nothing.
    other = client.post(NEW, data={**data, "text": "چراغ"})
    assert other.status_code == 303 and other.location != first.location
    assert client.get(NEW).text.count(key[1]) == 0, "every form has a key of its own"


def test_the_same_as_a_case_that_is_not_there(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    status, page, _location = register(client, text="چراغ خاموش است", same_as="999999999")
    assert status == 422 and "There is no such case." in page and "چراغ خاموش است" in page
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0


def test_looking_a_number_up_stores_nothing_and_keeps_what_was_typed(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    make_contact("+989121112233", name="زهرا احمدی", language="ar", neighbourhood="سنگلج")
    known = make_case(e164="+989121112233", text="پیام پیشین دربارهٔ زباله")
    status, page, _location = register(client, do="look", phone="09121112233", text="نیمه‌کار")
    assert status == 200
    for words in ("زهرا احمدی", known.code, "1 open case", "نیمه‌کار</textarea>", "سنگلج"):
        assert words in page
    # The person's language is chosen with it.
    assert re.search(r'<input[^>]*checked[^>]*value="ar"', page)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Case)) == 1
    status, page, _location = register(client, do="look", phone="09135556677")
    assert "this number is new" in page
    for wrong in ("", "021 1234 5678", "12"):
        assert register(client, do="look", phone=wrong)[0] == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": " "},
        {"phone": "021"},
        {"channel": "portal"},
        {"urgency": "very"},
        {"language": "xx"},
        {"category_id": "999999999"},
        {"name": "x" * 500},
    ],
)
def test_a_form_that_is_not_right_is_explained(
    client: FlaskClient, operator: User, app: Flask, wrong: dict[str, str]
) -> None:
    status, page, _location = register(client, **{"text": "چراغ خاموش", **wrong})
    assert status == 422
    assert 'id="error-summary"' in page
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0


# Feedback calls


def answered(hours_ago: float, **overrides: object) -> Case:
    """A case whose citizen was asked by SMS so many hours ago."""
    with clock.freeze(clock.now() - dt.timedelta(hours=hours_ago)):
        case = make_case(**overrides)
        work.finish(case.id, by=None, outcome="done", text="انجام شد")
        db.session.commit()
        db.session.refresh(case)
        # The next one's commit must not empty this one.
        db.session.expunge(case)
    return case


def record(client: FlaskClient, case_id: int, **fields: str) -> tuple[int, str]:
    url = f"/staff/cases/{case_id}/call"
    page = client.get(url).text
    found = re.search(r'name="call-version"[^>]*value="(\d+)"', page)
    assert found
    data = {f"call-{name}": value for name, value in fields.items()}
    answer = client.post(
        url,
        data={**data, "call-version": found[1], "csrf_token": csrf_token(client, url)},
    )
    return answer.status_code, answer.text


def next_call(client: FlaskClient) -> int | None:
    answer = client.post(CALLS + "/next", data={"csrf_token": csrf_token(client, CALLS)})
    assert answer.status_code == 303
    found = re.search(r"/staff/cases/(\d+)/call$", answer.location)
    return int(found[1]) if found else None


def test_the_queue_holds_who_was_silent_for_twelve_hours(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    with app.app_context():
        long_ago, later = answered(20), answered(13)
        answered(11)
        answered(20, e164=None)
    page = client.get(CALLS).text
    assert "2 citizens wait for a call" in page
    assert page.index(long_ago.code) < page.index(later.code)
    # Two operators never ring the same citizen.
    other = app.test_client()
    sign_in(other, make_user(("operator",), language="en"))
    assert next_call(client) == long_ago.id
    assert next_call(other) == later.id
    assert "1 citizen waits" in client.get(CALLS).text
    # Whoever took a call keeps it until it is recorded.
    assert next_call(client) == long_ago.id
    assert next_call(other) == later.id


def test_agreeing_objecting_and_nobody_there(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    above = make_unit()
    unit = make_unit(parent_id=above.id)
    with app.app_context():
        agrees, objects, absent = (answered(15, unit_id=unit.id) for _number in range(3))
    assert record(client, agrees.id, answer="accepted")[0] == 303
    status, page = record(client, objects.id, answer="objected", text=" ")
    assert status == 422
    assert "Write what the citizen objects to" in page
    assert record(client, objects.id, answer="objected", text="هنوز چاله است")[0] == 303
    assert record(client, absent.id, answer="no_answer")[0] == 303
    with app.app_context():
        found = {case.id: case for case in db.session.scalars(select(Case))}
        assert (found[agrees.id].stage, found[agrees.id].confirmation) == ("closed", "accepted")
        assert (found[objects.id].stage, found[objects.id].unit_id) == ("assigned", above.id)
        assert found[absent.id].stage == "feedback"
        actions = set(db.session.scalars(select(AuditEntry.action)))
        assert {"case.accepted", "case.objected", "case.call_unanswered"} <= actions
    # Who did not answer comes back later, not at once.
    assert next_call(client) is None
    with clock.freeze(clock.now() + dt.timedelta(hours=5)):
        assert next_call(client) == absent.id


def test_an_answer_by_sms_during_the_call_is_not_overwritten(
    client: FlaskClient, operator: User, app: Flask
) -> None:
    from workflows.cases import feedback

    with app.app_context():
        case = answered(15)
    url = f"/staff/cases/{case.id}/call"
    found = re.search(r'name="call-version"[^>]*value="(\d+)"', client.get(url).text)
    assert found
    with app.app_context():
        assert case.e164
        assert feedback.answer_by_sms(case.e164, "۳۱")
        db.session.commit()
    answer = client.post(
        url,
        data={
            "call-answer": "objected",
            "call-text": "راضی نیست",
            "call-version": found[1],
            "csrf_token": csrf_token(client, CALLS),
        },
    )
    assert answer.status_code == 409
    assert "راضی نیست" in answer.text
    with app.app_context():
        kinds = list(db.session.scalars(select(CaseEvent.kind).filter_by(case_id=case.id)))
    assert "accepted" in kinds
    assert "objected" not in kinds


def test_a_longer_queue_asks_no_more(client: FlaskClient, operator: User, app: Flask) -> None:
    with app.app_context():
        answered(15)
    with count_queries() as few:
        client.get(CALLS)
    with app.app_context():
        for _number in range(3):
            answered(15)
    with count_queries() as many:
        client.get(CALLS)
    assert many.count == few.count <= 8, many.statements


# Categories


@pytest.fixture
def administrator(client: FlaskClient) -> None:
    sign_in(client, make_user(("administrator",), language="en"))


def save(client: FlaskClient, where: str, **fields: str) -> tuple[int, str]:
    url = f"{CATEGORIES}/{where}"
    data = {
        "name_fa": "روشنایی معابر",
        "code": "street-lights",
        "calendar": "tehran-office",
        "first_action_hours": "۴",
        "resolution_hours": "٢٤",
        "active": "y",
        **fields,
    }
    answer = client.post(url, data={**data, "csrf_token": csrf_token(client, url)})
    return answer.status_code, answer.text


def test_categories_are_added_and_changed(
    client: FlaskClient, administrator: None, app: Flask
) -> None:
    unit = make_unit(names={"en": "Lighting"})
    assert save(client, "new", unit_id=str(unit.id))[0] == 303
    page = client.get(CATEGORIES).text
    assert "روشنایی معابر" in page
    assert "Lighting" in page
    assert "4 open hours" in page
    status, text = save(client, "new")
    assert status == 422
    assert "Another category has this code." in text
    with app.app_context():
        made = db.session.scalars(select(Category)).one()
        assert (made.first_action_hours, made.resolution_hours) == (4, 24)
    assert save(client, str(made.id), name_en="Street lights", active="")[0] == 303
    with app.app_context():
        made = db.session.scalars(select(Category)).one()
        assert made.names["en"] == "Street lights"
        assert not made.active
        actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"case_category.added", "case_category.changed"} <= actions
    # What is not in use cannot be chosen any more.
    assert "روشنایی معابر" not in client.get(NEW).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"name_fa": ""},
        {"code": "Ärger!"},
        {"calendar": "../etc"},
        {"first_action_hours": "0"},
        {"first_action_hours": "four"},
        {"first_action_hours": "40", "resolution_hours": "8"},
        {"unit_id": "999999999"},
    ],
)
def test_a_category_that_is_not_right_is_refused(
    client: FlaskClient, administrator: None, app: Flask, wrong: dict[str, str]
) -> None:
    status, page = save(client, "new", **wrong)
    assert status == 422
    assert 'id="error-summary"' in page
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Category)) == 0
