"""A citizen objects: somebody else looks, an operator rings, and the rates tell it.

Through HTTP from the first call to the published figures, with a clock that stands still.
"""

import csv
import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.db import db
from tests.factories.cases import make_category
from tests.factories.units import make_unit
from tests.workflows.city_hall import SETTINGS, Handset, Person, open_city
from workflows.cases.call_models import FeedbackCall
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import Case, CaseClock, CaseEvent

MONDAY = "2025-11-24T06:30:00+00:00"
"""3 Azar 1404, 10:00 in Tehran."""


def the_case(app: Flask) -> Case:
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        db.session.expunge(case)
        return case


@pytest.mark.surveys
def test_the_objection_story(make_app: Callable[..., Flask], clean_tables: None) -> None:
    app = make_app(**SETTINGS)
    with open_city(app, MONDAY):
        district = make_unit(kind="district", names={"fa": "منطقهٔ ۲"})
        office = make_unit(parent_id=district.id, kind="office", names={"fa": "ادارهٔ روشنایی"})
        category = make_category(unit_id=office.id)
        operator = Person(app, "operator", name="نسرین رضایی")
        officer = Person(app, "unit_officer", unit_id=office.id, name="علی کریمی")
        other = Person(app, "unit_officer", unit_id=district.id, name="سارا امینی")
        citizen = Handset(app, "+989121112233")

        # 1. The call. The citizen gets the tracking code.
        registered = operator.post(
            "/staff/cases/new",
            channel="phone",
            language="fa",
            urgency="",
            do="register",
            phone="۰۹۱۲۱۱۱۲۲۳۳",
            name="مریم احمدی",
            text="چراغ کوچهٔ بهار خاموش است",
            category_id=str(category.id),
        )
        assert registered.status_code == 303
        case = the_case(app)
        (sms,) = citizen.new()
        assert case.code in sms and f"/t/{case.code}" in sms

        # 2. Answered, and the citizen is asked: 31 or 33?
        clock.shift(hours=5)
        done = officer.step(case.id, "finish", outcome="done", text="لامپ عوض شد.")
        assert done.status_code == 303
        (sms,) = citizen.new()
        assert all(words in sms for words in (case.code, "لامپ عوض شد.", "۳۱", "۳۳"))

        # 3. «33 still broken»: open again on 16 hours of the office, with the district.
        clock.shift(hours=2)
        citizen.send("۳۳ هنوز خراب است")
        case = the_case(app)
        assert (case.stage, case.unit_id, case.reopened) == ("assigned", district.id, 1)
        (sms,) = citizen.new()
        assert case.code in sms and f"/t/{case.code}" in sms
        with app.app_context():
            running = db.session.scalars(
                select(CaseClock).where(CaseClock.stopped_at.is_(None))
            ).all()
            assert [(row.kind, row.open_seconds) for row in running] == [("objection", 16 * 3600)]
            assert running[0].due_at > clock.now()
            assert case.next_due_at == running[0].due_at
        assert "هنوز خراب است" in other.get(f"/staff/cases/{case.id}")
        # Whoever ended it does not get it back.
        back = other.step(
            case.id, "assign", unit_id=str(district.id), assignee_id=str(officer.user.id)
        )
        assert back.status_code == 422
        assert officer.step(case.id, "take").status_code in {403, 422}
        assert the_case(app).assignee_id is None

        # 4. Somebody else answers; nobody answers the second question for half a day.
        clock.shift(hours=20)
        assert other.step(case.id, "take").status_code == 303
        again = other.step(case.id, "finish", outcome="done", text="سیم‌کشی هم درست شد.")
        assert again.status_code == 303
        (sms,) = citizen.new()
        assert "سیم‌کشی هم درست شد." in sms and "۳۳" in sms
        assert case.code not in operator.get("/staff/cases/calls")
        clock.shift(hours=12, minutes=1)

        # 5. The call queue: no answer, again after four hours, then the citizen agrees.
        assert case.code in operator.get("/staff/cases/calls")
        taken = operator.post("/staff/cases/calls/next")
        assert taken.location.endswith(f"/staff/cases/{case.id}/call")
        assert operator.step(case.id, "call", answer="no_answer").status_code == 303
        assert operator.post("/staff/cases/calls/next").location.endswith("/calls")
        clock.shift(hours=4)
        taken = operator.post("/staff/cases/calls/next")
        assert taken.location.endswith(f"/staff/cases/{case.id}/call")
        assert operator.step(case.id, "call", answer="accepted").status_code == 303
        case = the_case(app)
        assert (case.stage, case.outcome, case.confirmation) == ("closed", "done", "accepted")
        sms = citizen.new()
        assert any(case.code in text for text in sms)
        assert any("/s/" in text for text in sms), "the question about satisfaction"
        with app.app_context():
            calls = db.session.scalars(select(FeedbackCall).order_by(FeedbackCall.id)).all()
            assert [(c.result, c.operator_id) for c in calls] == [
                ("no_answer", operator.user.id),
                ("accepted", operator.user.id),
            ]
            # Nothing is left to be done, however long one waits.
            clock.shift(days=5)
            sweep_clocks()
            kinds = list(db.session.scalars(select(CaseEvent.kind).order_by(CaseEvent.id)))
        assert kinds.count("closed") == 1 and "timed_out" not in kinds

        # 6. The rates: closed and confirmed, and SMS and call apart.
        evaluator = Person(app, "evaluator")
        page = evaluator.get("/staff/rates/?first=1404/09/01&last=1404/09/30")
        assert "منطقهٔ ۲" in page
        url = "/staff/rates/rates.csv?first=1404/09/01&last=1404/09/30"
        lines = csv.DictReader(io.StringIO(evaluator.get(url).removeprefix("\ufeff")))
        got = {
            (one["group"], one["key"], one["rate"]): (one["numerator"], one["denominator"])
            for one in lines
        }
        assert got["city", "", "closed"] == ("1", "1")
        assert got["city", "", "confirmed"] == ("1", "1")
        assert got["districts", district.code, "confirmed"] == ("1", "1")
        assert got["ways", "sms", "answered"] == ("1", "2")
        assert got["ways", "sms", "objected"] == ("1", "1")
        assert got["ways", "call", "answered"] == ("1", "1")
        assert got["ways", "call", "accepted"] == ("1", "1")
        assert got["ways", "link", "answered"] == ("0", "2")
        # One message is one person: in public the number stays away.
        public = app.test_client().get("/fa/figures?month=1404-09").text
        assert "منطقهٔ ۲" in public
        row = re.search(r"منطقهٔ ۲.*?</tr>", public, re.DOTALL)
        assert row and "۱" not in re.sub(r"<[^>]*>", "", row[0]).replace("منطقهٔ ۲", "")
