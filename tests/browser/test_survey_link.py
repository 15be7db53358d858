"""The survey link in a real browser: three languages, two widths, keyboard only, no script."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.checks import go, leaves, look
from tests.browser.conftest import LANGUAGES, LOOKS
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.responses.phone import stored

pytestmark = [pytest.mark.browser, pytest.mark.surveys]

NEXT = "main button[value=next]"


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_every_page_of_the_poll(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    token = make_invitation(language=language)[1]
    page = open_page(width)
    seen = leaves(page)
    page.goto(f"{live}/s/{token}")
    problems = look(page, "survey", language, width, shots)
    for choice in ("safety", "green", "access", "children"):
        page.check(f"input[value={choice}]")
    go(page, NEXT)
    # The browser moves the focus a moment after the page has loaded.
    page.wait_for_function("document.activeElement?.id === 'error-summary'")
    problems += look(page, "survey-errors", language, width, shots)
    page.check("input[value=other]")
    page.uncheck("input[value=children]")
    page.fill("#q-project_other", "پل عابر")
    problems += look(page, "survey-more", language, width, shots)
    go(page, NEXT)
    page.check("input[value=dissatisfied]")
    page.fill("#q-improve", "نور کوچه‌ها")
    go(page, NEXT)
    page.check("input[value='18_29']")
    problems += look(page, "survey-last-page", language, width, shots)
    go(page, NEXT)
    problems += look(page, "survey-thanks", language, width, shots)
    page.goto(f"{live}/s/{token}")
    problems += look(page, "survey-answered", language, width, shots)
    page.goto(f"{live}/s/00000000000?lang={language}")
    problems += look(page, "survey-unknown", language, width, shots)
    assert problems == []
    assert {url.split("/")[2] for url in seen} == {live.split("/")[2]}
    assert page.context.cookies() == []
    assert stored(app)[0].answers["project_other"] == "پل عابر"


def test_keyboard_only_without_script(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    q = form([question("vote", "select_one", "a b c"), question("why")], [question("more")])
    token = make_invitation(make_campaign(make_survey(form=q)))[1]
    page = open_page(360, script=False)
    page.goto(f"{live}/s/{token}")
    for _ in range(1 + len(LANGUAGES)):
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("because")
    page.keyboard.press("Enter")
    page.wait_for_url("**p=2")
    assert page.locator("html").get_attribute("lang") == "fa", "Enter switched the language"
    page.locator("#q-more").press("Enter")
    page.wait_for_url("**done=**")
    assert stored(app)[0].answers == {"vote": "b", "why": "because"}


def test_the_back_button_of_the_browser_loses_nothing(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    token = make_invitation(make_campaign(make_survey(form=form([question("a")], [question("b")]))))
    page = open_page(360, script=False)
    page.goto(f"{live}/s/{token[1]}")
    page.fill("#q-a", "one")
    go(page, NEXT)
    page.wait_for_url("**p=2")
    page.go_back()
    page.fill("#q-a", "two")
    go(page, NEXT)
    page.wait_for_url("**p=2")
    page.fill("#q-b", "three")
    page.dblclick(NEXT)
    # The second press breaks off the answer to the first.
    expect(page).to_have_url(re.compile("done="))
    (response,) = stored(app)
    assert response.answers == {"a": "two", "b": "three"}


def test_the_back_button_returns_to_a_page_with_errors(
    live: str, open_page: Callable[..., Page]
) -> None:
    q = form([question("a", required=True)], [question("b")])
    token = make_invitation(make_campaign(make_survey(form=q)))[1]
    page = open_page(360, script=False)
    page.goto(f"{live}/s/{token}")
    go(page, NEXT)
    assert page.locator("#error-summary").is_visible()
    page.fill("#q-a", "x")
    go(page, NEXT)
    page.wait_for_url("**p=2")
    page.go_back()
    assert page.locator("#q-a").is_visible()
