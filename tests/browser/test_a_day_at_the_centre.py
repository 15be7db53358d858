"""The main tasks of those who follow messages up, in Persian and by keyboard alone."""

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select

from portal import clock
from portal.accounts.models import User
from portal.db import db
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from workflows.calendars.models import CalendarClosure
from workflows.cases.models import Case
from workflows.letters.models import Letter
from workflows.special import services as special
from workflows.special.models import Referral

pytestmark = [pytest.mark.browser, pytest.mark.workflows, pytest.mark.timeout(300)]

MOST_TABS = 160


def signed_in(live: str, open_page: Callable[..., Page], user: User, width: int = 1280) -> Page:
    page = open_page(width)
    page.goto(f"{live}/staff/login?lang=fa")
    to(page, "input[name=email]")
    page.keyboard.type(user.email)
    to(page, "input[name=password]")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page


def to(page: Page, selector: str) -> None:
    """Press Tab until the cursor stands there, as somebody without a mouse does."""
    for _step in range(MOST_TABS):
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by keyboard on {page.url}")


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def case_now(app: Flask, case_id: int) -> Case:
    with app.app_context():
        return db.session.get_one(Case, case_id)


def test_an_officer_works_off_the_most_urgent_of_many(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    unit = make_unit(names={"fa": "منطقهٔ ۱۲", "ar": "المنطقة ١٢", "en": "District 12"})
    officer = make_user(("unit_officer",), unit_id=unit.id)
    late = clock.now() - dt.timedelta(days=3)
    ids = [
        make_case(unit_id=unit.id, assignee_id=officer.id, received_at=when).id
        for when in (None, late, None)
    ]
    page = signed_in(live, open_page, officer)
    page.goto(f"{live}/staff/cases/?view=mine")
    page.keyboard.press("j")
    enter(page)
    assert page.url.endswith(f"/{ids[1]}"), "the one that is due first"
    to(page, "#first_action-text")
    page.keyboard.type("اکیپ فرستاده شد")
    page.keyboard.press("Tab")
    to(page, "#first_action button")
    enter(page)
    assert case_now(app, ids[1]).state == "in_progress"
    to(page, "input[name=finish-outcome]")
    page.keyboard.press("Space")
    to(page, "#finish-text")
    page.keyboard.type("آسفالت شد")
    to(page, "#finish button[type=submit]")
    enter(page)
    case = case_now(app, ids[1])
    assert (case.stage, case.outcome, case.outcome_text) == ("feedback", "done", "آسفالت شد")


def test_the_operations_centre_sends_somebody_and_records_the_first_action(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    unit = make_unit(code="operations-centre")
    officer = make_user(("unit_officer",), unit_id=unit.id)
    case_id = make_case(urgency="danger").id
    page = signed_in(live, open_page, officer)
    page.goto(f"{live}/staff/operations/")
    to(page, f"#case-{case_id}")
    enter(page)
    to(page, "#dispatch-crew")
    page.keyboard.type("اکیپ برق ۳")
    to(page, "#dispatch button")
    enter(page)
    to(page, "#first_action-text")
    page.keyboard.type("محل محصور شد")
    to(page, "#first_action-no_photo")
    page.keyboard.type("برق محل قطع بود")
    to(page, "#first_action button")
    enter(page)
    case = case_now(app, case_id)
    assert case.first_action_at is not None and case.state == "in_progress"


def test_a_council_member_reports_on_what_was_referred(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    member = make_user(("council_member",))
    case_id = make_case().id
    with app.app_context():
        row = special.mark(case_id, why="سه ماه بی‌پاسخ", by=None)
        special.refer(
            row.id,
            member_id=member.id,
            request="با مدیر آبفا گفت‌وگو کنید",
            letter_number="",
            letter_date=None,
            due_at=clock.now() + dt.timedelta(days=5),
            by=None,
        )
        db.session.commit()
    page = signed_in(live, open_page, member)
    page.goto(f"{live}/council/referrals/")
    to(page, "#referrals a")
    enter(page)
    to(page, "#report")
    page.keyboard.type("آبفا پذیرفت")
    to(page, "button[value=done]")
    enter(page)
    with app.app_context():
        referral = db.session.scalars(select(Referral)).one()
        assert (referral.state, referral.report) == ("reported", "آبفا پذیرفت")


def test_an_official_writes_and_issues_a_letter(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    unit = make_unit(names={"fa": "معاونت خدمات شهری", "ar": "المعاونية", "en": "Deputy"})
    official = make_user(("official",), unit_id=unit.id)
    page = signed_in(live, open_page, official)
    page.goto(f"{live}/staff/letters/new")
    to(page, "#unit_id")
    page.keyboard.press("ArrowDown")
    to(page, "#party_name")
    page.keyboard.type("مهندس کریمی")
    to(page, "#party_organisation")
    page.keyboard.type("شرکت آب و فاضلاب")
    to(page, "#subject")
    page.keyboard.type("بالازدگی فاضلاب")
    to(page, "#body")
    page.keyboard.type("خواهشمند است دستور فرمایید.")
    to(page, "#signatory_name")
    page.keyboard.press("Control+a")
    page.keyboard.type("رضا احمدی")
    to(page, "#signatory_position")
    page.keyboard.press("Control+a")
    page.keyboard.type("معاون خدمات شهری")
    to(page, "main form button[type=submit]")
    enter(page)
    with app.app_context():
        letter = db.session.scalars(select(Letter)).one()
        assert letter.state == "draft"
    to(page, "form[action$='/issue'] button")
    enter(page)
    with app.app_context():
        letter = db.session.scalars(select(Letter)).one()
        assert letter.state == "issued" and letter.number == 1


def test_a_closure_is_announced_with_persian_digits(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    page = signed_in(live, open_page, make_user(("communications",)))
    page.goto(f"{live}/staff/calendars/")
    to(page, "a[href$='/closures/new']")
    enter(page)
    to(page, "#first")
    page.keyboard.type("۱۴۰۵/۱۰/۰۱")
    to(page, "input[name=calendars]")
    page.keyboard.press("Space")
    to(page, "#reason_fa")
    page.keyboard.type("آلودگی هوا")
    to(page, "main form button[type=submit]")
    enter(page)
    with app.app_context():
        closure = db.session.scalars(select(CalendarClosure)).one()
        assert closure.reasons["fa"] == "آلودگی هوا"
