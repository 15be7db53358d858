"""What executable stories are told with: an SMS of a citizen, the sweeps, what was written."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import select

from portal import outbox
from portal.db import db
from portal.messaging import jobs as messaging
from portal.messaging.models import Message
from tests.factories.context import use
from tests.factories.messages import LINE, FakeGateway, use_gateways
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import Case, CaseEvent

SECRET = "a-secret-of-22-characters-or-more"
SETTINGS = {"sms_hook_secret": SECRET, "sms_line": LINE}
"""Of the application a story plays in."""


class City:
    """An application with a gateway, seen from outside."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        use(app)
        use_gateways(app, FakeGateway())

    def sms(self, e164: str, text: str) -> None:
        """A citizen writes to the city."""
        hook = f"/hooks/sms/fake/{SECRET}/inbound"
        data = {"from": e164, "to": LINE, "text": text}
        assert self.app.test_client().post(hook, data=data).status_code == 200
        self.sweep()

    def sweep(self) -> None:
        """Everything that happens by itself at this moment."""
        with self.app.app_context():
            outbox.sweep.function()
            sweep_clocks.function()
            messaging.dispatch.function()
            db.session.remove()

    def texts(self, e164: str) -> list[str]:
        """What a citizen has received, oldest first."""
        with self.app.app_context():
            query = select(Message.body).where(Message.e164 == e164).order_by(Message.id)
            return list(db.session.scalars(query))

    def case(self) -> Case:
        """The only one."""
        with self.app.app_context():
            found = db.session.scalars(select(Case)).one()
            db.session.expunge(found)
            return found

    def events(self, kind: str) -> list[CaseEvent]:
        with self.app.app_context():
            query = select(CaseEvent).where(CaseEvent.kind == kind).order_by(CaseEvent.id)
            found = list(db.session.scalars(query))
            for event in found:
                db.session.expunge(event)
            return found

    @contextmanager
    def context(self) -> Iterator[None]:
        with self.app.app_context():
            yield
            db.session.commit()
