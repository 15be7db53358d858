"""A real Chromium against a real server in this process."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]
WIDTHS = (360, 1280)
LANGUAGES = ("fa", "ar", "en")
# Every page in each language and each width, in three looks instead of six: what a narrow screen
# does hardly depends on the language. LOOKS=all: when the screenshots are to be looked at.
LOOKS = [("fa", 360), ("ar", 1280), ("en", 360)]
match os.environ.get("LOOKS"):
    case "all":
        LOOKS = [(language, width) for language in LANGUAGES for width in WIDTHS]
    case "two":  # Both directions and both widths, where time is short.
        LOOKS = [("fa", 360), ("en", 1280)]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """Address of the application, served by threads of this process."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """open_page(width=360, script=True, **context options) gives a page of a fresh browser."""
    contexts: list[Any] = []

    def make(width: int = 1280, *, script: bool = True, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 780 if width < 800 else 900},
            java_script_enabled=script,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def shots() -> Path:
    """Where screenshots are left for a person to look at."""
    folder = Path(__file__).parent.parent.parent / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
