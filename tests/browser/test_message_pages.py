"""The citizen's pages in a real browser: three languages, two widths, keyboard, paper."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page

from portal.db import db
from tests.browser.checks import go, leaves, look
from tests.browser.conftest import LOOKS
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from workflows.cases import work
from workflows.cases.models import Case

pytestmark = [pytest.mark.browser, pytest.mark.workflows]

TEXTS = {
    "fa": "از دیشب لولهٔ آب جلوی پلاک ۱۲ ترکیده و آب در کوچه راه افتاده است.",
    "ar": "انكسر أنبوب الماء أمام الدار رقم ١٢ منذ ليلة أمس والماء يجري في الشارع.",
    "en": "The water pipe before number 12 broke last night and the lane is full of water.",
}
ANSWERS = {"fa": "لوله تعمیر شد.", "ar": "تم إصلاح الأنبوب.", "en": "The pipe was repaired."}


@pytest.fixture(autouse=True)
def _city(app: Flask) -> None:
    root = make_unit(
        code="city", kind="city", names={"fa": "شهرداری", "ar": "البلدية", "en": "Municipality"}
    )
    centre = make_unit(
        code="centre-137",
        parent_id=root.id,
        names={"fa": "مرکز ۱۳۷", "ar": "مركز ١٣٧", "en": "137 centre"},
    )
    make_category(
        unit_id=centre.id, names={"fa": "آب و فاضلاب", "ar": "الماء والمجاري", "en": "Water"}
    )


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_from_the_form_to_the_confirmed_end(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    tmp_path: Path,
    language: str,
    width: int,
) -> None:
    photo = tmp_path / "pipe.jpg"
    Image.new("RGB", (1200, 900), "steelblue").save(photo)
    page = open_page(width)
    seen = leaves(page)
    page.goto(f"{live}/{language}/message")
    problems = look(page, "message-form", language, width, shots)
    page.fill("#text", TEXTS[language])
    page.fill("#mobile", "021 1234")
    page.select_option("#category", index=1)
    go(page, "main form button[type=submit]:not([name])")
    assert page.input_value("#text") == TEXTS[language]
    problems += look(page, "message-errors", language, width, shots)
    page.fill("#mobile", "09121234567")
    page.set_input_files("#photo", photo)
    go(page, "main form button[type=submit]:not([name])")
    page.wait_for_selector(".tracking-code")
    code = page.inner_text(".tracking-code").strip()
    problems += look(page, "message-thanks", language, width, shots)
    page.emulate_media(media="print")
    assert page.is_visible(".slip") and not page.is_visible("h1")
    page.screenshot(path=shots / f"message-slip-{language}-{width}.png")
    page.emulate_media(media="screen")
    page.goto(f"{live}/t/?lang={language}")
    problems += look(page, "tracking-entry", language, width, shots)
    page.fill("#code", code.lower())
    go(page, "main form button[type=submit]:not([name])")
    page.wait_for_url(f"**/t/{code}**")
    problems += look(page, "tracking", language, width, shots)
    with app.app_context():
        case = db.session.query(Case).one()
        work.finish(case.id, by=None, outcome="done", text=ANSWERS[language])
        db.session.commit()
    page.reload()
    problems += look(page, "tracking-asked", language, width, shots)
    go(page, "a[href*='/object']")
    problems += look(page, "tracking-object", language, width, shots)
    page.go_back()
    go(page, "a[href*='/accept']")
    problems += look(page, "tracking-accept", language, width, shots)
    go(page, "main form button[type=submit]:not([name])")
    page.wait_for_url("**told=thanks**")
    problems += look(page, "tracking-closed", language, width, shots)
    page.goto(f"{live}/t/0000000000?lang={language}")
    problems += look(page, "tracking-unknown", language, width, shots)
    assert problems == []
    assert {url.split("/")[2] for url in seen} == {live.split("/")[2]}


def test_keyboard_only_without_script(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(360, script=False)
    page.goto(f"{live}/en/message")
    page.focus("#text")
    page.keyboard.type("A lamp is out")
    visited = []
    while "Send the message" not in visited and len(visited) < 30:
        page.keyboard.press("Tab")
        visited.append(
            page.evaluate("document.activeElement.id || document.activeElement.innerText")
        )
    assert {"category", "place", "photo", "mobile", "citizen_name"} <= set(visited)
    assert "website" not in visited, "the field for machines is not on the way of people"
    page.keyboard.press("Enter")
    page.wait_for_selector(".tracking-code")
    code = page.inner_text(".tracking-code").strip()
    with app.app_context():
        case = db.session.query(Case).one()
        assert (case.code, case.text) == (code, "A lamp is out")


def test_two_quick_presses_are_one_message(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(360, script=False)
    page.goto(f"{live}/fa/message")
    page.fill("#text", TEXTS["fa"])
    page.dblclick("main form button[type=submit]:not([name])")
    page.wait_for_selector(".tracking-code")
    with app.app_context():
        assert db.session.query(Case).count() == 1


def test_an_objection_by_keyboard(app: Flask, live: str, open_page: Callable[..., Page]) -> None:
    with app.app_context():
        case = make_case(language="en")
        code = case.code
        work.finish(case.id, by=None, outcome="done", text="The pipe was repaired.")
        db.session.commit()
    page = open_page(360, script=False)
    page.goto(f"{live}/t/{code}")
    page.locator("a[href*='/object']").press("Enter")
    page.wait_for_selector("#words")
    page.locator("#words").press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#words-error")
    page.fill("#words", "It still leaks")
    page.locator("main form button[type=submit]:not([name])").press("Enter")
    page.wait_for_url("**told=reopened**")
    with app.app_context():
        assert db.session.query(Case).one().stage == "assigned"
