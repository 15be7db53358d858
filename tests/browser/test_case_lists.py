"""The lists people live in: in three languages and two widths, and by their keys."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal.db import db
from portal.i18n import today
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.browser.test_case_pages import signed_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from workflows.cases.filters import services as filters
from workflows.cases.replies import services as replies
from workflows.cases.rules import absences, services
from workflows.cases.rules.matching import Conditions
from workflows.cases.staff.lists import CaseFilter

pytestmark = [pytest.mark.browser, pytest.mark.workflows, pytest.mark.timeout(300)]


@pytest.fixture
def made(app: Flask) -> dict[str, int]:
    from tests.factories.accounts import make_user

    with app.app_context():
        city = make_unit(kind="city", names={"fa": "شهرداری", "ar": "البلدية", "en": "City"})
        unit = make_unit(
            kind="district",
            parent_id=city.id,
            names={"fa": "منطقهٔ ۱۲", "ar": "المنطقة ١٢", "en": "District 12"},
        )
        officer = make_user(("unit_officer",), unit_id=unit.id, name="رضا صادقی").id
        category = make_category(unit_id=unit.id)
        cases = [
            make_case(
                category_id=category.id,
                latitude=32.6 + n % 4 / 50,
                longitude=51.6 + n % 3 / 40,
                urgency="danger" if n % 5 == 0 else None,
                assignee_id=officer if n % 2 else None,
                unit_id=unit.id,
            ).id
            for n in range(12)
        ]
        rule = services.save(
            None,
            name="روشنایی شب",
            conditions=Conditions(words=["چاله", "چراغ"], hours=["18:00", "06:00"]),
            way="fewest",
            unit_id=unit.id,
            assignee_id=None,
            active=True,
        )
        reply = replies.save(
            None,
            name="گاز (۱۹۴)",
            outcome="not_municipal",
            category_id=None,
            texts={"fa": "پیام {code}: با ۱۹۴ تماس بگیرید.", "ar": "اتصلوا بالرقم ١٩٤."},
            active=True,
        )
        absences.leave(officer, until=today(), substitute_id=None, note="مرخصی", by=None)
        db.session.commit()
        return {"officer": officer, "rule": rule.id, "reply": reply.id, "case": cases[0]}


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_list_pages(
    app: Flask,
    made: dict[str, int],
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = signed_in(live, open_page, "administrator", language, width)
    problems: list[str] = []
    with app.app_context():
        from portal.accounts.models import User

        user = db.session.query(User).order_by(User.id.desc()).first()
        assert user
        filters.save(user.id, None, "فوری‌ها", CaseFilter(urgent=True), share=False)
        db.session.commit()
    for name, path in {
        "list": "/staff/cases/?view=all",
        "list-map": "/staff/cases/map",
        "list-saved": "/staff/cases/filters",
        "list-bulk": f"/staff/cases/bulk?ids={made['case']}&ids={made['case'] + 1}",
        "replies": "/staff/cases/replies",
        "reply": f"/staff/cases/replies/{made['reply']}",
        "rules": "/staff/cases/rules",
        "rule": f"/staff/cases/rules/{made['rule']}",
        "handover": "/staff/cases/handover",
        "handover-person": f"/staff/cases/handover/{made['officer']}",
    }.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        page.eval_on_selector_all("main details", "all => all.forEach(e => e.open = true)")
        problems += look(page, name, language, width, shots)
        if name == "rule":
            go(page, "button[value=try]")
            problems += look(page, "rule-tried", language, width, shots)
    assert problems == []


def test_the_keys_of_a_list(
    made: dict[str, int], live: str, open_page: Callable[..., Page]
) -> None:
    page = signed_in(live, open_page, "operator", "en", 1280)
    page.goto(f"{live}/staff/cases/?view=all")
    second = page.locator("table#cases tbody tr").nth(1)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert second.locator("input[name=ids]").is_checked()
    # A Persian layout: the same keys lie in the same places.
    page.evaluate(
        "document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ن', code: 'KeyK', bubbles: true}))"
    )
    first = page.locator("table#cases tbody tr").nth(0)
    assert first.locator("th a").evaluate("e => e === document.activeElement")
    page.keyboard.press("?")
    assert page.is_visible("#keys-on")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("jx")
    assert page.input_value("#q") == "jx"
    # Switched off they stay off, on the next page too.
    page.uncheck("#keys-on")
    page.reload()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.evaluate("localStorage.clear()")
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#clock")
