"""Claiming, sending and what each kind of answer leads to."""

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.contacts import consent
from portal.db import db
from portal.messaging import account, delivery, dispatch, reconcile, record, services
from portal.messaging.gateways.base import (
    Deferred,
    ErrorKind,
    GatewayError,
    Outcome,
    Outgoing,
    Refused,
)
from portal.messaging.models import Message, MessageBatch
from tests.factories.messages import LINE, FakeGateway, make_batch, make_message, use_gateways

pytestmark = pytest.mark.usefixtures("context")


def _states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Message.state).order_by(Message.id)))


def _only() -> Message:
    db.session.rollback()
    return db.session.scalars(select(Message).execution_options(populate_existing=True)).one()


def _claim(limit: int) -> dispatch.Claim | None:
    (only,) = account.accounts()
    return dispatch.claim(only, limit)


def _raising(kind: ErrorKind, code: str = "x", **more: float) -> Callable[[Outgoing], Outcome]:
    def answer(_sms: Outgoing) -> Outcome:
        raise GatewayError(kind, code, "told to", **more)  # type: ignore[arg-type]

    return answer


def test_everything_waiting_is_sent_once_in_calls_of_the_gateways_size(
    gateway: FakeGateway,
) -> None:
    gateway.max_batch = 4
    batch = make_batch()
    for _ in range(10):
        make_message(batch_id=batch.id)
    assert dispatch.run(20) == (10, False)
    assert gateway.calls == [4, 4, 2]
    assert len({sms.to for sms in gateway.ledger}) == 10
    assert _states() == ["accepted"] * 10
    first = db.session.scalars(select(Message).order_by(Message.id)).first()
    assert first is not None
    assert (first.gateway, first.segments, first.cost_rial) == ("fake", 1, 1500)
    assert first.check_at is not None
    assert first.claimed_until is None


def test_no_connection_is_held_while_the_gateway_is_called(gateway: FakeGateway) -> None:
    held: list[int] = []
    gateway.before_send = lambda: held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
    gateway.lose = lambda _sms: True
    make_message()
    with clock.freeze() as now:
        dispatch.run(5)
        clock.shift(seconds=60)
        reconcile.run()
        clock.shift(seconds=120)
        delivery.pull()
        assert clock.now() > now
    assert held == [0, 0, 0]


def test_single_messages_go_before_campaigns_and_calls_hold_one_batch(
    gateway: FakeGateway,
) -> None:
    one, two = make_batch(), make_batch()
    expected = [make_message(batch_id=one.id), make_message(batch_id=two.id)]
    expected.insert(0, make_message(priority=services.SINGLE_PRIORITY))
    dispatch.run(5)
    assert [sms.to for sms in gateway.ledger] == [message.e164 for message in expected]
    assert gateway.calls == [1, 1, 1]


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_stopped_batch_is_left_alone(gateway: FakeGateway, state: str) -> None:
    make_message(batch_id=make_batch(state=state).id)
    assert dispatch.run(5) == (0, False)
    assert _states() == ["created"]
    assert gateway.calls == []


def test_what_is_not_due_waits(gateway: FakeGateway) -> None:
    with clock.freeze("2026-03-01T08:00:00+00:00"):
        make_message(not_before=clock.now() + dt.timedelta(minutes=5))
        assert dispatch.run(5)[0] == 0
        clock.shift(minutes=5)
        assert dispatch.run(5)[0] == 1


def test_opted_out_numbers_are_suppressed_at_the_last_moment(gateway: FakeGateway) -> None:
    batch = make_batch()
    for number in (1, 2, 3, 4):
        make_message(batch_id=batch.id, e164=f"+98912000000{number}")
    consent.opt_out("+989120000001", line=None, channel="staff", evidence="x")
    consent.opt_out("+989120000002", line="30001", channel="sms", evidence="11")
    db.session.commit()
    # As if written between the opt-out and the claim.
    db.session.execute(update(Message).values(state="created", reason=None))
    consent.opt_out("+989120000003", line=LINE, channel="staff", evidence="x")
    db.session.execute(update(Message).values(state="created", reason=None))
    db.session.commit()
    dispatch.run(5)
    assert [sms.to[-1] for sms in gateway.ledger] == ["2", "4"], "another line's stop is no matter"
    assert _states() == ["suppressed", "accepted", "suppressed", "accepted"]


def test_an_opt_out_stops_what_waits(gateway: FakeGateway) -> None:
    message = make_message(batch_id=make_batch(state="paused").id)
    consent.opt_out(message.e164, line=LINE, channel="sms", evidence="11")
    db.session.commit()
    assert _states() == ["suppressed"]


def test_a_refused_message_does_not_hurt_its_neighbours(gateway: FakeGateway) -> None:
    batch = make_batch()
    bad = make_message(batch_id=batch.id)
    make_message(batch_id=batch.id)
    gateway.answer = lambda sms: (
        Refused("411", "permanent", "bad") if sms.local_id == bad.local_id else None
    )
    dispatch.run(5)
    assert _states() == ["failed", "accepted"]
    assert db.session.get_one(Message, bad.id).reason == "fake:411"


