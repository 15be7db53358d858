"""Two operators at one board at the same time, by keyboard and in Persian."""

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal import clock
from portal.accounts.models import User
from portal.db import db
from tests.browser.checks import go, problems_of
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.callins import make_call, make_series, sessions_of
from workflows.callins import board
from workflows.callins.models import Call, CallinSession

pytestmark = [pytest.mark.browser, pytest.mark.workflows, pytest.mark.timeout(300)]


def running(*names: str) -> int:
    """A session on the air whose callers have these names; its id."""
    session = sessions_of(make_series(frequency="weekly"))[0]
    for name in names:
        make_call(session, name=name)
    kept = db.session.get_one(CallinSession, session.id)
    kept.starts_at = clock.now()
    kept.ends_at = kept.starts_at + dt.timedelta(hours=2)
    db.session.commit()
    board.open_session(session.id)
    db.session.commit()
    return session.id


def sign_in(page: Page, live: str, user: User) -> None:
    page.goto(f"{live}/staff/login?lang=fa")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")


def press(page: Page, selector: str) -> None:
    """Go to a control as somebody without a mouse does, and press it."""
    page.focus(selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_no_caller_is_taken_twice_and_each_sees_whom_the_other_has(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    with app.app_context():
        session_id = running("زهرا احمدی", "حسن کریمی", "نرگس صادقی")
    users = [make_user(("operator",), language="fa", name=n) for n in ("رضا محمدی", "سارا امینی")]
    reza, sara = open_page(1280), open_page(1280)
    for page, user in zip((reza, sara), users, strict=True):
        sign_in(page, live, user)
        page.goto(f"{live}/staff/callin-board/{session_id}")
    next_button = f"form[action$='/{session_id}/next'] button"

    # Both have the same board open and ask for the next caller.
    press(reza, next_button)
    assert "زهرا احمدی" in reza.inner_text("h1")
    # Sara's board learns by itself who talks with whom, while she types something.
    sara.fill("input[name=name]", "نیمه‌کاره")
    sara.wait_for_selector("#talking >> text=رضا محمدی")
    assert sara.input_value("input[name=name]") == "نیمه‌کاره"
    assert sara.locator("#waiting >> text=زهرا احمدی").count() == 0
    press(sara, next_button)
    assert "حسن کریمی" in sara.inner_text("h1")
    assert problems_of(sara, "fa") == []

    # Both end their calls with a few words.
    for page, words in ((reza, "برنامهٔ آسفالت گفته شد."), (sara, "نشانی شعبه داده شد.")):
        page.focus("textarea[name=words]")
        page.keyboard.type(words)
        press(page, "button[name=state][value=answered]")

    # The last one: both see her, Reza is quicker; Sara presses what her page still shows.
    for page in (reza, sara):
        page.wait_for_selector("#waiting >> text=نرگس صادقی")
    sara.route("**/queue*", lambda route: route.abort())  # her network stops for a moment
    press(reza, "#waiting form[action$='/take'] button")
    press(sara, "#waiting form[action$='/take'] button")
    assert sara.url.split("?")[0].endswith(f"/callin-board/{session_id}")
    assert "رضا محمدی" in sara.inner_text("main")
    assert problems_of(sara, "fa") == []

    with app.app_context():
        calls = db.session.query(Call).order_by(Call.id).all()
        assert [(c.state, c.taken_by) for c in calls] == [
            ("answered", users[0].id),
            ("answered", users[1].id),
            ("in_call", users[0].id),
        ]
