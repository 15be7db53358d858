"""Plan, review and box of a campaign in a real browser."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal.db import db
from surveys.campaigns import schedule
from surveys.campaigns.models import Campaign
from surveys.quotas import services as quotas
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.contacts import make_contact
from tests.factories.surveys import mayor
from tests.surveys.campaigns.drafts import make_draft
from tests.surveys.secrecy.boxes import answered, close, make_anonymous

pytestmark = [pytest.mark.browser, pytest.mark.surveys, pytest.mark.timeout(300)]


@pytest.fixture
def pages(app: Flask) -> dict[str, str]:
    """A draft with quotas and reminders; an anonymous campaign that ended with few answers."""
    make_contact()
    with app.app_context():
        draft = make_draft()
        wishes = [
            quotas.Wish(
                "زنان ۳۰ تا ۴۴ ساله", "${age} = '30_44' and ${satisfaction} = 'neutral'", 25
            ),
            quotas.Wish("all", "${household} >= 4", 1_200),
        ]
        quotas.replace(db.session.get_one(Campaign, draft), wishes)
        for day in (1, 9):
            at = dt.datetime(2030, 5, day, 6, tzinfo=dt.UTC)
            schedule.plan_reminder(draft, at, user_id=None)
        db.session.commit()
        empty = make_draft(name="Empty")
        box = make_anonymous()
        answered(box, 3)
        close(box)
        hidden = make_anonymous(mayor())
        found = db.session.get_one(Campaign, hidden.id)
        found.state = "draft"
        quotas.replace(found, wishes)
        quotas.prepare(found)
        found.state = "launched"
        db.session.commit()
        campaigns = "/staff/campaigns"
        return {
            "campaign-plan": f"{campaigns}/{draft}/plan",
            "campaign-plan-empty": f"{campaigns}/{empty}/plan",
            "campaign-plan-hidden": f"{campaigns}/{hidden.id}/plan",
            "campaign-review-quotas": f"{campaigns}/{draft}/review",
            "campaign-box": f"{campaigns}/{box.id}",
        }


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_campaign_pages(
    pages: dict[str, str],
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    user = make_user(language=language)
    page = open_page(width)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    problems: list[str] = []
    for name, path in pages.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        for details in page.locator("main details").all():
            details.locator("summary").click()
        problems += look(page, name, language, width, shots)
        if name == "campaign-plan":
            page.fill("#condition-1", "${nobody} = 1")
            go(page, "form[action$='/quotas'] button[type=submit]")
            problems += look(page, "campaign-plan-mistake", language, width, shots)
    assert problems == []
