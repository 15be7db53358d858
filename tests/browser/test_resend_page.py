"""The sign-in ends while somebody types: nothing is lost, in a real browser without script."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select

from portal.contacts.models import Contact
from portal.db import db
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.browser
NAMES = {"fa": "مریم گل‌محمدی", "ar": "نور حسن سعد", "en": "Anna Weber"}


def enter(page: Page, email: str) -> None:
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_typed_signed_in_again_sent(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    user = make_user(("communications",), language=language, name=NAMES[language])
    page = open_page(width, script=False)
    page.goto(f"{live}/staff/login")
    enter(page, user.email)
    page.goto(f"{live}/staff/contacts/new")
    page.fill("[name=phone]", "09123456789")
    page.fill("[name=name]", NAMES[language])
    page.fill("[name=tags]", "a-long-tag-that-does-not-wrap," * 12)
    page.context.clear_cookies(name="pasokh")
    go(page, "main form button[type=submit]")
    problems = []
    with page.expect_popup() as opened:
        page.click("main a.btn")
    other = opened.value
    enter(other, user.email)
    other.wait_for_url(f"{live}/staff/")
    go(page, "main form button[type=submit]")
    page.wait_for_url(re.compile(r"/staff/contacts/\d+$"))
    with app.app_context():
        assert db.session.scalars(select(Contact.name)).all() == [NAMES[language]]
    # Where script runs, for what axe sees: signed out, and signed in anew.
    seen = open_page(width)
    seen.goto(f"{live}/staff/login")
    enter(seen, user.email)
    for name, enters in (("resend-signed-out", False), ("resend-signed-in", True)):
        seen.goto(f"{live}/staff/contacts/new")
        seen.fill("[name=phone]", "09123456789")
        seen.fill("[name=name]", NAMES[language])
        seen.fill("[name=tags]", "a-long-tag-that-does-not-wrap," * 12)
        seen.context.clear_cookies(name="pasokh")
        if enters:
            tab = seen.context.new_page()
            tab.goto(f"{live}/staff/login")
            enter(tab, user.email)
            tab.wait_for_url(f"{live}/staff/")
        go(seen, "main form button[type=submit]")
        problems += look(seen, name, language, width, shots)
        assert seen.locator("main form dd").count() == 4
        enter_again = seen.locator("main a.btn")
        assert enter_again.count() == (0 if enters else 1)
        if not enters:
            seen.goto(f"{live}/staff/login")
            enter(seen, user.email)
    assert problems == []
