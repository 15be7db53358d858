"""A campaign through the generic adapter, counted in the simulated gateway's own ledger."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import outbox
from portal.contacts import consent
from portal.messaging import services
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from portal.messaging.simulator.wiring import WIRING
from tests.portal.messaging import end_to_end

LINE = "50001"
SECRET = "a-secret-of-22-characters-or-more"
options = WIRING["generic"].options


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path, dialect="generic", delivery_seconds=1, seed=7) as running:
        yield running


@pytest.fixture
def portal(
    make_app: Callable[..., Flask], app: Flask, simulator: RunningSimulator
) -> Iterator[Flask]:
    """An application whose gateway is the simulator."""
    made = make_app(
        sms_gateway="generic",
        sms_line=LINE,
        sms_hook_secret=SECRET,
        gateway_options={"generic": options(simulator.url, simulator.api_key)},
    )
    with made.app_context():
        yield made


def test_timeouts_after_accepting_errors_and_limits_lose_and_double_nothing(
    portal: Flask, simulator: RunningSimulator
) -> None:
    simulator.behaviour(
        timeout_rate=0.1,
        timeout_mode="drop",
        error_rate=0.05,
        error_codes="429,503,500",
        rate_limit=200,
    )
    end_to_end.small(portal, 20, settles=timedelta(0))
    batch_id = end_to_end.fill(400, LINE)
    counts = end_to_end.until_settled(batch_id)
    assert sum(counts.get(state, 0) for state in end_to_end.WELL) == 400
    ledger = simulator.ledger()
    assert ledger["accepted"] == ledger["distinct_receptors"] == 400
    assert ledger["calls"]["by_fate"].get("drop"), "no timeout happened: the test proves nothing"
    for code in ("429", "500", "503"):
        assert ledger["calls"]["by_result"].get(code), f"{code} never came"
    end_to_end.all_reports_came(simulator, batch_id, 400)


def test_reports_and_a_reply_are_pushed(
    portal: Flask, simulator: RunningSimulator, serve: Callable[[Flask], str]
) -> None:
    hooks = f"{serve(portal)}/hooks/sms/generic/{SECRET}"
    simulator.behaviour(status_callback=f"{hooks}/status", inbound_callback=f"{hooks}/inbound")
    batch_id = end_to_end.fill(5, LINE)
    end_to_end.until_settled(batch_id)
    end_to_end.wait(lambda: services.progress([batch_id]) == {"delivered": 5})
    number = simulator.messages()[0]["receptor"]
    simulator.reply(number, "11")

    def stopped() -> bool:
        outbox.sweep()
        return consent.is_opted_out(number, LINE)

    end_to_end.wait(stopped)


@pytest.fixture
def serve() -> Iterator[Callable[[Flask], str]]:
    """Serve an application on a free port."""
    import threading

    from werkzeug.serving import make_server

    running: list[Any] = []

    def start(app: Flask) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join(10)
        server.server_close()


def test_without_a_place_to_ask_nothing_is_sent_again(
    make_app: Callable[..., Flask], app: Flask, simulator: RunningSimulator
) -> None:
    given = {**options(simulator.url, simulator.api_key), "find_url": "", "find_missing": ""}
    made = make_app(
        sms_gateway="generic",
        sms_line=LINE,
        sms_hook_secret=SECRET,
        gateway_options={"generic": given},
    )
    simulator.behaviour(timeout_rate=1, timeout_mode="drop")
    with made.app_context():
        end_to_end.small(made, 20, settles=timedelta(0))
        batch_id = end_to_end.fill(10, LINE)
        with pytest.raises(AssertionError, match="unknown"):
            end_to_end.until_settled(batch_id, 5)
        assert services.progress([batch_id]) == {"unknown": 10}
    assert simulator.ledger()["accepted"] == simulator.ledger()["distinct_receptors"] == 10
