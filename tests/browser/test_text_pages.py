"""Texts of messages, approval, live sending, unreachable numbers, history: in a real browser."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal import clock
from portal.contacts import consent
from portal.contacts.models import Contact
from portal.db import db
from surveys.campaigns import approving, spread
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.contacts import make_contact
from tests.factories.messages import make_batch, make_inbound, make_message
from tests.factories.templates import make_template
from tests.surveys.campaigns.drafts import launch, make_draft

pytestmark = [
    pytest.mark.browser,
    pytest.mark.surveys,
    pytest.mark.workflows,
    pytest.mark.timeout(300),
]


@pytest.fixture
def pages(app: Flask, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A launch that waits, one declined, one spread; a sending; a person much written to."""
    for language in ("fa", "ar", "en"):
        make_contact(language=language)
    launched = make_draft(name="از پیش رفته")
    launch(launched)
    settings = replace(app.extensions["pasokh_settings"], approval_above=2)
    monkeypatch.setitem(app.extensions, "pasokh_settings", settings)
    first, second = make_user(roles=("communications",)), make_user()
    waiting, declined, calm = make_draft(name="در انتظار"), make_draft(name="رد"), make_draft()
    with app.app_context():
        for each in (waiting, declined):
            approving.launch_or_ask(each, user_id=first.id, expected=3)
        approving.decline(declined, user_id=second.id, reason="متن پیامک ناروشن است.")
        spread.change(calm, 12)
        db.session.commit()
    make_template("campaigns.invitation", "نوروز", fa="بهار: {title}\n{link}")
    version = make_template(
        "cases.received", fa="پیام شما رسید. کد: {code}\n{url}", en="We have it: {code}\n{url}"
    )
    contact = make_contact(name="مریم کاظمی")
    batch = make_batch("یادآوری جلسه", launched_by=first.id, approved_by=second.id)
    for number in range(45):
        message = make_message(
            batch_id=batch.id,
            e164=contact.e164,
            body=f"پیام شما رسید. کد: 7K3M9PQ2{number:02d}\n{{link}}",
            state="failed" if number % 9 == 0 else "delivered",
            reason="kavenegar:411" if number % 9 == 0 else None,
            template_version_id=version.id,
            segments=2,
            cost_rial=3400,
        )
    make_message(batch_id=batch.id)
    make_inbound("لغو پروانه را کجا باید پیگیری کنم؟", contact.e164)
    with app.app_context():
        consent.opt_out(contact.e164, line="10004346", channel="sms", evidence="لغو۱۱")
        consent.rejoin(
            contact.e164,
            line=None,
            channel="staff",
            evidence="در گفت‌وگوی تلفنی با ۱۳۷",
            user_id=first.id,
        )
        found = db.session.get_one(Contact, contact.id)
        found.unreachable_since, found.unreachable_reason = clock.now(), "kavenegar:411"
        db.session.commit()
    return {
        "texts-list": "/staff/messages/templates/",
        "texts-edit": "/staff/messages/templates/cases.received",
        "texts-late": "/staff/messages/templates/openlinks.code",
        "texts-new": "/staff/messages/templates/campaigns.invitation",
        "texts-named": "/staff/messages/templates/campaigns.invitation?name=نوروز",
        "unreachable": "/staff/messages/unreachable",
        "message-proof": f"/staff/messages/sms/{message.id}",
        "number-proof": f"/staff/messages/number?number=0{contact.e164[3:]}",
        "batch-live": f"/staff/messages/batches/{batch.id}",
        "contact-history": f"/staff/contacts/{contact.id}",
        "campaigns-waiting": "/staff/campaigns/",
        "campaign-approve": f"/staff/campaigns/{waiting}",
        "campaign-declined": f"/staff/campaigns/{declined}/review",
        "campaign-spread": f"/staff/campaigns/{calm}/review",
        "campaign-live": f"/staff/campaigns/{launched}",
        "campaign-texts-template": f"/staff/campaigns/{calm}/texts?template=نوروز",
        "campaign-audience-unreachable": f"/staff/campaigns/{calm}/audience",
    }


def enter(page: Page, live: str, language: str) -> None:
    user = make_user(roles=("administrator",), language=language)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    page.wait_for_url("**/staff/**")


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_pages(
    pages: dict[str, str],
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = open_page(width)
    enter(page, live, language)
    problems: list[str] = []
    for name, path in pages.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        problems += look(page, name, language, width, shots)
    page.goto(f"{live}{pages['texts-edit']}")
    page.fill("#text_fa", "{x}")
    go(page, "main form .actions button >> nth=0")
    page.wait_for_selector("#error-summary")
    problems += look(page, "texts-errors", language, width, shots)
    assert problems == []


def test_the_preview_follows_the_typing(
    pages: dict[str, str], live: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(1280)
    enter(page, live, "en")
    page.goto(f"{live}{pages['texts-edit']}")
    page.fill("#text_en", "Here: {code} {url}")
    page.locator("#preview-en .sms", has_text="Here: 7K3M").wait_for()
    page.fill("#text_en", "Here: {code}")
    page.wait_for_selector("#preview-en .counter--bad")


def test_approval_by_keyboard_without_script(
    pages: dict[str, str], live: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(360, script=False)
    enter(page, live, "en")
    page.goto(f"{live}{pages['campaign-approve']}")
    page.locator("form[action$='/approve'] button").press("Enter")
    page.wait_for_selector("progress#campaign-sent")
