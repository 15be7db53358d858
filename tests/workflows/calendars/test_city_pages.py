"""Closures, hours and holidays as the city's staff announce them, and what becomes of due times."""

import datetime as dt
import io
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.calendars import city, services
from workflows.calendars.closed import closed_day
from workflows.calendars.models import CalendarClosure, CalendarRun
from workflows.cases.clock_jobs import redate
from workflows.cases.models import Case, CaseClock, CaseEvent

SATURDAY = "2025-11-22T06:00:00+00:00"  # 1 Azar 1404, 09:30 in Tehran
PAGES = "/staff/calendars/"
NEW = PAGES + "closures/new"


@pytest.fixture
def communications(client: FlaskClient) -> User:
    user = make_user(("communications",), language="fa")
    sign_in(client, user)
    return user


@pytest.fixture
def administrator(client: FlaskClient) -> User:
    user = make_user(("administrator",), language="en")
    sign_in(client, user)
    return user


def announce(client: FlaskClient, **fields: object) -> int:
    data = {
        "first": "۱۴۰۴/۹/۲",
        "calendars": ["tehran-office"],
        "reason_fa": "آلودگی هوا",
        "csrf_token": csrf_token(client, NEW),
        **fields,
    }
    return client.post(NEW, data=data).status_code


def due(app: Flask, case: Case, kind: str = "resolution") -> dt.datetime:
    with app.app_context():
        return db.session.scalars(
            select(CaseClock.due_at).where(CaseClock.case_id == case.id, CaseClock.kind == kind)
        ).one()


def counted(app: Flask, kind: str = "redated") -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).where(CaseEvent.kind == kind)) or 0


def dated(app: Flask) -> None:
    with app.app_context():
        redate()


def test_a_closure_typed_in_persian_moves_what_runs_and_is_taken_back(
    client: FlaskClient, communications: User, app: Flask
) -> None:
    with clock.freeze(SATURDAY):
        # 8 hours: 4:45 h today, the rest on Sunday 2 Azar until 10:45.
        case = make_case()
        urgent = make_case(urgency="danger")
        before, first = due(app, case), due(app, case, "first_action")
        assert first.isoformat() == "2025-11-23T07:15:00+00:00"
        assert announce(client) == 303
        dated(app)
        dated(app)
        assert due(app, case, "first_action").isoformat() == "2025-11-25T07:15:00+00:00"
        assert due(app, case) > before
        assert due(app, urgent, "first_action") == urgent.received_at + dt.timedelta(hours=2)
        with app.app_context():
            events = db.session.scalars(
                select(CaseEvent).where(CaseEvent.kind == "redated", CaseEvent.case_id == case.id)
            ).all()
            assert [one["clock"] for one in events[0].data["clocks"]] == [
                "first_action",
                "resolution",
            ]
            assert events[0].data["words"] == {"fa": "آلودگی هوا"}
            assert len(events) == 1
            audited = db.session.scalar(
                select(func.count()).where(
                    AuditEntry.action == "case.redated", AuditEntry.subject_id == str(case.id)
                )
            )
            assert audited == 1
            current = db.session.get_one(Case, case.id)
            assert current.next_due_at == due(app, case, "first_action")
            closure_id = db.session.scalars(select(CalendarClosure.id)).one()
        page = client.get(PAGES).text
        assert "آلودگی هوا" in page
        answer = client.post(
            f"{PAGES}closures/{closure_id}/take-back",
            data={"csrf_token": csrf_token(client, PAGES)},
        )
        assert answer.status_code == 303
        dated(app)
        assert due(app, case) == before
        with app.app_context():
            redated = select(func.count()).where(
                CaseEvent.kind == "redated", CaseEvent.case_id == case.id
            )
            assert db.session.scalar(redated) == 2


def test_hours_of_a_day_are_cut_out_and_nothing_else_is_told(
    client: FlaskClient, communications: User, app: Flask
) -> None:
    with clock.freeze(SATURDAY):
        case = make_case()
        far = make_case(due_at=clock.now() + dt.timedelta(days=30))
        assert announce(client, first="1404/09/01", begins="۱۲:۰۰", ends="۱۳:۳۰") == 303
        dated(app)
        # One and a half of today's hours are missing: Sunday 12:15.
        assert due(app, case, "first_action").isoformat() == "2025-11-23T08:45:00+00:00"
        assert due(app, far) == clock.now() + dt.timedelta(days=30)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"first": ""}, "first"),
        ({"first": "۱۴۰۴/۱۳/۱"}, "first"),
        ({"last": "1404/9/1"}, "last"),
        ({"begins": "10:00"}, "ends"),
        ({"begins": "12:00", "ends": "10:00"}, "ends"),
        ({"calendars": ["always"]}, "calendars"),
        ({"calendars": []}, "calendars"),
        ({"reason_fa": " "}, "reason_fa"),
    ],
)
def test_what_cannot_be_announced_is_said_beside_its_field(
    client: FlaskClient, communications: User, app: Flask, fields: dict[str, object], named: str
) -> None:
    data = {
        "first": "1404/09/02",
        "calendars": ["tehran-office"],
        "reason_fa": "آلودگی",
        "csrf_token": csrf_token(client, NEW),
        **fields,
    }
    answer = client.post(NEW, data=data)
    assert answer.status_code == 422
    assert f'href="#{named}"' in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(CalendarRun)) == 0


