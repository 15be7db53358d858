"""The board of a call-in, by keyboard and in Persian: two operators at once, and a promise."""

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.formats import local
from portal.i18n import use_language
from tests.browser.checks import go, problems_of
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.callins import make_call, make_series, sessions_of
from tests.factories.units import make_unit
from workflows.callins import board, fields
from workflows.callins.models import Call, CallinSession
from workflows.cases.models import Case, CaseClock

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


def test_a_promise_is_given_an_owner_and_a_day(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    with app.app_context():
        session_id = running("زهرا احمدی")
        parks = make_unit(names={"fa": "سازمان پارک‌ها"}).id
        day = local(clock.now()).date() + dt.timedelta(days=9)
        with use_language("fa"):
            typed = fields.typed_date(day)
    gardener = make_user(("unit_officer",), language="fa", unit_id=parks, name="نرگس صادقی").id
    page = open_page(1280)
    sign_in(page, live, make_user(("operator",), language="fa", name="رضا محمدی"))
    page.goto(f"{live}/staff/callin-board/{session_id}")
    press(page, f"form[action$='/{session_id}/next'] button")

    # Sent before it is whole: said what is missing, and nothing typed is lost.
    page.focus("textarea[name=promise]")
    page.keyboard.type("بوستان تا هفتهٔ آینده روشن می‌شود.")
    press(page, "form[action$='/promise'] button")
    assert page.input_value("textarea[name=promise]") == "بوستان تا هفتهٔ آینده روشن می‌شود."
    assert page.locator("[aria-invalid=true]").count() == 1
    assert problems_of(page, "fa") == []

    page.focus("select[name=unit_id]")
    while page.locator("select[name=unit_id] option:checked").inner_text() != "سازمان پارک‌ها":
        page.keyboard.press("ArrowDown")
    page.focus("select[name=assignee_id]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("select[name=assignee_id] option:checked").inner_text() == "نرگس صادقی"
    page.focus("input[name=due_on]")
    page.keyboard.type(typed)
    press(page, "form[action$='/promise'] button")
    with app.app_context():
        case = db.session.query(Case).one()
        assert (case.unit_id, case.assignee_id) == (parks, gardener)
        clocks = db.session.query(CaseClock).filter_by(case_id=case.id, stopped_at=None).all()
        assert day in {local(one.due_at).date() for one in clocks}
        assert db.session.query(Call).one().state == "promised"