def test_a_text_whose_link_nobody_makes_fails_alone(gateway: FakeGateway) -> None:
    make_message(body="{link}", link_purpose="nobody", link_id=1)
    dispatch.run(5)
    assert (_only().state, _only().reason) == ("failed", "no_link")
    assert gateway.calls == []


@pytest.mark.parametrize("kind", ["retry", "rate_limited"])
def test_a_busy_gateway_rests_and_is_asked_again(gateway: FakeGateway, kind: ErrorKind) -> None:
    make_message()
    with clock.freeze():
        gateway.answer = _raising(kind, retry_after=30)
        assert dispatch.run(1) == (0, False)
        assert _states() == ["created"]
        gateway.answer = None
        assert dispatch.run(1) == (0, False), "it rests"
        clock.shift(seconds=31)
        assert dispatch.run(1) == (1, False)
        assert account.standing("fake").open


def test_each_failure_lengthens_the_rest(gateway: FakeGateway) -> None:
    with clock.freeze():
        waits = []
        for _ in range(12):
            account.rest("fake", "fake:connect")
            waits.append(account.standing("fake").rest_seconds)
            clock.shift(seconds=waits[-1])
        assert waits[:4] == [1, 2, 4, 8]
        assert waits[-1] == account.MAX_REST.total_seconds()


@pytest.mark.parametrize("kind", ["stop_gateway", "config"])
def test_a_refused_account_waits_for_a_person(gateway: FakeGateway, kind: ErrorKind) -> None:
    make_message()
    gateway.answer = _raising(kind, "403")
    dispatch.run(5)
    assert account.standing("fake").paused
    gateway.answer = None
    assert dispatch.run(5) == (0, False)
    assert account.resume("fake")
    db.session.commit()
    assert dispatch.run(5) == (1, False)


@pytest.mark.parametrize(
    ("kind", "code"), [("stop_campaign", "420"), ("pause", "418"), ("bug", "419")]
)
def test_a_refused_text_or_no_credit_pauses_the_batch(
    gateway: FakeGateway, kind: ErrorKind, code: str
) -> None:
    batch = make_batch()
    make_message(batch_id=batch.id)
    gateway.answer = _raising(kind, code)
    dispatch.run(5)
    db.session.rollback()
    found = db.session.get_one(MessageBatch, batch.id, populate_existing=True)
    assert (found.state, found.paused_reason) == ("paused", f"fake:{code}")
    assert _states() == ["created"]
    assert gateway.calls == [1]


def test_deferred_messages_of_a_split_call_come_back(gateway: FakeGateway) -> None:
    batch = make_batch()
    first = make_message(batch_id=batch.id)
    make_message(batch_id=batch.id)
    error = GatewayError("pause", "418", "no credit")
    gateway.answer = lambda sms: None if sms.local_id == first.local_id else Deferred(error)
    dispatch.run(5)
    assert _states() == ["accepted", "created"]


def test_a_single_message_without_credit_waits_and_with_a_bad_text_fails(
    gateway: FakeGateway,
) -> None:
    make_message()
    gateway.answer = _raising("pause", "418")
    dispatch.run(1)
    assert _states() == ["created"]
    account.resume("fake")
    db.session.commit()
    gateway.answer = _raising("stop_campaign", "420")
    dispatch.run(5)
    assert _states() == ["failed"]


def test_quiet_hours_hold_campaigns_only(
    make_app: Callable[..., Flask], gateway: FakeGateway
) -> None:
    app = make_app(quiet_hours="21:00-09:00")
    use_gateways(app, gateway)
    batch, urgent = make_batch(), make_batch(respects_quiet_hours=False)
    waits = make_message(batch_id=batch.id)
    now = [make_message(), make_message(batch_id=urgent.id)]
    with app.app_context():
        with clock.freeze("2026-03-01T20:00:00+00:00"):  # 23:30 in Tehran
            dispatch.run(5)
            assert [sms.to for sms in gateway.ledger] == [message.e164 for message in now]
            clock.shift(hours=9, minutes=29)
            dispatch.run(5)
            assert len(gateway.ledger) == 2
            clock.shift(minutes=1)
            dispatch.run(5)
        db.session.remove()
    assert gateway.ledger[-1].to == waits.e164


# What is unknown


def test_a_timeout_after_accepting_is_asked_about_and_not_sent_again(
    gateway: FakeGateway,
) -> None:
    gateway.lose = lambda _sms: True
    message = make_message()
    with clock.freeze():
        dispatch.run(5)
        assert _only().state == "unknown"
        reconcile.run()
        assert _only().state == "unknown", "too early to ask"
        clock.shift(seconds=6)
        assert reconcile.run()["found"] == 1
    assert _only().state == "accepted"
    assert _only().gateway_id == gateway.by_local[message.local_id]
    assert len(gateway.ledger) == 1


def test_a_timeout_before_accepting_is_sent_again(gateway: FakeGateway) -> None:
    make_message()
    gateway.answer = _raising("ambiguous", "timeout")
    with clock.freeze():
        dispatch.run(5)
        gateway.answer = None
        clock.shift(seconds=6)
        assert reconcile.run()["returned"] == 1
        dispatch.run(5)
    assert _only().state == "accepted"
    assert _only().attempts == 2


