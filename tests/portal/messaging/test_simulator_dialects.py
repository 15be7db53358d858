"""The dialects of SMS.ir and of the plain gateway, called as a client would."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from portal.messaging.simulator.testing import RunningSimulator, running_simulator

LINE = 30004455
NUMBER = "09121234567"


@pytest.fixture
def smsir(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path, dialect="smsir", delivery_seconds=3600) as running:
        yield running


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path, dialect="generic", delivery_seconds=3600) as running:
        yield running


def call(
    simulator: RunningSimulator, verb: str, path: str, document: object = None, key: str = ""
) -> tuple[int, dict[str, Any]]:
    answer = requests.request(
        verb,
        simulator.url + path,
        json=document,
        headers={"X-API-KEY": key or simulator.api_key},
        timeout=30,
    )
    return answer.status_code, answer.json()


def bulk(simulator: RunningSimulator, mobiles: list[str], **more: object) -> dict[str, Any]:
    body = {"lineNumber": LINE, "messageText": "سلام", "mobiles": mobiles, **more}
    return call(simulator, "POST", "/v1/send/bulk", body)[1]


def test_bulk_answers_one_place_each(smsir: RunningSimulator) -> None:
    smsir.reply("09120000001", "11", str(LINE))
    mobiles = [NUMBER, "02188776655", "9121234568", "09120000001", "989121234569", "+4915112345678"]
    document = bulk(smsir, mobiles)
    assert (document["status"], document["message"]) == (1, "موفق")
    ids = document["data"]["messageIds"]
    assert [ids[1], ids[3], ids[5]] == [None, 0, None]
    stored = {row["messageid"]: row["receptor"] for row in smsir.messages()}
    assert [stored[ids[n]] for n in (0, 2, 4)] == [f"+98912123456{n}" for n in "789"]
    assert document["data"]["cost"] == sum(row["cost"] for row in smsir.messages())
    assert document["data"]["packId"]


def test_like_to_like_sends_each_its_own(smsir: RunningSimulator) -> None:
    body = {"lineNumber": LINE, "messageTexts": ["a", "b"], "mobiles": [NUMBER, "09121234568"]}
    assert call(smsir, "POST", "/v1/send/likeToLike", body)[0] == 200
    assert [row["message"] for row in smsir.messages()] == ["a", "b"]


@pytest.mark.parametrize(
    ("method", "change", "code"),
    [
        ("bulk", {"lineNumber": None}, 101),
        ("bulk", {"lineNumber": "30004455"}, 101),
        ("bulk", {"messageText": " "}, 103),
        ("bulk", {"mobiles": ["02188776655"]}, 104),
        ("bulk", {"messageText": "م" * 901}, 104),
        ("bulk", {"mobiles": [NUMBER] * 101}, 105),
        ("likeToLike", {"messageTexts": ["x"] * 101}, 106),
        ("bulk", {"mobiles": []}, 107),
        ("bulk", {"mobiles": None}, 107),
        ("likeToLike", {"messageTexts": []}, 108),
        ("bulk", {"sendDateTime": 1_000_000_000}, 109),
        ("bulk", {"sendDateTime": int(time.time()) + 60}, 109),
        ("likeToLike", {"messageTexts": ["x", "y"]}, 110),
        ("bulk", {"mobiles": ["09120000001"]}, 115),
    ],
)
def test_what_is_wrong_is_said_by_its_code(
    smsir: RunningSimulator, method: str, change: dict[str, object], code: int
) -> None:
    smsir.reply("09120000001", "11", str(LINE))
    body = {"lineNumber": LINE, "messageText": "x", "messageTexts": ["x"], "mobiles": [NUMBER]}
    status, document = call(smsir, "POST", f"/v1/send/{method}", {**body, **change})
    assert (status, document["status"], document["data"]) == (400, code, None)
    assert document["message"]
    assert smsir.ledger()["accepted"] == 0


def test_keys_links_credit_and_limits(smsir: RunningSimulator) -> None:
    status, document = call(smsir, "GET", "/v1/credit", key="wrong")
    assert (status, document["status"]) == (401, 10)
    smsir.behaviour(refuse_links=True, lines=str(LINE))
    assert bulk(smsir, [NUMBER], messageText="yazd.ir/s/7K3")["status"] == 117
    assert bulk(smsir, [NUMBER], lineNumber=5)["status"] == 101
    assert call(smsir, "GET", "/v1/line")[1]["data"] == [LINE]
    smsir.behaviour(refuse_links=False, credit_rial=2_000)
    assert bulk(smsir, [NUMBER])["status"] == 1
    assert bulk(smsir, [NUMBER])["status"] == 102
    assert call(smsir, "GET", "/v1/credit")[1]["data"] == 500
    smsir.behaviour(rate_limit=3)
    answers = [call(smsir, "GET", "/v1/credit") for _ in range(5)]
    assert (429, 20) in [(status, document["status"]) for status, document in answers]


def test_lists_packs_and_single_messages(smsir: RunningSimulator) -> None:
    data = bulk(smsir, [f"0912{n:07d}" for n in range(100)])["data"]
    bulk(smsir, [NUMBER], messageText="دو")
    first = call(smsir, "GET", "/v1/send/live?pageSize=100&pageNumber=1")[1]["data"]
    second = call(smsir, "GET", "/v1/send/live?pageSize=100&pageNumber=2")[1]["data"]
    assert (len(first), len(second)) == (100, 1)
    assert call(smsir, "GET", "/v1/send/live?pageSize=100&pageNumber=3")[1]["data"] == []
    row = first[0]
    assert (row["mobile"], row["messageText"], row["lineNumber"]) == (989121234567, "دو", LINE)
    assert (row["deliveryState"], row["deliveryDateTime"]) == (3, None)
    assert abs(row["sendDateTime"] - time.time()) < 60
    assert call(smsir, "GET", f"/v1/send/{row['messageId']}")[1]["data"] == row
    assert call(smsir, "GET", "/v1/send/5")[1]["status"] == 111
    assert call(smsir, "GET", "/v1/send/archive?pageSize=100&pageNumber=1")[1]["data"] == []
    packs = call(smsir, "GET", "/v1/send/pack?pageSize=10&pageNumber=1")[1]["data"]
    assert [(pack["recipientCount"]) for pack in packs] == [1, 100]
    assert packs[1]["packId"] == data["packId"]
    rows = call(smsir, "GET", f"/v1/send/pack/{data['packId']}?pageSize=100&pageNumber=1")[1]
    assert [each["messageId"] for each in rows["data"]] == data["messageIds"]


def test_a_scheduled_pack_is_deleted(smsir: RunningSimulator) -> None:
    data = bulk(smsir, [NUMBER, "09121234568"], sendDateTime=int(time.time()) + 7_200)["data"]
    path = f"/v1/send/scheduled/{data['packId']}"
    assert call(smsir, "DELETE", path)[1]["data"] == {"returnedCreditCount": 2, "smsCount": 2}
    assert call(smsir, "DELETE", path)[1]["status"] == 112
    assert smsir.ledger()["cost"] == 0
    assert call(smsir, "DELETE", "/v1/send/scheduled/x")[1]["status"] == 111


def test_latest_is_read_once_and_live_again(smsir: RunningSimulator) -> None:
    for text in ("یک", "دو"):
        smsir.reply(NUMBER, text, str(LINE))
    newest = "/v1/receive/live?pageSize=100&pageNumber=1&sortByNewest=true"
    for _ in range(2):
        rows = call(smsir, "GET", newest)[1]["data"]
        assert [row["messageText"] for row in rows] == ["دو", "یک"]
    assert (rows[0]["mobile"], rows[0]["number"]) == (989121234567, LINE)
    oldest = "/v1/receive/live?pageSize=1&pageNumber=1"
    assert [row["messageText"] for row in call(smsir, "GET", oldest)[1]["data"]] == ["یک"]
    latest = "/v1/receive/latest?count=100"
    assert len(call(smsir, "GET", latest)[1]["data"]) == 2
    assert call(smsir, "GET", latest)[1]["data"] == []
    assert call(smsir, "GET", "/v1/receive/archive?pageSize=9&pageNumber=1")[1]["data"] == []


def test_a_system_problem_is_a_zero(smsir: RunningSimulator) -> None:
    smsir.behaviour(force_code=500, force_times=1)
    assert call(smsir, "GET", "/v1/credit")[1]["status"] == 0
    assert call(smsir, "GET", "/v1/fly")[0] == 500


def test_the_plain_gateway(plain: RunningSimulator) -> None:
    body = {"to": "+989121234567", "from": str(LINE), "text": "سلام", "reference": "77"}
    status, document = call(plain, "POST", "/messages", body)
    assert (status, document["status"]) == (200, "accepted")
    again = call(plain, "POST", "/messages", body)[1]
    assert again["id"] != document["id"], "it minds no reference it has seen"
    found = {"status": "accepted", "id": document["id"], "state": "QUEUED"}
    assert call(plain, "GET", f"/messages/{document['id']}")[1] == found
    assert call(plain, "GET", "/references/77")[1] == found
    assert call(plain, "GET", "/references/78")[0] == 404
    assert call(plain, "GET", "/elsewhere")[0] == 404
    plain.reply("09120000001", "11", str(LINE))
    plain.behaviour(refuse_links=True, credit_rial=3_000)
    for change, code in (
        ({"to": "02188776655"}, 422), ({"to": "x"}, 422), ({"text": ""}, 400), ({"from": ""}, 400),
        ({"text": "م" * 901}, 413), ({"text": "yazd.ir/x"}, 403), ({"to": "09120000001"}, 409),
        ({}, 402),
    ):  # fmt: skip
        status, document = call(plain, "POST", "/messages", {**body, **change})
        assert (status, document["code"]) == (code, code)
        assert document["message"]
    assert call(plain, "GET", "/messages/1", key="wrong")[0] == 401
    assert plain.ledger()["accepted"] == 2
    form = requests.post(
        f"{plain.url}/messages",
        data={"to": NUMBER, "from": "5", "text": "x"},
        headers={"X-Api-Key": plain.api_key},
        timeout=30,
    )
    assert form.status_code == 402


@pytest.mark.parametrize("dialect", ["kavenegar", "smsir", "generic"])
def test_handsets_are_the_same_in_every_dialect(tmp_path: Path, dialect: str) -> None:
    with running_simulator(tmp_path, dialect=dialect, delivery_seconds=0) as simulator:
        if dialect == "kavenegar":
            simulator.call("sms/send", receptor=NUMBER, message="سلام", sender=str(LINE))
        elif dialect == "smsir":
            bulk(simulator, [NUMBER])
        else:
            body = {"to": NUMBER, "from": str(LINE), "text": "سلام"}
            call(simulator, "POST", "/messages", body)
        replied = simulator.reply(NUMBER, "۱۱")
        assert replied["line"] == str(LINE)
        shown = simulator.handset(NUMBER)
        assert [(m["direction"], m["text"]) for m in shown["messages"]] == [
            ("in", "سلام"), ("out", "۱۱"),
        ]  # fmt: skip
        assert shown["blocked_lines"] == [str(LINE)]


@pytest.mark.parametrize("dialect", ["smsir", "generic"])
def test_mishaps_are_the_dialects_own(tmp_path: Path, dialect: str) -> None:
    with running_simulator(tmp_path, dialect=dialect, error_rate=1) as simulator:
        assert "451" not in simulator.behaviour()["error_codes"]
        with pytest.raises(ValueError, match="no return code"):
            simulator.behaviour(error_codes="451")
        answer = requests.get(
            f"{simulator.url}/v1/credit",
            headers={"X-API-KEY": simulator.api_key},
            timeout=30,
        )
        assert answer.status_code in {429, 500, 503}
        assert json.dumps(simulator.ledger())
