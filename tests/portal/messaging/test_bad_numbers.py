"""Which refusals say of a number that it is none: counted by hygiene, through each gateway."""

import datetime as dt
import json
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging import delivery, dispatch, gateway_words, jobs
from portal.messaging.gateways import create
from portal.messaging.models import Message
from tests.factories.contacts import make_contact
from tests.factories.messages import account_of, make_message, use_gateways
from tests.portal.messaging.raw_server import http_answer, serving

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
LINE = "30001370"
SID = f"SM{7:032x}"

SETTINGS: dict[str, dict[str, str]] = {
    "kavenegar": {"api_key": "a-key"},
    "smsir": {"api_key": "a-key"},
    "ippanel": {"api_key": "a-key"},
    "melipayamak": {"token": "a-token"},
    "twilio": {"account_sid": "AC" + "5" * 32, "auth_token": "0" * 32},
    "generic": {
        "body": '{"to": "{to}", "text": "{text}", "id": "{id}"}',
        "error_pointer": "/code",
        "errors": "permanent=17",
    },
}


def kavenegar(code: int) -> bytes:
    document = {"return": {"status": code, "message": "x"}, "entries": None}
    return http_answer(code, json.dumps(document).encode())


def smsir(code: int) -> bytes:
    return http_answer(400, json.dumps({"status": code, "message": "x", "data": None}).encode())


def smsir_ids(given: object) -> bytes:
    data = {"packId": "x", "messageIds": [given], "cost": 1}
    return http_answer(200, json.dumps({"status": 1, "message": "x", "data": data}).encode())


def ippanel(field: str) -> bytes:
    meta = {"status": False, "message_code": "400-2", "errors": {field: ["x"]}}
    return http_answer(422, json.dumps({"data": None, "meta": meta}).encode())


def melipayamak(said: str) -> bytes:
    return http_answer(200, json.dumps({"recId": 0, "status": said}).encode())


def twilio(code: int) -> bytes:
    return http_answer(400, json.dumps({"code": code, "message": "x", "status": 400}).encode())


CASES = [
    ("kavenegar", kavenegar(411), True),
    ("kavenegar", kavenegar(413), False),
    ("kavenegar", kavenegar(422), False),
    ("smsir", smsir(104), True),
    ("smsir", smsir_ids(None), True),
    ("smsir", smsir_ids(0), False),  # on their blacklist: there it is
    ("smsir", smsir(103), False),
    ("smsir", smsir(115), False),
    ("ippanel", ippanel("params.recipients"), True),
    ("ippanel", ippanel("message"), False),
    ("melipayamak", melipayamak("شماره گیرنده نامعتبر است"), True),
    ("melipayamak", melipayamak("ارسال نشده"), False),
    *(("twilio", twilio(code), True) for code in (21211, 21614, 30005, 30006)),
    *(("twilio", twilio(code), False) for code in (21408, 21602, 21610, 21612, 21617, 30007)),
    ("generic", http_answer(400, b'{"code": 17}'), False),  # only the city knows what its 17 means
]


@pytest.fixture(autouse=True)
def _still(context: Flask) -> Iterator[None]:
    with clock.freeze(NOW):
        yield
    context.extensions.pop("pasokh_accounts", None)


def use(app: Flask, name: str, url: str) -> None:
    gateway = create(name, {"url": url, "line": LINE, **SETTINGS[name]})
    use_gateways(app, account_of(gateway, line=LINE))


NUMBER = "+989121234567"


def is_marked() -> bool:
    jobs.mark_unreachable()
    db.session.rollback()
    found = db.session.scalars(select(Contact).where(Contact.e164 == NUMBER)).one()
    return found.unreachable_since is not None


def states() -> set[str]:
    db.session.rollback()
    return {row.state for row in db.session.query(Message)}


@pytest.mark.parametrize(
    ("name", "answer", "counts"),
    CASES,
    ids=[f"{name}-{number}" for number, (name, _, _) in enumerate(CASES)],
)
def test_a_refusal_counts_where_it_is_about_the_number(
    context: Flask, name: str, answer: bytes, counts: bool
) -> None:
    make_contact(e164=NUMBER)
    with serving(lambda *_: answer) as url:
        use(context, name, url)
        for _ in range(3):
            assert not is_marked()
            make_message(e164=NUMBER, line=LINE)
            dispatch.run(5)
            clock.shift(days=1)
    assert states() <= {"failed", "blocked"}
    assert is_marked() is counts


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_no_number_at_all_counts(context: Flask, name: str) -> None:
    wrong = "09121234567"  # as an import of an older time may have left it
    with serving(lambda *_: b"") as url:
        use(context, name, url)
        make_message(e164=wrong, line=LINE)
        dispatch.run(5)
    reasons = {row.reason for row in db.session.query(Message)}
    assert len(reasons) == 1
    assert reasons <= set(gateway_words.bad_number_reasons())


@pytest.mark.parametrize(
    ("code", "counts"), [(30003, True), (30005, True), (30006, True), (30004, False),
                         (30007, False), (21610, False)]
)  # fmt: skip
def test_twilio_tells_of_a_number_afterwards(context: Flask, code: int, counts: bool) -> None:
    make_contact(e164=NUMBER)

    def answer(call: int, line: str, _body: bytes) -> bytes:
        sid = line.partition("/Messages/")[2].partition(".json")[0] or f"SM{call:032x}"
        report = {"status": "undelivered", "error_code": code} if "GET" in line else {}
        return http_answer(200, json.dumps({"sid": sid, "status": "queued", **report}).encode())

    with serving(answer) as url:
        use(context, "twilio", url)
        for _ in range(3):
            make_message(e164=NUMBER, line=LINE)
            dispatch.run(5)
            clock.shift(minutes=2)
            delivery.pull()
            clock.shift(days=1)
    assert is_marked() is counts
