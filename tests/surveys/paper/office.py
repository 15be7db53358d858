"""An office that types sheets, through its pages."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.db import db
from surveys.campaigns.models import Campaign
from surveys.paper.models import PaperSheet
from tests.factories.accounts import csrf_token, make_user, sign_in


@dataclass
class Person:
    """Somebody signed in, reading English."""

    app: Flask
    role: str
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()
        user = make_user((self.role,), language="en", name=f"{self.role} {id(self)}")
        self.id, self.name = user.id, user.name
        sign_in(self.client, user)

    def post(self, page: str, **data: Any) -> TestResponse:
        return self.client.post(page, data={"csrf_token": csrf_token(self.client, page), **data})

    def type(self, sheet: int, **answers: Any) -> TestResponse:
        return self.post(f"/staff/paper/sheets/{sheet}", **{_key(k): v for k, v in answers.items()})

    def decide(self, sheet: int, decisions: dict[str, str], **others: Any) -> TestResponse:
        page = f"/staff/paper/sheets/{sheet}/differences"
        wanted = {f".d:{key}": value for key, value in decisions.items()}
        return self.post(page, **wanted, **{_key(k): v for k, v in others.items()})


def _key(name: str) -> str:
    """`age_2` is no keyword for `age@2`."""
    return re.sub(r"__(\d+)$", r"@\1", name)


@dataclass
class Office:
    app: Flask

    def __post_init__(self) -> None:
        self.one, self.two = Person(self.app, "operator"), Person(self.app, "operator")
        self.manager = Person(self.app, "communications")
        self.supervisor = Person(self.app, "field_supervisor")

    def print(self, campaign: Campaign, number: int = 1, language: str = "fa") -> list[int]:
        """The ids of the sheets printed."""
        page = f"/staff/paper/campaigns/{campaign.id}"
        token = csrf_token(self.manager.client, page)
        answer = self.manager.client.post(
            f"{page}/batches",
            data={"csrf_token": token, "language": language, "sheets": str(number)},
        )
        assert answer.status_code == 303, answer.text
        with self.app.app_context():
            ids = select(PaperSheet.id).order_by(PaperSheet.id.desc()).limit(number)
            return sorted(db.session.scalars(ids))

    def both(self, sheet: int, **answers: Any) -> TestResponse:
        assert self.one.type(sheet, **answers).status_code == 303
        return self.two.type(sheet, **answers)


def sheet_of(app: Flask, sheet_id: int) -> PaperSheet:
    with app.app_context():
        return db.session.get_one(PaperSheet, sheet_id)


def errors_in(answer: TestResponse) -> str:
    assert answer.status_code == 422, answer.status_code
    found = re.search(r'class="error-summary".*?</div>', answer.text, re.S)
    assert found, answer.text
    return html.unescape(re.sub(r"<[^>]+>", " ", found[0]))
