"""The simulated gateway speaks Kavenegar's dialect."""

import json
import time
from pathlib import Path

import pytest

from portal.messaging.simulator.testing import RunningSimulator, running_simulator

LINE = "10004346"


def send_array(simulator: RunningSimulator, numbers: list[str], **more: object):  # type: ignore[no-untyped-def]
    params = {
        "receptor": json.dumps(numbers),
        "sender": json.dumps([LINE] * len(numbers)),
        "message": json.dumps([f"متن {n}" for n in numbers]),
        **more,
    }
    return simulator.call("sms/sendarray", **params)


def test_send_answers_one_record_each_in_order(simulator: RunningSimulator) -> None:
    status, document = simulator.call(
        "sms/send",
        receptor="09121234567,9121234568,+989121234569,00989121234570,004915112345678",
        message="سلام",
        sender="+9810004346",
        localid="1,2,3,4,5",
    )
    assert status == 200
    assert document["return"] == {"status": 200, "message": "تایید شد"}
    entries = document["entries"]
    assert [e["receptor"] for e in entries] == [
        *(f"0912123456{n}" for n in "789"),
        "09121234570",
        "004915112345678",
    ]
    assert len({e["messageid"] for e in entries}) == 5
    for entry in entries:
        assert entry["status"] == 1
        assert entry["statustext"] == "در صف ارسال"
        assert entry["sender"] == LINE
        assert entry["message"] == "سلام"
        assert entry["cost"] > 0
        assert abs(entry["date"] - time.time()) < 60


def test_get_works_as_post_but_not_for_sendarray(simulator: RunningSimulator) -> None:
    root = f"/v1/{simulator.api_key}"
    status, document = simulator.request(
        "GET", f"{root}/sms/send.json?receptor=09121234567&message=hello"
    )
    assert (status, len(document["entries"])) == (200, 1)
    assert simulator.request("GET", f"{root}/sms/sendarray.json?receptor=[]")[0] == 405


def test_a_local_id_seen_before_is_answered_from_its_record(simulator: RunningSimulator) -> None:
    first = simulator.call("sms/send", receptor="09121234567", message="یک", localid="77")[1]
    again = simulator.call("sms/send", receptor="09121234567", message="دو", localid="77")[1]
    assert again["entries"][0]["messageid"] == first["entries"][0]["messageid"]
    assert again["entries"][0]["message"] == "یک"
    ids = [
        e["messageid"]
        for e in send_array(
            simulator, ["09121234567", "09121234568", "09121234569"], localmessageids="[78, 78, 77]"
        )[1]["entries"]
    ]
    assert ids[0] == ids[1]
    assert ids[2] == first["entries"][0]["messageid"]
    ledger = simulator.ledger()
    assert ledger["accepted"] == ledger["distinct_localids"] == 2
    assert ledger["duplicates"] == 3
    assert ledger["calls"]["recipients"] == 5


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("sms/send", {"message": "x"}, 400),
        ("sms/send", {"receptor": "", "message": "x"}, 406),
        ("sms/send", {"receptor": "09121234567"}, 400),
        ("sms/send", {"receptor": "09121234567", "message": " "}, 413),
        ("sms/send", {"receptor": "09121234567", "message": "م" * 901}, 413),
        ("sms/send", {"receptor": "02188776655", "message": "x"}, 411),
        ("sms/send", {"receptor": "09121234567,12", "message": "x"}, 411),
        ("sms/send", {"receptor": "+4915112345678", "message": "x"}, 411),
        ("sms/send", {"receptor": "09121234567", "message": "x", "sender": "me"}, 412),
        ("sms/send", {"receptor": ",".join(["09121234567"] * 201), "message": "x"}, 414),
        ("sms/send", {"receptor": "09121234567", "message": "x", "date": "1000000000"}, 417),
        ("sms/send", {"receptor": "09121234567", "message": "x", "localid": "1,2"}, 419),
        ("sms/send", {"receptor": "09121234567", "message": "x", "localid": "one"}, 400),
        (
            "sms/sendarray",
            {"receptor": '["09121234567"]', "sender": '["1000"]', "message": '["a","b"]'},
            419,
        ),
        ("sms/sendarray", {"receptor": "09121234567", "sender": "x", "message": "x"}, 400),
        ("sms/fly", {}, 404),
        ("sms/status", {}, 400),
        ("sms/status", {"messageid": ",".join(["1"] * 501)}, 414),
        ("sms/receive", {"linenumber": LINE, "isread": "2"}, 400),
    ],
)
def test_what_is_wrong_is_said_by_its_code(
    shared: RunningSimulator, method: str, params: dict[str, str], code: int
) -> None:
    before = shared.ledger()
    status, document = shared.call(method, **params)
    assert (status, document["return"]["status"], document["entries"]) == (code, code, None)
    assert document["return"]["message"]
    after = shared.ledger()
    assert after["accepted"] == before["accepted"]
    count = before["calls"]["by_result"].get(str(code), 0)
    assert after["calls"]["by_result"][str(code)] == count + 1


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with running_simulator(tmp_path_factory.mktemp("shared")) as running:
        yield running


