"""The two-hour story: from a citizen's SMS to the citizen's «31», every minute on the clock."""

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
from tests.workflows.operations.test_centre import picture
from tests.workflows.operations.test_field import record, send
from tests.workflows.stories import SETTINGS, City
from workflows.operations.models import Visit

ZAHRA = "+989121112233"
MESSAGE = "کابل برق روی پیاده‌رو افتاده و جرقه می‌زند، کنار مدرسهٔ شهید رجایی"
ELEVEN_THIRTY = "2026-11-22T08:00:00+00:00"
"""In Tehran, on 1 Azar 1405."""


@pytest.fixture
def city(make_app: Callable[..., Flask], clean_tables: None) -> Iterator[City]:
    with clock.freeze(ELEVEN_THIRTY):
        yield City(make_app(**SETTINGS))


class Centre:
    """The units and people of the story, and the message that came at half past eleven."""

    def __init__(self, city: City) -> None:
        self.city = city
        root = make_unit(code="city", kind="city")
        self.superior = make_unit(kind="deputy", parent_id=root.id)
        self.unit = make_unit(code="operations-centre", parent_id=self.superior.id)
        make_unit(code="centre-137", parent_id=root.id)
        app = city.app
        self.operator = Desk(app, make_user(("operator",), language="fa"))
        self.officer = Desk(app, make_user(("unit_officer",), language="fa", unit_id=self.unit.id))
        self.supervisor = Desk(app, make_user(("field_supervisor",), language="fa"))
        city.sms(ZAHRA, MESSAGE)
        self.case = city.case()

    @property
    def page(self) -> str:
        return f"/staff/operations/cases/{self.case.id}"

    def triage(self) -> None:
        """The operator reads it and sees a danger."""
        clock.shift(minutes=10)
        page = f"/staff/cases/{self.case.id}"
        found = re.search(r'name="mark_urgent-version"[^>]*value="(\d+)"', self.operator.get(page))
        assert found
        fields = {"mark_urgent-version": found[1], "mark_urgent-urgency": "danger"}
        assert self.operator.post(f"{page}/urgent", page, **fields).status_code == 303

    def dispatch(self) -> None:
        clock.shift(minutes=5)
        assert self.case.code in self.officer.get("/staff/operations/")
        sent = self.officer.fill(
            self.page, "dispatch", crew="اکیپ برق ۳", day="۱۴۰۵/۰۹/۰۱", at="۱۲:۱۵"
        )
        assert sent.status_code == 303, sent.text
        assert "اکیپ برق ۳" in self.officer.get("/staff/operations/queue")

    def at(self, hours: int, minutes: int) -> None:
        """So long after the message; what happens by itself then has happened."""
        passed = clock.now() - self.case.received_at
        clock.shift(seconds=hours * 3600 + minutes * 60 - passed.total_seconds())
        self.city.sweep()


