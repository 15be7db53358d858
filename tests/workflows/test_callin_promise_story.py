"""A promise on the telephone: from the registration to the figure of the official.

Through HTTP, with the texts of the SMS and a clock that stands still.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.i18n import use_language
from tests.factories.units import make_unit
from tests.workflows.city_hall import EXCHANGE_SECRET, SETTINGS, Handset, Person, open_city
from workflows.callins import fields, jobs
from workflows.callins.models import Call, CallinSession
from workflows.cases.models import Case, CaseClock

NOW = "2026-04-20T08:00:00+00:00"
BOARD = "/staff/callin-board"


def sessions(app: Flask) -> list[CallinSession]:
    with app.app_context():
        found = list(db.session.scalars(select(CallinSession).order_by(CallinSession.starts_at)))
        db.session.expunge_all()
        return found


def cases(app: Flask) -> list[Case]:
    with app.app_context():
        found = list(db.session.scalars(select(Case).order_by(Case.id)))
        db.session.expunge_all()
        return found


def typed_day(app: Flask, day: dt.date) -> str:
    with app.app_context(), use_language("fa"):
        return fields.typed_date(day)


def register(app: Flask, session_id: int, phone: Handset, name: str, subject: str) -> str:
    """By the public page and the code of the SMS; the code of the registration."""
    citizen = app.test_client(use_cookies=False)
    page = citizen.get(f"/fa/callins/{session_id}").text
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', page)
    assert key
    form = {
        "form_key": key[1],
        "name": name,
        "mobile": phone.e164,
        "language": "fa",
        "subject": subject,
        "neighbourhood": "بازار",
    }
    asked = citizen.post(f"/fa/callins/{session_id}", data=form)
    assert asked.status_code == 303
    (sms,) = phone.new()
    code = re.search(r"\b\d{6}\b", sms)
    assert code, sms
    wrong = citizen.post(asked.location, data={"code": f"{(int(code[0]) + 1) % 10**6:06d}"})
    assert wrong.status_code == 422
    assert phone.new() == [], "no place yet"
    right = citizen.post(asked.location, data={"code": code[0]})
    assert right.status_code == 303
    (sms,) = phone.new()
    place = right.location.rsplit("/", 1)[1]
    assert place in sms and f"/c/{place}" in sms
    return place


def test_the_call_in_promise_story(make_app: Callable[..., Flask], clean_tables: None) -> None:
    app = make_app(**SETTINGS)
    with open_city(app, NOW):
        city = make_unit(kind="city", names={"fa": "شهرداری"})
        works = make_unit(parent_id=city.id, kind="office", names={"fa": "ادارهٔ عمران"})
        office = Person(app, "communications")
        operator = Person(app, "operator", name="رضا محمدی")
        officer = Person(app, "unit_officer", unit_id=works.id)
        people = [Handset(app, f"+98912000000{n}") for n in range(3)]
        names = ("زهرا احمدی", "حسن کریمی", "نرگس صادقی")
        subjects = ("چالهٔ خیابان بهار", "روشنایی بوستان", "پیاده‌رو مدرسه")

        # 1. The series: every Sunday, published at once.
        made = office.post(
            "/staff/callins/series/new",
            kind="call_in",
            on_holiday="skip",
            titles_fa="پاسخگویی تلفنی شهردار در ۱۳۷",
            officials_fa="شهردار منطقهٔ ۲",
            phone="۱۳۷",
            unit_id=str(works.id),
            frequency="weekly",
            ordinal="1",
            weekday="6",
            month_calendar="persian",
            starts="۱۰:۰۰",
            ends="۱۲:۰۰",
            capacity="۲",
            waiting_capacity="۲",
            active="y",
        )
        assert made.status_code == 302
        first, _second, third = sessions(app)[:3]
        assert "شهردار منطقهٔ ۲" in app.test_client().get("/fa/callins").text

        # 2. Three register for two places; one gives the place back, and the third moves up.
        codes = [
            register(app, first.id, phone, name, subject)
            for phone, name, subject in zip(people, names, subjects, strict=True)
        ]
        gone = app.test_client().post(f"/fa/callins/registrations/{codes[0]}/cancel")
        assert gone.status_code == 303
        (sms,) = people[2].new()
        assert codes[2] in sms
        # She registers again, behind the others.
        clock.shift(hours=1)
        codes[0] = register(app, first.id, people[0], names[0], subjects[0])

        # 3. The day before, a reminder to whoever has a place.
        clock.shift(first.starts_at - dt.timedelta(hours=23) - clock.now())
        with app.app_context():
            jobs.prepare()
        assert [len(phone.new()) for phone in people] == [0, 1, 1]
        briefing = office.get(f"/staff/callin-briefings/{first.id}")
        assert briefing.index(names[1]) < briefing.index(names[2])

        # 4. On the air. The exchange tells who rang; the waiting one rings by herself.
        clock.shift(first.starts_at - clock.now())
        assert operator.post(f"{BOARD}/{first.id}/open").status_code == 302
        hook = f"/hooks/exchange/{EXCHANGE_SECRET}"
        for event, seconds in (("offered", 0), ("answered", 12), ("ended", 300)):
            at = (first.starts_at + dt.timedelta(seconds=seconds)).isoformat()
            answer = app.test_client().post(
                hook, json={"event": event, "call_id": "1", "at": at, "number": "09120000000"}
            )
            assert answer.status_code == 200
        added = operator.post(
            f"{BOARD}/{first.id}/callers", number="09120000000", name=names[0], language="fa"
        )
        assert added.status_code == 302
        # There was no place for her any more; the board takes her from the waiting list.
        due = [clock.now().date() + dt.timedelta(days=n) for n in (3, 4, 9)]
        order = []
        for day in due:
            taken = operator.post(f"{BOARD}/{first.id}/next").location
            order.append(taken.rsplit("/", 1)[1])
            promised = operator.post(
                f"{taken}/promise",
                subject="موضوع گفتگو",
                promise=f"تا {day.day} درست می‌شود",
                unit_id=str(works.id),
                assignee_id=str(officer.user.id),
                due_on=typed_day(app, day),
            )
            assert promised.status_code == 302, promised.text
        assert operator.post(f"{BOARD}/{first.id}/close").status_code == 302
        made_cases = cases(app)
        with app.app_context():
            calls = {
                call.case_id: call for call in db.session.scalars(select(Call)) if call.case_id
            }
            for case in made_cases:
                assert (case.channel, case.assignee_id) == ("callin", officer.user.id)
                resolution = db.session.scalars(
                    select(CaseClock).filter_by(case_id=case.id, kind="resolution")
                ).one()
                assert resolution.due_at == calls[case.id].due_at
        for phone in people:
            (sms,) = phone.new()
            (mine,) = [case for case in made_cases if case.e164 == phone.e164]
            assert mine.code in sms and f"/t/{mine.code}" in sms and "درست می‌شود" in sms
            assert app.test_client().get(f"/t/{mine.code}").status_code == 200

        # 5. One kept in time, one late, one not at all.
        clock.shift(days=2)
        kept, late, _open = made_cases
        assert officer.step(kept.id, "finish", outcome="done", text="شد").status_code == 303
        clock.shift(days=3)
        assert officer.step(late.id, "finish", outcome="done", text="شد").status_code == 303

        # 6. The figure of the official, with its denominator.
        url = "/staff/rates/rates.csv?first=1405/02/01&last=1405/02/31"
        lines = list(csv.DictReader(io.StringIO(office.get(url).removeprefix("\ufeff"))))
        promises = {
            one["rate"]: (one["numerator"], one["denominator"])
            for one in lines
            if one["group"] == "promises" and one["name"] == "شهردار منطقهٔ ۲"
        }
        assert promises == {
            "promises_kept": ("1", "3"),
            "promises_late": ("1", "3"),
            "promises_open": ("1", "3"),
            "promises_overdue": ("0", "3"),
            "promises_not_kept": ("0", "3"),
        }

        # 7. Before a later session the sheet begins with what is not kept.
        clock.shift(third.starts_at - dt.timedelta(hours=1) - clock.now())
        sheet = office.get(f"/staff/callin-briefings/{third.id}")
        assert made_cases[2].code in sheet
        assert not any(case.code in sheet for case in made_cases[:2])

        # 8. The minutes, released by a person: no name, no number, but what the exchange counted.
        released = office.post(
            f"/staff/callins/sessions/{first.id}/minutes",
            publish="1",
            **{f"public-{number}": "y" for number in order},
            **{f"subject-{number}": "خیابان" for number in order},
            **{f"text-{number}": "درست می‌شود" for number in order},
        )
        assert released.status_code == 302
        public = app.test_client().get(f"/fa/callins/{first.id}").text
        assert public.count("درست می‌شود") == 3
        assert not any(part in public for name in names for part in name.split())
        assert "۱۲" in public
