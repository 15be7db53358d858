"""The story of the demonstration: from a contact file and a spreadsheet to votes by SMS link.

Everything is done through the product's own pages over HTTP, as the people themselves would do
it. Each step first looks whether it has been done, so the story goes on where it stopped.
"""

import re
import sys
import time
from collections.abc import Callable
from typing import Any

import requests
from sqlalchemy import func, select

from demo import citizens, contacts, people
from demo.browser import Browser, Form, Page
from demo.centre import Centre
from demo.listening import Listening
from demo.world import ARRIVAL, PATIENCE, DemoError, World
from portal.config import ROOT
from portal.db import db

ROWS = 10_000
SEED = 12
VOTERS = 340
SURVEY = "I-AM-MAYOR"
PRICES = {"mci-UCS-2": "1500", "other-UCS-2": "1575", "mci-GSM-7": "3400", "other-GSM-7": "3570"}
"""Rial for one part, as portal.messaging.simulator.engine.price_rial has it."""
STANDSTILL = 600
"""Seconds without a single SMS sent, after which the story gives up."""
CAMPAIGN = "من شهردارم؛ منطقهٔ ۱۲"
SMS = {
    "fa": "شما شهردارید؛ اول چه کنیم؟\n{link}",
    "ar": "لو كنتم رئيس البلدية؟\n{link}",
    "en": "If you were the mayor?\n{link}",
}


def say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {text}\n")
    sys.stdout.flush()


