"""The editor of questionnaires in a real browser: every page in three languages, two widths."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal.db import db
from surveys.editor import services
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.surveys import make_campaign, make_survey, mayor

pytestmark = [pytest.mark.browser, pytest.mark.surveys, pytest.mark.timeout(300)]

CODE = "I-AM-MAYOR"
NEXT = "main button[value=next]"


@pytest.fixture
def draft(app: Flask) -> None:
    """A draft with changed, missing and damaged texts, and a version that a campaign lacks."""
    make_campaign(make_survey(CODE), name="من شهردارم؛ منطقهٔ ۱۲")
    with app.app_context():
        for publish in (True, False):
            services.begin(CODE, None)
            services.save_texts(
                CODE,
                1,
                {
                    ("questions/project/label", "fa"): "اگر شهردار بودید، نخست کدام را می‌ساختید؟",
                    **(
                        {}
                        if publish
                        else {
                            ("questions/idea/label", "ar"): "",
                            ("questions/age/label", "ar"): "???? ???",
                        }
                    ),
                },
                None,
            )
            if publish:
                services.publish(CODE, 2, 1, None)
            else:
                services.move_question(CODE, 2, "household", -1, None)
            db.session.commit()


def sign_in(page: Page, live: str, language: str) -> None:
    user = make_user(roles=("communications",), language=language)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_every_page_of_the_editor(
    draft: None,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = open_page(width)
    sign_in(page, live, language)
    problems: list[str] = []
    first = f"/staff/surveys/{CODE}"
    for name, path in {
        "survey": "",
        "draft": "/draft",
        "texts": "/draft/texts?page=" + first_page(),
        "texts-missing": "/draft/texts?only=missing",
        "question": "/draft/questions/project",
        "new-question": f"/draft/pages/{first_page()}/new",
        "review": "/draft/review",
        "changes": "/changes",
        "frame-phone": "/versions/1/frame?device=phone",
        "frame-tablet": "/draft/frame?device=tablet&show=ar",
        "frame-desktop": "/draft/frame?device=desktop&show=en",
        "tests": "/tests",
    }.items():
        answer = page.goto(f"{live}{first}{path}", wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, path
        problems += look(page, f"editor-{name}", language, width, shots)
    assert problems == []


def first_page() -> str:
    return mayor().pages[0].name


def test_a_preview_is_walked_in_its_frame(
    draft: None, app: Flask, live: str, open_page: Callable[..., Page], shots: Path
) -> None:
    """The frame is as wide as a phone, opens in it, and leads to a test answer."""
    page = open_page(1280, script=False)
    sign_in(page, live, "en")
    page.goto(f"{live}/staff/surveys/{CODE}/versions/1/frame?device=phone&show=en")
    frame = page.frame_locator("iframe.device")
    assert frame.locator("body").evaluate("() => innerWidth") == 360
    frame.locator("input[value=park]").check()
    frame.locator("input[value=safety]").check()
    frame.locator(NEXT).click()
    frame.locator("input[value=neutral]").check()
    frame.locator(NEXT).click()
    frame.locator("input[value='30_44']").check()
    frame.locator(NEXT).click()
    frame.locator(".done").wait_for()
    page.screenshot(path=shots / "editor-frame-end-en-1280.png", full_page=True)
    page.goto(f"{live}/staff/surveys/{CODE}/tests")
    assert "park" in page.locator("#tests").inner_text()
    go(page, "#tests button")
    assert page.locator("#tests").count() == 0
