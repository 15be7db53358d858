"""Delivery, callbacks, handsets, and what a killed simulator remembers."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from tests.portal.messaging.conftest import Listener

LINE = "10004346"
NUMBER = "+989121234567"


def send(simulator: RunningSimulator, number: str = "09121234567", text: str = "سلام") -> int:
    status, document = simulator.call("sms/send", receptor=number, message=text)
    assert status == 200
    return int(document["entries"][0]["messageid"])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def status_of(simulator: RunningSimulator, messageid: int) -> int:
    entries = simulator.call("sms/status", messageid=messageid)[1]["entries"]
    return int(entries[0]["status"])


def test_the_ending_of_a_number_decides_its_delivery(simulator: RunningSimulator) -> None:
    ids = {n: send(simulator, n) for n in ("09121234567", "09121234599", "09121234598")}
    ids["09121234597"] = send(simulator, "09121234597")
    wait_until(lambda: sum(simulator.ledger()["by_status"].get(s, 0) for s in "15") == 0)
    states = [status_of(simulator, messageid) for messageid in ids.values()]
    assert states == [10, 11, 14, 6]
    assert [len(simulator.handset(n)["messages"]) for n in ids] == [1, 0, 0, 0]
    free = [m["receptor"] for m in simulator.messages() if m["cost"] == 0]
    assert free == ["+989121234598"]


def test_status_callbacks_are_repeated_until_answered_200(
    simulator: RunningSimulator, listener: Listener
) -> None:
    listener.statuses = [500, 503]
    simulator.behaviour(status_callback=f"{listener.url}/hooks/status", callback_retry_seconds=0.1)
    messageid = send(simulator)
    received = listener.wait_for(3)
    expected = ("/hooks/status", {"messageid": str(messageid), "status": "10"})
    assert received == [expected] * 3
    wait_until(lambda: simulator.ledger()["callbacks"] == {"done": 1})


def test_a_kept_connection_that_was_hung_up_delays_nothing(
    simulator: RunningSimulator, listener: Listener
) -> None:
    listener.hangs_up = True
    simulator.behaviour(inbound_callback=f"{listener.url}/in", callback_retry_seconds=3600)
    for count in range(1, 9):
        simulator.reply(NUMBER, "11")
        listener.wait_for(count)
        wait_until(lambda done=count: simulator.ledger()["callbacks"] == {"done": done})


def test_all_states_can_be_reported(simulator: RunningSimulator, listener: Listener) -> None:
    simulator.behaviour(status_callback=f"{listener.url}/s?x=1", callback_states="all")
    send(simulator)
    received = listener.wait_for(2)
    assert {path for path, _ in received} == {"/s?x=1"}
    assert sorted(form["status"] for _, form in received) == ["10", "5"]


def test_a_reply_reaches_the_line_it_came_from(
    simulator: RunningSimulator, listener: Listener
) -> None:
    simulator.behaviour(inbound_callback=f"{listener.url}/hooks/inbound")
    simulator.call("sms/send", receptor="09121234567", message="?", sender="30001370")
    answer = simulator.reply(NUMBER, "۳۱")
    ((path, form),) = listener.wait_for(1)
    assert path == "/hooks/inbound"
    assert abs(int(form.pop("date")) - time.time()) < 60
    assert form == {
        "messageid": str(answer["messageid"]),
        "from": "09121234567",
        "to": "30001370",
        "message": "۳۱",
    }
    shown = simulator.handset("09121234567")
    assert shown["number"] == NUMBER
    assert [(m["direction"], m["text"], m["line"]) for m in shown["messages"]] == [
        ("in", "?", "30001370"),
        ("out", "۳۱", "30001370"),
    ]


@pytest.mark.parametrize("word", ["11", "۱۱", "١١", "لغو11", "لغو ۱۱", " 11\n"])
def test_eleven_blocks_the_line_and_twelve_opens_it(simulator: RunningSimulator, word: str) -> None:
    simulator.behaviour(delivery_seconds=0.0)
    send(simulator)
    simulator.reply(NUMBER, word)
    assert simulator.handset(NUMBER)["blocked_lines"] == [LINE]
    barred = send(simulator)
    wait_until(lambda: status_of(simulator, barred) == 14)
    simulator.reply(NUMBER, "۱۲")
    assert simulator.handset(NUMBER)["blocked_lines"] == []
    wanted = send(simulator)
    wait_until(lambda: status_of(simulator, wanted) == 10)


def test_handsets_are_listed_latest_first(simulator: RunningSimulator) -> None:
    for number in ("09121234501", "09121234502", "09121234501"):
        send(simulator, number)
    _, page = simulator.request("GET", "/sim/handsets.json")
    assert [(h["national"], h["messages"]) for h in page["handsets"]] == [
        ("09121234501", 2),
        ("09121234502", 1),
    ]
    _, later = simulator.request("GET", f"/sim/handsets.json?after={page['cursor']}")
    assert later == {"cursor": page["cursor"], "handsets": []}


def test_the_ledger_survives_kill_9(tmp_path: Path) -> None:
    with running_simulator(tmp_path, delivery_seconds=0.2) as simulator:
        numbers = [f"0912{n:07d}" for n in range(200)]
        status, _ = simulator.call(
            "sms/send", receptor=",".join(numbers), message="x", localid=",".join(numbers)
        )
        assert status == 200
        os.kill(simulator.pid, signal.SIGKILL)
        simulator.kill()
        url = simulator.url
        simulator.restart()
        assert simulator.url == url
        assert simulator.ledger()["accepted"] == 200
        simulator.call(
            "sms/send", receptor=",".join(numbers), message="x", localid=",".join(numbers)
        )
        ledger = simulator.ledger()
        assert (ledger["accepted"], ledger["duplicates"]) == (200, 200)
        wait_until(lambda: set(simulator.ledger()["by_status"]) <= {"10", "11", "14", "6"})


def test_a_callback_due_survives_too(tmp_path: Path, listener: Listener) -> None:
    url = f"{listener.url}/late"
    with running_simulator(tmp_path, delivery_seconds=0, status_callback="http://127.0.0.1:1/") as (
        simulator
    ):
        messageid = send(simulator)
        wait_until(lambda: simulator.ledger()["callbacks"] == {"due": 1})
        simulator.kill()
        simulator.restart(status_callback=url)
        # the failed try waits its ten seconds: make it due
        simulator.kill()
        import sqlite3

        with sqlite3.connect(simulator.data) as db:
            db.execute("UPDATE callbacks SET due_at = 0")
        db.close()
        simulator.restart()
        assert listener.wait_for(1)[0] == ("/late", {"messageid": str(messageid), "status": "10"})


@pytest.mark.parametrize(("mode", "error"), [("hang", TimeoutError), ("drop", ConnectionError)])
def test_accepted_and_never_answered(
    simulator: RunningSimulator, mode: str, error: type[Exception]
) -> None:
    simulator.behaviour(timeout_rate=1, timeout_mode=mode, hang_seconds=30)
    address = urlsplit(simulator.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=0.5)
    body = urlencode({"receptor": "09121234567", "message": "x"})
    connection.request("POST", f"/v1/{simulator.api_key}/sms/send.json", body)
    with pytest.raises(error):
        connection.getresponse()
    connection.close()
    ledger = simulator.ledger()
    assert ledger["accepted"] == 1
    assert ledger["calls"]["by_fate"] == {mode: 1}


def test_connections_are_kept_alive(simulator: RunningSimulator) -> None:
    address = urlsplit(simulator.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    used = set()
    for _ in range(3):
        connection.request("GET", "/sim/health")
        response = connection.getresponse()
        assert response.version == 11
        assert b'"ok": true' in response.read()
        assert connection.sock is not None
        used.add(connection.sock.getsockname())
    connection.close()
    assert len(used) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "localhost"}, 200),
    ],
)
def test_control_is_not_for_other_sites(
    simulator: RunningSimulator, headers: dict[str, str], status: int
) -> None:
    address = urlsplit(simulator.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
    connection.request("GET", "/sim/ledger.json", headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == status


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("GET", "/sim/nothing", "", 404),
        ("GET", "/sim/handset/hello.json", "", 404),
        ("GET", "/sim/handsets.json?after=x", "", 400),
        ("POST", "/sim/handset/09121234567/reply", '{"text": ""}', 400),
        ("POST", "/sim/handset/09121234567/reply", '{"text": 5}', 400),
        ("POST", "/sim/handset/09121234567/reply", "[]", 400),
        ("POST", "/sim/handset/09121234567/reply", "{", 400),
        ("POST", "/sim/behaviour", '{"nothing": 1}', 400),
        ("POST", "/sim/behaviour", '{"error_rate": 2}', 400),
        ("POST", "/sim/behaviour", '{"latency_ms": "1"}', 400),
        ("POST", "/sim/behaviour", '{"force_code": 7}', 400),
        ("POST", "/sim/behaviour", '{"status_callback": "file:///x"}', 400),
    ],
)
def test_control_refuses_nonsense(
    simulator: RunningSimulator, verb: str, path: str, body: str, status: int
) -> None:
    assert simulator.request(verb, path, body, "application/json")[0] == status


def test_a_form_is_no_control_request(simulator: RunningSimulator) -> None:
    assert simulator.request("POST", "/sim/behaviour", "latency_ms=1")[0] == 415


def test_a_change_is_made_whole_or_not_at_all() -> None:
    behaviour = Behaviour()
    with pytest.raises(ValueError, match="error_rate"):
        behaviour.change({"latency_ms": 5, "error_rate": 3.0})
    assert behaviour.latency_ms == 0
    behaviour.change({"latency_ms": 5, "error_rate": 1})
    assert (behaviour.latency_ms, behaviour.error_rate) == (5, 1.0)


def test_a_port_in_use_ends_with_a_message(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "portal.messaging.simulator", "--port", str(port)]
        result = subprocess.run(
            [*command, "--data", str(tmp_path / "x.sqlite")],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            cwd=Path(__file__).parents[3],
        )
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr


def test_it_ends_when_its_starter_is_gone(tmp_path: Path) -> None:
    with running_simulator(tmp_path) as simulator:
        process = simulator._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
