"""An operator takes calls by keyboard; how pages of calls, call-backs and questions look."""

import dataclasses
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, Route
from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.formats import local
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.cases import make_case, make_category
from workflows.calls import callbacks, services
from workflows.calls.models import RESULTS, CentreCall
from workflows.cases.models import Case
from workflows.cases.questions import services as questions

pytestmark = [pytest.mark.browser, pytest.mark.workflows, pytest.mark.timeout(300)]

NUMBER = "+989121112233"


@pytest.fixture
def centre(app: Flask) -> dict[str, int]:
    """A known number with a case and calls, a citizen who waits, a category with questions."""
    with app.app_context():
        category = make_category()
        case_id = make_case(
            e164=NUMBER,
            citizen_name="زهرا احمدی",
            category_id=category.id,
            latitude=35.6892,
            longitude=51.389,
            details={"network": "eitaa", "link": "https://eitaa.example/p/1", "reach": 12_500},
            channel="social",
        ).id
        other = make_user(("operator",), name="علی‌اصغر محمدی").id
        for n, result in enumerate(RESULTS * 3):
            with clock.freeze(clock.now() - dt.timedelta(hours=5 * n)):
                services.record(
                    operator_id=other,
                    result=result,
                    language="fa",
                    e164=NUMBER,
                    subject="پرسش دربارهٔ ساعت کار شهرداری منطقه",
                    transferred_to="شرکت آب و فاضلاب",
                )
        wished = callbacks.slots()[0]
        callback_id, _new = callbacks.ask(
            "+989121110001",
            wished=wished.value,
            language="ar",
            name="زهراء",
            subject="سؤال عن رخصة البناء",
        )
        for kind in ("choice", "number", "date"):
            question = questions.create(
                category.id,
                kind=kind,
                texts={"fa": "چند سانتی‌متر گود است؟", "en": "How deep is it?"},
                options={"fa": ["کم", "زیاد"], "en": ["Little", "Much"]},
                required=kind == "choice",
            )
        db.session.commit()
        return {
            "case": case_id,
            "callback": callback_id,
            "category": category.id,
            "question": question.id,
        }


def signed_in(page: Page, live: str, role: str, language: str) -> Page:
    user = make_user(roles=(role,), language=language)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    return page


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_the_pages(
    app: Flask,
    centre: dict[str, int],
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = signed_in(open_page(width), live, "administrator", language)
    problems: list[str] = []
    for name, path in {
        "calls": "/staff/calls/?number=09121112233",
        "call-figures": "/staff/calls/figures",
        "callbacks": "/staff/calls/callbacks",
        "callback": f"/staff/calls/callbacks/{centre['callback']}",
        "category-questions": f"/staff/cases/categories/{centre['category']}",
        "category-question": f"/staff/cases/questions/{centre['question']}",
        "case-details": f"/staff/cases/{centre['case']}",
        "call-me": f"/{language}/call-me",
        "call-me-thanks": f"/{language}/call-me/thanks",
    }.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        page.eval_on_selector_all("main details", "all => all.forEach(e => e.open = true)")
        problems += look(page, name, language, width, shots)
    page.goto(f"{live}/staff/cases/new")
    page.check("input[name=channel][value=studio]")
    page.select_option("#category_id", str(centre["category"]))
    page.wait_for_selector("#category-questions")
    assert page.is_hidden("#network") and page.is_visible("#programme")
    problems += look(page, "register-questions", language, width, shots)
    page.goto(f"{live}/{language}/message")
    page.select_option("#category", index=1)
    page.wait_for_selector("#category-questions")
    problems += look(page, "message-questions", language, width, shots)
    assert problems == []


def test_a_call_by_keyboard_becomes_a_case(
    app: Flask, centre: dict[str, int], live: str, open_page: Callable[..., Page]
) -> None:
    page = signed_in(open_page(), live, "operator", "fa")
    page.goto(f"{live}/staff/calls/")
    # The cursor stands in the number; Enter asks who it is and goes on with what it is about.
    page.keyboard.type("۰۹۱۲۱۱۱۲۲۳۳")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("#known ~ ul li").count() >= 2
    page.keyboard.type("ساعت کار")
    with page.expect_navigation():
        page.keyboard.press("Alt+1")
    page.wait_for_selector(".flash--success")
    # The next one: an unknown landline, put through. Where nothing is typed a digit is enough.
    page.keyboard.type("02188881234")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.fill("#transferred_to", "آتش‌نشانی")
    with page.expect_navigation():
        page.keyboard.press("Alt+3")
    page.focus("main")
    with page.expect_navigation():
        page.keyboard.press("5")
    # And one that becomes a case: number and name go into the form.
    page.keyboard.type("09121112233")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    with page.expect_navigation():
        page.keyboard.press("Alt+2")
    assert page.input_value("#name") == "زهرا احمدی"
    page.fill("#text", "چراغ جلوی خانه خاموش است")
    page.focus("button[value=register]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector(".tracking-code")
    with app.app_context():
        made = list(db.session.scalars(select(CentreCall).order_by(CentreCall.id.desc()).limit(4)))[
            ::-1
        ]
        assert [call.result for call in made] == [
            "answered",
            "transferred",
            "dropped",
            "registered",
        ]
        case = db.session.get_one(Case, made[3].case_id)
        assert (case.origin_type, case.e164, case.citizen_name) == ("call", NUMBER, "زهرا احمدی")
        assert made[0].day == local(made[0].started_at).date()


def test_a_point_is_taken_from_the_map_by_keyboard(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is asked of the tile server before the map is opened, and the policy lets it in."""
    url = "https://tiles.example/{z}/{x}/{y}.png"
    settings = dataclasses.replace(
        app.extensions["pasokh_settings"], map_tiles_url=url, map_attribution="© نقشه <b>"
    )
    monkeypatch.setitem(app.extensions, "pasokh_settings", settings)
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "#d6e4d6").save(picture, "PNG")
    asked: list[str] = []

    def tile(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=200, content_type="image/png", body=picture.getvalue())

    page = open_page(360)
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.route("https://tiles.example/**", tile)
    page.goto(f"{live}/fa/message")
    assert asked == []
    page.fill("#place-latitude", "۳۵٫۷")
    page.fill("#place-longitude", "۵۱٫۴")
    page.focus("[data-map-open]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".leaflet-marker-icon")
    page.wait_for_selector("img.leaflet-tile-loaded")
    problems = look(page, "message-map", "fa", 360, shots)
    page.focus("#place-map")
    for _n in range(2):
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(400)
    page.focus("[data-map-take]")
    page.keyboard.press("Enter")
    latitude = float(page.input_value("#place-latitude"))
    assert 35.6 < latitude < 35.7
    assert problems == wrong == []
    assert page.locator(".leaflet-control-attribution b").count() == 0
