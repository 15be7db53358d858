"""A special case goes by letter to those who answer for it: issued, warned, late, answered."""

import datetime as dt
import io
from collections.abc import Iterator

import pytest
from flask import Flask

from portal import clock
from portal.db import db
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.workflows.letters.desk import LETTERS, PDF, Desk, form_of, make_letter
from workflows.cases.models import Case, CaseEvent
from workflows.letters.jobs import sweep_letters
from workflows.letters.models import Letter

NOW = "2026-11-28T07:00:00+00:00"  # Saturday 7 Azar 1405, half past ten in Tehran


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze(NOW):
        yield


def events(app: Flask, case: Case) -> list[CaseEvent]:
    with app.app_context():
        return list(db.session.query(CaseEvent).filter_by(case_id=case.id).order_by(CaseEvent.id))


def letter(app: Flask, letter_id: int) -> Letter:
    with app.app_context():
        return db.session.get_one(Letter, letter_id)


def test_from_the_case_to_the_scanned_reply(app: Flask) -> None:
    city = make_unit(kind="city", names={"fa": "شهرداری", "en": "City"})
    unit = make_unit(
        code="services", parent_id=city.id, names={"fa": "خدمات شهری", "en": "Services"}
    )
    case = make_case(
        category_id=make_category(unit_id=unit.id).id,
        text="حفاری شرکت آب رها شده؛ علی احمدی ۰۹۱۲۱۲۳۴۵۶۷",
        citizen_name="علی احمدی",
        place="خیابان ۱۷ شهریور",
    )
    officer = Desk(app, "unit_officer", unit_id=unit.id, name="رضا صادقی")
    official = Desk(app, "official", unit_id=city.id, name="مریم کاظمی")

    # From the case: filled in with its facts, but with nothing that the citizen said.
    page = officer.get(f"/staff/cases/{case.id}")
    assert f"{LETTERS}new?case={case.id}" in page
    page = officer.get(f"{LETTERS}new?case={case.id}")
    filled = form_of(page)
    assert filled["cases"] == case.code
    assert filled["unit_id"] == str(unit.id)
    assert "خیابان ۱۷ شهریور" in filled["body"]
    for secret in ("احمدی", "۰۹۱۲", "رها شده"):
        assert secret not in page

    filled |= {
        "party_name": "جناب آقای رضایی",
        "party_position": "مدیرعامل محترم",
        "party_organisation": "شركت آب و فاضلاب",
        "signatory_name": "مریم کاظمی",
        "reply_days": "۴",
        "copies": "دفتر شهردار\n\nبایگانی",
        "enclosures": "عکس محل",
        "csrf_token": officer.token,
    }
    saved = officer.client.post(f"{LETTERS}new?case={case.id}", data=filled)
    assert saved.status_code == 303, saved.text
    address = saved.location
    letter_id = int(address.rsplit("/", 1)[1])
    added = officer.post(f"{address}/files", files=(io.BytesIO(PDF), "نقشه.pdf"))
    assert added.status_code == 303
    draft = letter(app, letter_id)
    assert (draft.reference, draft.party_organisation) == (None, "شرکت آب و فاضلاب")
    assert draft.copies == ["دفتر شهردار", "بایگانی"]

    # An officer writes; an official issues.
    assert officer.post(f"{address}/issue").status_code == 403
    assert official.post(f"{address}/issue").status_code == 303
    issued = letter(app, letter_id)
    assert (issued.state, issued.reference, issued.year) == ("issued", "services/1405/1", 1405)
    # Four working days from Sunday to Wednesday; the offices close at 14:15 in Tehran.
    assert issued.due_at is not None
    assert issued.due_at.date() == dt.date(2026, 12, 2)
    assert "۱۴۰۵/۰۹/۰۷" in official.get(f"{address}/print")
    assert official.client.get(f"{address}/letter.pdf").data.startswith(b"%PDF-")
    assert officer.post(f"{address}/sent", how="post").status_code == 303

    # Nothing happens before its time.
    with app.app_context():
        sweep_letters()
    assert letter(app, letter_id).warned_at is None
    card = f'href="{LETTERS}attention"'
    assert card in officer.get("/staff/")

    clock.shift(dt.datetime(2026, 12, 1, 6, 0, tzinfo=dt.UTC) - clock.now())
    with app.app_context():
        sweep_letters()
        sweep_letters()
    assert letter(app, letter_id).warned_at is not None
    assert "services/1405/1" in officer.get(f"{LETTERS}?state=attention")
    assert "services/1405/1" not in official.get(f"{LETTERS}?state=attention")

    # Late: reported to the unit above, once.
    clock.shift(days=3)
    with app.app_context():
        sweep_letters()
        sweep_letters()
    late = letter(app, letter_id)
    assert (late.reported_unit_id, late.act_at) == (city.id, None)
    assert "services/1405/1" in official.get(f"{LETTERS}?state=attention")
    assert "services/1405/1" in official.get(f"{LETTERS}?state=late")

    # The reply comes with a number and a date of its own, and is scanned.
    answer = officer.client.post(
        f"{LETTERS}incoming?reply_to={letter_id}",
        data={
            "csrf_token": officer.token,
            "their_reference": "الف/۵۵۱۲",
            "their_date": "۱۴۰۵/۰۹/۱۲",
            "party_organisation": "شرکت آب و فاضلاب",
            "subject": "پاسخ نامهٔ شما",
            "body": "ترمیم تا ۲۰ آذر انجام می‌شود.",
            "unit_id": str(unit.id),
            "language": "fa",
            "cases": "",
            "files": (io.BytesIO(PDF), "scan.pdf"),
        },
    )
    assert answer.status_code == 303, answer.text
    answered = letter(app, letter_id)
    assert (answered.state, answered.act_at) == ("answered", None)
    reply_id = int(answer.location.rsplit("/", 1)[1])
    reply = letter(app, reply_id)
    assert (reply.relation, reply.refers_to_id, reply.direction) == ("reply", letter_id, "in")
    page = officer.get(answer.location)
    assert "الف/۵۵۱۲" in page
    (file_url,) = {part.split('"')[0] for part in page.split('href="') if "/files/" in part[:60]}
    scan = officer.client.get(file_url)
    assert scan.data == PDF
    assert scan.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in scan.headers["Content-Security-Policy"]
    scan.close()

    # The case remembers it all; its citizen sees that there is a letter, not what it says.
    assert [event.kind for event in events(app, case)][-4:] == [
        "letter_issued",
        "letter_warned",
        "letter_late",
        "letter_answered",
    ]
    page = officer.get(f"/staff/cases/{case.id}")
    assert "services/1405/1" in page
    assert address in page
    public = app.test_client().get(f"/t/{case.code}").text
    assert "شرکت آب" not in public
    assert "services/" not in public


def test_a_reply_that_comes_before_the_deadline_stops_the_clock(app: Flask) -> None:
    unit = make_unit()
    desk = Desk(app, "official", unit_id=unit.id)
    made = make_letter(unit.id, issue=True, reply_days=3)
    clock.shift(days=1)
    sent = desk.post(
        f"{LETTERS}incoming?reply_to={made.id}",
        their_reference="12/7",
        their_date="۱۴۰۵/۰۹/۰۸",
        party_organisation="شرکت آب",
        subject="پاسخ",
        unit_id=str(unit.id),
        language="fa",
    )
    assert sent.status_code == 303, sent.text
    clock.shift(days=30)
    with app.app_context():
        sweep_letters()
    found = letter(app, made.id)
    assert (found.state, found.warned_at, found.late_at) == ("answered", None, None)
