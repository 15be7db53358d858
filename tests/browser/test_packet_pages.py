"""The council's pages and the office's, looked at in three languages and two widths."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal.db import db
from portal.i18n import today
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from workflows.packets import decisions, jobs, services

pytestmark = [pytest.mark.browser, pytest.mark.workflows, pytest.mark.timeout(300)]


@pytest.fixture
def packet(app: Flask) -> int:
    """A packet with cases, an earlier decision, a comment."""
    member = make_user(("council_member",), name="ناهید شریفی")
    units = [
        make_unit(names={"fa": f"منطقهٔ {n}", "ar": f"منطقة {n}", "en": f"District {n}"})
        for n in (7, 12)
    ]
    category = make_category()
    for place, channel in enumerate(("studio", "sms", "social", "phone", "portal", "sms")):
        make_case(
            channel=channel,
            text=f"چالهٔ شمارهٔ {place} جلوی مدرسهٔ ۱۷ شهریور، کوچهٔ گل‌محمدی",
            category_id=category.id,
            unit_id=units[place % 2].id,
            urgency="danger" if place == 1 else None,
        )
    with app.app_context():

        def compiled() -> int:
            made = services.request(today(), today(), by=None)[0].id
            db.session.commit()
            jobs.compile_packet(made)
            return made

        first = compiled()
        decisions.decide(
            first,
            text="روشنایی بوستان‌ها تا پایان ماه کامل شود",
            unit_id=units[0].id,
            due_on=today(),
            user_id=member.id,
            author=member.name,
            language="fa",
        )
        services.comment(first, "چرا منطقهٔ ۷ عقب است؟", user_id=member.id, author=member.name)
        db.session.commit()
        compiled()
        return first


def sign_in(page: Page, live: str, language: str, roles: tuple[str, ...]) -> None:
    user = make_user(roles=roles, language=language)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_packet_pages(
    packet: int,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = open_page(width)
    sign_in(page, live, language, ("administrator",))
    problems: list[str] = []
    for name, path in {
        "council": "/council/",
        "packet": f"/council/{packet}",
        "packet-next": f"/council/{packet + 1}",
        "packet-compile": "/staff/packets/",
    }.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        problems += look(page, name, language, width, shots)
    assert problems == []


def test_a_member_decides_with_the_keyboard_alone(
    packet: int, live: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(360, script=False)
    sign_in(page, live, "en", ("council_member",))
    page.goto(f"{live}/council/{packet}")
    page.focus("#text")
    page.keyboard.type("Repair the lights")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("2099-01-01")
    page.keyboard.press("Enter")
    page.wait_for_selector("#error-summary")
    assert "too far away" in page.inner_text("#error-summary")
    page.fill("#due_on", f"{today():%Y-%m-%d}")
    page.focus("#due_on")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Repair the lights")
    assert page.url.endswith("#decisions")
