"""Pages of workflows, a step of a definition and the list of tasks: each language, each width."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal.db import db
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from workflows.cases import clockwork, flow
from workflows.cases.models import Case
from workflows.cases.tasks import services as tasks
from workflows.engine import catalogue, versions

pytestmark = [pytest.mark.browser, pytest.mark.workflows, pytest.mark.timeout(300)]


@pytest.fixture
def naming(app: Flask) -> int:
    """A proposal to name a street, with a task for the unit."""
    with app.app_context():
        unit = make_unit(names={"fa": "منطقهٔ ۱۲", "ar": "المنطقة ١٢", "en": "District 12"})
        case = db.session.get_one(
            Case, make_case(unit_id=unit.id, text="کوچهٔ ما نام ندارد و پیک‌ها آن را نمی‌یابند.").id
        )
        flow.bind(case, "street-naming")
        clockwork.begin(case, flow.definition_of(case))
        tasks.open_task(
            case,
            kind="task",
            titles={
                "fa": "نظر اهالی کوچه را بپرسید",
                "ar": "استطلاع رأي سكان الزقاق",
                "en": "Ask the residents of the lane",
            },
            role="operator",
            action="register",
            hours=8,
        )
        versions.ship()
        source = catalogue.path_of("follow-up").read_text(encoding="utf-8")
        versions.save_draft(source.replace("roles: [operator]", "roles: [pilot]"), by=None)
        db.session.commit()
        return case.id


def signed_in(live: str, page: Page, language: str) -> Page:
    user = make_user(language=language)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    return page


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_pages_of_workflows(
    naming: int,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = signed_in(live, open_page(width), language)
    problems: list[str] = []
    for name, path in {
        "workflow-list": "/staff/workflows/",
        "workflow": "/staff/workflows/street-naming",
        "workflow-urgent": "/staff/workflows/urgent",
        "workflow-draft": "/staff/workflows/follow-up/draft",
        "workflow-source": "/staff/workflows/draft?of=follow-up",
        "workflow-move": "/staff/workflows/follow-up/move?from=0&to=1",
        "workflow-case": f"/staff/cases/{naming}",
        "workflow-step": f"/staff/cases/{naming}/step/register",
        "workflow-tasks": "/staff/cases/tasks",
    }.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        problems += look(page, name, language, width, shots)
    assert problems == []


def test_a_workflow_is_changed_and_published_by_keyboard(
    naming: int, app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    """In Persian; a wrong draft says what is wrong and cannot be published."""
    page = signed_in(live, open_page(1280), "fa")

    page.goto(f"{live}/staff/workflows/follow-up/draft")
    assert "pilot" in page.inner_text("section[aria-labelledby=problems]")
    assert page.locator("form[action$='/publish']").count() == 0
    page.focus("a[href*='draft?of=follow-up']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    source = page.input_value("textarea[name=source]")
    page.focus("textarea[name=source]")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source.replace("roles: [pilot]", "roles: [operator, unit_officer]"))
    page.focus("main form[enctype] button[type=submit]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.focus("form[action$='/publish'] input[name=note]")
    page.keyboard.type("کارشناس واحد هم پیام ثبت می‌کند")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    with app.app_context():
        assert [row.number for row in versions.versions_of("follow-up")] == [2, 1]
