"""A phone in a test: opens pages, fills in the form that is there, follows redirects."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.db import db
from surveys.campaigns.models import Invitation
from surveys.responses.models import Response


@dataclass
class Phone:
    """Cookies are refused, as in-app browsers do."""

    app: Flask
    token: str
    client: FlaskClient = field(init=False)
    page: TestResponse = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=False)

    def open(self, query: str = "", headers: dict[str, str] | None = None) -> TestResponse:
        self.page = self.client.get(f"/s/{self.token}{query}", headers=headers or {})
        return self.page

    @property
    def action(self) -> str:
        found = re.search(r'<form id="survey" method="post" action="([^"]+)"', self.page.text)
        assert found, f"There is no form:\n{self.page.text[:3000]}"
        return html.unescape(found[1])

    @property
    def seen(self) -> str:
        """The page without what waits in templates for a script: no phone shows or sends that."""
        return re.sub(r"<template.*?</template>", "", self.page.text, flags=re.S)

    @property
    def fields(self) -> dict[str, list[str]]:
        """What the browser would send without another touch."""
        values: dict[str, list[str]] = {}
        # In the order of the page: several fields of one question share its name.
        for tag in re.findall(r"<input[^>]*>|<select.*?</select>|<textarea.*?</t", self.seen, re.S):
            name, value = _attribute(tag, "name"), _attribute(tag, "value")
            if tag.startswith("<textarea"):
                value = html.unescape(re.sub(r"^<[^>]*>\n?|</t$", "", tag))
            elif tag.startswith("<select"):
                chosen = re.search(r'value="([^"]*)" selected', tag)
                value = html.unescape(chosen[1]) if chosen else ""
            elif re.search('type="(radio|checkbox)"', tag) and " checked" not in tag:
                continue
            values.setdefault(name, []).append(value)
        return values

    def send(
        self, go: str = "next", headers: dict[str, str] | None = None, **answers: Any
    ) -> TestResponse:
        """Press a button of the form; the redirect is followed. Returns the POST's own answer."""
        data: dict[str, Any] = {**self.fields, ".go": go}
        for name, value in answers.items():
            data[name] = value if isinstance(value, list) else [value]
        answer = self.client.post(self.action, data=data, headers=headers or {})
        self.page = answer
        if answer.status_code == 303:
            self.page = self.client.get(answer.headers["Location"])
        return answer

    def shows(self, name: str) -> bool:
        return f'id="q-{name}"' in self.seen


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


def stored(app: Flask) -> list[Response]:
    """All responses, freshly read."""
    with app.app_context():
        return list(db.session.scalars(select(Response).order_by(Response.id)))


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Invitation.state).order_by(Invitation.id)))


def row_counts(app: Flask) -> dict[str, int]:
    """Rows of every table, and when invitations last changed."""
    with app.app_context():
        counts = {
            table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
            for table in db.metadata.sorted_tables
        }
        last = db.session.scalar(select(func.max(Invitation.state_at)))
        return {**counts, "changed": int(last.timestamp() * 1e6) if last else 0}
