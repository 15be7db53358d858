"""Inviting people to propose, and the form behind the personal link, looked at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from surveys.ballots.services import inviting
from tests.browser.checks import go, leaves, look
from tests.browser.conftest import WIDTHS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.ballots import TEXTS, make_scheme, make_voters
from tests.surveys.ballots.test_invited import invite

pytestmark = [pytest.mark.browser, pytest.mark.surveys]

SEND = "main button[value=send]"


@pytest.mark.parametrize("script", [True, False])
def test_the_form_behind_the_link_in_three_languages(
    app: Flask, live: str, open_page: Callable[..., Page], shots: Path, script: bool
) -> None:
    problems: list[str] = []

    def see(name: str) -> None:
        # What looks at a page is a script itself.
        if script:
            problems.extend(look(page, name, language, WIDTHS[0], shots))

    for language in ("fa", "ar", "en"):
        made = make_scheme(projects=())
        make_voters(made, 1, language)
        (token,) = invite(app, made, 1)
        page = open_page(WIDTHS[0], script=script)
        seen = leaves(page)
        page.goto(f"{live}/p/{token}")
        see("propose-link")
        go(page, SEND)
        page.wait_for_selector("#error-summary")
        see("propose-link-errors")
        page.fill("#title", "نخل")
        page.fill("#description", "نخل نخل")
        page.fill("#place", "نخل")
        page.press("#place", "Enter")
        page.wait_for_url("**/propose/*")
        see("propose-link-thanks")
        assert page.context.cookies() == []
        assert {url.split("/")[2] for url in seen} == {live.split("/")[2]}
    assert problems == []


@pytest.mark.parametrize("width", WIDTHS)
def test_staff_writes_the_sms_and_sees_its_parts_while_typing(
    app: Flask, live: str, open_page: Callable[..., Page], shots: Path, width: int
) -> None:
    made = make_scheme(projects=())
    make_voters(made, 2, "en")
    user = make_user(("communications",))
    page = open_page(width)
    page.goto(f"{live}/staff/login?lang=en")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    page.goto(f"{live}/staff/ballots/{made.scheme_id}?lang=en")
    go(page, "text=Invite to propose")
    problems = look(page, "ballots-staff-invite", "en", width, shots)
    page.fill("#sms_en", "x" * 400)
    page.wait_for_selector("#cost-en .counter--bad")
    problems += look(page, "ballots-staff-invite-typed", "en", width, shots)
    page.fill("#sms_en", TEXTS["en"])
    page.wait_for_selector("#cost-en :text('1 part')")
    go(page, SEND)
    page.wait_for_selector("text=SMS on their way: 2.")
    problems += look(page, "ballots-staff-invited", "en", width, shots)
    assert problems == []
    with app.app_context():
        assert inviting.invited(made.scheme_id) == 2
