"""Staff pages of cases in three languages and two widths, and by keyboard alone."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal import clock
from portal.db import db
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from workflows.cases import photos, work
from workflows.cases.models import Case

pytestmark = [pytest.mark.browser, pytest.mark.workflows, pytest.mark.timeout(300)]

NUMBER = "+989121112233"


@pytest.fixture
def cases(app: Flask) -> dict[str, int]:
    """An urgent case that is late, one with a history, one whose citizen was asked yesterday."""
    with app.app_context():
        above = make_unit(
            names={
                "fa": "معاونت خدمات شهری",
                "ar": "معاونية الخدمات",
                "en": "Deputy for urban services",
            }
        )
        unit = make_unit(
            parent_id=above.id,
            names={"fa": "منطقهٔ ۱۲", "ar": "المنطقة ١٢", "en": "District 12"},
        )
        officer = make_user(("unit_officer",), unit_id=unit.id).id
        category = make_category(unit_id=unit.id)
        made = {
            "urgent": make_case(
                e164=NUMBER,
                urgency="danger",
                category_id=category.id,
                citizen_name="زهرا احمدی",
                place="خیابان ۱۷ شهریور، روبه‌روی مدرسه",
                text="کابل برق در کوچه آویزان است و بچه‌ها از آنجا رد می‌شوند.",
                received_at=clock.now() - dt.timedelta(hours=3),
            ).id,
            "worked": make_case(
                e164=NUMBER,
                language="ar",
                category_id=category.id,
                text="حفرة كبيرة أمام الفندق",
                assignee_id=officer,
            ).id,
        }
        photos.attach(made["worked"], photos.read(_picture()))
        work.first_action(made["worked"], by=officer, text="اکیپ فرستاده شد")
        work.note(made["worked"], by=officer, text="شب دوباره دیده شود")
        with clock.freeze(clock.now() - dt.timedelta(hours=20)):
            asked = make_case(category_id=category.id, citizen_name="علی‌اصغر محمدی").id
            work.finish(asked, by=officer, outcome="done", text="آسفالت شد")
            again = make_case(category_id=category.id, language="en", text="The lamp is dark").id
            work.first_action(again, by=officer, text="A crew was sent")
            work.finish(again, by=officer, outcome="done", text="It is lit")
            clock.shift(hours=5)
            work.reopen(again, by=officer, text="Dark again")
            db.session.commit()
        return {**made, "asked": asked, "again": again}


def _picture() -> bytes:
    import io

    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (640, 480), "#557799").save(target, "PNG")
    return target.getvalue()


def signed_in(
    live: str, open_page: Callable[..., Page], role: str, language: str, width: int
) -> Page:
    user = make_user(roles=(role,), language=language)
    page = open_page(width)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    return page


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_case_pages(
    app: Flask,
    cases: dict[str, int],
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = signed_in(live, open_page, "administrator", language, width)
    problems: list[str] = []
    for name, path in {
        "cases": "/staff/cases/",
        "cases-search": "/staff/cases/?q=کابل",
        "case-urgent": f"/staff/cases/{cases['urgent']}",
        "case-worked": f"/staff/cases/{cases['worked']}",
        "case-register": "/staff/cases/new",
        "case-registered": f"/staff/cases/{cases['urgent']}/registered",
        "case-calls": "/staff/cases/calls",
        "case-due": f"/staff/cases/{cases['again']}/due",
        "case-call": f"/staff/cases/{cases['asked']}/call",
        "case-categories": "/staff/cases/categories",
    }.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        if name == "case-urgent":
            page.eval_on_selector_all("details.card", "all => all.forEach(e => e.open = true)")
        problems += look(page, name, language, width, shots)
    page.goto(f"{live}/staff/cases/new")
    page.fill("#phone", "0912 111 2233")
    page.keyboard.press("Enter")
    page.wait_for_selector("#known")
    problems += look(page, "case-register-known", language, width, shots)
    assert problems == []


def test_a_call_is_registered_and_worked_on_by_keyboard_alone(
    app: Flask, cases: dict[str, int], live: str, open_page: Callable[..., Page]
) -> None:
    page = signed_in(live, open_page, "operator", "en", 1280)
    page.goto(f"{live}/staff/cases/new")
    # The cursor stands in the number; Enter asks who it is and goes on in the text.
    page.keyboard.type("09121112233")
    page.keyboard.press("Enter")
    page.wait_for_selector("#known")
    page.keyboard.type("The lamp in front of the house is dark")
    for _step in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "register":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/registered")
    code = page.inner_text(".tracking-code").strip()
    with app.app_context():
        case_id = db.session.query(Case.id).filter_by(code=code).scalar()

    page.goto(f"{live}/staff/cases/?view=all")
    assert page.locator("table#cases tbody tr").count() == 5
    page.goto(f"{live}/staff/cases/{case_id}")
    page.focus("#first_action-text")
    page.keyboard.type("A team is on its way")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".flash--success")
    assert "A team is on its way" in page.inner_text(".timeline")
    # A folded step opens with Enter.
    page.focus("#note > summary")
    page.keyboard.press("Enter")
    assert page.is_visible("#note-text")
