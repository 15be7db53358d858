"""What the stories have in common: people at browsers, telephones that take and send SMS."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock, outbox
from portal.accounts.models import User
from portal.db import db
from portal.messaging import services as messaging
from portal.messaging.models import Message
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.context import use
from tests.factories.messages import LINE, FakeGateway, use_gateways

SMS_SECRET = "a-secret-of-22-characters-or-more"
EXCHANGE_SECRET = "another-secret-of-22-characters"
SETTINGS = {
    "sms_hook_secret": SMS_SECRET,
    "exchange_hook_secret": EXCHANGE_SECRET,
    "sms_line": LINE,
}


class Person:
    """A member of staff at a browser."""

    def __init__(self, app: Flask, role: str, **facts: object) -> None:
        self.user: User = make_user((role,), language="fa", **facts)
        self.client = app.test_client()
        sign_in(self.client, self.user)
        self.token = csrf_token(self.client, "/staff/profile")

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def post(self, path: str, **data: str) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **data})

    def step(self, case_id: int, action: str, **fields: str) -> TestResponse:
        """A form of the case page, or of the page beside the telephone."""
        prefix = action.replace("-", "_")
        url = f"/staff/cases/{case_id}"
        page = self.get(f"{url}/call" if action == "call" else url)
        found = re.search(rf'name="{prefix}-version"[^>]*value="(\d+)"', page)
        assert found, f"no form for {action}"
        data = {f"{prefix}-{name}": value for name, value in fields.items()}
        return self.post(f"{url}/{action}", **data, **{f"{prefix}-version": found[1]})


class Handset:
    """A citizen's telephone."""

    def __init__(self, app: Flask, e164: str) -> None:
        self.app, self.e164, self.read = app, e164, 0

    def new(self) -> list[str]:
        """The SMS that came since the last look, as they are read."""
        with self.app.app_context():
            rows = db.session.scalars(
                select(Message).where(Message.e164 == self.e164).order_by(Message.id)
            ).all()
            texts = [messaging.text_of(row) for row in rows[self.read :]]
            self.read = len(rows)
            return texts

    def send(self, text: str) -> None:
        """An SMS to the city, by the gateway's call."""
        data = {
            "id": f"{self.e164}-{clock.now().timestamp()}",
            "from": self.e164,
            "to": LINE,
            "text": text,
        }
        path = f"/hooks/sms/fake/{SMS_SECRET}/inbound"
        assert self.app.test_client().post(path, data=data).status_code == 200
        with self.app.app_context():
            outbox.sweep()
            db.session.commit()


@contextmanager
def open_city(app: Flask, at: str) -> Iterator[None]:
    """The application is the one that factories write to, and the clock stands still."""
    use(app)
    use_gateways(app, FakeGateway())
    with clock.freeze(at):
        yield
