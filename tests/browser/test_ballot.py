"""A ballot on a phone: the four kinds, keyboard only, with and without script."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import func, select

from portal.db import db
from surveys.ballots.models import BallotSealed
from tests.browser.checks import go, leaves, look
from tests.browser.conftest import WIDTHS
from tests.factories.ballots import running

pytestmark = [pytest.mark.browser, pytest.mark.surveys]

REVIEW = "main button[value=review]"
FINAL = "main button[value=final]"


def mark(page: Page, kind: str, project: int, value: str) -> None:
    field = f"#p{project}"
    if kind in {"approval", "knapsack"}:
        page.check(field)
    elif kind == "ranked":
        page.select_option(field, value)
    else:
        page.fill(field, value)


@pytest.mark.parametrize("kind", ["approval", "ranked", "points", "knapsack"])
def test_a_ballot_in_persian_and_arabic_and_english(
    app: Flask, live: str, open_page: Callable[..., Page], shots: Path, kind: str
) -> None:
    problems: list[str] = []
    for language, width in (("fa", WIDTHS[0]), ("ar", WIDTHS[0]), ("en", WIDTHS[1])):
        made, (token,) = running(1, language, kind=kind)
        page = open_page(width)
        seen = leaves(page)
        page.goto(f"{live}/b/{token}")
        problems += look(page, f"ballot-{kind}", language, width, shots)
        go(page, REVIEW)
        page.wait_for_function("document.activeElement?.id === 'error-summary'")
        problems += look(page, f"ballot-{kind}-errors", language, width, shots)
        mark(page, kind, made.projects[0], "2" if kind == "ranked" else "۷")
        mark(page, kind, made.projects[1], "1" if kind == "ranked" else "3")
        problems += look(page, f"ballot-{kind}-marked", language, width, shots)
        go(page, REVIEW)
        problems += look(page, f"ballot-{kind}-review", language, width, shots)
        go(page, FINAL)
        page.wait_for_selector(".receipt")
        problems += look(page, f"ballot-{kind}-receipt", language, width, shots)
        assert page.context.cookies() == []
        assert {url.split("/")[2] for url in seen} == {live.split("/")[2]}
    assert problems == []
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(BallotSealed)) == 3


def test_the_running_total_counts_along_and_says_when_it_is_too_much(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    made, (token,) = running(1, "fa", kind="knapsack")
    page = open_page(360)
    page.goto(f"{live}/b/{token}")
    page.check(f"#p{made.projects[0]}")
    assert "۴۰۰٬۰۰۰٬۰۰۰" in page.inner_text("#standing")
    page.check(f"#p{made.projects[3]}")
    assert "is-over" in (page.get_attribute("#standing", "class") or "")
    said = page.inner_text("#standing")
    go(page, "main button[value=check]")
    # The server says the same as the script.
    assert page.inner_text("#standing") == said


@pytest.mark.parametrize("script", [True, False])
def test_keyboard_only(app: Flask, live: str, open_page: Callable[..., Page], script: bool) -> None:
    _made, (token,) = running(1, "fa", kind="approval")
    page = open_page(360, script=script)
    page.goto(f"{live}/b/{token}")
    # The skip link, three languages, then the first project.
    for _ in range(5):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(FINAL)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".receipt")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(BallotSealed)) == 1