def test_from_the_sms_to_the_citizens_word(city: City) -> None:
    centre = Centre(city)
    code = centre.case.code
    assert (centre.case.channel, centre.case.text, centre.case.urgency) == ("sms", MESSAGE, None)
    (received,) = city.texts(ZAHRA)
    assert code in received and f"/t/{code}" in received

    centre.triage()
    case = city.case()
    assert (case.urgency, case.unit_id) == ("danger", centre.unit.id)
    assert (case.next_due_at - case.received_at).total_seconds() == 7200

    centre.dispatch()
    centre.at(1, 29)
    assert city.events("warned") == []
    centre.at(1, 30)
    (warning,) = city.events("warned")
    assert (warning.data["clock"], warning.unit_id) == ("first_action", centre.unit.id)

    centre.at(1, 50)
    without = centre.officer.fill(centre.page, "first_action", text="برق قطع و محل محصور شد")
    assert without.status_code == 422
    done = centre.officer.fill(
        centre.page,
        "first_action",
        text="برق قطع و محل محصور شد",
        public="y",
        photos=(picture(), "proof.jpg"),
    )
    assert done.status_code == 303, done.text
    for minutes in (0, 1, 30):
        centre.at(2, minutes)
    assert city.events("escalated") == []
    assert len(city.events("warned")) == 1

    order = centre.officer.fill(
        centre.page,
        "visit",
        supervisor_id=str(centre.supervisor.user.id),
        day="۱۴۰۵/۰۹/۰۱",
        at="۱۵:۰۰",
        instructions="کابل جمع شده است؟",
    )
    assert order.status_code == 303, order.text
    with city.context():
        visit_id = db.session.scalars(select(Visit.id)).one()
    centre.at(3, 0)
    arrived = send(centre.supervisor, record(visit_id, kind="arrival"))
    found = send(
        centre.supervisor,
        record(visit_id, words="کابل نو کشیده شد"),
        before=(picture("red"), "b.jpg"),
        after=(picture("green"), "a.jpg"),
    )
    assert [answer.json["state"] for answer in (arrived, found)] == ["taken", "taken"]
    page = centre.officer.get(centre.page)
    assert page.count('src="/staff/operations/photos/') == 3
    assert "کابل نو کشیده شد" in page

    centre.at(3, 10)
    settled = centre.officer.fill(
        centre.page, "settle", outcome="done", text="کابل برق عوض شد و خطری نیست"
    )
    assert settled.status_code == 303, settled.text
    case = city.case()
    assert case.stage == "feedback"
    assert (case.first_action_at - case.received_at).total_seconds() == 110 * 60
    # Feedback within a day: that clock runs now.
    assert (case.next_due_at - clock.now()).total_seconds() == 24 * 3600
    assert case.code in centre.officer.get("/staff/operations/?view=feedback")
    question = city.texts(ZAHRA)[1]
    for part in (code, "کابل برق عوض شد و خطری نیست", "۳۱", "۳۳"):
        assert part in question

    centre.at(5, 0)
    city.sms(ZAHRA, "۳۱ سپاس")
    case = city.case()
    assert (case.stage, case.confirmation) == ("closed", "accepted")
    # Besides, the plugin of surveys may ask how it was.
    thanks = [text for text in city.texts(ZAHRA) if code in text]
    assert len(thanks) == 3
    tracking = city.app.test_client().get(f"/t/{code}").text
    assert "برق قطع و محل محصور شد" in tracking
    # What colleagues say to each other is not the citizen's.
    for inner in ("اکیپ برق ۳", "کابل جمع شده است؟", "کابل نو کشیده شد"):
        assert inner not in tracking


def test_two_hours_pass_and_the_superior_hears_of_it_once(city: City) -> None:
    centre = Centre(city)
    centre.triage()
    centre.dispatch()
    for minutes in (90, 119, 120, 121, 150, 179):
        centre.at(0, minutes)
    (escalated,) = city.events("escalated")
    assert escalated.unit_id == centre.superior.id
    assert escalated.at == escalated.at.fromisoformat("2026-11-22T10:00:00+00:00")
    assert len(city.events("warned")) == 1
    assert centre.case.code in centre.officer.get("/staff/operations/queue")
    # Late, yet with its proof all the same; after that nobody is told anything more.
    late = centre.officer.fill(
        centre.page, "first_action", text="محل محصور شد", no_photo="شب و باران"
    )
    assert late.status_code == 303
    for minutes in (181, 240):
        centre.at(0, minutes)
    assert [event.data["clock"] for event in city.events("escalated")] == ["first_action"]


def test_the_citizen_objects_and_the_superior_has_two_hours(city: City) -> None:
    centre = Centre(city)
    centre.triage()
    done = centre.officer.fill(centre.page, "settle", outcome="done", text="کابل عوض شد")
    assert done.status_code == 303
    clock.shift(minutes=30)
    city.sms(ZAHRA, "۳۳ هنوز جرقه می‌زند")
    case = city.case()
    assert (case.stage, case.unit_id, case.reopened) == ("assigned", centre.superior.id, 1)
    assert (case.next_due_at - clock.now()).total_seconds() == 7200
    assert "هنوز جرقه می‌زند" in city.events("objected")[0].text
    assert len(city.texts(ZAHRA)) == 3
    assert case.code in centre.officer.get("/staff/operations/?view=ongoing")
