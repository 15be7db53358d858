"""A budget is never exceeded, whoever sends, and holds what was or may have been spent."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import clock
from portal.db import db
from portal.messaging import account, budget, dispatch, prices, reconcile, record, services
from portal.messaging.gateways.base import (
    Accepted,
    Delivery,
    GatewayError,
    Outcome,
    Outgoing,
    Refused,
)
from portal.messaging.models import Message, MessageBatch
from portal.messaging.services import NewMessage
from tests.factories.messages import FakeGateway, make_batch, make_message

pytestmark = pytest.mark.usefixtures("context")

PRICE = 1500
"""What FakeGateway asks, for a text of one part."""


def enter_prices(**changed: int) -> None:
    parts = {(o, e): PRICE for o in prices.OPERATORS for e in prices.ENCODINGS}
    parts |= {("mci", "UCS-2"): changed.get("mci", PRICE)}
    prices.change("fake", parts)
    db.session.commit()


def put_in(number: int, *, rial: int | None, body: str = "سلام") -> int:
    batch = services.create_batch("x", budget_rial=rial, respects_quiet_hours=False)
    people = (NewMessage(None, f"+98935{n:07d}", "fa", body) for n in range(number))
    services.insert_messages(batch.id, people)
    db.session.commit()
    return batch.id


def batch_of(batch_id: int) -> MessageBatch:
    db.session.rollback()
    return db.session.get_one(MessageBatch, batch_id, populate_existing=True)


def counts(batch_id: int) -> dict[str, int]:
    db.session.rollback()
    return services.progress([batch_id])


def recounted(batch_id: int) -> int:
    """What the rows themselves hold."""
    db.session.rollback()
    rows = db.session.scalars(select(Message).where(Message.batch_id == batch_id))
    total = 0
    for row in rows:
        if row.state in {"failed", "blocked", "cancelled"}:
            total += row.cost_rial or 0
        elif row.state not in {"created", "suppressed"}:
            total += row.estimate_rial or 0 if row.cost_rial is None else row.cost_rial
    return total


def test_it_stops_before_the_call_that_would_exceed_it_and_goes_on_when_raised(
    gateway: FakeGateway,
) -> None:
    enter_prices()
    gateway.max_batch = 4
    batch_id = put_in(10, rial=7 * PRICE + PRICE - 1)
    dispatch.run(5)
    assert len(gateway.ledger) == 7
    assert gateway.calls == [4, 3]
    found = batch_of(batch_id)
    assert (found.state, found.paused_reason) == ("paused", "budget")
    assert found.committed_rial == 7 * PRICE
    services.resume_batch(batch_id)
    db.session.commit()
    dispatch.run(5)
    assert batch_of(batch_id).paused_reason == "budget", "nothing has changed"
    budget.set_budget(batch_id, 10 * PRICE)
    services.resume_batch(batch_id)
    db.session.commit()
    dispatch.run(5)
    assert len(gateway.ledger) == 10
    assert batch_of(batch_id).committed_rial == 10 * PRICE == recounted(batch_id)


def test_eight_workers_at_once_never_exceed_it(app: Flask, gateway: FakeGateway) -> None:
    enter_prices()
    gateway.max_batch = 5
    batch_id = put_in(120, rial=57 * PRICE)
    lock, turn = threading.Lock(), threading.Barrier(8)
    accept = gateway.accept

    def one_by_one(sms: Outgoing) -> str:
        with lock:
            return accept(sms)

    gateway.accept = one_by_one  # type: ignore[method-assign]
    errors: list[BaseException] = []

    def work() -> None:
        try:
            with app.app_context():
                turn.wait()
                for _ in range(4):
                    dispatch.run(5)
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    dispatch.run(5)
    assert errors == []
    assert len(gateway.ledger) == 57
    found = batch_of(batch_id)
    assert (found.state, found.paused_reason) == ("paused", "budget")
    assert found.committed_rial == 57 * PRICE == recounted(batch_id)


@pytest.mark.parametrize(
    ("answer", "state", "held"),
    [
        (lambda _sms: Refused("x", "permanent", "no"), "failed", 0),
        (lambda _sms: Refused("x", "blocked", "no"), "blocked", 0),
        (lambda sms: Accepted(str(sms.local_id), "accepted", 900), "accepted", 900),
        (lambda sms: Accepted(str(sms.local_id), "accepted", 4000), "accepted", 4000),
        (lambda sms: Accepted(str(sms.local_id), "accepted", None), "accepted", PRICE),
    ],
)
def test_what_becomes_known_is_corrected(
    gateway: FakeGateway, answer: Callable[[Outgoing], Outcome], state: str, held: int
) -> None:
    enter_prices()
    gateway.answer = answer
    batch_id = put_in(3, rial=100 * PRICE)
    dispatch.run(5)
    assert counts(batch_id) == {state: 3}
    assert batch_of(batch_id).committed_rial == 3 * held == recounted(batch_id)


def test_what_comes_back_gives_its_money_back(gateway: FakeGateway) -> None:
    enter_prices()

    def refuse(_sms: Outgoing) -> Outcome:
        raise GatewayError("stop_campaign", "420", "no links")

    gateway.answer = refuse
    batch_id = put_in(3, rial=3 * PRICE)
    dispatch.run(5)
    assert batch_of(batch_id).committed_rial == 0
    gateway.answer = None
    services.resume_batch(batch_id)
    db.session.commit()
    dispatch.run(5)
    assert len(gateway.ledger) == 3


def test_what_is_in_doubt_stays_committed_until_the_gateway_says(gateway: FakeGateway) -> None:
    enter_prices()
    gateway.lose = lambda _sms: True
    batch_id = put_in(3, rial=3 * PRICE)
    with clock.freeze():
        dispatch.run(5)
        assert counts(batch_id) == {"unknown": 3}
        assert batch_of(batch_id).committed_rial == 3 * PRICE
        lost = gateway.by_local.popitem()
        clock.shift(seconds=60)
        reconcile.run()
    assert counts(batch_id) == {"accepted": 2, "created": 1}
    assert lost
    assert batch_of(batch_id).committed_rial == 2 * PRICE == recounted(batch_id)


def test_while_money_may_come_back_it_waits_instead_of_pausing(gateway: FakeGateway) -> None:
    enter_prices()
    gateway.max_batch = 2
    batch_id = put_in(3, rial=2 * PRICE)
    (only,) = account.accounts()
    held = dispatch.claim(only, 2)
    assert held is not None
    assert dispatch.claim(only, 2) is None
    assert batch_of(batch_id).state == "running"
    gateway.answer = lambda _sms: Refused("x", "permanent", "no")
    dispatch.send(held)
    gateway.answer = None
    dispatch.run(5)
    assert counts(batch_id) == {"failed": 2, "accepted": 1}


def test_without_a_price_nothing_is_sent_on_a_budget(gateway: FakeGateway) -> None:
    batch_id = put_in(2, rial=10**9)
    dispatch.run(5)
    assert batch_of(batch_id).paused_reason == "no_price"
    assert gateway.calls == []
    enter_prices()
    services.resume_batch(batch_id)
    db.session.commit()
    dispatch.run(5)
    assert len(gateway.ledger) == 2


def test_a_budget_set_in_mid_campaign_counts_what_was_spent(gateway: FakeGateway) -> None:
    enter_prices()
    gateway.max_batch = 2
    batch_id = put_in(6, rial=None)
    (only,) = account.accounts()
    first, second = dispatch.claim(only, 2), dispatch.claim(only, 2)
    assert first is not None
    assert second is not None
    dispatch.send(first)
    assert batch_of(batch_id).committed_rial == 0, "nobody counts without a budget"
    budget.set_budget(batch_id, 5 * PRICE)
    db.session.commit()
    assert batch_of(batch_id).committed_rial == 4 * PRICE
    gateway.answer = lambda _sms: Refused("x", "permanent", "no")
    dispatch.send(second)
    assert batch_of(batch_id).committed_rial == 2 * PRICE == recounted(batch_id)
    budget.set_budget(batch_id, None)
    gateway.answer = None
    db.session.commit()
    dispatch.run(5)
    assert counts(batch_id) == {"accepted": 4, "failed": 2}


def test_reminders_share_it(gateway: FakeGateway) -> None:
    enter_prices()
    first = put_in(2, rial=3 * PRICE)
    again = services.create_batch("x", budget_of=first, respects_quiet_hours=False)
    people = (NewMessage(None, f"+98935{n:07d}", "fa", "سلام") for n in range(2))
    services.insert_messages(again.id, people)
    again_id = again.id
    db.session.commit()
    dispatch.run(5)
    assert len(gateway.ledger) == 3
    assert batch_of(again_id).paused_reason == "budget"
    assert batch_of(first).committed_rial == 3 * PRICE


def test_others_go_on_when_one_is_stopped(gateway: FakeGateway) -> None:
    enter_prices()
    batch_id = put_in(2, rial=1)
    make_message(batch_id=make_batch(respects_quiet_hours=False).id)
    make_message()
    dispatch.run(5)
    assert counts(batch_id) == {"created": 2}
    assert len(gateway.ledger) == 2


def test_dearer_people_count_with_their_price_and_parts(gateway: FakeGateway) -> None:
    enter_prices(mci=2000)
    gateway.answer = lambda sms: Accepted(str(sms.local_id), "accepted", None)
    batch = services.create_batch("x", budget_rial=10**6, respects_quiet_hours=False)
    bodies = [("+989121234567", "م" * 65), ("+989351234567", "م" * 65), ("+989121234568", "سلام")]
    services.insert_messages(batch.id, (NewMessage(None, e, "fa", b) for e, b in bodies))
    batch_id = batch.id
    db.session.commit()
    expected = [2 * 2000, 2 * PRICE, 2000]
    query = select(Message.estimate_rial).order_by(Message.id)
    assert list(db.session.scalars(query)) == expected, "known from the launch on"
    dispatch.run(5)
    db.session.rollback()
    rows = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert [row.cost_rial for row in rows] == expected
    assert all(row.cost_estimated for row in rows)
    assert batch_of(batch_id).committed_rial == sum(expected)


def test_a_price_that_a_report_brings_replaces_the_estimate(gateway: FakeGateway) -> None:
    enter_prices()
    gateway.answer = lambda sms: Accepted(str(sms.local_id), "accepted", None)
    batch_id = put_in(2, rial=10 * PRICE)
    dispatch.run(5)
    db.session.rollback()
    first, second = db.session.scalars(select(Message.gateway_id).order_by(Message.id)).all()
    record.deliveries(
        "fake",
        [Delivery(first or "", "delivered", 1700), Delivery(second or "", "blocked", 0)],
    )
    db.session.commit()
    assert batch_of(batch_id).committed_rial == 1700 == recounted(batch_id)
    rows = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert [(row.cost_rial, row.cost_estimated) for row in rows] == [(1700, False), (0, False)]


def test_an_estimate_is_exact_in_segments_with_the_link(app: Flask, gateway: FakeGateway) -> None:
    if "survey" not in app.extensions["pasokh_link_prefixes"]:
        pytest.skip("the surveys plugin is not loaded")
    enter_prices()
    link = len(services.render("{link}", "survey", 1))
    for spare in (0, 1):
        body = "م" * (70 - link - 1 - 6 + spare) + "\n{link}"
        found = prices.estimator().of("+989351234567", services.with_suffix(body), "survey")
        assert found == PRICE * (1 + spare)


def test_suppressed_and_cancelled_people_cost_nothing(gateway: FakeGateway) -> None:
    enter_prices()
    batch_id = put_in(3, rial=3 * PRICE)
    db.session.execute(
        update(Message)
        .values(state="suppressed")
        .where(Message.id == select(func.min(Message.id)).scalar_subquery())
    )
    db.session.commit()
    services.cancel_batch(batch_id)
    budget.set_budget(batch_id, PRICE)
    db.session.commit()
    assert batch_of(batch_id).committed_rial == 0