def test_only_communications_and_administrators(client: FlaskClient) -> None:
    sign_in(client, make_user(("operator",)))
    assert client.get(PAGES).status_code == 403
    other = client.application.test_client()
    sign_in(other, make_user(("communications",)))
    assert other.get(PAGES).status_code == 200
    assert other.get(PAGES + "new").status_code == 403


def week(**days: str) -> dict[str, str]:
    return {"saturday": "", "sunday": "", **days}


def test_a_calendar_of_the_citys_own_with_several_shifts_and_other_hours_from_a_date(
    client: FlaskClient, administrator: User, app: Flask
) -> None:
    sent = {
        "name": "museum",
        "title_fa": "موزهٔ شهر",
        **week(saturday="۷:۳۰ تا ۱۲، ۱۳ تا ۱۴:۱۵", sunday="22-6"),
        "csrf_token": csrf_token(client, PAGES + "new"),
    }
    assert client.post(PAGES + "new", data=sent).status_code == 303
    assert client.post(PAGES + "new", data=sent).status_code == 422
    with app.app_context():
        start = dt.datetime(2025, 11, 22, 4, 0, tzinfo=dt.UTC)  # Saturday 07:30
        found = services.due("museum", start, dt.timedelta(hours=6)).local
        assert found.isoformat() == "2025-11-23T22:15:00+03:30"
    page = PAGES + "of/museum/hours"
    changed = {
        "valid_from": "2025/11/23",
        **week(saturday="8-9"),
        "csrf_token": csrf_token(client, page),
    }
    assert client.post(page, data=changed).status_code == 303
    with app.app_context():
        found = services.due("museum", start, dt.timedelta(hours=6)).local
        assert found.isoformat() == "2025-11-29T08:15:00+03:30"
    shown = client.get(page).text
    withdraw = re.search(r'action="([^"]+/withdraw)"', shown)
    assert withdraw
    assert (
        client.post(withdraw[1], data={"csrf_token": csrf_token(client, page)}).status_code == 303
    )
    with app.app_context():
        found = services.due("museum", start, dt.timedelta(hours=6)).local
        assert found.isoformat() == "2025-11-23T22:15:00+03:30"
    bad = {**sent, "name": "other", "saturday": "7-8, 7:30-9"}
    answer = client.post(PAGES + "new", data=bad)
    assert answer.status_code == 422
    assert 'href="#saturday"' in answer.text


def test_an_uploaded_file_is_a_calendar_and_a_broken_one_lists_its_problems(
    client: FlaskClient, administrator: User, app: Flask
) -> None:
    page = PAGES + "upload"
    document = (
        "name: museum\ntitles: {fa: موزه, ar: متحف, en: Museum}\nweekly: {friday: [8:00-9:00]}"
    )

    def upload(text: str) -> tuple[int, str]:
        data = {
            "file": (io.BytesIO(text.encode()), "museum.yaml"),
            "csrf_token": csrf_token(client, page),
        }
        answer = client.post(page, data=data, content_type="multipart/form-data")
        return answer.status_code, answer.text

    assert upload(document)[0] == 303
    with app.app_context():
        assert services.calendar("museum").titles["fa"] == "موزه"
    status, text = upload(document.replace("8:00-9:00", "8:00"))
    assert status == 422
    assert "weekly.friday[0]" in text
    assert upload(document.replace("name: museum", "name: always"))[0] == 422


def test_a_holiday_is_kept_on_the_day_on_which_the_moon_was_seen(
    client: FlaskClient, administrator: User, app: Flask
) -> None:
    page = PAGES + "holidays"
    with clock.freeze("2026-03-01T06:00:00+00:00"):
        shown = client.get(page).text
        # Eid al-Fitr 1447 is computed for 21 March 2026.
        assert 'value="2026-03-21"' in shown
        with app.app_context():
            office = services.calendar("tehran-office")
            fitr = next(
                one
                for one in office.holidays_on(dt.date(2026, 3, 21))
                if one.titles["en"] == "Eid al-Fitr"
            )
            assert fitr
        sent = {
            "day": "2026-03-21",
            "holiday": "Eid al-Fitr",
            "kept_on": "2026/03/22",
            "csrf_token": csrf_token(client, page),
        }
        assert client.post(page, data={**sent, "kept_on": "2026/03/29"}).status_code == 422
        assert client.post(page, data={**sent, "holiday": "Nothing"}).status_code == 404
        assert client.post(page, data=sent).status_code == 303
        with app.app_context():
            office = services.calendar("tehran-office")

            def names(day: int) -> list[str]:
                return [one.titles["en"] for one in office.holidays_on(dt.date(2026, 3, day))]

            assert "Eid al-Fitr" not in names(21)
            assert "Eid al-Fitr" in names(22)
            runs = db.session.scalars(select(CalendarRun)).all()
            assert [run.calendars for run in runs] == [["tehran-office"]]


