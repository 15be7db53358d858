"""Sheets in a real browser: typed with the keyboard alone, decided, looked at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from surveys.paper import serials
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire
from tests.surveys.paper.office import Office, sheet_of
from tests.surveys.responses.phone import stored

pytestmark = [pytest.mark.browser, pytest.mark.surveys]
MANY = " ".join(f"c{n}" for n in range(1, 13))
FORM = questionnaire(
    [
        question("way", "select_one", "bus walk bicycle"),
        question("why", "select_multiple", MANY),
        question("age", "integer"),
    ],
    [question("day", "date"), question("order", "rank", "park light"), question("idea")],
)


def sign_in(page: Page, live: str, role: str, language: str) -> None:
    user = make_user((role,), language=language, name="لیلا صبوری")
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")


def test_a_sheet_is_typed_with_the_keyboard_alone(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    office = Office(app)
    (sheet,) = office.print(make_campaign(make_survey(form=FORM)))
    page = open_page(1280)
    sign_in(page, live, "operator", "fa")
    page.goto(f"{live}/staff/paper/")
    press = page.keyboard.press
    assert page.evaluate("document.activeElement.name") == "number"
    page.keyboard.type(serials.printed(sheet).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")))
    press("Enter")
    page.wait_for_url("**/sheets/*")
    page.focus("[name=way] >> nth=0")
    press("2")
    press("Enter")
    press("1")
    press("2")
    press("3")
    press("Enter")
    page.keyboard.type("۳۴")
    press("Enter")
    assert page.evaluate("document.activeElement.name") == "day"
    page.keyboard.type("5")
    for _part in range(3):
        press("Enter")
    assert page.evaluate("document.activeElement.name") == "order"
    page.select_option("[name=order] >> nth=0", "park=2")
    page.select_option("[name=order] >> nth=1", "light=1")
    page.focus("[name=day] >> nth=0")
    press("Backspace")
    page.focus("[name=idea]")
    page.keyboard.type("نور")
    press("Enter")
    press("Enter")
    page.wait_for_url("**/staff/paper/")
    assert sheet_of(app, sheet).first == {
        "way": "walk",
        "why": ["c3", "c12"],
        "age": 34,
        "order": ["light", "park"],
        "idea": "نور",
    }


def test_a_sheet_is_typed_without_script(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    office = Office(app)
    (sheet,) = office.print(make_campaign(make_survey(form=FORM)))
    office.one.type(sheet, way="bus", why="c1", age="9")
    page = open_page(360, script=False)
    sign_in(page, live, "operator", "en")
    page.goto(f"{live}/staff/paper/sheets/{sheet}")
    page.check("input[value=bus]")
    page.check("input[value=c1]")
    page.fill("[name=age]", "۹")
    go(page, "main form.card button[type=submit]")
    assert stored(app)[0].answers == {"way": "bus", "why": ["c1"], "age": 9}


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_pages(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    office = Office(app)
    campaign = make_campaign(make_survey(form=FORM), name="من شهردارم، بهار")
    one, two, three, four = office.print(campaign, 4, language)
    office.both(one, way="bus", age="34")
    office.one.type(two, way="bus", age="34", idea="نور بیشتر")
    office.two.type(two, way="walk", age="34", idea="نور کمتر")
    office.one.type(three, way="bus")
    office.manager.post(f"/staff/paper/sheets/{four}/void", reason="زیر باران مانده")
    page = open_page(width)
    sign_in(page, live, "communications", language)
    problems: list[str] = []
    for name, path in (
        ("paper-list", ""),
        ("paper-wrong-number", "find?number=12"),
        ("paper-campaign", f"campaigns/{campaign.id}"),
        ("paper-sheet", f"sheets/{three}"),
        ("paper-void", f"sheets/{three}/void"),
        ("paper-differences", f"sheets/{two}/differences"),
    ):
        page.goto(f"{live}/staff/paper/{path}")
        problems += look(page, name, language, width, shots)
    page.check('[name=".d:way"][value=second]')
    go(page, "main form.measure button[type=submit]")
    problems += look(page, "paper-undecided", language, width, shots)
    page.check('[name=".d:idea"][value=other]')
    page.fill("[name=idea]", "نور")
    go(page, "main form.measure button[type=submit]")
    assert stored(app)[-1].answers == {"way": "walk", "age": 34, "idea": "نور"}
    stop = question("stop", relevant="${way} = 'bus'")
    logical = questionnaire([question("way", "select_one", "bus walk"), stop, question("idea")])
    five, six = office.print(make_campaign(make_survey(form=logical)), 2, language)
    for sheet, ways in ((five, ("walk", "walk")), (six, ("walk", "bus"))):
        office.one.type(sheet, way=ways[0], stop="میدان توپخانه", idea="نور بیشتر")
        office.two.type(sheet, way=ways[1], stop="میدان توپخانه", idea="نور کمتر")
    page.goto(f"{live}/staff/paper/sheets/{five}/differences")
    problems += look(page, "paper-excluded", language, width, shots)
    page.goto(f"{live}/staff/paper/sheets/{six}/differences")
    page.check('[name=".d:way"][value=first]')
    page.check('[name=".d:idea"][value=first]')
    go(page, "main form.measure button[type=submit]")
    page.wait_for_function("document.activeElement.id === 'left-out'")
    problems += look(page, "paper-excluded-now", language, width, shots)
    go(page, "main form.measure button[type=submit]")
    assert stored(app)[-1].answers == {"way": "walk", "idea": "نور بیشتر"}
    page.goto(f"{live}/staff/paper/sheets/{three}")
    page.fill("[name=age]", "سی")
    go(page, "main form.card button[type=submit]")
    problems += look(page, "paper-errors", language, width, shots)
    assert problems == []
