"""A citizen registers, waits, cancels; over HTTP, without script, cookie or session."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import clock, links
from portal.db import db
from portal.messaging.models import Message
from tests.factories.callins import make_call, make_series, make_session, sessions_of
from tests.queries import count_queries
from workflows.callins import jobs, proving, services
from workflows.callins import sms as sms_texts
from workflows.callins.models import Call, CallinRequest, CallinSession

NOW = "2026-03-25T08:00:00+00:00"
SUBJECT = "چراغ‌های کوچهٔ ما شب‌ها خاموش است"


@pytest.fixture(autouse=True)
def _still() -> object:
    with clock.freeze(NOW):
        yield


def form_key(client: FlaskClient, session: CallinSession, lang: str = "fa") -> str:
    page = client.get(f"/{lang}/callins/{session.id}").text
    found = re.search(r'name="form_key"[^>]*value="([^"]+)"', page)
    assert found, page[:3000]
    return found[1]


def send(
    client: FlaskClient, session: CallinSession, mobile: str, lang: str = "fa", **more: str
) -> TestResponse:
    """Fill in the form, and type the code of the SMS."""
    asked = ask(client, session, mobile, lang, **more)
    if asked.status_code != 303:
        return asked
    return client.post(asked.location, data={"code": code_of(client.application, asked)})


def code_of(app: Flask, asked: TestResponse) -> str:
    """What the SMS says once it is sent."""
    with app.app_context():
        request = proving.find(asked.location.rsplit("/", 1)[1])
        assert request is not None
        return links.code_for(sms_texts.CODE_PURPOSE, request.id)


def ask(
    client: FlaskClient, session: CallinSession, mobile: str, lang: str = "fa", **more: str
) -> TestResponse:
    data = {
        "form_key": more.pop("form_key", "") or form_key(client, session, lang),
        "name": "زهرا احمدی",
        "mobile": mobile,
        "language": lang,
        "subject": SUBJECT,
        "neighbourhood": "بازار",
        **more,
    }
    return client.post(f"/{lang}/callins/{session.id}", data=data)


def sms() -> list[tuple[str, str]]:
    """All but those with a code to prove the number."""
    return [(m.e164, m.body) for m in _all_sms() if "{code}" not in m.body]


def _all_sms() -> list[Message]:
    return db.session.query(Message).order_by(Message.id).all()


def calls() -> list[Call]:
    return db.session.query(Call).order_by(Call.id).all()


def test_a_place_with_a_code_on_screen_and_by_sms(app: Flask, client: FlaskClient) -> None:
    session = make_session()
    answer = send(client, session, "۰۹۱۲ ۱۲۳ ۴۵۶۷")
    assert answer.status_code == 303
    page = client.get(answer.location)
    with app.app_context():
        (call,) = calls()
        ((number, body),) = sms()
        assert (call.state, call.e164, call.language) == ("queued", "+989121234567", "fa")
    assert call.code in page.text
    assert "۰۹۱۲" not in page.text
    assert number == "+989121234567"
    assert call.code in body
    assert "۶ اردیبهشت ۱۴۰۵" in body
    assert f"http://localhost/c/{call.code}" in body
    assert client.get(f"/c/{call.code.lower()}").location.endswith(
        f"/fa/callins/registrations/{call.code}"
    )


def test_the_arabic_form_writes_an_arabic_sms(app: Flask, client: FlaskClient) -> None:
    session = make_session()
    assert send(client, session, "+9647701234567", "ar").status_code == 303
    with app.app_context():
        assert "٢٦ نيسان ٢٠٢٦" in sms()[0][1]


def test_sent_twice_it_is_one_registration(app: Flask, client: FlaskClient) -> None:
    session = make_session()
    key = form_key(client, session)
    first = send(client, session, "09121234567", form_key=key)
    second = send(client, session, "09121234567", form_key=key)
    assert first.location == second.location
    again = send(client, session, "09121234567")
    assert again.status_code == 422
    with app.app_context():
        assert len(calls()) == len(sms()) == 1


def test_what_is_missing_is_said(app: Flask, client: FlaskClient) -> None:
    session = make_session()
    for wrong in ({"name": ""}, {"subject": ""}, {"mobile": "02188776655"}, {"language": "xx"}):
        data = {"mobile": "09121234567", **wrong}
        assert send(client, session, **data).status_code == 422
    with app.app_context():
        assert calls() == []


def test_another_site_cannot_register_anybody(app: Flask, client: FlaskClient) -> None:
    session = make_session()
    data = {"name": "x", "mobile": "09121234567", "language": "fa", "subject": "x"}
    answer = client.post(
        f"/fa/callins/{session.id}", data=data, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 400
    with app.app_context():
        assert calls() == []


def test_full_then_waiting_list_then_nothing(app: Flask, client: FlaskClient) -> None:
    session = make_session(capacity=1, waiting_capacity=2)
    for n in range(3):
        assert send(client, session, f"0912123450{n}").status_code == 303
    full = send(client, session, "09121234509", form_key="x")
    assert full.status_code == 422
    with app.app_context():
        first, second, third = calls()
        assert [c.state for c in (first, second, third)] == ["queued", "waiting", "waiting"]

    # The first gives the place back: the one who waits longest gets it and is told.
    gone = client.post(f"/fa/callins/registrations/{first.code}/cancel")
    assert gone.status_code == 303
    client.post(f"/fa/callins/registrations/{first.code}/cancel")
    with app.app_context():
        assert [c.state for c in calls()] == ["cancelled", "queued", "waiting"]
        assert [number for number, _body in sms()][3:] == [second.e164]
    assert "۱" in client.get(f"/fa/callins/registrations/{third.code}").text

    # A late comer stands behind those who wait.
    with app.app_context():
        services.move_session(
            session.id, starts_at=session.starts_at, ends_at=session.ends_at, capacity=2
        )
        db.session.commit()
        assert [c.state for c in calls()] == ["cancelled", "queued", "queued"]


def test_nobody_floods_the_number_of_somebody_else(app: Flask, client: FlaskClient) -> None:
    session = make_session()
    for n in range(3):
        assert ask(client, session, "09121234567", form_key=f"key-{n}").status_code == 303
    assert ask(client, session, "09121234567", form_key="key-3").status_code == 422
    clock.shift(hours=1, seconds=1)
    for n in range(4, 7):
        assert ask(client, session, "09121234567", form_key=f"key-{n}").status_code == 303
    clock.shift(hours=1, seconds=1)
    assert ask(client, session, "09121234567", form_key="key-7").status_code == 422
    with app.app_context():
        assert len(_all_sms()) == 6
    assert ask(client, session, "09121234568", form_key="key-8").status_code == 303
    # What was typed is not kept for long.
    clock.shift(days=2, seconds=1)
    with app.app_context():
        jobs.prepare()
        assert db.session.query(CallinRequest).count() == 0


def test_a_number_that_is_only_typed_holds_no_place(app: Flask, client: FlaskClient) -> None:
    session = make_session(capacity=1, waiting_capacity=0)
    for n in range(3):
        assert ask(client, session, f"0912000000{n}", form_key=f"x{n}").status_code == 303
    asked = ask(client, session, "09121234567")
    page = client.get(asked.location)
    assert "567" in page.text or "۵۶۷" in page.text
    assert "۹۱۲" not in page.text and "9121234567" not in page.text
    right = code_of(app, asked)
    with app.app_context():
        assert calls() == []
        assert all(right not in message.body for message in _all_sms())
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    assert client.post(asked.location, data={"code": wrong}).status_code == 422
    persian = right.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    first = client.post(asked.location, data={"code": f"{persian[:3]} {persian[3:]}"})
    second = client.post(asked.location, data={"code": right})
    assert first.status_code == second.status_code == 303
    assert first.location == second.location == client.get(asked.location).location
    with app.app_context():
        assert [call.state for call in calls()] == ["queued"]
    # The others come too late: there was one place.
    late = ask(client, session, "09121234568", form_key="y")
    assert late.status_code == 422


def test_guessing_ends_a_code_and_another_can_be_asked_for(app: Flask, client: FlaskClient) -> None:
    session = make_session()
    asked = ask(client, session, "09121234567")
    right = code_of(app, asked)
    for n in range(proving.MAX_ATTEMPTS):
        client.post(asked.location, data={"code": f"{(int(right) + 1 + n) % 10**6:06d}"})
    assert client.post(asked.location, data={"code": right}).status_code == 422
    again = client.post(asked.location, data={"again": "1"})
    assert again.status_code == 303 and again.location != asked.location
    new = code_of(app, again)
    assert client.post(again.location, data={"code": new}).status_code == 303
    other = ask(client, session, "09121234568", form_key="z")
    clock.shift(minutes=15)
    assert client.post(other.location, data={"code": code_of(app, other)}).status_code == 422
    assert client.get("/fa/callins/check/no-such-token").status_code == 404


def test_a_press_conference_asks_for_the_medium_and_a_visit_for_seats(
    app: Flask, client: FlaskClient
) -> None:
    press = make_session(kind="press")
    page = client.get(f"/fa/callins/{press.id}").text
    assert 'name="medium"' in page and 'name="seats"' not in page
    assert 'href="tel:137"' not in page.split("<main", 1)[1].split("</main", 1)[0]
    assert send(client, press, "09121234567", medium=" ").status_code == 422
    assert send(client, press, "09121234567", medium="شهریار نیوز").status_code == 303
    visit = make_session(kind="visit", capacity=4, waiting_capacity=5)
    assert send(client, visit, "09121234567", seats="۹").status_code == 422
    for number, seats in (("1", "۳"), ("2", "۲"), ("3", "۱")):
        assert send(client, visit, f"0912123450{number}", seats=seats).status_code == 303
    with app.app_context():
        found = [(c.medium, c.seats, c.state) for c in calls()]
        assert found == [
            ("شهریار نیوز", 1, "queued"),
            ("", 3, "queued"),
            # Two do not fit into the last seat, and nobody passes them.
            ("", 2, "waiting"),
            ("", 1, "waiting"),
        ]
        (_press, first, _second, _third) = calls()
        place = sms()[0][1]
    assert "مرکز ۱۳۷" in place or "137" in place
    client.post(f"/fa/callins/registrations/{first.code}/cancel")
    with app.app_context():
        assert [c.state for c in calls()][2:] == ["queued", "queued"]


def test_a_holiday_is_passed_over_unless_the_series_says_otherwise(app: Flask) -> None:
    # 13 Farvardin 1405 is Thursday, 2 April 2026.
    holiday = dt.date(2026, 4, 2)
    rule = {"frequency": "weekly", "weekday": 3}
    skipped = sessions_of(make_series(**rule))
    held = sessions_of(make_series(**rule, on_holiday="hold"))
    assert holiday not in {s.occurrence_on for s in skipped}
    assert holiday in {s.occurrence_on for s in held}
    assert {s.occurrence_on for s in skipped} < {s.occurrence_on for s in held}


def test_more_places_in_the_series_let_those_in_who_wait(app: Flask, client: FlaskClient) -> None:
    session = make_session(capacity=1, waiting_capacity=2)
    for n in range(2):
        send(client, session, f"0912123450{n}")
    with app.app_context():
        series = services.get_series(session.series_id)
        series.capacity = 1
        db.session.flush()
        services.update_series(series.id, {"capacity": 20})
        db.session.commit()
        assert [c.state for c in calls()] == ["queued", "queued"]


def test_a_portal_under_a_path_takes_its_own_forms(
    app: Flask, client: FlaskClient, make_app: Callable[..., Flask]
) -> None:
    session = make_session()
    mounted = make_app(public_url="https://city.example/citizen").test_client()
    answer = mounted.post(
        f"/fa/callins/{session.id}", headers={"Origin": "https://city.example"}, data={}
    )
    assert answer.status_code == 422


def test_registration_ends_when_the_session_begins(app: Flask, client: FlaskClient) -> None:
    session = make_session()
    key = form_key(client, session)
    clock.shift(session.starts_at - clock.now())
    assert 'name="mobile"' not in client.get(f"/fa/callins/{session.id}").text
    assert send(client, session, "09121234567", form_key=key).status_code == 422
    with app.app_context():
        assert calls() == []


def test_an_unknown_code_opens_nothing(app: Flask, client: FlaskClient) -> None:
    session = make_session()
    call = make_call(session)
    wrong = ("0" if call.code[0] != "0" else "1") + call.code[1:]
    for path in (f"/c/{wrong}", f"/fa/callins/registrations/{wrong}"):
        assert client.get(path).status_code == 404
    assert client.post(f"/fa/callins/registrations/{wrong}/cancel").status_code == 404
    assert client.get("/fa/callins/code?code=zzz").location.endswith("/fa/callins")
    typed = client.get(f"/fa/callins/code?code={call.code[:4].lower()}-{call.code[4:]}")
    assert typed.location.endswith(call.code)


def test_the_reminder_goes_out_once_the_day_before(app: Flask) -> None:
    session = make_session()
    make_call(session, language="en", e164="+989121110001")
    with app.app_context():
        waiting = make_call(session, e164="+989121110002")
        db.session.get_one(Call, waiting.id).state = "waiting"
        db.session.commit()
    clock.shift(session.starts_at - clock.now() - dt.timedelta(hours=25))

    def reminders() -> list[str]:
        with app.app_context():
            jobs.prepare()
            return [n for n, body in sms() if body.startswith(("Reminder", "یادآوری"))]

    assert reminders() == []
    clock.shift(hours=2)
    late = make_call(session, language="en", e164="+989121110003")
    assert reminders() == ["+989121110001"]
    assert reminders() == ["+989121110001"]
    with app.app_context():
        asked = {m.body.startswith(("Reminder", "یادآوری")): m.asked_for for m in _all_sms()}
    # A stop of the line holds the reminder back, not the confirmation.
    assert asked == {True: False, False: True}
    assert late.reminded_at is None


def test_who_is_registered_hears_of_a_move_and_of_a_cancellation(app: Flask) -> None:
    session = make_session()
    make_call(session, language="en")
    with app.app_context():
        services.move_session(
            session.id,
            starts_at=session.starts_at + dt.timedelta(days=7),
            ends_at=session.ends_at + dt.timedelta(days=7),
            capacity=20,
        )
        services.cancel_session(session.id)
        db.session.commit()
        bodies = [body for _number, body in sms()]
    assert "3 May 2026" in bodies[1]
    assert "does not take place" in bodies[2]


def test_the_list_costs_the_same_for_one_and_for_many(client: FlaskClient) -> None:
    make_series(frequency="monthly")
    with count_queries() as few:
        assert client.get("/en/callins").status_code == 200
    for session in sessions_of(make_series(frequency="weekly", weekday=2)):
        make_call(session)
    with count_queries() as many:
        page = client.get("/en/callins").text
    assert many.count == few.count
    assert page.count("<article") > 10


def test_planning_twice_makes_no_session_twice(app: Flask) -> None:
    series = make_series()
    before = [s.id for s in sessions_of(series)]
    with app.app_context():
        jobs.prepare()
    assert [s.id for s in sessions_of(series)] == before
    clock.shift(days=31)
    with app.app_context():
        jobs.prepare()
    assert len(sessions_of(series)) == len(before) + 1


def test_the_page_sent_again_for_somebody_else_registers_both(
    app: Flask, client: FlaskClient
) -> None:
    session = make_session()
    key = form_key(client, session)
    first = send(client, session, "09121234567", form_key=key)
    # Back in the browser, and the form once more for the neighbour.
    second = send(client, session, "09121234568", form_key=key)
    assert first.status_code == second.status_code == 303
    assert first.location != second.location
    with app.app_context():
        assert [c.e164 for c in calls()] == ["+989121234567", "+989121234568"]
        assert [c.state for c in calls()] == ["queued", "queued"]


def test_nobody_gets_a_place_in_a_session_that_is_over(app: Flask, client: FlaskClient) -> None:
    session = make_session(capacity=1)
    first = make_call(session)
    send(client, session, "09121234567")
    with app.app_context():
        before = len(sms())
    clock.shift(session.ends_at - clock.now() + dt.timedelta(minutes=1))
    client.post(f"/fa/callins/registrations/{first.code}/cancel")
    with app.app_context():
        assert [c.state for c in calls()] == ["cancelled", "waiting"]
        assert len(sms()) == before
