"""What every page is looked at for."""

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # The violations are found all the same; listing what passes took three quarters of the time.
    "resultTypes": ["violations"],
}


def problems_of(page: Page, language: str) -> list[str]:
    """Everything axe finds, text that is cut or pushes the page sideways, and a wrong direction."""
    found = [
        f"axe: {one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in Axe().run(page, options=AXE_OPTIONS).response["violations"]
    ]
    direction = page.evaluate("document.documentElement.dir")
    if direction != ("ltr" if language == "en" else "rtl"):
        found.append(f"direction is {direction}")
    if page.evaluate("document.documentElement.lang") != language:
        found.append("wrong language")
    overflow: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    if overflow > 0:
        found.append(f"{overflow} px wider than the screen")
    found += [f"cut: {text}" for text in page.evaluate(CUT)]
    return found


CUT = """
() => [...document.querySelectorAll('h1,h2,h3,p,li,td,th,a,button,label,dt,dd,legend,span')]
  .filter(e => {
     const s = getComputedStyle(e);
     if (s.visibility === 'hidden' || s.clip !== 'auto' || s.clipPath !== 'none') return false;
     if (!['hidden', 'clip'].includes(s.overflowX)) return false;
     return e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0;
  })
  .map(e => e.textContent.trim().slice(0, 60))
"""


def look(page: Page, name: str, language: str, width: int, folder: Path) -> list[str]:
    """Take the screenshot and return the problems, each with the page's name.

    NO_SCREENSHOTS: where nobody will look at them, a quarter of the time is saved.
    """
    if not os.environ.get("NO_SCREENSHOTS"):
        page.screenshot(path=folder / f"{name}-{language}-{width}.png", full_page=True)
    return [f"{name} {language} {width}px: {problem}" for problem in problems_of(page, language)]


def leaves(page: Page) -> list[Any]:
    """Addresses that a page asked for; fill by `page.on("request", …)`."""
    seen: list[Any] = []
    page.on("request", lambda request: seen.append(request.url))
    return seen


def go(page: Page, selector: str) -> None:
    """Click and wait for the page that it opens.

    A click alone returns before a busy machine has begun to leave the page: what is looked at next
    was the old page, or none.
    """
    with page.expect_navigation():
        page.click(selector)
