"""Prices, forecast, proposals and cost of a campaign in a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from portal.db import db
from portal.messaging import dispatch, prices
from portal.messaging.models import MessageBatch
from surveys.campaigns import budgets
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.contacts import make_contact
from tests.factories.messages import FakeGateway, use_gateways
from tests.surveys.campaigns.drafts import TEXTS, launch, make_draft

pytestmark = [pytest.mark.browser, pytest.mark.surveys, pytest.mark.timeout(300)]
DEAR = "شهروند گرامي،  نظر شما چيست؟ 😀 لطفاً پاسخ دهید که برای ما مهم است!!!\n{link}"


@pytest.fixture
def pages(app: Flask) -> Iterator[dict[str, str]]:
    use_gateways(app, FakeGateway(name="kavenegar"), FakeGateway(name="smsir"))
    for number in range(3):
        make_contact(language=("fa", "ar", "en")[number], e164=f"+98912000000{number}")
        make_contact(language=("fa", "ar", "en")[number], e164=f"+98935000000{number}")
    draft, sent, bare = (
        make_draft({**TEXTS, "fa": DEAR, "en": "The mayor’s plan: {link}"}),
        make_draft(),
        make_draft(name="Bare"),
    )
    with app.app_context():
        table = {(o, e): 1_500 for o in prices.OPERATORS for e in prices.ENCODINGS}
        prices.change("kavenegar", table)
        for each in (draft, sent):
            budgets.change(each, 7_000)
        db.session.commit()
        launch(sent)
        db.session.query(MessageBatch).update({"respects_quiet_hours": False})
        db.session.commit()
        dispatch.run(5)
        batch = db.session.query(MessageBatch).one().id
    campaigns = "/staff/campaigns"
    yield {
        "prices": "/staff/messages/prices",
        "cost-texts": f"{campaigns}/{draft}/texts",
        "cost-review": f"{campaigns}/{draft}/review",
        "cost-review-bare": f"{campaigns}/{bare}/review",
        "cost-campaign": f"{campaigns}/{sent}",
        "cost-batch": f"/staff/messages/batches/{batch}",
    }
    del app.extensions["pasokh_accounts"]


def sign_in(page: Page, live: str, language: str) -> None:
    user = make_user(language=language)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_cost_pages(
    pages: dict[str, str],
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    page = open_page(width)
    sign_in(page, live, language)
    problems: list[str] = []
    for name, path in pages.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        page.locator("main details").evaluate_all("all => all.forEach(each => each.open = true)")
        problems += look(page, name, language, width, shots)
    assert problems == []


@pytest.mark.parametrize("script", [True, False])
def test_a_proposal_is_taken(
    pages: dict[str, str], live: str, open_page: Callable[..., Page], script: bool
) -> None:
    page = open_page(1280, script=script)
    sign_in(page, live, "en")
    page.goto(f"{live}{pages['cost-texts']}")
    field = page.locator("textarea[name=text_fa]")
    if script:
        field.press_sequentially(" ")
        expect(page.locator("#cost-text-fa button").first).to_be_visible()
    page.locator("#cost-text-fa button[value='take:text_fa:decoration']").click()
    expect(page.locator("textarea[name=text_fa]")).not_to_have_value(DEAR)
    assert "😀" not in page.locator("textarea[name=text_fa]").input_value()
    assert page.locator("button[value='take:text_fa:decoration']").count() == 0
