"""An SMS that a gateway took long ago and hands over now: pushed or fetched, in each dialect."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.db import db
from portal.messaging import fetching
from portal.messaging.models import InboundMessage
from portal.messaging.simulator.dialects import DIALECTS
from portal.messaging.simulator.testing import running_simulator
from portal.messaging.simulator.wiring import WIRING
from tests.portal.messaging import end_to_end

KEY = "0123456789abcdef0123456789abcdef"
NUMBER = "+989121234567"


def test_every_dialect_is_wired() -> None:
    assert set(WIRING) == set(DIALECTS)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_late_sms_arrives_with_its_time(
    dialect: str, make_app: Callable[..., Flask], app: Flask, tmp_path: Path
) -> None:
    sent_at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=118)
    with (
        running_simulator(tmp_path, api_key=KEY, dialect=dialect) as simulator,
        end_to_end.served(make_app, simulator, dialect, KEY) as (made, hook),
        made.app_context(),
    ):
        simulator.behaviour(inbound_callback=f"{hook}/inbound")
        line = WIRING[dialect].line
        simulator.reply(NUMBER, "سیم برق افتاده", line, int(sent_at.timestamp()))
        fetching.fetch_inbound()

        def stored() -> list[InboundMessage]:
            db.session.rollback()
            return list(db.session.scalars(select(InboundMessage)))

        end_to_end.wait(lambda: bool(stored()))
        end_to_end.wait(lambda: set(simulator.ledger()["callbacks"]) <= {"done"})
        (message,) = stored()
        assert (message.e164, message.line, message.text) == (NUMBER, line, "سیم برق افتاده")
        assert message.received_at == sent_at


@pytest.mark.parametrize("at", [0, "yesterday", True, -5, "in an hour"])
def test_a_time_that_cannot_be_is_refused(at: object, tmp_path: Path) -> None:
    # Every process must collect the same tests: the moment is not in their names.
    at = int(time.time()) + 3600 if at == "in an hour" else at
    with running_simulator(tmp_path) as simulator:
        with pytest.raises(ValueError, match="last two days"):
            simulator.reply(NUMBER, "x", "10004346", at)  # type: ignore[arg-type]
        assert simulator.ledger()["inbound"] == 0