def test_without_local_ids_nothing_is_sent_again(gateway: FakeGateway) -> None:
    gateway.supports_local_id = False
    gateway.lose = lambda _sms: True
    make_message()
    with clock.freeze():
        dispatch.run(5)
        for _ in range(5):
            clock.shift(hours=9)
            reconcile.run()
            dispatch.run(5)
        assert len(gateway.ledger) == 1
        assert _only().state == "unknown"
        clock.shift(hours=3)
        reconcile.run()
    assert (_only().state, _only().reason) == ("expired", "outcome_unknown")


def test_a_gateway_that_forgot_proves_nothing(gateway: FakeGateway) -> None:
    make_message()
    gateway.answer = _raising("ambiguous", "timeout")
    with clock.freeze():
        dispatch.run(5)
        clock.shift(hours=12)
        assert reconcile.run()["returned"] == 0
    assert _only().state == "unknown"


def test_a_dead_dispatchers_claim_is_settled_by_asking(gateway: FakeGateway) -> None:
    sent, not_sent = make_message(), make_message()
    with clock.freeze():
        held = _claim(10)
        assert held is not None
        assert _claim(10) is None
        gateway.accept(Outgoing(sent.local_id, sent.e164, sent.body))  # and then it died
        clock.shift(dispatch.LEASE + dt.timedelta(seconds=1))
        assert reconcile.run() == {"lapsed": 2, "found": 1, "returned": 1, "expired": 0}
        assert _states() == ["accepted", "created"]
        dispatch.run(5)
        assert _states() == ["accepted", "accepted"]
        # The dead one was only asleep: what it says now changes nothing.
        late = [record.Result(row.id, held.id, "failed", "fake:late") for row in held.rows]
        assert record.results(late) == 0
    assert [sms.to for sms in gateway.ledger] == [sent.e164, not_sent.e164]


def test_a_sleepers_result_does_not_count_for_the_next_claim(gateway: FakeGateway) -> None:
    message = make_message()
    with clock.freeze():
        asleep = _claim(10)
        clock.shift(dispatch.LEASE + dt.timedelta(seconds=1))
        reconcile.run()
        again = _claim(10)
        assert asleep is not None
        assert again is not None
        assert record.results([record.Result(message.id, asleep.id, "failed", "fake:late")]) == 0
        assert record.results([record.Result(message.id, again.id, "unknown", "x")]) == 1


def test_a_gateway_id_given_twice_is_believed_once(gateway: FakeGateway) -> None:
    make_message()
    dispatch.run(5)
    message = make_message()
    held = _claim(10)
    assert held is not None
    taken = next(iter(gateway.by_local.values()))
    assert record.results([record.Result(message.id, held.id, "accepted", None, taken)]) == 0


def test_an_adapter_that_breaks_leaves_the_outcome_unknown(gateway: FakeGateway) -> None:
    def broken(_sms: Outgoing) -> Outcome:
        raise RuntimeError("a defect")

    gateway.answer = broken
    make_message()
    dispatch.run(5)
    assert _only().state == "unknown"


def test_rows_given_back_to_a_cancelled_batch_are_cancelled(gateway: FakeGateway) -> None:
    batch = make_batch()
    make_message(batch_id=batch.id)
    held = _claim(10)
    assert held is not None
    assert services.cancel_batch(batch.id) == 0
    db.session.commit()
    record.results([record.Result(held.rows[0].id, held.id, "created")])
    db.session.commit()
    reconcile.run()
    assert _states() == ["cancelled"]


# Delivery states


def test_delivery_states_are_pulled_on_plan_until_they_are_final(gateway: FakeGateway) -> None:
    message = make_message()
    with clock.freeze():
        dispatch.run(5)
        assert delivery.pull() == 0, "not due"
        gateway.states["1001"] = "at_operator"
        clock.shift(minutes=1)
        assert delivery.pull() == 1
        gateway.states["1001"] = "delivered"
        assert delivery.pull() == 0, "next after three minutes"
        clock.shift(minutes=2)
        assert delivery.pull() == 1
        found = _only()
        assert (found.state, found.delivered_at, found.check_at) == (
            "delivered",
            clock.now(),
            None,
        )
    assert message.id == found.id


def test_without_any_report_the_message_expires(gateway: FakeGateway) -> None:
    make_message()
    with clock.freeze():
        dispatch.run(5)
        for wait in record.CHECKS:
            assert _only().state == "accepted"
            at = _only().check_at
            assert at is not None
            clock.shift(at - clock.now())
            delivery.pull()
            assert wait
    assert (_only().state, _only().reason) == ("expired", "no_report")


def test_a_gateway_that_does_not_answer_is_asked_again(gateway: FakeGateway) -> None:
    make_message()
    with clock.freeze():
        dispatch.run(5)
        clock.shift(minutes=1)
        gateway.read_error = GatewayError("retry", "timeout", "no answer")
        assert delivery.pull() == 0
        gateway.read_error = None
        gateway.states["1001"] = "delivered"
        clock.shift(minutes=1)
        assert delivery.pull() == 1
