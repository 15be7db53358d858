"""Home and sign-in, in three languages, on a phone and on a desk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.checks import look
from tests.browser.conftest import LOOKS

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_home_and_sign_in(
    live: str, open_page: Callable[..., Page], shots: Path, language: str, width: int
) -> None:
    page = open_page(width)
    page.goto(f"{live}/{language}/")
    problems = look(page, "home", language, width, shots)
    page.goto(f"{live}/staff/login?lang={language}")
    problems += look(page, "sign-in", language, width, shots)
    assert problems == []
