"""The part of the story inside the centre: calls, questions, a visit, a special message.

As in demo/story.py each step goes through the product's own pages and looks whether it was done;
only the calls of yesterday are written by the service, which is told what time it was.
"""

import datetime as dt
import random
from typing import Any

from sqlalchemy import func, select

from demo.browser import Browser, Form, Page
from demo.listening import URGENT, Listening, form_with
from demo.world import DemoError, World
from portal import clock
from portal.accounts import services as accounts
from portal.db import db
from portal.formats import local, utc
from portal.units.models import Unit
from workflows.calls import services as calls
from workflows.calls.models import CentreCall
from workflows.cases.intake import OPERATIONS_CODE
from workflows.cases.models import Case, Category
from workflows.cases.questions.models import CaseQuestion
from workflows.letters.models import Letter
from workflows.operations.models import Visit
from workflows.special.models import Referral, SpecialCase, SpecialWay

CALLS = 90
RESULTS = {"answered": 60, "transferred": 14, "irrelevant": 12, "dropped": 14}
"""How often each, of the calls that became no case."""
ASKED = (
    "ساعت کار سرای محله",
    "نشانی نزدیک‌ترین بازار میوه و تره‌بار",
    "زمان جمع‌آوری پسماند خشک",
    "عوارض نوسازی را کجا بپردازم؟",
    "شمارهٔ اتوبوسی که به بازار می‌رود",
)
CALLER = ("+989121370052", "محمد رضایی", "چراغ‌های کوچهٔ پشت مسجد دو شب است خاموش‌اند.")
QUESTION: dict[str, str | list[str]] = {
    "text_fa": "چند چراغ خاموش است؟",
    "text_ar": "كم مصباحًا لا يعمل؟",
    "text_en": "How many lamps are out?",
    "kind": "choice",
    "options_fa": "یک چراغ\nچند چراغ\nهمهٔ معبر",
    "options_ar": "مصباح واحد\nعدة مصابيح\nالشارع كله",
    "options_en": "One lamp\nSeveral lamps\nThe whole street",
    "key": "lamps",
}
POLE: dict[str, str | list[str]] = {
    "text_fa": "شمارهٔ روی تیر چراغ، اگر خواناست",
    "text_ar": "الرقم المكتوب على العمود إن كان مقروءًا",
    "text_en": "The number on the pole, if it can be read",
    "kind": "text",
    "key": "pole",
}
MEDIA = (
    "+989121370061",
    "شیرین صراف",
    "پیاده‌راه ۱۷ شهریور شب‌ها تاریک است؛ فیلم آن در شبکه‌های اجتماعی دست‌به‌دست می‌شود.",
)
LETTER: dict[str, str | list[str]] = {
    "subject": "روشنایی پیاده‌راه ۱۷ شهریور",
    "body": "با سلام و احترام\n\nروشنایی پیاده‌راه ۱۷ شهریور در شب‌ها کافی نیست. خواهشمند است دستور "
    "فرمایید موضوع بررسی و نتیجه به این مرکز اعلام شود.",
    "party_name": "",
    "party_position": "مدیر محترم",
    "party_organisation": "شرکت توزیع نیروی برق تهران بزرگ",
    "copies": "معاونت خدمات شهری",
    "signatory_name": "شهردار منطقه",
    "signatory_position": "شهردار منطقهٔ ۱۲",
}


