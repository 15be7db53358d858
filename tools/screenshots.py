"""`python -m tools.screenshots URL`: take the pictures of docs/screenshots from a running demo."""

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from demo.people import PASSWORD

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"


def _page(browser: Browser, width: int) -> Page:
    height = 780 if width < 800 else 860
    return browser.new_context(viewport={"width": width, "height": height}).new_page()


def _sign_in(page: Page, url: str, language: str) -> None:
    page.goto(f"{url}/staff/login?lang={language}")
    page.fill("input[name=email]", "communications@demo.example")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")


def take(url: str, browser: Browser) -> None:
    for name, path, width in (
        ("home-fa-360", "/fa/", 360),
        ("home-fa-1280", "/fa/", 1280),
        ("home-ar-1280", "/ar/", 1280),
    ):
        page = _page(browser, width)
        page.goto(url + path)
        page.screenshot(path=FOLDER / f"{name}.png")
    phone = _page(browser, 360)
    phone.goto(f"{url}/phone/?lang=fa")
    handsets = phone.eval_on_selector_all(
        "main a[href*='/phone/']", "links => links.map(link => link.href)"
    )
    for handset in handsets:
        phone.goto(handset)
        if link := re.search(r"https?://[^\s\"<]+/s/\w+", phone.content()):
            phone.screenshot(path=FOLDER / "phone-fa-360.png")
            phone.goto(link.group(0) + "?lang=fa")
            if phone.query_selector("main input"):
                phone.screenshot(path=FOLDER / "survey-fa-360.png")
                break
    for language, pages in {
        "fa": (("contacts-fa-1280", "/staff/contacts/"), ("results-fa-1280", "/staff/results/")),
        "en": (("campaign-en-1280", "/staff/campaigns/"),),
    }.items():
        page = _page(browser, 1280)
        _sign_in(page, url, language)
        for name, path in pages:
            page.goto(f"{url}{path}?lang={language}")
            if "contacts" not in name:
                page.click("main table a, main h2 a, main li a")
            page.screenshot(path=FOLDER / f"{name}.png")


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("No Chromium here: install the package chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        take(sys.argv[1].rstrip("/"), browser)
        browser.close()


if __name__ == "__main__":
    main()
