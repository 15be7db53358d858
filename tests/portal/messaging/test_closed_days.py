"""Campaigns wait on the city's holidays; single messages never do."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from portal import clock
from portal.config import ConfigurationError
from portal.messaging import dispatch, quiet
from tests.conftest import make_settings
from tests.factories.messages import FakeGateway, make_batch, make_message, use_gateways

NOWRUZ = "2026-03-21T08:00:00+00:00"  # 11:30 in Tehran on 1 Farvardin 1405


@pytest.mark.workflows
def test_a_holiday_holds_campaigns_only(make_app: Callable[..., Flask], app: Flask) -> None:
    gateway = FakeGateway()
    closed = make_app(closed_days="wait")
    use_gateways(closed, gateway)
    batch, urgent = make_batch(), make_batch(respects_quiet_hours=False)
    waits = make_message(batch_id=batch.id)
    now = [make_message(), make_message(batch_id=urgent.id)]
    with closed.app_context(), clock.freeze(NOWRUZ):
        assert quiet.why() == "closed_day"
        dispatch.run(5)
        assert [sms.to for sms in gateway.ledger] == [message.e164 for message in now]
        clock.shift(days=20)
        assert quiet.why() is None
        dispatch.run(5)
    assert gateway.ledger[-1].to == waits.e164


@pytest.mark.workflows
@pytest.mark.parametrize(
    ("day", "closed"),
    [
        ("2026-03-21", True),  # Nowruz
        ("2025-07-06", True),  # Ashura
        ("2025-05-16", False),  # a Friday like any other
        ("2025-05-14", False),
    ],
)
def test_a_weekend_is_no_holiday(make_app: Callable[..., Flask], day: str, closed: bool) -> None:
    with make_app(closed_days="wait").app_context():
        assert quiet.is_closed(dt.date.fromisoformat(day)) is closed
    with make_app(closed_days="send").app_context():
        assert not quiet.is_closed(dt.date.fromisoformat(day))


@pytest.mark.workflows
def test_the_citys_own_day_of_mourning(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    shipped = (
        Path(__file__).parents[3] / "workflows" / "calendars" / "data" / "tehran-office.yaml"
    ).read_text()
    folder = tmp_path / "calendars"
    folder.mkdir()
    file = folder / "tehran-office.yaml"
    file.write_text(
        shipped + "closures:\n  - {from: 2026-05-05, to: 2026-05-06, titles: {en: Mourning}}\n"
    )
    with make_app(closed_days="wait", data_dir=tmp_path).app_context():
        assert quiet.is_closed(dt.date(2026, 5, 6))
        assert not quiet.is_closed(dt.date(2026, 5, 7))
        file.write_text("nonsense: [")
        assert not quiet.is_closed(dt.date(2026, 5, 6)), "a broken file closes no day"


def test_without_a_calendar_no_day_is_closed(make_app: Callable[..., Flask]) -> None:
    with make_app(closed_days="wait", plugins=()).app_context():
        assert not quiet.is_closed(dt.date(2026, 3, 21))


def test_the_setting_is_one_of_two() -> None:
    with pytest.raises(ConfigurationError, match="CLOSED_DAYS"):
        make_settings(closed_days="perhaps")
