"""Open links and the staff's pages of ways, samples and telephone entry in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select

from portal import links
from portal.db import db
from surveys.openlinks.models import OpenChallenge
from surveys.sampling import services as sampling
from surveys.sampling.plans import Plan
from tests.browser.checks import go, leaves, look
from tests.browser.conftest import LANGUAGES, LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.contacts import make_contact
from tests.factories.surveys import make_campaign, make_survey, make_ways
from tests.surveys.campaigns.drafts import make_draft
from tests.surveys.responses.phone import stored

pytestmark = [pytest.mark.browser, pytest.mark.surveys]


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_open_links(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    checked = make_ways(make_campaign(make_survey()), open_kind="verified")
    unchecked = make_ways(make_campaign(make_survey()), open_kind="unverified")
    page = open_page(width, script=width > 400)
    seen = leaves(page)
    page.goto(f"{live}/o/{unchecked.open_code}?lang={language}")
    problems = look(page, "open-unverifiable", language, width, shots) if width > 400 else []
    page.goto(f"{live}/o/{checked.open_code}?lang={language}")
    problems += look(page, "open-first", language, width, shots) if width > 400 else []
    page.fill("#phone", "0912")
    go(page, "main button")
    page.fill("#phone", "۰۹۱۲ ۳۴۵ ۶۷۸۹")
    go(page, "main button")
    page.fill("#code", "000")
    go(page, "main button")
    problems += look(page, "open-code-wrong", language, width, shots) if width > 400 else []
    with app.app_context():
        code = links.code_for("open", db.session.scalars(select(OpenChallenge.id)).one())
    page.fill("#code", code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/s/**")
    assert page.locator("#survey").count() == 1
    assert all(address.startswith(live) for address in seen)
    assert problems == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_open_links_on_a_phone(
    app: Flask, live: str, open_page: Callable[..., Page], shots: Path, language: str
) -> None:
    checked = make_ways(make_campaign(make_survey()), open_kind="verified")
    unchecked = make_ways(make_campaign(make_survey()), open_kind="unverified")
    page = open_page(360)
    page.goto(f"{live}/o/{unchecked.open_code}?lang={language}")
    problems = look(page, "open-unverifiable", language, 360, shots)
    page.goto(f"{live}/o/{checked.open_code}?lang={language}")
    problems += look(page, "open-first", language, 360, shots)
    page.fill("#phone", "09123456789")
    go(page, "main button")
    problems += look(page, "open-code", language, 360, shots)
    page.goto(f"{live}/o/ZZZZZZ?lang={language}")
    problems += look(page, "open-unknown", language, 360, shots)
    assert problems == []


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_staff_pages(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    officer = make_user(("communications",), language=language)
    for n in range(12):
        make_contact(neighbourhood=("سنگلج", "بازار", "")[n % 3], tags=["کسبه"])
    draft = make_draft()
    with app.app_context():
        sampling.set_plan(draft, Plan(("neighbourhood",), allocation="fixed", sizes={"بازار": 2}))
        db.session.commit()
    campaign = make_campaign(make_survey(), name="من شهردارم، بهار")
    make_ways(
        campaign,
        open_kind="unverified",
        call_script={"fa": "سلام، از شهرداری تماس می‌گیرم.", "ar": "مرحبًا.", "en": "Hello."},
    )
    page = open_page(width)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", officer.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    problems: list[str] = []
    for name, path in (
        ("ways-draft", f"campaigns/{draft}/ways"),
        ("ways-running", f"campaigns/{campaign.id}/ways"),
        ("sample-draft", f"campaigns/{draft}/sample"),
        ("entry-list", "entry/"),
        ("entry-start", f"entry/campaigns/{campaign.id}"),
    ):
        page.goto(f"{live}/staff/{path}")
        problems += look(page, name, language, width, shots)
    go(page, "main button[name=walk_in]")
    problems += look(page, "entry-page", language, width, shots)
    go(page, "main button[value=next].btn")
    problems += look(page, "entry-errors", language, width, shots)
    for choice in ("safety", "green"):
        page.check(f"input[value={choice}]")
    go(page, "main button[value=next].btn")
    assert stored(app)[0].mode == "phone"
    assert problems == []
