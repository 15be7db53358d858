"""The retention rule in a real browser: the form, its question and its mistakes."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal import clock
from portal.db import db
from surveys.questionnaires.models import Survey
from surveys.retention import services
from surveys.retention.jobs import erase_due
from surveys.retention.services import Days
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.surveys import make_survey
from tests.surveys.analysis.answers import FORM, add, make_answers

pytestmark = [pytest.mark.browser, pytest.mark.surveys, pytest.mark.timeout(300)]


@pytest.fixture
def erased(app: Flask) -> None:
    version, campaign = make_answers([{"way": "bus"}], make_survey("CITY-1", FORM))
    old = clock.now() - dt.timedelta(days=45)
    add(campaign, [{"way": "bus", "idea": "lamps"}] * 1100, submitted_at=old)
    with app.app_context():
        services.change(db.session.get_one(Survey, version.survey_id), Days(30, 400), None)
        db.session.commit()
        erase_due()


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_the_rule_and_what_it_did(
    erased: None,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = open_page(width)
    user = make_user(language=language)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    problems: list[str] = []

    def send(texts: str, responses: str) -> None:
        page.fill("input[name=texts_days]", texts)
        page.fill("input[name=responses_days]", responses)
        go(page, "main form button[type=submit]")

    def see(name: str) -> None:
        problems.extend(look(page, f"retention-{name}", language, width, shots))

    page.goto(f"{live}/staff/surveys/CITY-1")
    see("survey")
    page.goto(f"{live}/staff/surveys/CITY-1/retention")
    see("form")
    send("۳۰", "٢٠")
    see("mistake")
    send("۲۰", "٤٠")
    see("asked")
    page.check("input[name=confirm]")
    go(page, "main form button[type=submit]")
    see("saved")
    page.goto(f"{live}/staff/results/CITY-1")
    see("results")
    assert problems == []