def test_a_wrong_key_and_the_clock_without_one(shared: RunningSimulator) -> None:
    assert shared.request("GET", "/v1/wrong/account/info.json")[0] == 403
    status, document = shared.request("GET", "/v1/0/utils/getdate.json")
    assert status == 200
    assert abs(document["entries"]["unixtime"] - time.time()) < 60
    assert shared.request("GET", "/v1/0/account/info.json")[0] == 403


def test_links_and_credit_are_refused_for_the_whole_call(simulator: RunningSimulator) -> None:
    text = "نظر شما؟ yazd.ir/s/7K3MQ9XFABC"
    simulator.behaviour(refuse_links=True)
    assert simulator.call("sms/send", receptor="09121234567", message=text)[0] == 420
    assert simulator.call("sms/send", receptor="09121234567", message="بی پیوند.")[0] == 200
    simulator.behaviour(refuse_links=False, credit_rial=4_000)
    assert send_array(simulator, ["09121234567", "09121234568"])[0] == 418
    assert send_array(simulator, ["09121234567"])[0] == 200
    assert simulator.call("account/info")[1]["entries"]["remaincredit"] == 1_000
    assert simulator.ledger()["accepted"] == 2


def test_too_many_calls_a_second(simulator: RunningSimulator) -> None:
    simulator.behaviour(rate_limit=3)
    codes = [simulator.call("account/info")[0] for _ in range(5)]
    assert codes[:3] == [200, 200, 200]
    assert 451 in codes


def test_asking_for_states(simulator: RunningSimulator) -> None:
    simulator.behaviour(delivery_seconds=3600)
    entry = send_array(simulator, ["09121234567"], localmessageids="[501]")[1]["entries"][0]
    messageid = entry["messageid"]
    states = simulator.call("sms/status", messageid=f"{messageid},5")[1]["entries"]
    assert [(e["messageid"], e["status"]) for e in states] == [(messageid, 1), (5, 100)]
    states = simulator.call("sms/statuslocalmessageid", localid="501,502")[1]["entries"]
    assert [(e["localid"], e["messageid"], e["status"]) for e in states] == [
        ("501", messageid, 1),
        ("502", 0, 100),
    ]
    assert simulator.call("sms/select", messageid=messageid)[1]["entries"] == [entry]
    assert simulator.call("sms/latestoutbox", pagesize=1)[1]["entries"] == [entry]
    day = {"startdate": int(time.time()) - 3600}
    assert simulator.call("sms/selectoutbox", **day)[1]["entries"] == [entry]
    assert simulator.call("sms/countoutbox", **day)[1]["entries"][0]["sumcount"] == 1
    by_receptor = simulator.call("sms/statusbyreceptor", receptor="09121234567", **day)
    assert by_receptor[1]["entries"][0]["messageid"] == messageid


def test_cancelling_returns_the_cost(simulator: RunningSimulator) -> None:
    later = int(time.time()) + 3600
    entry = send_array(simulator, ["09121234567"], date=later)[1]["entries"][0]
    assert (entry["status"], entry["date"]) == (2, later)
    states = simulator.call("sms/cancel", messageid=entry["messageid"])[1]["entries"]
    assert states[0]["status"] == 13
    assert simulator.ledger()["cost"] == 0
    assert simulator.handset("09121234567")["messages"] == []


def test_inbound_is_given_once(simulator: RunningSimulator) -> None:
    send_array(simulator, ["09121234567"])
    simulator.reply("09121234567", "چراغ کوچه خاموش است")
    day = {"startdate": int(time.time()) - 3600, "linenumber": LINE}
    assert simulator.call("sms/countinbox", **day)[1]["entries"][0]["sumcount"] == 1
    first = simulator.call("sms/receive", linenumber=LINE, isread=0)[1]["entries"]
    assert [(e["sender"], e["receptor"], e["message"]) for e in first] == [
        ("09121234567", LINE, "چراغ کوچه خاموش است")
    ]
    assert simulator.call("sms/receive", linenumber=LINE, isread=0)[1]["entries"] == []
    assert simulator.call("sms/receive", linenumber=LINE, isread=1)[1]["entries"] == first


def test_mishaps_come_at_their_rate_and_the_ledger_knows(tmp_path: Path) -> None:
    options = {"error_rate": 0.5, "error_codes": "409,402,500", "seed": 3}
    with running_simulator(tmp_path, **options) as simulator:
        codes = []
        for n in range(60):
            try:
                codes.append(
                    simulator.call("sms/send", receptor="09121234567", message="x", localid=n)[0]
                )
            except json.JSONDecodeError:  # the 500 of a front server is HTML
                codes.append(500)
        ledger = simulator.ledger()
    assert {200, 402, 409, 500} == set(codes)
    assert (
        codes.count(200)
        < ledger["accepted"]
        < codes.count(200) + codes.count(402) + (codes.count(500))
    )
    for code in set(codes):
        assert ledger["calls"]["by_result"][str(code)] == codes.count(code)