def test_a_unit_with_hours_of_its_own(client: FlaskClient, administrator: User, app: Flask) -> None:
    unit = make_unit()
    page = PAGES + "units"
    with clock.freeze("2025-11-20T06:00:00+00:00"):  # Thursday: the office is closed
        case = make_case(unit_id=unit.id)
        sent = {
            "unit_id": str(unit.id),
            "calendar": "centre-137",
            "csrf_token": csrf_token(client, page),
        }
        assert client.post(page, data=sent).status_code == 303
        dated(app)
        # 09:30 + 8 hours of the centre's day.
        assert due(app, case, "first_action").isoformat() == "2025-11-20T14:00:00+00:00"
        assert counted(app, "rebased") == 1


def test_a_new_agreement_is_applied_to_open_messages_when_it_is_asked_for(
    client: FlaskClient, administrator: User, app: Flask
) -> None:
    category = make_category(first_action_hours=4)
    with clock.freeze(SATURDAY):
        case = make_case(category_id=category.id)
        with app.app_context():
            db.session.get_one(type(category), category.id).first_action_hours = 2
            db.session.commit()
        before = due(app, case, "first_action")
        clock.shift(hours=1)
        page = f"/staff/cases/categories/{category.id}"
        answer = client.post(
            f"{PAGES}categories/{category.id}/apply", data={"csrf_token": csrf_token(client, page)}
        )
        assert answer.status_code == 303
        dated(app)
        assert before - due(app, case, "first_action") == dt.timedelta(hours=2)


def test_more_closures_ask_no_more_of_the_database(
    client: FlaskClient, administrator: User, app: Flask
) -> None:
    def asked(query: str = "") -> int:
        client.get(PAGES + query)
        with count_queries() as queries:
            assert client.get(PAGES + query).status_code == 200
        return queries.count

    def add(number: int) -> None:
        with app.app_context():
            db.session.add_all(
                CalendarClosure(
                    calendars=["tehran-office"],
                    first_day=dt.date(2025, 1, 1) + dt.timedelta(one),
                    last_day=dt.date(2025, 1, 1) + dt.timedelta(one),
                    reasons={"fa": "برف"},
                )
                for one in range(number)
            )
            db.session.commit()

    add(2)
    few = asked()
    add(40)
    assert asked() == few
    following = re.search(r'rel="next" href="[^?]*\?([^"]+)"', client.get(PAGES).text)
    assert following
    assert client.get(f"{PAGES}?{following[1]}").text.count("/take-back") == 12
    assert client.get(PAGES + "?before=%00_x").status_code == 200


def test_the_command_line_knows_what_was_announced(
    app: Flask, runner: FlaskCliRunner, context: Flask
) -> None:
    def asked() -> str:
        result = runner.invoke(
            args=[
                *("calendars", "due", "--calendar", "tehran-office", "--explain", "--json"),
                *("--start", "2025-11-22T14:00", "--duration", "PT1H"),
            ]
        )
        assert result.exit_code == 0, result.output
        return result.stdout

    assert json.loads(asked())["due"] == "2025-11-23T08:15:00+03:30"
    city.announce(
        calendars=["tehran-office"],
        first=dt.date(2025, 11, 23),
        last=dt.date(2025, 11, 23),
        hours=None,
        reasons={"fa": "برف سنگین"},
        by=None,
    )
    db.session.commit()
    found = json.loads(asked())
    # Monday is a public holiday.
    assert found["due"] == "2025-11-25T08:15:00+03:30"
    assert any("برف سنگین" in sentence for sentence in found["explanation"])
    result = runner.invoke(args=["calendars", "redate", "centre-137", "nowhere", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["ok"]) == (1, False)
    result = runner.invoke(args=["calendars", "redate", "centre-137", "--json"])
    assert json.loads(result.stdout) == {"ok": True, "calendars": ["centre-137"]}
    newest = select(CalendarRun.calendars).order_by(CalendarRun.id.desc()).limit(1)
    assert db.session.scalars(newest).one() == ["centre-137"]


def test_a_day_of_a_closure_stops_campaigns_as_a_holiday_does(context: Flask) -> None:
    day = dt.date(2025, 11, 23)
    assert not closed_day(day)
    city.announce(
        calendars=["tehran-office"], first=day, last=day, hours=None, reasons={"fa": "سوگ"}, by=None
    )
    assert closed_day(day)
