"""Every type of question in a real browser: a scale, a table, a date, a ranking, a repeat."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from surveys.questionnaires.xlsform import read
from tests.browser.checks import go, leaves, look
from tests.browser.conftest import LOOKS
from tests.factories.surveys import make_campaign, make_invitation, make_survey
from tests.surveys.responses.phone import stored

pytestmark = [pytest.mark.browser, pytest.mark.surveys]

NEXT = "main button[value=next]"
FORM = Path(__file__).parents[1] / "surveys" / "questionnaires" / "every_type.md"


def token_of(language: str) -> str:
    form = read(FORM.read_bytes(), "types.md").questionnaire
    assert form is not None
    return make_invitation(make_campaign(make_survey(form=form)), language=language)[1]


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_every_type(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = open_page(width)
    seen = leaves(page)
    page.goto(f"{live}/s/{token_of(language)}")
    problems = look(page, "types-scale-matrix", language, width, shots)
    page.check("#q-likert-3")
    page.check("#q-score-10")
    go(page, NEXT)
    problems += look(page, "types-matrix-error", language, width, shots)
    page.check("#q-rate_a-0")
    go(page, NEXT)
    problems += look(page, "types-date-rank", language, width, shots)
    page.fill("#q-born-day", "۳۱")
    page.select_option("#q-born-month", index=12)
    page.fill("#q-born-year", "1403" if language == "fa" else "2024")
    for number in range(3):
        page.select_option(f"#q-order-{number}", index=1)
    go(page, NEXT)
    problems += look(page, "types-date-rank-errors", language, width, shots)
    page.fill("#q-born-day", "30")
    for number in range(3):
        page.select_option(f"#q-order-{number}", index=number + 1)
    page.check("#q-ok-0")
    go(page, NEXT)
    problems += look(page, "types-repeat", language, width, shots)
    page.fill("#q-pname", "Zahra")
    page.fill("#q-age", "40")
    go(page, "main button[value=add]")
    page.fill("#q-pname", "Ali")
    page.fill("#q-age", "8")
    problems += look(page, "types-repeat-second", language, width, shots)
    go(page, NEXT)
    problems += look(page, "types-sum", language, width, shots)
    page.check("#q-prov-0")
    go(page, NEXT)
    page.select_option("#q-city", "kas")
    problems += look(page, "types-cascade", language, width, shots)
    go(page, NEXT)
    assert problems == []
    assert all(address.startswith(live) for address in seen)
    (response,) = stored(app)
    answers = response.answers
    assert response.state == "complete"
    assert answers["person"] == [{"pname": "Zahra", "age": 40}, {"pname": "Ali", "age": 8}]
    assert (answers["sum"], answers["city"], answers["score"]) == (48, "kas", 10)
    assert answers["born"] == ("2025-03-20" if language == "fa" else "2024-12-30")
    assert answers["order"] == answers["order_order"]


def test_a_place_is_filled_in_from_the_browser(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(
        360, geolocation={"latitude": 35.6892, "longitude": 51.389}, permissions=["geolocation"]
    )
    token = token_of("en")
    page.goto(f"{live}/s/{token}?p=2")
    page.click("button[data-locate]")
    page.wait_for_function("document.getElementById('q-place-latitude').value !== ''")
    assert page.input_value("#q-place-latitude") == "35.689200"
    assert page.input_value("#q-place-longitude") == "51.389000"


def test_a_ranking_and_a_table_with_the_keyboard_alone(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(360, script=False)
    page.goto(f"{live}/s/{token_of('fa')}?p=1")
    page.focus("#q-rate_a-0")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert page.is_checked("#q-rate_a-1")
    page.goto(f"{live}/s/{token_of('fa')}?p=2")
    page.focus("#q-order-0")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#q-order-0").endswith("=1")
    assert page.input_value("#q-order-1").endswith("=1")
