"""More than one gateway: who sends, what may go elsewhere, and what must not."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.contacts import consent
from portal.db import db
from portal.messaging import account, dispatch, inbound, reconcile
from portal.messaging.gateways.base import (
    ErrorKind,
    GatewayError,
    Inbound,
    Outcome,
    Outgoing,
    Refused,
)
from portal.messaging.models import Message, MessageBatch
from tests.factories.messages import (
    LINE,
    FakeGateway,
    account_of,
    make_batch,
    make_message,
    use_gateways,
)

SECOND_LINE = "30001370"
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def both(app: Flask) -> Iterator[tuple[FakeGateway, FakeGateway]]:
    first, second = FakeGateway(name="first"), FakeGateway(name="second")
    use_gateways(app, first, account_of(second, line=SECOND_LINE))
    yield first, second
    del app.extensions["pasokh_accounts"]


def _refusing(kind: ErrorKind, code: str, **more: bool) -> Callable[[Outgoing], Outcome]:
    def answer(_sms: Outgoing) -> Outcome:
        raise GatewayError(kind, code, "told to", **more)

    return answer


def _rows() -> list[tuple[str, str | None, str]]:
    db.session.rollback()
    rows = db.session.execute(
        select(Message.state, Message.gateway, Message.line).order_by(Message.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def test_the_first_sends_while_it_can(both: tuple[FakeGateway, FakeGateway]) -> None:
    for _ in range(3):
        make_message()
    dispatch.run(5)
    assert _rows() == [("accepted", "first", LINE)] * 3
    assert not both[1].ledger


@pytest.mark.parametrize(
    ("kind", "code"), [("retry", "connect"), ("stop_gateway", "403"), ("rate_limited", "451")]
)
def test_the_next_takes_over_what_surely_was_not_accepted(
    both: tuple[FakeGateway, FakeGateway], kind: ErrorKind, code: str
) -> None:
    first, second = both
    first.answer = _refusing(kind, code)
    make_message(batch_id=make_batch().id)
    with clock.freeze():
        dispatch.run(5)
        assert _rows() == [("accepted", "second", SECOND_LINE)]
        assert [sms.sender for sms in second.ledger] == [SECOND_LINE]
        assert not account.standing("first").open


def test_it_comes_back_to_the_first_after_its_rest(both: tuple[FakeGateway, FakeGateway]) -> None:
    first, _second = both
    first.answer = _refusing("retry", "connect")
    with clock.freeze():
        make_message()
        dispatch.run(5)
        first.answer = None
        clock.shift(minutes=6)
        make_message(line=SECOND_LINE)
        dispatch.run(5)
    assert _rows()[1] == ("accepted", "first", LINE)


def test_what_the_first_may_have_accepted_never_goes_elsewhere(
    both: tuple[FakeGateway, FakeGateway],
) -> None:
    first, second = both
    first.lose = lambda _sms: True
    make_message()
    with clock.freeze():
        dispatch.run(5)
        account.pause("first", "first:403")
        db.session.commit()
        for _ in range(5):
            clock.shift(hours=1)
            reconcile.run()
            dispatch.run(5)
        assert _rows() == [("unknown", "first", LINE)]
        account.resume("first")
        db.session.commit()
        reconcile.run()
    assert _rows() == [("accepted", "first", LINE)]
    assert not second.ledger


def test_what_is_safe_to_repeat_only_there_waits_for_it(
    both: tuple[FakeGateway, FakeGateway],
) -> None:
    first, second = both
    first.answer = _refusing("retry", "409", same_gateway_only=True)
    bound, free = make_message(), None
    with clock.freeze():
        dispatch.run(1)
        free = make_message()
        dispatch.run(1)
        assert [sms.to for sms in second.ledger] == [free.e164]
        first.answer = None
        clock.shift(minutes=6)
        dispatch.run(5)
    assert [sms.to for sms in first.ledger] == [bound.e164]


def test_what_is_bound_to_the_second_goes_there_while_the_first_works(
    both: tuple[FakeGateway, FakeGateway],
) -> None:
    bound = make_message(bound_gateway="second")
    make_message()
    dispatch.run(5)
    assert [sms.to for sms in both[1].ledger] == [bound.e164]
    assert len(both[0].ledger) == 1


def test_used_up_credit_stops_no_campaign_while_another_can_send(
    both: tuple[FakeGateway, FakeGateway],
) -> None:
    first, second = both
    first.answer = _refusing("pause", "418")
    batch = make_batch()
    make_message(batch_id=batch.id)
    with clock.freeze():
        dispatch.run(5)
        assert len(second.ledger) == 1
        second.answer = _refusing("pause", "102")
        make_message(batch_id=batch.id)
        dispatch.run(5)
    db.session.expire_all()
    found = db.session.get_one(MessageBatch, batch.id)
    assert (found.state, found.paused_reason) == ("paused", "second:102")


@pytest.mark.parametrize("line", [LINE, SECOND_LINE, None])
def test_whoever_left_a_line_is_not_reached_over_another(
    both: tuple[FakeGateway, FakeGateway], line: str | None
) -> None:
    """No on the line they know, on the one that takes over, or on all."""
    first, second = both
    account.pause("first", "first:403")
    message = make_message(batch_id=make_batch().id)
    consent.opt_out(message.e164, line=line, channel="sms", evidence="11")
    db.session.commit()
    dispatch.run(5)
    assert _rows() == [("suppressed", None, LINE)]
    assert not second.ledger
    assert not first.ledger


def test_refusals_of_one_recipient_are_final(both: tuple[FakeGateway, FakeGateway]) -> None:
    both[0].answer = lambda _sms: Refused("411", "permanent", "not a number")
    make_message()
    dispatch.run(5)
    assert _rows() == [("failed", "first", LINE)]
    assert not both[1].ledger


def test_nothing_goes_while_all_rest(both: tuple[FakeGateway, FakeGateway]) -> None:
    for gateway in both:
        gateway.answer = _refusing("retry", "connect")
    make_message()
    with clock.freeze():
        assert dispatch.run(0.5)[0] == 0
        assert [sum(gateway.calls) for gateway in both] == [1, 1]
        for gateway in both:
            gateway.answer = None
        clock.shift(minutes=6)
        assert dispatch.run(5)[0] == 1


@pytest.mark.parametrize("written", ["30001370", "+9830001370", "009830001370", "۳۰۰۰۱۳۷۰"])
def test_a_stop_on_the_second_line_is_a_stop_of_that_line(
    both: tuple[FakeGateway, FakeGateway], written: str
) -> None:
    assert inbound.own_line(written) == SECOND_LINE
    sms = Inbound("1", "+989121234567", written, "11", clock.now())
    stored = inbound.store("second", sms, {"text": "11"})
    assert stored is not None
    inbound.handle({"id": stored})
    assert consent.is_opted_out("+989121234567", SECOND_LINE)
    assert not consent.is_opted_out("+989121234567", LINE)
