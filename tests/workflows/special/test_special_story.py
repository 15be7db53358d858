"""The three-way story: special unit, social network, official letter, and a council member."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.db import db
from tests.factories.accounts import make_user
from tests.factories.units import make_unit
from tests.workflows.operations.desk import Desk
from tests.workflows.stories import SETTINGS, City
from workflows.special import jobs
from workflows.special.models import SpecialWay

ALI = "+989131112244"
MESSAGE = "سه ماه است فاضلاب در کوچهٔ ما بالا می‌زند؛ علی مرادی، ۰۹۱۳۱۱۱۲۲۴۴"
SPECIAL = "/staff/special/"


@pytest.fixture
def city(make_app: Callable[..., Flask], clean_tables: None) -> Iterator[City]:
    with clock.freeze("2026-11-22T08:00:00+00:00"):
        yield City(make_app(**SETTINGS))


def finish(desk: Desk, case_id: int, text: str) -> int:
    page = f"/staff/cases/{case_id}"
    found = re.search(r'name="finish-version"[^>]*value="(\d+)"', desk.get(page))
    assert found
    fields = {
        "finish-version": found[1],
        "finish-outcome": "done",
        "finish-text": text,
    }
    return desk.post(f"{page}/finish", page, **fields).status_code


def test_three_ways_and_a_council_member(city: City) -> None:
    app = city.app
    root = make_unit(code="city", kind="city")
    unit = make_unit(parent_id=root.id, names={"fa": "واحد پیگیری ویژه"})
    secretariat = make_unit(parent_id=root.id, names={"fa": "دبیرخانه"})
    operator = Desk(app, make_user(("operator",), language="fa"))
    official = Desk(app, make_user(("official",), language="fa"))
    member = Desk(app, make_user(("council_member",), language="fa", name="ناهید شریفی"))
    city.sms(ALI, MESSAGE)
    case = city.case()

    # An official marks it; the three ways begin, and a member is asked by letter.
    mark = f"{SPECIAL}cases/{case.id}/mark"
    marked = official.post(mark, mark, why="سه ماه بی‌پاسخ؛ در شبکه‌های اجتماعی بازتاب دارد")
    own = marked.location
    assert marked.status_code == 303 and own.startswith(SPECIAL)
    begin = {
        "unit": {"unit_id": str(unit.id), "due_on": "۱۴۰۵/۰۹/۰۴", "task": "جلسه با آبفا"},
        "social": {
            "unit_id": str(unit.id),
            "due_on": "۱۴۰۵/۰۹/۰۲",
            "network": "ایتا، کانال محله",
        },
        "letter": {
            "unit_id": str(secretariat.id),
            "due_on": "۱۴۰۵/۰۹/۱۱",
            "addressee": "شرکت آب و فاضلاب",
            "subject": "بالازدگی فاضلاب",
        },
    }
    for kind, fields in begin.items():
        data = {f"{kind}-{name}": value for name, value in fields.items()}
        answer = operator.post(f"{own}/ways/{kind}", own, **data)
        assert answer.status_code == 303, answer.text
    refer = {
        "refer-member_id": str(member.user.id),
        "refer-request": "لطفاً با مدیر آبفا گفت‌وگو کنید",
        "refer-letter_number": "۱۴۰۵/۸۸۱",
        "refer-letter_date": "۱۴۰۵/۰۹/۰۱",
        "refer-due_on": "۱۴۰۵/۰۹/۱۰",
    }
    assert operator.post(f"{own}/refer", own, **refer).status_code == 303
    assert finish(operator, case.id, "زود است") == 409
    assert city.case().outcome is None

    # The network first: the post, its reach, what the city answered there.
    clock.shift(days=1)
    with city.context():
        ways = {way.kind: way.id for way in db.session.scalars(select(SpecialWay))}

    def end(kind: str, **fields: str) -> int:
        way = ways[kind]
        data = {f"end{way}-{name}": value for name, value in {"state": "ended", **fields}.items()}
        return operator.post(f"{SPECIAL}ways/{way}/end", own, **data).status_code

    assert (
        end(
            "social",
            outcome="پاسخ شهرداری منتشر شد",
            link="https://eitaa.example/mahalle/17",
            reach="۸۴۰۰",
            reply="جلسه با آبفا برگزار می‌شود",
            replied_on="۱۴۰۵/۰۹/۰۲",
        )
        == 303
    )
    # The council member facilitates and reports; of the citizen no number is shown.
    clock.shift(days=4)
    (referral,) = re.findall(r'href="(/council/referrals/\d+)"', member.get("/council/referrals/"))
    shown = member.get(referral)
    assert "فاضلاب در کوچهٔ ما بالا می‌زند" in shown
    assert "۰۹۱۳۱۱۱۲۲۴۴" not in shown and "9131112244" not in shown
    reported = member.post(
        f"{referral}/report",
        referral,
        report="آبفا پذیرفت لوله را تا یک هفته عوض کند",
        proposal="ردیف بودجه برای کوچه‌های مشابه",
        do="done",
    )
    assert reported.status_code == 303
    assert end("unit", outcome="صورت‌جلسه امضا شد") == 303

    # The letter's day passes: it is noted once, and stands first in the list.
    clock.shift(days=6)
    for _twice in range(2):
        with city.context():
            jobs.sweep.function()
    (overdue,) = city.events("special_overdue")
    assert (overdue.data["kind_of_way"], overdue.unit_id) == ("letter", secretariat.id)
    assert case.code in operator.get(SPECIAL)
    assert finish(operator, case.id, "زود است") == 409
    assert (
        end(
            "letter",
            outcome="آبفا لوله را عوض کرد",
            external_number="۱۴۰۵/ص/۲۱۷",
            external_date="۱۴۰۵/۰۹/۱۲",
            link="https://secretariat.example/217",
        )
        == 303
    )
    assert len(city.events("special_done")) == 1
    page = operator.get(own)
    for part in ("۸٬۴۰۰", "۱۴۰۵/ص/۲۱۷", "ردیف بودجه", "واحد پیگیری ویژه"):
        assert part in page

    # Answered, asked by SMS, and confirmed by the citizen.
    assert finish(operator, case.id, "لولهٔ فاضلاب کوچه عوض شد") == 303
    city.sweep()
    received, question = city.texts(ALI)
    assert case.code in received and f"/t/{case.code}" in received
    for part in (case.code, "لولهٔ فاضلاب کوچه عوض شد", "۳۱", "۳۳"):
        assert part in question
    clock.shift(hours=2)
    city.sms(ALI, "۳۱")
    found = city.case()
    assert (found.stage, found.confirmation, found.outcome) == ("closed", "accepted", "done")
    assert len([text for text in city.texts(ALI) if case.code in text]) == 3
    tracking = app.test_client().get(f"/t/{case.code}").text
    for inner in ("آبفا", "شریفی", "eitaa", "بازتاب"):
        assert inner not in tracking
