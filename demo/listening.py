"""The second half of the story: the city listens, answers, and reports to the council.

As in demo/story.py everything goes through the product's own pages and the simulated gateway.
"""

import datetime as dt
import random
import time
from typing import Any

import jdatetime
import requests
from sqlalchemy import func, select

from demo import citizens, people
from demo.browser import Browser, Form, Page
from demo.world import ARRIVAL, DemoError, World
from portal import clock
from portal.accounts import services as accounts
from portal.config import ROOT
from portal.db import db
from portal.units.models import Unit
from surveys.campaigns.models import Campaign
from surveys.responses.models import Response
from workflows.callins import board, registration
from workflows.callins import services as callins
from workflows.callins.models import CallinSeries, CallinSession
from workflows.cases.models import Case, CaseClock, CaseEvent, Category
from workflows.packets.models import Packet

LATE_MINUTES = 118
"""How long ago the gateway received the urgent SMS: two minutes are left of its two hours."""
ARABIC = ("زينب الموسوي", "مصباح الشارع أمام فندقنا في سنغلج لا يعمل منذ أسبوع.")
NUMBER_ABROAD, NUMBER_HERE = "+9647701234567", "+989301370964"
PERSIAN = ("+989121370033", "رضا احمدی", "سطل زبالهٔ سر کوچهٔ مسجد سه روز است خالی نشده.")
CALLERS = (
    ("نسرین گل‌محمدی", "روشنایی کوچهٔ مسجد"),
    ("حسن بازاری", "نوسازی بوستان محله"),
    ("لیلا کریمی", "سد معبر در بازار"),
    ("محمود رضایی", "ایستگاه اتوبوس"),
)
CALL_IN: dict[str, Any] = {
    "titles": {
        "fa": "پاسخگویی تلفنی شهردار در ۱۳۷",
        "ar": "الرد الهاتفي لرئيس البلدية في ١٣٧",
        "en": "Mayor call-in at 137",
    },
    "officials": {
        "fa": "شهردار منطقهٔ ۱۲",
        "ar": "رئيس بلدية المنطقة ١٢",
        "en": "Mayor of district 12",
    },
    "places": {"fa": "مرکز ۱۳۷", "ar": "مركز ١٣٧", "en": "137 centre"},
    "subjects": {
        "fa": "خدمات شهری و معابر",
        "ar": "الخدمات البلدية والشوارع",
        "en": "City services and streets",
    },
    "phone": "137",
    "frequency": "monthly",
    "month_calendar": "persian",
    "ordinal": 1,
    "weekday": 6,
    "starts": dt.time(10),
    "ends": dt.time(12),
    "capacity": 20,
    "waiting_capacity": 10,
    "active": True,
}
URGENT = ("+989121370137", "سیم برق وسط پیاده‌روی ۱۷ شهریور افتاده و خطر جانی دارد!")


