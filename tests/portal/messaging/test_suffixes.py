"""The ending of bulk SMS is the one that the sending line demands."""

import dataclasses
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.messaging import account, dispatch, prices, services, suffixes
from portal.messaging.models import Message
from portal.messaging.services import NewMessage
from tests.factories.messages import FakeGateway, account_of, make_batch, use_gateways

NUMBER = "+989121234567"


@pytest.fixture
def both(context: Flask) -> tuple[FakeGateway, FakeGateway]:
    """An Iranian line and a foreign one, which wants other words."""
    first, second = FakeGateway(name="first"), FakeGateway(name="second")
    use_gateways(
        context,
        account_of(first, line="1000"),
        dataclasses.replace(account_of(second, line="2000"), suffix="STOP to end"),
    )
    return first, second


def _put_in(body: str) -> None:
    services.insert_messages(make_batch().id, [NewMessage(None, NUMBER, "en", body)])
    db.session.commit()


@pytest.mark.surveys
def test_the_line_that_sends_as_a_rule_decides_the_text_that_is_stored(
    make_app: Callable[..., Flask], app: Flask
) -> None:
    from surveys.campaigns import texts

    options = {"url": "http://127.0.0.1:9", "api_key": "k" * 20, "line": "1000"}
    for setting, ending in (("", "\nلغو11"), ("لغو۱۲۳", "\nلغو۱۲۳"), ("-", "")):
        made = make_app(
            sms_gateway="kavenegar",
            sms_hook_secret="a-secret-of-22-characters-or-more",
            gateway_options={"kavenegar": {**options, "suffix": setting}},
        )
        with made.app_context():
            assert suffixes.with_suffix("Hello") == f"Hello{ending}"
            cost = texts.cost("en", "Hello {link}")
            assert cost.found.encoding == ("GSM-7" if setting == "-" else "UCS-2")


def test_another_line_sends_its_own_ending(both: tuple[FakeGateway, FakeGateway]) -> None:
    first, second = both
    _put_in("Tell us")
    account.rest("first", "x", 60)
    db.session.commit()
    dispatch.run(2)
    assert [sms.text for sms in second.ledger] == ["Tell us\nSTOP to end"]
    row = db.session.scalars(select(Message)).one()
    assert (row.body, row.line, row.segments) == ("Tell us\nSTOP to end", "2000", 1)
    assert first.ledger == []


def test_back_on_the_first_line_the_first_ending_stands(
    both: tuple[FakeGateway, FakeGateway],
) -> None:
    first, second = both
    second.answer = _busy
    _put_in("Tell us")
    with clock.freeze():
        account.rest("first", "x", 60)
        db.session.commit()
        dispatch.run(0.2)
        assert db.session.scalars(select(Message.body)).one() == "Tell us\nSTOP to end"
        db.session.rollback()
        clock.shift(seconds=70)
        dispatch.run(2)
    assert [sms.text for sms in first.ledger] == ["Tell us\nلغو11"]


def _busy(_sms: object) -> None:
    from portal.messaging.gateways.base import GatewayError

    raise GatewayError("retry", "busy-there", "told to")


def test_estimates_are_of_the_text_that_is_sent(both: tuple[FakeGateway, FakeGateway]) -> None:
    for name in ("first", "second"):
        prices.change(name, {(o, e): 100 for o in ("mci", "other") for e in ("GSM-7", "UCS-2")})
    _put_in("a" * 75)  # 81 units of UCS-2 with لغو11, 87 of GSM-7 with the other ending
    assert db.session.scalars(select(Message.estimate_rial)).one() == 200
    account.rest("first", "x", 60)
    db.session.commit()
    dispatch.run(2)
    row = db.session.scalars(select(Message).execution_options(populate_existing=True)).one()
    assert (row.estimate_rial, row.segments) == (100, 1)


def test_single_messages_carry_none(both: tuple[FakeGateway, FakeGateway]) -> None:
    _first, second = both
    services.send_one(NUMBER, "your code")
    account.rest("first", "x", 60)
    db.session.commit()
    dispatch.run(2)
    assert [sms.text for sms in second.ledger] == ["your code"]


def test_words_that_only_end_like_an_ending_stay(both: tuple[FakeGateway, FakeGateway]) -> None:
    _first, second = account.accounts()
    assert suffixes.adapted("متن لغو11", second) == "متن لغو11\nSTOP to end"
    assert suffixes.adapted("لغو11", second) == "لغو11\nSTOP to end"
    assert suffixes.adapted("a\nb\nلغو ۱۱", second) == "a\nb\nSTOP to end"
    assert suffixes.adapted("a\nstop to end", second) == "a\nstop to end"
