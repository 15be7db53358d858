"""Every staff page in three languages and two widths, with something on it."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal import clock
from portal.contacts.audience import AudienceFilter
from portal.db import db
from surveys.campaigns import launching, services
from surveys.campaigns.models import Invitation
from surveys.responses.models import Response
from tests.browser.checks import go, look
from tests.browser.conftest import LOOKS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.contacts import make_contact
from tests.factories.messages import make_inbound
from tests.factories.surveys import make_survey

pytestmark = [pytest.mark.browser, pytest.mark.surveys, pytest.mark.timeout(300)]

CODE = "I-AM-MAYOR"
TEXTS = {
    "fa": "شما شهردارید؛ اول چه کنیم؟\n{link}",
    "ar": "لو كنتم رئيس البلدية؟\n{link}",
    "en": "If you were the mayor?\n{link}",
}
NAMES = {
    "fa": ["مریم کاظمی", "علی‌اصغر محمدی", "نسرین گل‌محمدی"],
    "ar": ["زينب الموسوي", "حسين العبادي"],
    "en": ["Anna Weber"],
}


@pytest.fixture
def campaign(app: Flask) -> int:
    """Sixty people, a launched campaign, forty answers; and a draft."""
    chance = random.Random(5)
    version = make_survey(CODE)
    with app.app_context():
        for number in range(60):
            language = chance.choice(["fa", "fa", "fa", "ar", "en"])
            make_contact(
                name=chance.choice(NAMES[language]),
                language=language,
                neighbourhood=chance.choice(["بازار", "سنگلج", "ایران", "هرندی"]),
                tags=["من شهردارم"] if number % 2 else ["۱۷ شهریور", "فرهنگ‌سرا"],
            )
        made = services.create(
            "من شهردارم؛ منطقهٔ ۱۲", version.survey_id, closes_at=None, user_id=None
        )
        services.change_audience(made.id, AudienceFilter())
        services.change_texts(made.id, TEXTS, {})
        launching.launch(made.id, user_id=None)
        services.create("پیش‌نویس بودجه", version.survey_id, closes_at=None, user_id=None)
        db.session.flush()
        for invitation in db.session.query(Invitation).limit(40):
            invitation.state = "answered"
            db.session.add(
                Response(
                    version_id=version.id,
                    campaign_id=made.id,
                    invitation_id=invitation.id,
                    state="complete",
                    language=invitation.language,
                    submitted_at=clock.now(),
                    answers={
                        "project": chance.choice(["park", "park", "lighting", "cycling"]),
                        "priorities": chance.sample(["safety", "green", "access"], 2),
                        "satisfaction": chance.choice(["satisfied", "neutral", "dissatisfied"]),
                        "age": chance.choice(["18_29", "30_44", "45_59"]),
                        "household": chance.randint(1, 7),
                        "idea": "کوچه‌های پشت بازار شب‌ها تاریک‌اند.",
                    },
                )
            )
        db.session.commit()
        return made.id


@pytest.mark.parametrize(("language", "width"), LOOKS)
def test_staff_pages(
    app: Flask,
    campaign: int,
    live: str,
    open_page: Callable[..., Page],
    shots: Path,
    language: str,
    width: int,
) -> None:
    user = make_user(roles=("administrator",), language=language)
    page = open_page(width)
    page.goto(f"{live}/staff/login?lang={language}")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    problems: list[str] = []
    for name, path in {
        "dashboard": "/staff/",
        "contacts": "/staff/contacts/",
        "contacts-search": "/staff/contacts/?q=محمدی",
        "contacts-import": "/staff/contacts/imports/new",
        "surveys": "/staff/surveys/",
        "survey-upload": "/staff/surveys/new",
        "survey-versions": f"/staff/surveys/{CODE}",
        "campaigns": "/staff/campaigns/",
        "campaign": f"/staff/campaigns/{campaign}",
        "campaign-audience": f"/staff/campaigns/{campaign + 1}/audience",
        "campaign-texts": f"/staff/campaigns/{campaign + 1}/texts",
        "campaign-review": f"/staff/campaigns/{campaign + 1}/review",
        "results": f"/staff/results/{CODE}",
        "messages": "/staff/messages/",
        "inbox": "/staff/messages/inbox",
        "units": "/staff/units/",
        "users": "/staff/users",
        "user": f"/staff/users/{user.id}",
        "profile": "/staff/profile",
        "audit": "/staff/audit/",
    }.items():
        answer = page.goto(f"{live}{path}")
        assert answer is not None
        assert answer.status == 200, path
        problems += look(page, name, language, width, shots)
    assert problems == []


def test_an_sms_of_one_endless_word_hides_no_column(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    make_inbound("x" * 1000)
    user = make_user(roles=("communications",))
    page = open_page(1280)
    page.goto(f"{live}/staff/login")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main form [type=submit]")
    page.goto(f"{live}/staff/messages/inbox")
    widths = "table => [table.scrollWidth, table.parentElement.clientWidth]"
    needed, there = page.locator("main table").evaluate(widths)
    assert needed <= there