class Listening:
    """Messages, clocks, the citizens' consent, a packet. Each step looks whether it was done."""

    def __init__(self, world: World, say: Any) -> None:
        self.world = world
        self.say = say
        # Where the gateway takes no numbers abroad the visitor has bought a SIM here.
        number = NUMBER_ABROAD if world.wiring.reaches_abroad else NUMBER_HERE
        self.visitor = (number, *ARABIC)

    def begin(self) -> None:
        """What must start early, because its clock really runs."""
        self._categories()
        self._urgent_message()

    def go_on(self) -> None:
        self._answered_and_confirmed()
        self._satisfaction()
        self._objected()
        self._call_in()
        self._clock_runs_out()
        self._packet()
        self._decision()

    # Looking

    def _scalar(self, query: Any) -> Any:
        with self.world.app.app_context():
            found = db.session.scalar(query)
            db.session.remove()
        return found

    def _case_of(self, number: str) -> Any:
        return self._scalar(select(Case.id).where(Case.e164 == number).order_by(Case.id))

    def _stage(self, case_id: int) -> str:
        return str(self._scalar(select(Case.stage).where(Case.id == case_id)))

    def staff(self, email: str) -> Browser:
        """The browser of somebody of the staff, signed in."""
        browser = Browser()
        page = browser.get(f"{self.world.url}/staff/login?lang=fa")
        form = form_with(page, "password")
        page = browser.submit(page, form, {"email": email, "password": people.PASSWORD})
        if "/login" in page.url:
            raise DemoError(f"{email} could not sign in")
        return browser

    def _reply(self, number: str, text: str, **more: str | int) -> None:
        requests.post(
            f"{self.world.simulator_url}/sim/handset/{number}/reply",
            json={"text": text, **more},
            timeout=30,
        ).raise_for_status()

    # Steps

    def _categories(self) -> None:
        if self._scalar(select(func.count()).select_from(Category)):
            return
        path = str(ROOT / "demo" / "categories.csv")
        runner = self.world.app.test_cli_runner()
        result = runner.invoke(args=["cases", "categories", "import", path, "--json"])
        if result.exit_code:
            raise DemoError(f"The categories could not be imported: {result.output}")

    def _urgent_message(self) -> None:
        """The gateway has an SMS that it took 1 h 58 min ago: it hands it over, or is asked."""
        number, text = URGENT
        if not self._case_of(number):
            taken_at = int(time.time()) - LATE_MINUTES * 60
            self._reply(number, text, line=self.world.wiring.line, at=taken_at)

    def triage(self) -> bool:
        """Once the urgent SMS is here an operator triages it; whether that is done."""
        case_id = self._case_of(URGENT[0])
        if case_id is None:
            return False
        if self._scalar(select(Case.urgency).where(Case.id == case_id)):
            return True
        operator = self.staff("operator@demo.example")
        page = operator.get(f"{self.world.url}/staff/cases/{case_id}")
        form = form_with(page, "mark_urgent-urgency")
        operator.submit(page, form, {"mark_urgent-urgency": "danger"})
        due = self._scalar(
            select(CaseClock.due_at).where(
                CaseClock.case_id == case_id,
                CaseClock.kind == "first_action",
                CaseClock.stopped_at.is_(None),
            )
        )
        self.say(
            f"Urgent: an SMS that the gateway took 1 h 58 min ago arrives; a first action is "
            f"due at {due:%H:%M:%S} UTC: {self.world.url}/staff/cases/{case_id}"
        )
        return True

    def send_message(self, language: str, citizen: tuple[str, str, str]) -> int:
        """A citizen writes on the portal, without cookies or script."""
        number, name, text = citizen
        browser = Browser(cookies=False)
        page = browser.get(f"{self.world.url}/{language}/message")
        page = browser.submit(
            page, form_with(page, "text"), {"text": text, "mobile": number, "citizen_name": name}
        )
        found = self._case_of(number)
        if page.status != 200 or not found:
            raise DemoError(f"The message of {name} was not taken: {page.status}")
        return int(found)

    def _answer(self, case_id: int, action: str, answer: str) -> None:
        """An operator records the first action, then answers; the citizen is asked by SMS."""
        operator = self.staff("operator@demo.example")
        url = f"{self.world.url}/staff/cases/{case_id}"
        page = operator.get(url)
        operator.submit(page, form_with(page, "first_action-text"), {"first_action-text": action})
        page = operator.get(url)
        operator.submit(
            page,
            form_with(page, "finish-text"),
            {"finish-outcome": "done", "finish-text": answer},
        )
        if self._stage(case_id) != "feedback":
            raise DemoError(f"Case {case_id} was not answered")
        asked = select(CaseEvent.id).where(
            CaseEvent.case_id == case_id, CaseEvent.kind == "feedback_asked"
        )
        self.world.wait_for("The question to the citizen", lambda: self._scalar(asked))

    def _answered_and_confirmed(self) -> None:
        number = self.visitor[0]
        case_id = self._case_of(number) or self.send_message("ar", self.visitor)
        if self._stage(case_id) == "closed":
            return
        if self._stage(case_id) != "feedback":
            self._answer(case_id, "أُرسل فريق الإنارة إلى المكان.", "تم إصلاح مصباح الشارع اليوم.")
        self._wait_for_question(number)
        self._reply(number, "٣١")
        self.world.wait_for(
            "The citizen's confirmation", lambda: self._stage(case_id) == "closed", ARRIVAL
        )
        self.say("Message in Arabic: answered, the citizen replied ٣١, and it is closed.")

    def _objected(self) -> None:
        number = PERSIAN[0]
        case_id = self._case_of(number) or self.send_message("fa", PERSIAN)
        reopened = select(Case.reopened).where(Case.id == case_id)
        if self._scalar(reopened):
            return
        if self._stage(case_id) != "feedback":
            self._answer(case_id, "به پیمانکار پسماند اعلام شد.", "سطل زباله امروز صبح خالی شد.")
        self._wait_for_question(number)
        self._reply(number, "۳۳ هنوز پر است")
        self.world.wait_for("The objection", lambda: self._scalar(reopened), ARRIVAL)
        self.say("Objection: another citizen replied «۳۳ هنوز پر است»; the case is open again.")

    def _wait_for_question(self, number: str) -> None:
        """Until the SMS that asks for 31 or 33 stands on the handset."""
        url = f"{self.world.simulator_url}/sim/handset/{number}.json"

        def arrived() -> bool:
            return any(code in requests.get(url, timeout=30).text for code in ("٣١", "۳۱", "31"))

        self.world.wait_for(f"The question to {number}", arrived)

    def _clock_runs_out(self) -> None:
        case_id = self._case_of(URGENT[0])
        kinds = select(func.count()).where(
            CaseEvent.case_id == case_id, CaseEvent.kind.in_(["warned", "escalated"])
        )
        if self._scalar(kinds) < 2:
            self.say("Waiting for the two hours of the urgent message to run out …")
        self.world.wait_for("The escalation", lambda: self._scalar(kinds) >= 2)
        self.say("Urgent: the sweep has warned the unit, and reported the delay to the unit above.")

    def _satisfaction(self) -> None:
        """Closing a case asks its citizen one question, by a link of the other plugin."""
        done = (
            select(Response.id)
            .join(Campaign, Campaign.id == Response.campaign_id)
            .where(Campaign.built_in == "satisfaction", Response.state == "complete")
        )
        if self._scalar(done):
            return
        url = f"{self.world.simulator_url}/sim/handset/{self.visitor[0]}.json"

        def link() -> str | None:
            messages = requests.get(url, timeout=30).json()["messages"]
            return next(filter(None, (citizens.link_in(sms["text"]) for sms in messages)), None)

        tally = citizens.Tally()
        found = self.world.wait_for("The question about satisfaction", link)
        citizens.vote(found, random.Random(1), tally)  # noqa: S311 (a story, not a secret)
        if not self._scalar(done):
            raise DemoError(f"The answer about satisfaction was not stored: {tally.problems}")
        self.say("Satisfaction: the same citizen answered the one question that followed.")

    def _call_in(self) -> None:
        """A call-in of the mayor: one answered at once, one promise with owner and due time."""
        if self._scalar(select(CallinSeries.id)):
            return
        with self.world.app.app_context():
            operator = accounts.find("operator@demo.example")
            owner = db.session.scalar(select(Unit.id).where(Unit.kind == "organisation"))
            if operator is None or owner is None:
                raise DemoError("The operator or the unit of the call-in is not there")
            series = callins.create_series(CALL_IN)
            session = db.session.scalars(
                select(CallinSession)
                .where(CallinSession.series_id == series.id)
                .order_by(CallinSession.starts_at)
            ).first()
            if session is None:
                raise DemoError("No session of the call-in was planned")
            now = clock.now()
            callins.move_session(
                session.id,
                starts_at=now + dt.timedelta(minutes=10),
                ends_at=now + dt.timedelta(minutes=130),
                capacity=20,
            )
            for number, (name, subject) in enumerate(CALLERS):
                registration.register(
                    session.id,
                    name=name,
                    e164=f"+98912137{number:04d}",
                    language="fa",
                    subject=subject,
                    neighbourhood="بازار",
                    form_key=f"demo-{number}",
                )
            board.open_session(session.id)
            first = board.take_next(session.id, operator.id)
            assert first is not None  # noqa: S101 (just registered)
            words = "روشنایی کوچه در برنامهٔ همین هفته است."
            board.end(first.id, by=operator.id, state="answered", words=words)
            second = board.take_next(session.id, operator.id)
            assert second is not None  # noqa: S101
            board.promise(
                second.id,
                by=operator.id,
                subject=CALLERS[1][1],
                text="بوستان محله تا دو هفتهٔ دیگر نوسازی می‌شود.",
                unit_id=owner,
                assignee_id=None,
                due_at=now + dt.timedelta(days=14),
            )
            db.session.commit()
            db.session.remove()
        self.say(
            f"Call-in: one caller answered at once, one promise that is a case now; two wait: "
            f"{self.world.url}/staff/callin-board/  {self.world.url}/callins.ics"
        )

    def _decision(self) -> None:
        """A member of the council decides; the decision is a case with owner and due date."""
        decided = select(Case.id).where(Case.origin_type == "decision")
        if self._scalar(decided):
            return
        packet = self._scalar(select(Packet.id).order_by(Packet.id.desc()))
        member = self.staff("council@demo.example")
        page = member.get(f"{self.world.url}/council/{packet}")
        form = form_with(page, "due_on")
        units = [value for value in form.fields["unit_id"].options if value not in {"", "0"}]
        text = "روشنایی پیاده‌راه ۱۷ شهریور تا پایان سال کامل شود."
        due = jdatetime.date.fromgregorian(date=dt.date.today() + dt.timedelta(days=60))  # noqa: DTZ011
        typed = due.strftime("%Y/%m/%d")
        member.submit(page, form, {"text": text, "unit_id": units[0], "due_on": typed})
        case_id = self._scalar(decided)
        if case_id is None:
            raise DemoError("The decision did not become a case")
        self.say(
            "Decision: entered by a council member, and a case now: "
            f"{self.world.url}/staff/cases/{case_id}"
        )

    def _packet(self) -> None:
        if self._scalar(select(Packet.id)):
            return
        folder = self.world.folder
        today = time.strftime("%Y-%m-%d")
        runner = self.world.app.test_cli_runner()
        period = ["--from", today, "--to", today, "--lang", "fa"]
        result = runner.invoke(
            args=["packets", "compile", *period, "-o", str(folder / "packet.pdf"), "--json"]
        )
        if result.exit_code:
            raise DemoError(f"The council packet could not be compiled: {result.output}")
        self.say(f"Council packet: {folder / 'packet.pdf'}, and on {self.world.url}/council/")


def form_with(page: Page, field: str) -> Form:
    """The form of a page that holds this field."""
    for form in page.forms:
        if form.method == "post" and field in form.fields:
            return form
    raise DemoError(f"The page {page.url} ({page.status}) has no form with {field}")
