"""A phone that loses its network: interviews are asked, kept, resumed, corrected and sent."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portal.db import db
from surveys.campaigns.models import Campaign
from surveys.interviews.models import Interview
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.accounts import sign_in as client_signs_in
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire
from tests.surveys.responses.phone import stored

pytestmark = [pytest.mark.browser, pytest.mark.surveys]
COUNTS = "#interviews-counts"
FORM = questionnaire(
    [
        question("begun", "start"),
        question("way", "select_one", "bus walk", required=True),
        question("age", "integer", constraint=". < 120"),
        question("score", "range", bounds=(0.0, 10.0, 1.0)),
    ],
    [
        question("line", relevant="${way} = 'bus'", required=True),
        question(
            "same",
            "note",
            label={"fa": "خط ${line} را گفتید", "en": "Line ${line}", "ar": "خط ${line}"},
            relevant="${line} != ''",
        ),
        question("bench", "select_one", "good bad", matrix="m", relevant="${age} > 60"),
        question("light", "select_one", "good bad", matrix="m", relevant="${way} = 'bus'"),
    ],
    [question("old", required=True, relevant="${age} > 60")],
    [question("idea"), question("day", "date"), question("order", "rank", "park tree")],
)  # fmt: skip


def sign_in(page: Page, live: str, language: str, role: str = "field_supervisor") -> Any:
    user = make_user((role,), language=language, name="لیلا صبوری")
    enter(page, live, user, language)
    return user


def enter(page: Page, live: str, user: Any, language: str) -> None:
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")


def ready(page: Page, live: str, campaign: Campaign) -> None:
    page.goto(f"{live}/staff/interviews/campaigns/{campaign.id}")
    page.wait_for_selector("#interviews[data-ready=yes]")


def counts(page: Page) -> str:
    return str(page.inner_text("#interviews-counts"))


def forward(page: Page) -> None:
    page.click("#interviews-one button[type=submit]")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(make_survey(form=FORM), name="من شهردارم، در محله")


def test_a_day_without_a_network(
    app: Flask, live: str, open_page: Callable[..., Page], campaign: Campaign
) -> None:
    page = open_page(360)
    sign_in(page, live, "fa")
    ready(page, live, campaign)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("#interviews[data-ready=yes]")
    assert counts(page) == "۰ در صف، ۰ فرستاده‌شده"
    # The first: through a condition of an earlier page, to the end.
    page.click("#interviews-start button")
    forward(page)
    assert "یک پاسخ" in page.inner_text(".error-summary")
    page.check("[name=way][value=bus]")
    page.fill("[name=age]", "۲۰۰")
    forward(page)
    assert page.get_attribute("[name=age]", "aria-invalid") == "true"
    page.fill("[name=age]", "۷۰")
    page.check("[name=score][value='7']")
    forward(page)
    assert page.is_hidden("[name=way]")
    page.fill("[name=line]", "۷")
    assert "۷" in page.inner_text("#q-same")
    page.check("#q-bench [value=bad]")
    page.check("#q-light [value=good]")
    forward(page)
    page.fill("[name=old]", "بله")
    forward(page)
    page.fill("[name=idea]", "نور")
    page.fill("[name=day] >> nth=0", "۵")
    page.select_option("[name=day] >> nth=1", "persian-02")
    page.fill("[name=day] >> nth=2", "۱۴۰۵")
    page.select_option("[name=order] >> nth=0", "park=2")
    forward(page)
    assert page.is_visible(".error-summary"), "half a ranking"
    page.select_option("[name=order] >> nth=1", "tree=1")
    forward(page)
    page.wait_for_selector("#interviews-start", state="visible")
    assert counts(page) == "۱ در صف، ۰ فرستاده‌شده"
    # The second: the phone is closed in the middle, and the browser with it.
    page.click("#interviews-start button")
    page.check("[name=way][value=bus]")
    forward(page)
    page.fill("[name=line]", "12")
    assert page.is_hidden("#q-bench")
    page.press("[name=line]", "Tab")
    page.wait_for_timeout(600)
    page.close()
    page = page.context.new_page()
    page.goto(f"{live}/staff/interviews/campaigns/{campaign.id}")
    page.wait_for_selector("#interviews-draft li")
    page.click("#interviews-draft li .btn >> nth=0")
    assert page.input_value("[name=line]") == "12"
    page.click("text=قبلی")
    assert page.is_checked("[name=way][value=bus]")
    page.check("[name=way][value=walk]")
    forward(page)
    # Nothing on the second and third page any more.
    assert page.is_visible("[name=idea]")
    forward(page)
    page.wait_for_selector("#interviews-start", state="visible")
    assert counts(page) == "۲ در صف، ۰ فرستاده‌شده"
    assert stored(app) == []
    # The line breaks off once more as soon as it is back.
    page.route("**/interviews/session.json", lambda route: route.abort(), times=1)
    page.context.set_offline(False)
    expect(page.locator(COUNTS)).to_have_text("۰ در صف، ۲ فرستاده‌شده", timeout=15_000)
    first, second = sorted(stored(app), key=lambda each: each.answers["way"])
    first.answers.pop("begun")
    assert first.answers == {
        "way": "bus", "age": 70, "score": 7, "line": "۷", "bench": "bad", "light": "good",
        "old": "بله", "idea": "نور", "day": "2026-04-25", "order": ["tree", "park"],
    }  # fmt: skip
    second.answers.pop("begun")
    assert second.answers == {"way": "walk"}
    assert {each.mode for each in (first, second)} == {"interview"}


def test_going_on_by_two_quick_taps_is_one_interview(
    live: str, open_page: Callable[..., Page], campaign: Campaign
) -> None:
    page = open_page(360)
    sign_in(page, live, "fa")
    ready(page, live, campaign)
    page.click("#interviews-start button")
    page.check("[name=way][value=walk]")
    forward(page)
    page.wait_for_selector("[name=way]", state="hidden")
    page.reload()
    page.wait_for_selector("#interviews[data-ready=yes]")
    page.evaluate(
        "() => { const real = PasokhInterviews.run; window.runs = 0;"
        "PasokhInterviews.run = (...all) => { window.runs += 1; return real(...all); }; }"
    )
    page.evaluate(
        "() => { const one = document.querySelector('#interviews-draft .btn');"
        "one.click(); one.click(); }"
    )
    page.wait_for_selector("#interviews-one", state="visible")
    page.wait_for_timeout(300)
    assert page.evaluate("window.runs") == 1


def test_a_lost_answer_of_the_server_makes_no_double(
    app: Flask, live: str, open_page: Callable[..., Page], campaign: Campaign
) -> None:
    page = open_page(360)
    sign_in(page, live, "en")
    ready(page, live, campaign)
    address = f"**/staff/interviews/campaigns/{campaign.id}"

    def lose(route: Any) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(address, lose)
    page.click("#interviews-start button")
    page.check("[name=way][value=walk]")
    forward(page)
    forward(page)
    page.wait_for_selector("text=The network broke off")
    assert counts(page) == "1 in the queue, 0 sent"
    assert len(stored(app)) == 1
    page.unroute(address, lose)
    page.click("#interviews-send")
    expect(page.locator(COUNTS)).to_have_text("0 in the queue, 1 sent")
    assert len(stored(app)) == 1
    with app.app_context():
        assert len(db.session.scalars(select(Interview)).all()) == 1


def test_what_is_refused_is_corrected(
    app: Flask, live: str, open_page: Callable[..., Page], campaign: Campaign
) -> None:
    """A phone with a script that let something pass."""
    page = open_page(360)
    sign_in(page, live, "en")
    ready(page, live, campaign)
    page.context.set_offline(True)
    page.click("#interviews-start button")
    page.check("[name=way][value=walk]")
    page.evaluate("document.querySelector('[name=way][value=walk]').value = 'train'")
    forward(page)
    forward(page)
    page.wait_for_selector("#interviews-queued li")
    page.context.set_offline(False)
    page.wait_for_selector("#interviews-refused li")
    assert "Choose one of the answers shown." in page.inner_text("#interviews-refused")
    assert stored(app) == []
    page.click("#interviews-refused .btn >> nth=0")
    assert "Choose one of the answers shown." in page.inner_text(".error-summary")
    page.check("[name=way][value=walk]")
    forward(page)
    forward(page)
    expect(page.locator(COUNTS)).to_have_text("0 in the queue, 1 sent")
    assert [each.answers["way"] for each in stored(app)] == ["walk"]


def test_two_people_on_one_phone(
    app: Flask, live: str, open_page: Callable[..., Page], campaign: Campaign
) -> None:
    page = open_page(360)
    first = sign_in(page, live, "en")
    ready(page, live, campaign)
    page.context.set_offline(True)
    page.click("#interviews-start button")
    page.check("[name=way][value=walk]")
    page.click("text=Keep and go on later")
    page.wait_for_selector("#interviews-draft li")
    page.context.set_offline(False)
    asked = []

    def refuse(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", refuse)
    page.click("text=Sign out")
    assert len(asked) == 1
    assert "have not been sent" in asked[0]
    assert page.is_visible("#interviews-draft li"), "not signed out"
    page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.click("text=Sign out")
    page.context.set_offline(True)
    with pytest.raises(Exception, match=r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
        page.goto(f"{live}/staff/interviews/campaigns/{campaign.id}")
    page.context.set_offline(False)
    sign_in(page, live, "en")
    ready(page, live, campaign)
    assert page.is_hidden("#interviews-draft")
    page.click("text=Sign out")
    page.wait_for_url(lambda url: "interviews" not in url)
    enter(page, live, first, "en")
    ready(page, live, campaign)
    assert page.is_visible("#interviews-draft li"), "nothing was lost"


def test_whoever_may_not_interview_clears_the_page_of_the_interviewer_before(
    app: Flask, live: str, open_page: Callable[..., Page], campaign: Campaign
) -> None:
    """The session of the first one expired: nobody signed out."""
    page = open_page(360)
    sign_in(page, live, "en")
    ready(page, live, campaign)
    page.context.clear_cookies()
    sign_in(page, live, "en", "analyst")
    page.wait_for_function("caches.has('pasokh-interviews').then(there => !there)")
    page.context.set_offline(True)
    with pytest.raises(Exception, match=r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
        page.goto(f"{live}/staff/interviews/campaigns/{campaign.id}")


def test_what_the_guard_weighs_for_whoever_may_not_interview(app: Flask) -> None:
    client = app.test_client()
    client_signs_in(client, make_user(("analyst",)))
    (tag,) = re.findall(r'<script src="([^"]*device-guard[^"]*)"[^>]*>', client.get("/staff/").text)
    script = client.get(tag, headers={"Accept-Encoding": "gzip"})
    assert len(script.data) + len(tag) + 40 < 1024
    script.close()


def test_nothing_else_is_kept(
    live: str, open_page: Callable[..., Page], campaign: Campaign
) -> None:
    page = open_page(360)
    sign_in(page, live, "en")
    ready(page, live, campaign)
    for path in ("staff/interviews/", "staff/paper/"):
        page.goto(f"{live}/{path}")
    kept = page.evaluate(
        "caches.open('pasokh-interviews').then(c => c.keys()).then(r => r.map(x => x.url))"
    )
    pages = {each for each in kept if "/static/" not in each}
    assert pages == {f"{live}/staff/interviews/campaigns/{campaign.id}"}
    scopes = page.evaluate(
        "navigator.serviceWorker.getRegistrations().then(all => all.map(x => x.scope))"
    )
    assert scopes == [f"{live}/staff/interviews/"]


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_pages(
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    campaign: Campaign,
    language: str,
    width: int,
) -> None:
    page = open_page(width)
    sign_in(page, live, language)
    problems: list[str] = []
    page.goto(f"{live}/staff/interviews/")
    problems += look(page, "interviews-list", language, width, shots)
    hard = questionnaire(
        [question("photo", "image"), question("mix", "select_one", "a b", randomize=True)]
    )
    other = make_campaign(make_survey(form=hard))
    page.goto(f"{live}/staff/interviews/campaigns/{other.id}")
    problems += look(page, "interviews-only-online", language, width, shots)
    ready(page, live, campaign)
    page.context.set_offline(True)
    page.click("#interviews-start button")
    forward(page)
    problems += look(page, "interviews-error", language, width, shots)
    page.check("[name=way][value=bus]")
    page.fill("[name=age]", "70")
    forward(page)
    problems += look(page, "interviews-page", language, width, shots)
    page.click("#interviews-one .btn--quiet")
    page.click("#interviews-start button")
    page.check("[name=way][value=walk]")
    forward(page)
    problems += look(page, "interviews-last", language, width, shots)
    forward(page)
    page.wait_for_selector("#interviews-queued li")
    problems += look(page, "interviews-home", language, width, shots)
    assert problems == []
