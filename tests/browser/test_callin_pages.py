"""Call-ins in three languages and two widths: what citizens see, and the live board."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal import clock, links
from portal.db import db
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.callins import make_call, make_series, sessions_of
from tests.factories.units import make_unit
from workflows.callins import board, minutes, proving, sms
from workflows.callins.models import CallinSession

pytestmark = [pytest.mark.browser, pytest.mark.workflows, pytest.mark.timeout(300)]


def a_season() -> tuple[int, int, int]:
    """A past session with minutes, one running now, one to come; their ids."""
    operator = make_user(("operator",), name="رضا محمدی").id
    unit = make_unit(names={"fa": "ادارهٔ روشنایی", "ar": "دائرة الإنارة", "en": "Street lighting"})
    now = clock.now()
    found = sessions_of(make_series(frequency="weekly", unit_id=unit.id, capacity=4))
    past, running, coming = found[:3]
    calls = {s.id: [make_call(s, name=n) for n in ("زهرا احمدی", "حسين")] for s in found[:3]}
    for session, starts in ((past, now - dt.timedelta(days=7)), (running, now)):
        kept = db.session.get_one(CallinSession, session.id)
        kept.starts_at, kept.ends_at = starts, starts + dt.timedelta(hours=2)
        db.session.commit()
        first, second = calls[session.id]
        with clock.freeze(starts):
            board.open_session(session.id)
            board.take(first.id, operator)
            board.promise(
                first.id,
                by=operator,
                subject="روشنایی کوچهٔ بهار",
                text="تا پایان هفته سه چراغ نصب می‌شود.",
                unit_id=unit.id,
                assignee_id=None,
                due_at=now + dt.timedelta(days=5),
            )
            if session is past:
                board.take(second.id, operator)
                board.end(second.id, by=operator, state="answered", words="برنامهٔ آسفالت گفته شد.")
                board.close_session(session.id)
        if session is past:
            minutes.publish(session.id)
    db.session.commit()
    return past.id, running.id, coming.id


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_call_in_pages(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    with app.app_context():
        past, running, coming = a_season()
        series_id = db.session.get_one(CallinSession, past).series_id
    public = open_page(width, script=True)
    public.goto(f"{live}/{language}/callins")
    problems = look(public, "callins", language, width, shots)
    public.goto(f"{live}/{language}/callins/{past}")
    problems += look(public, "callin-minutes", language, width, shots)
    public.goto(f"{live}/{language}/figures")
    problems += look(public, "figures", language, width, shots)
    public.goto(f"{live}/{language}/callins/{coming}")
    problems += look(public, "callin-session", language, width, shots)
    go(public, "main form button[type=submit]")
    problems += look(public, "callin-session-errors", language, width, shots)
    public.fill("input[name=name]", "Anna Weber")
    public.fill("input[name=mobile]", "09121234567")
    public.fill("textarea[name=subject]", "کوچهٔ ما تاریک است.")
    public.keyboard.press("Tab")
    public.keyboard.press("Tab")
    assert public.evaluate("document.activeElement.type") == "submit"
    public.keyboard.press("Enter")
    public.wait_for_url("**/callins/check/*")
    problems += look(public, "callin-code", language, width, shots)
    with app.app_context():
        request = proving.find(public.url.split("?")[0].rsplit("/", 1)[1])
        assert request is not None
        code = links.code_for(sms.CODE_PURPOSE, request.id)
    public.fill("input[name=code]", code)
    public.keyboard.press("Enter")
    public.wait_for_url("**/registrations/*")
    problems += look(public, "callin-registration", language, width, shots)

    user = make_user(("administrator",), language=language)
    page = open_page(width)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    for name, path in {
        "callin-staff": "/staff/callins/",
        "callin-series": f"/staff/callins/series/{series_id}",
        "callin-staff-session": f"/staff/callins/sessions/{coming}",
        "callin-staff-minutes": f"/staff/callins/sessions/{past}/minutes",
        "callin-briefing": f"/staff/callin-briefings/{coming}",
        "callin-exchange": "/staff/callins/exchange/",
        "rates": "/staff/rates/",
        "callin-boards": "/staff/callin-board/",
        "callin-board": f"/staff/callin-board/{running}",
    }.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        problems += look(page, name, language, width, shots)
    # Next caller, by keyboard.
    page.focus(f"form[action$='/{running}/next'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls/*")
    problems += look(page, "callin-call", language, width, shots)
    assert problems == []


def test_the_board_learns_of_a_new_caller_by_itself(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    with app.app_context():
        _past, running, _coming = a_season()
    operator = make_user(("operator",), language="en")
    page = open_page(1280)
    page.goto(f"{live}/staff/login?lang=en")
    page.fill("input[name=email]", operator.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    page.goto(f"{live}/staff/callin-board/{running}")
    page.fill("input[name=name]", "half typed")
    with app.app_context():
        board.add_caller(
            running, e164=None, name="Newcomer", language="en", subject="", by=operator.id
        )
        db.session.commit()
    page.wait_for_selector("text=Newcomer")
    assert page.input_value("input[name=name]") == "half typed"
