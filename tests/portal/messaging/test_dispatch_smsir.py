"""A campaign through SMS.ir's adapter, counted in the simulated gateway's own ledger."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from portal.messaging.gateways import smsir_lists
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from tests.portal.messaging import end_to_end

LINE = "30004455"


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path, dialect="smsir", delivery_seconds=1, seed=7) as running:
        yield running


@pytest.fixture
def portal(
    make_app: Callable[..., Flask],
    app: Flask,
    simulator: RunningSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Flask]:
    """An application whose gateway is the simulator, which forgets and delays nothing."""
    monkeypatch.setattr(smsir_lists, "_ARCHIVED", timedelta(0))
    made = make_app(
        sms_gateway="smsir",
        sms_line=LINE,
        sms_hook_secret="a-secret-of-22-characters-or-more",
        gateway_options={"smsir": {"url": simulator.url, "api_key": simulator.api_key}},
    )
    with made.app_context():
        yield made


@pytest.mark.parametrize("body", ["سلام {n}", "سلام به همه"])
def test_timeouts_after_accepting_errors_and_limits_lose_and_double_nothing(
    portal: Flask, simulator: RunningSimulator, body: str
) -> None:
    simulator.behaviour(
        timeout_rate=0.3, timeout_mode="drop", error_rate=0.2, error_codes="20,500", rate_limit=40
    )
    end_to_end.small(portal, settles=timedelta(0))
    batch_id = end_to_end.fill(400, LINE, body)
    counts = end_to_end.until_settled(batch_id)
    assert sum(counts.get(state, 0) for state in end_to_end.WELL) == 400
    ledger = simulator.ledger()
    assert ledger["accepted"] == ledger["distinct_receptors"] == 400
    assert ledger["calls"]["by_fate"].get("drop"), "no timeout happened: the test proves nothing"
    for code in ("20", "500"):
        assert ledger["calls"]["by_result"].get(code), f"{code} never came"
    end_to_end.all_reports_came(simulator, batch_id, 400)
    end_to_end.a_reply_arrives(portal, simulator, LINE)


def test_a_blacklisted_number_is_blocked_and_a_wrong_one_fails(
    portal: Flask, simulator: RunningSimulator
) -> None:
    simulator.reply("+989120000300", "11", LINE)
    simulator.behaviour(max_chars=40)
    batch_id = end_to_end.fill(20, LINE)
    assert end_to_end.until_settled(batch_id) == {"accepted": 19, "blocked": 1}
    long = end_to_end.fill(5, LINE, "م" * 50)
    assert end_to_end.until_settled(long) == {"failed": 5}
    assert simulator.ledger()["accepted"] == 19