class Story:
    """The steps; `tell()` runs them in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.staff = Browser()
        self.second = Browser()
        """Of the administrator, who approves what the communications manager launches."""

    def tell(self) -> None:
        self._people()
        self._sign_in()
        self._contacts()
        self._questionnaire()
        self._prices()
        campaign = self._campaign()
        listening = Listening(self.world, say)
        centre = Centre(self.world, listening, say)
        listening.begin()
        centre.prepare()
        self._sending(campaign, listening.triage)
        self.world.wait_for("The urgent message", listening.triage, ARRIVAL)
        self._votes(campaign)
        self._replies()
        self._results(campaign)
        centre.go_on()
        listening.go_on()

    # Looking at what is there already

    def _scalar(self, query: Any) -> Any:
        with self.world.app.app_context():
            found = db.session.scalar(query)
            db.session.remove()
        return found

    def _scalars(self, query: Any) -> list[Any]:
        with self.world.app.app_context():
            found = list(db.session.scalars(query))
            db.session.remove()
        return found

    def _page(self, path: str, browser: Browser | None = None) -> Page:
        page = (browser or self.staff).get(self.world.url + path)
        if page.status != 200:
            raise DemoError(f"{path} answered {page.status}")
        return page

    @staticmethod
    def _form(page: Page, wanted: Callable[[Form], bool]) -> Form:
        for form in page.forms:
            if form.method == "post" and wanted(form):
                return form
        raise DemoError(f"The page {page.url} has no such form")

    # Steps

    def _people(self) -> None:
        units = self.world.app.test_cli_runner().invoke(
            args=["units", "import", str(ROOT / "demo" / "units.csv"), "--json"]
        )
        if units.exit_code not in {0, 1}:
            raise DemoError(f"The units could not be imported: {units.output}")
        made = people.settle(self.world.app)
        say(f"Staff: {made} accounts made, {len(people.PEOPLE)} in all; units of the city stand.")

    def _sign_in(self) -> None:
        self._sign_in_as(self.staff, "communications@demo.example")
        self._sign_in_as(self.second, "admin@demo.example")

    def _sign_in_as(self, browser: Browser, email: str) -> None:
        page = self._page("/staff/login?lang=fa", browser)
        form = self._form(page, lambda form: "password" in form.fields)
        page = browser.submit(page, form, {"email": email, "password": people.PASSWORD})
        if "/login" in page.url:
            raise DemoError(f"{email} could not sign in")

    def _contacts(self) -> None:
        from portal.contacts.models import Contact, ContactImport

        count = select(func.count()).select_from(Contact)
        done = select(ContactImport.id).where(ContactImport.state == "done")
        if self._scalar(done):
            say(f"Contact bank: {self._scalar(count):,} people are in it already.")
            return
        started = time.monotonic()
        begun = select(func.max(ContactImport.id)).where(
            ContactImport.state.in_(("reading", "preview", "committing"))
        )
        # A story that was interrupted here goes on with the file that is there.
        known = self._scalar(begun)
        path = f"/staff/contacts/imports/{known}" if known else self._upload()

        def ready() -> Page | None:
            found = self._page(path)
            return found if any("commit" in form.action for form in found.forms) else None

        if not self._scalar(begun.where(ContactImport.state == "committing")):
            page = self.world.wait_for("The preview of the contact file", ready, PATIENCE)
            say(f"Contact file: {ROWS:,} dirty rows read in {time.monotonic() - started:.1f} s.")
            self.staff.submit(page, self._form(page, lambda form: "commit" in form.action))
        # Not by their number: somebody may be trying the city already, and is in the bank then.
        self.world.wait_for("The contact bank", lambda: self._scalar(done), PATIENCE)
        expected = len(contacts.expected_valid(ROWS, SEED))
        say(
            f"Contact bank: {expected:,} people with a valid mobile number; the rejected rows "
            f"are listed with reasons at {self.world.url}{path}"
        )

    def _upload(self) -> str:
        """Send the contact file; the path of the page with its preview."""
        file = self.world.folder / "contacts.csv"
        contacts.write(file, ROWS, SEED)
        page = self._page("/staff/contacts/imports/new")
        page = self.staff.submit(
            page,
            self._form(page, lambda form: "file" in form.fields),
            {"source": "بانک مخاطبان برنامه‌های منطقه"},
            files={"file": ("contacts.csv", file.read_bytes())},
        )
        return page.url.removeprefix(self.world.url)

    def _questionnaire(self) -> None:
        from surveys.questionnaires.models import Survey

        if self._scalar(select(Survey.id).where(Survey.code == SURVEY)):
            say(f"Questionnaire {SURVEY}: published already.")
            return
        page = self._page("/staff/surveys/new")
        form = self._form(page, lambda form: "file" in form.fields)
        spreadsheet = (ROOT / "demo" / "forms" / "i-am-mayor.xlsx").read_bytes()
        page = self.staff.submit(
            page, form, {"code": SURVEY}, files={"file": ("i-am-mayor.xlsx", spreadsheet)}
        )
        self.staff.submit(page, self._form(page, lambda form: "publish" in form.action))
        say(f"Questionnaire {SURVEY}: read from a spreadsheet, in fa, ar and en.")

    def _prices(self) -> None:
        """As the simulated gateway bills them."""
        page = self._page("/staff/messages/prices")
        prices: dict[str, str | list[str]] = {
            f"{self.world.gateway}-{key}": rial for key, rial in PRICES.items()
        }
        form = self._form(page, lambda form: set(prices) <= set(form.fields))
        self.staff.submit(page, form, prices)
        say("Prices of SMS: entered, so that the campaign's cost is known before it is launched.")

    def _campaign(self) -> int:
        from surveys.campaigns.models import Campaign

        wanted = select(Campaign.id).where(Campaign.name == CAMPAIGN)
        campaign = int(self._scalar(wanted) or self._new_campaign())
        self._approve(f"/staff/campaigns/{campaign}")
        return campaign

    def _new_campaign(self) -> int:
        """The four steps of a campaign's page: survey, people, texts, launch."""
        from surveys.questionnaires.models import Survey

        survey = self._scalar(select(Survey.id).where(Survey.code == SURVEY))
        page = self._page("/staff/campaigns/new")
        form = self._form(page, lambda form: "survey_id" in form.fields)
        page = self.staff.submit(page, form, {"name": CAMPAIGN, "survey_id": str(survey)})
        page = self.staff.submit(page, self._form(page, lambda form: "languages" in form.fields))
        form = self._form(page, lambda form: any("text" in name for name in form.fields))
        texts: dict[str, str | list[str]] = {f"text_{lang}": text for lang, text in SMS.items()}
        page = self.staff.submit(page, form, texts)
        launch = self._form(page, lambda form: form.action.endswith("/launch"))
        invited = int(launch.fields["expected"].value)
        started = time.monotonic()
        page = self.staff.submit(page, launch)
        found = re.search(r"/campaigns/(\d+)", page.url)
        if page.status != 200 or found is None:
            raise DemoError(f"The campaign could not be launched: {page.status} {page.url}")
        say(
            f"Campaign: handed in for {invited:,} people in {time.monotonic() - started:.1f} s; "
            f"watch it at {page.url}"
        )
        return int(found.group(1))

    def _approve(self, path: str) -> None:
        """Two persons for so many recipients: the administrator reads it and agrees."""
        page = self._page(path, self.second)
        approve = next((form for form in page.forms if form.action.endswith("/approve")), None)
        if approve is None:
            return
        page = self.second.submit(page, approve)
        if page.status != 200:
            raise DemoError(f"The campaign could not be approved: {page.status} {page.url}")
        say("Approval: the administrator, a second person, agreed to the launch.")

    def _sending(self, campaign: int, meanwhile: Callable[[], object]) -> None:
        """Until nothing waits any more; then the gateway's ledger is held against the portal."""
        from portal.messaging.models import Message
        from surveys.campaigns.models import Campaign

        batch = self._scalar(select(Campaign.batch_id).where(Campaign.id == campaign))
        number = select(func.count()).where(Message.batch_id == batch)
        waiting = number.where(Message.state.in_(("created", "claimed", "unknown")))
        invited, left = self._scalar(number), self._scalar(waiting)
        changed, shown = time.monotonic(), -1

        def nothing_waits() -> bool:
            nonlocal left, changed, shown
            meanwhile()
            now_left = self._scalar(waiting)
            if now_left != left:
                left, changed = now_left, time.monotonic()
            elif left and time.monotonic() - changed > STANDSTILL:
                raise DemoError(
                    f"For {STANDSTILL} s nothing was sent, and {left:,} SMS wait. The reason "
                    f"stands on {self.world.url}/staff/messages/"
                )
            if (tenth := (invited - left) * 10 // max(invited, 1)) != shown:
                shown = tenth
                say(f"   {invited - left:>6,} of {invited:,} SMS are with the gateway or refused")
            return not left

        self.world.wait_for("The campaign", nothing_waits, 3600)
        self._count(batch, invited)

    def _count(self, batch: int, invited: int) -> None:
        from portal.messaging.models import Message

        sent = self._campaign_sms()
        receivers = {sms["receptor"] for sms in sent}
        of_batch = select(Message.e164).where(Message.batch_id == batch)
        taken = set(self._scalars(of_batch.where(Message.gateway_id.is_not(None))))
        if len(sent) != len(receivers) or receivers != taken:
            raise DemoError(
                f"The portal says that {len(taken)} people were written to, but the ledger has "
                f"{len(sent)} SMS to {len(receivers)} receivers"
            )
        times = [sms["accepted_at"] for sms in sent]
        say(
            f"Gateway's ledger: {len(sent):,} SMS to {len(receivers):,} different numbers, "
            f"{sum(sms['parts'] for sms in sent):,} parts, "
            f"{len(sent) / max(max(times) - min(times), 1):,.0f} a second."
        )
        refused = set(self._scalars(of_batch.where(Message.state == "failed"))) - taken
        if self.world.wiring.reaches_abroad:
            wrongly = refused
        else:
            wrongly = {number for number in refused if number.startswith("+98")}
        if wrongly:
            raise DemoError(f"{len(wrongly)} numbers were refused, such as {min(wrongly)}")
        if refused:
            say(f"   {len(refused):,} numbers abroad: {self.world.gateway} takes none of these.")
        if others := invited - len(taken) - len(refused):
            say(f"   {others:,} people sent 11 before their SMS had left.")

    def _campaign_sms(self) -> list[dict[str, Any]]:
        """The campaign's SMS in the gateway's ledger, which has tracking codes and replies too."""
        openings = tuple(text.split("\n")[0] for text in SMS.values())
        return [
            sms
            for sms in citizens.handsets(self.world.simulator_url)
            if sms["message"].startswith(openings)
        ]

    def _votes(self, campaign: int) -> None:
        from surveys.responses.models import Response

        done = (
            select(func.count())
            .select_from(Response)
            .where(Response.campaign_id == campaign, Response.state == "complete")
        )
        have = self._scalar(done)
        if have >= 300:
            say(f"Votes: {have:,} are stored already.")
            return
        links = []
        for sms in self._campaign_sms():
            if link := citizens.link_in(sms["message"]):
                links.append(link)
        # Every 27th handset: people of every neighbourhood and language answer.
        chosen = links[:: max(len(links) // VOTERS, 1)][: VOTERS + VOTERS // 10]
        started = time.monotonic()
        tally = citizens.vote_all(chosen, SEED)
        stored = self._scalar(done)
        languages = ", ".join(f"{n} in {lang}" for lang, n in sorted(tally.by_language.items()))
        say(
            f"Votes: {tally.voted} citizens answered over HTTP ({languages}) in "
            f"{time.monotonic() - started:.0f} s; {tally.abandoned} stopped midway; "
            f"{stored} complete answers are stored."
        )
        if tally.problems:
            raise DemoError(f"Citizens met problems: {sorted(set(tally.problems))}")
        if stored < 300:
            raise DemoError(f"Only {stored} votes were stored")

    def _replies(self) -> None:
        from portal.contacts.models import OptOut

        if self._scalar(select(func.count()).select_from(OptOut).where(OptOut.channel == "sms")):
            return
        numbers = [sms["receptor"] for sms in self._campaign_sms()][5:400:80]
        for number, words in zip(numbers, ("11", "۱۱", "لغو۱۱", "لغو 11", "إلغاء"), strict=False):
            requests.post(
                f"{self.world.simulator_url}/sim/handset/{number}/reply",
                json={"text": words},
                timeout=30,
            ).raise_for_status()
        out = select(func.count()).select_from(OptOut).where(OptOut.channel == "sms")
        self.world.wait_for("The opt-out", lambda: self._scalar(out) >= len(numbers), ARRIVAL)
        say(f"Opt-out: {len(numbers)} people replied 11 or a like word, and are left in peace.")

    def _results(self, campaign: int) -> None:
        path = f"/staff/results/{SURVEY}?campaign={campaign}"
        page = self._page(path)
        answers = page.text.count("<svg")
        say(f"Results: {answers} bars in charts with tables at {self.world.url}{path}")
