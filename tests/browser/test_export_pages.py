"""The page of a large file in a real browser: it turns by itself when the file is ready."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from surveys.analysis import counting, jobs
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.surveys import make_survey
from tests.surveys.analysis.answers import FORM, make_answers

pytestmark = [pytest.mark.browser, pytest.mark.surveys, pytest.mark.timeout(300)]


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_it_says_when_the_file_is_ready(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    width: int,
) -> None:
    monkeypatch.setattr(counting, "LIVE", 2)
    make_answers([{"way": "bus"}] * 3, make_survey("CITY-1", FORM))
    user = make_user(language=language)
    page = open_page(width)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    page.goto(f"{live}/staff/results/CITY-1")
    go(page, "form[action$='export.xlsx'] button")
    page.wait_for_selector("[hx-trigger]")
    problems = look(page, "export-waiting", language, width, shots)
    with app.app_context():
        jobs.make_file(int(page.url.rpartition("/")[2].partition("?")[0]))
    page.wait_for_selector("#file form", timeout=15_000)
    problems += look(page, "export-ready", language, width, shots)
    with page.expect_download() as download:
        page.click("#file form button")
    assert download.value.suggested_filename == "CITY-1.xlsx"
    assert problems == []