class Centre:
    """What the people of the centre do beside answering the citizens of the story."""

    def __init__(self, world: World, listening: Listening, say: Any) -> None:
        self.world = world
        self.listening = listening
        self.say = say

    def prepare(self) -> None:
        """What stands before the first message comes; after the categories."""
        self._questions()
        self._calls_of_two_days()

    def go_on(self) -> None:
        self._call_becomes_case()
        self._visit()
        self._special()
        self._letter()

    def _scalar(self, query: Any) -> Any:
        with self.world.app.app_context():
            found = db.session.scalar(query)
            db.session.remove()
        return found

    def _page(self, browser: Browser, path: str) -> Page:
        page = browser.get(self.world.url + path)
        if page.status != 200:
            raise DemoError(f"{path} answered {page.status}")
        return page

    @staticmethod
    def _sent(page: Page, what: str) -> Page:
        """A page that came of a form; a refused form is shown again with 422."""
        if page.status != 200:
            raise DemoError(f"{what} was not taken: {page.status} {page.url}")
        return page

    # Before the first message

    def _questions(self) -> None:
        if self._scalar(select(func.count()).select_from(CaseQuestion)):
            return
        category = self._scalar(select(Category.id).where(Category.code == "street-light"))
        browser = self.listening.staff("admin@demo.example")
        for question in (QUESTION, POLE):
            page = self._page(browser, f"/staff/cases/categories/{category}/questions/new")
            page = browser.submit(page, form_with(page, "text_fa"), question)
            self._sent(page, "The question of the category")
        self.say("Questions: whoever reports a street light is asked two more.")

    def _calls_of_two_days(self) -> None:
        """Since yesterday at seven; between one and seven at night nobody answers."""
        if self._scalar(select(func.count()).select_from(CentreCall)):
            return
        chance = random.Random(137)  # noqa: S311 (a story, not a secret)
        with self.world.app.app_context():
            now = clock.now()
            began = utc(local(now).date() - dt.timedelta(days=1), dt.time(7))
            span = (now - began).total_seconds() - 600
            offsets = sorted(chance.uniform(0, span) for _call in range(CALLS))
            moments = [began + dt.timedelta(seconds=offset) for offset in offsets]
            moments = [moment for moment in moments if not 1 <= local(moment).hour < 7]
            operator = accounts.find("operator@demo.example")
            if operator is None:
                raise DemoError("The operator is not there")
            for number, moment in enumerate(moments):
                self._call(number, moment, operator.id, chance)
            db.session.commit()
            db.session.remove()
        self.say(
            f"Calls: {len(moments)} since yesterday; how many were answered at once stands at "
            f"{self.world.url}/staff/calls/figures"
        )

    @staticmethod
    def _call(number: int, moment: dt.datetime, operator: int, chance: random.Random) -> None:
        result = chance.choices(list(RESULTS), list(RESULTS.values()))[0]
        waited, talked = chance.randint(3, 50), chance.randint(40, 400)
        answered = moment + dt.timedelta(seconds=waited)
        dropped = result == "dropped"
        with clock.freeze(answered if dropped else answered + dt.timedelta(seconds=talked)):
            calls.record(
                operator_id=operator,
                result=result,
                language=chance.choices(("fa", "ar", "en"), (90, 8, 2))[0],
                e164=f"+98912{chance.randint(2_000_000, 9_999_999)}",
                key=f"demo:{number}",
                line="137",
                subject=chance.choice(ASKED) if result == "answered" else "",
                transferred_to="شرکت آب و فاضلاب" if result == "transferred" else "",
                started_at=moment,
                answered_at=None if dropped else answered,
            )

    # While the citizens are answered

    def _call_becomes_case(self) -> None:
        """One call is registered, with the answers to the questions of its category."""
        number, name, text = CALLER
        if self._scalar(select(Case.id).where(Case.e164 == number)):
            return
        category = self._scalar(select(Category.id).where(Category.code == "street-light"))
        browser = self.listening.staff("operator@demo.example")
        page = self._page(browser, f"/staff/calls/?number=0{number[3:]}&line=137")
        values: dict[str, str | list[str]] = {"name": name, "note": text, "do": "registered"}
        values["category_id"] = str(category)
        page = self._sent(browser.submit(page, form_with(page, "note"), values), "The call")
        form = form_with(page, "text")
        answers = {
            field.name: next(option for option in field.options if option)
            for field in form.fields.values()
            if field.kind in {"radio", "select"} and field.name.endswith("lamps")
        }
        self._sent(browser.submit(page, form, {"place": "کوچهٔ مسجد", **answers}), "The message")
        case_id = self._scalar(select(CentreCall.case_id).where(CentreCall.e164 == number))
        if case_id is None:
            raise DemoError("The call did not become a case")
        self.say(f"Call: registered as a case from the operator's page: {self._url(case_id)}")

    def _visit(self) -> None:
        """The urgent message lies at the operations centre: a crew goes, a supervisor looks."""
        case_id = self._scalar(select(Case.id).where(Case.e164 == URGENT[0]))
        if self._scalar(select(Visit.id).where(Visit.case_id == case_id)):
            return
        centre = select(Unit.id).where(Unit.code == OPERATIONS_CODE)
        if self._scalar(select(Case.unit_id).where(Case.id == case_id)) != self._scalar(centre):
            raise DemoError("The urgent message is not at the operations centre")
        browser = self.listening.staff("officer@demo.example")
        path = f"/staff/operations/cases/{case_id}"
        page = self._page(browser, path)
        values: dict[str, str | list[str]] = {"dispatch-crew": "اکیپ ایمنی معابر، خودروی ۲۱"}
        values["dispatch-note"] = "محدوده را ببندید و تا رسیدن مأموران برق بمانید."
        self._sent(browser.submit(page, form_with(page, "dispatch-crew"), values), "The dispatch")
        page = self._page(browser, path)
        form = form_with(page, "visit-supervisor_id")
        people = [value for value in form.fields["visit-supervisor_id"].options if value]
        values = {"visit-supervisor_id": people[0]}
        values["visit-instructions"] = "آیا پیاده‌رو بسته و ایمن است؟ از پیش و پس عکس بگیرید."
        self._sent(browser.submit(page, form, values), "The visit")
        self.say(
            "Operations centre: a crew was sent, and a field supervisor is to look: "
            f"{self.world.url}{path} and {self.world.url}/staff/field/"
        )

    def _special(self) -> None:
        """An official makes a message special: one way is open, a council member is asked."""
        number = MEDIA[0]
        case_id = self._scalar(select(Case.id).where(Case.e164 == number))
        case_id = case_id or self.listening.send_message("fa", MEDIA)
        official = self.listening.staff("official@demo.example")
        special = select(SpecialCase.id).where(SpecialCase.case_id == case_id)
        if self._scalar(special) is None:
            page = self._page(official, f"/staff/special/cases/{case_id}/mark")
            why = "بازتاب گسترده در شبکه‌های اجتماعی"
            self._sent(official.submit(page, form_with(page, "why"), {"why": why}), "The mark")
        special_id = self._scalar(special)
        path = f"/staff/special/{special_id}"
        if not self._scalar(select(SpecialWay.id).where(SpecialWay.special_id == special_id)):
            page = self._page(official, path)
            unit = select(Unit.id).where(Unit.code == "communications")
            values: dict[str, str | list[str]] = {"social-unit_id": str(self._scalar(unit))}
            values["social-network"] = "کانال محلهٔ بازار در ایتا"
            values["social-task"] = "پاسخ شهرداری زیر همان فرسته منتشر شود."
            self._sent(official.submit(page, form_with(page, "social-network"), values), "The way")
        if not self._scalar(select(Referral.id).where(Referral.special_id == special_id)):
            page = self._page(official, path)
            form = form_with(page, "refer-member_id")
            members = [value for value in form.fields["refer-member_id"].options if value]
            values = {"refer-member_id": members[0]}
            values["refer-request"] = "خواهشمند است برای هماهنگی با شرکت توزیع برق یاری فرمایید."
            self._sent(official.submit(page, form, values), "The referral")
            self.say(
                "Special message: answered on a social network by tomorrow, and a council member "
                f"is asked to step in: {self.world.url}{path}"
            )

    def _letter(self) -> None:
        """About the same matter: numbered, sent, its reply awaited."""
        if self._scalar(select(Letter.id).where(Letter.state != "draft")):
            return
        case_id = self._scalar(select(Case.id).where(Case.e164 == MEDIA[0]))
        official = self.listening.staff("official@demo.example")
        page = self._page(official, f"/staff/letters/new?case={case_id}")
        page = self._sent(official.submit(page, form_with(page, "subject"), LETTER), "The letter")
        page = self._sent(official.submit(page, _ending(page, "/issue")), "The issue")
        form = _ending(page, "/sent")
        how = next(way for way in form.fields["how"].options if way)
        page = self._sent(official.submit(page, form, {"how": how}), "The sending")
        reference = self._scalar(select(Letter.reference).where(Letter.state == "sent"))
        if not reference:
            raise DemoError("The letter was not sent")
        self.say(f"Letter: {reference} is issued, and its reply is awaited: {page.url}")

    def _url(self, case_id: int) -> str:
        return f"{self.world.url}/staff/cases/{case_id}"


def _ending(page: Page, end: str) -> Form:
    for form in page.forms:
        if form.method == "post" and form.action.endswith(end):
            return form
    raise DemoError(f"The page {page.url} has no form that leads to …{end}")
