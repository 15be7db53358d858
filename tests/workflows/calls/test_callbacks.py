"""«Call me back»: asked without a CAPTCHA, rung once, and ended as a case or a consultation."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.queries import count_queries
from workflows.calls import callbacks
from workflows.calls.models import Callback
from workflows.cases.models import Case

MORNING = dt.datetime(2025, 8, 3, 5, 40, tzinfo=dt.UTC)  # 9:10 in Tehran
QUEUE = "/staff/calls/callbacks"


def ask(client: FlaskClient, lang: str = "fa", **fields: str) -> TestResponse:
    page = client.get(f"/{lang}/call-me").text
    wished = re.findall(r'<option[^>]*value="([^"]+)"', page)
    data = {"mobile": "09121112233", "wished": wished[0], "do": "call-me", **fields}
    return client.post(f"/{lang}/call-me", data=data)


def rows(app: Flask) -> list[Callback]:
    with app.app_context():
        return list(db.session.scalars(select(Callback).order_by(Callback.id)))


@pytest.fixture
def morning() -> object:
    with clock.freeze(MORNING) as at:
        yield at


def test_a_wish_becomes_a_row_and_a_second_one_for_the_number_does_not(
    app: Flask, morning: object
) -> None:
    visitor = app.test_client(use_cookies=False)
    answer = ask(visitor, "ar", text="سؤال عن الرخصة", citizen_name="زهراء")
    assert answer.status_code == 303
    assert visitor.get(answer.location).status_code == 200
    again = ask(visitor, "fa", citizen_name="کسی دیگر")
    assert (again.status_code, again.location) == (303, "/fa/call-me/thanks")
    (row,) = rows(app)
    assert (row.e164, row.language, row.name) == ("+989121112233", "ar", "زهراء")
    # The hour that runs now is still one: called at once, late at its end.
    assert row.call_at == MORNING
    assert MORNING < row.due_at <= MORNING + dt.timedelta(hours=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"mobile": ""},
        {"mobile": "02188881234"},
        {"wished": "2025-08-03T03"},
        {"wished": "2030-01-01T10"},
        {"wished": ""},
        {"website": "http://x"},
        {"text": "x" * 501},
    ],
)
def test_nothing_absurd_is_taken(app: Flask, morning: object, fields: dict[str, str]) -> None:
    visitor = app.test_client(use_cookies=False)
    assert ask(visitor, **fields).status_code == 422
    assert rows(app) == []


def test_it_is_limited_and_no_other_site_can_ask(app: Flask, morning: object) -> None:
    visitor = app.test_client(use_cookies=False)
    answers = [ask(visitor).status_code for _n in range(4)]
    assert answers == [303, 303, 303, 429]
    data = {"mobile": "09121112233", "do": "call-me"}
    foreign = visitor.post("/fa/call-me", data=data, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403


def test_what_was_typed_on_the_message_form_comes_along(app: Flask, morning: object) -> None:
    page = app.test_client(use_cookies=False).post(
        "/fa/call-me", data={"text": "چالهٔ بزرگی است", "mobile": "0912 555 66 77"}
    )
    assert page.status_code == 200
    assert "چالهٔ بزرگی است" in page.text and "0912 555 66 77" in page.text
    assert rows(app) == []
    long = "چالهٔ بزرگی است؛ " * 40
    page = app.test_client(use_cookies=False).post("/fa/call-me", data={"text": long})
    assert long.strip() in page.text and 'id="text-error"' in page.text, "nothing is cut unsaid"


def asked(app: Flask, number: str, hour: int = 9) -> int:
    with app.app_context():
        wished = f"2025-08-03T{hour:02d}"
        callback_id, _new = callbacks.ask(number, wished=wished, language="fa", subject="پرسش")
        db.session.commit()
        return callback_id


def test_two_operators_never_call_one_citizen(app: Flask, morning: object) -> None:
    first, second = asked(app, "+989121110001"), asked(app, "+989121110002")
    later = asked(app, "+989121110003", hour=15)
    here, there = app.test_client(), app.test_client()
    for browser in (here, there):
        sign_in(browser, make_user(("operator",)))

    def take_next(browser: FlaskClient) -> str:
        token = csrf_token(browser, QUEUE)
        return browser.post(f"{QUEUE}/next", data={"csrf_token": token}).location

    assert take_next(here) == f"{QUEUE}/{first}"
    assert take_next(there) == f"{QUEUE}/{second}"
    assert take_next(here) == f"{QUEUE}/{first}"
    token = csrf_token(there, QUEUE)
    assert there.post(f"{QUEUE}/{first}/take", data={"csrf_token": token}).location == QUEUE
    # Before its hour somebody can be called by hand, but not by «next».
    assert there.post(f"{QUEUE}/{later}/take", data={"csrf_token": token}).location.endswith(
        str(later)
    )
    # What was begun and forgotten is anybody's after a while.
    clock.shift(minutes=16)
    assert take_next(there) == f"{QUEUE}/{second}"


def end(client: FlaskClient, callback_id: int, result: str, **fields: str) -> TestResponse:
    url = f"{QUEUE}/{callback_id}"
    return client.post(url, data={"csrf_token": csrf_token(client, url), "do": result, **fields})


def test_it_ends_as_a_consultation_a_case_or_after_three_tries(
    app: Flask, client: FlaskClient, morning: object
) -> None:
    sign_in(client, make_user(("operator",)))
    talked, registered, silent = (asked(app, f"+98912111000{n}") for n in range(3))
    assert end(client, talked, "answered", note="نشانی داده شد").status_code == 303
    assert end(client, talked, "withdrawn").status_code == 422
    leads = end(client, registered, "registered").location
    page = client.get(leads).text
    assert "پرسش</textarea>" in page and "+989121110001" in page
    data = {
        "csrf_token": csrf_token(client, leads),
        "callback": str(registered),
        "phone": "+989121110001",
        "channel": "phone",
        "language": "fa",
        "urgency": "",
        "text": "پرسش",
        "do": "register",
    }
    assert client.post("/staff/cases/new", data=data).status_code == 303
    for _n in range(3):
        assert end(client, silent, "unreached").status_code == 303
    assert end(client, silent, "nonsense").status_code == 422
    found = {row.id: row for row in rows(app)}
    assert [found[n].state for n in (talked, registered, silent)] == [
        "answered",
        "registered",
        "unreached",
    ]
    assert found[silent].tries == 3 and found[talked].note == "نشانی داده شد"
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        assert (found[registered].case_id, case.origin_type) == (case.id, "callback")


def test_a_longer_queue_asks_no_more_and_is_paged(
    app: Flask, client: FlaskClient, morning: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, make_user(("operator",)))
    asked(app, "+989121110001")
    with count_queries() as few:
        client.get(QUEUE)
    for n in range(2, 6):
        asked(app, f"+98912111000{n}", hour=9 + n // 3)
    with count_queries() as many:
        client.get(QUEUE)
    assert many.count == few.count <= 6, many.statements
    monkeypatch.setattr(callbacks, "PAGE", 2)
    url, seen = QUEUE, []
    while url:
        page = client.get(url).text
        seen += re.findall(r"callbacks/(\d+)/take", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == 5


def test_nobody_is_rung_again_at_night(context: Flask) -> None:
    """19:30 in Tehran: 45 minutes later is after the hours, so it is the next morning."""
    with clock.freeze(dt.datetime(2025, 8, 3, 16, 0, tzinfo=dt.UTC)):
        user = make_user(("operator",))
        wished = callbacks.slots()[0].value
        callback_id, _new = callbacks.ask("+989121112233", wished=wished, language="fa")
        assert callbacks.unanswered(callback_id, by=user.id)
        row = db.session.get_one(Callback, callback_id)
        assert row.call_at == dt.datetime(2025, 8, 4, 4, 30, tzinfo=dt.UTC)
        db.session.rollback()
