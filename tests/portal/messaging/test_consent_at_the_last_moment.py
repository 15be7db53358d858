"""Who stops messages gets none, also of what was claimed; what a person asked for still goes."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.contacts import consent
from portal.contacts.models import ConsentRecord
from portal.db import db
from portal.messaging import account, dispatch, inbound, reconcile, services
from portal.messaging.models import Message
from portal.messaging.services import NewMessage
from tests.factories.messages import (
    LINE,
    FakeGateway,
    account_of,
    make_batch,
    make_inbound,
    make_message,
    use_gateways,
)

NUMBER = "+989121234567"


def _states() -> dict[str, str]:
    db.session.rollback()
    return {row.e164: row.state for row in db.session.execute(select(Message.e164, Message.state))}


def test_a_stop_between_claim_and_call_holds_the_message_back(
    context: Flask, gateway: FakeGateway
) -> None:
    batch = make_batch()
    numbers = [make_message(batch_id=batch.id).e164 for _ in range(3)]
    (only,) = account.accounts()
    held = dispatch.claim(only, 10)
    assert held is not None
    assert len(held.rows) == 3
    consent.opt_out(numbers[1], line=LINE, channel="sms", evidence="11")
    db.session.commit()
    assert dispatch.send(held) == 2
    assert [sms.to for sms in gateway.ledger] == [numbers[0], numbers[2]]
    assert _states() == dict(zip(numbers, ["accepted", "suppressed", "accepted"], strict=True))
    row = db.session.scalars(select(Message).where(Message.e164 == numbers[1])).one()
    assert (row.reason, row.gateway, row.accepted_at) == ("opted_out", None, None)


def test_under_a_limit_consent_is_asked_before_each_call(app: Flask) -> None:
    gateway = FakeGateway()
    with app.app_context():
        use_gateways(app, account_of(gateway, rate=10))
        batch_id = make_batch().id
        numbers = [f"+98912{n:07d}" for n in range(4)]
        services.insert_messages(batch_id, [NewMessage(None, each, "en", "Hi") for each in numbers])
        db.session.commit()
        (only,) = account.accounts()
        held = dispatch.claim(only, 4)
        assert held is not None

        def stop_the_last() -> None:
            gateway.before_send = lambda: None
            consent.opt_out(numbers[3], line=None, channel="staff", evidence="x")
            db.session.commit()

        gateway.before_send = stop_the_last
        # Two messages fit into the first call, as if more were on their way.
        for _ in range(8):
            db.session.execute(_occupied(), {"gateway": gateway.name})
        db.session.commit()
        dispatch.send(held)
        assert [sms.to for sms in gateway.ledger] == numbers[:3]
        assert _states()[numbers[3]] == "suppressed"


def test_what_was_held_back_is_never_in_doubt(context: Flask, gateway: FakeGateway) -> None:
    """Though the call for the others lasts longer than the claim."""
    gateway.supports_local_id = False  # nobody could be asked
    batch = make_batch()
    numbers = [make_message(batch_id=batch.id).e164 for _ in range(2)]
    (only,) = account.accounts()
    with clock.freeze():
        held = dispatch.claim(only, 10)
        assert held is not None
        consent.opt_out(numbers[0], line=LINE, channel="sms", evidence="11")
        db.session.commit()

        def last() -> None:
            gateway.before_send = lambda: None
            clock.shift(minutes=2)
            reconcile.run()

        gateway.before_send = last
        dispatch.send(held)
    assert _states() == dict(zip(numbers, ["suppressed", "accepted"], strict=True))


@pytest.mark.parametrize("stop", [services.pause_batch, services.cancel_batch])
def test_what_waits_for_room_under_a_limit_stops_with_its_batch(
    app: Flask, stop: Callable[[int], object]
) -> None:
    gateway = FakeGateway()
    with app.app_context():
        use_gateways(app, account_of(gateway, rate=10))
        batch_id = make_batch().id
        numbers = [f"+98912{n:07d}" for n in range(4)]
        services.insert_messages(batch_id, [NewMessage(None, each, "en", "Hi") for each in numbers])
        db.session.commit()
        (only,) = account.accounts()
        held = dispatch.claim(only, 4)
        assert held is not None

        def stop_it() -> None:
            stop(batch_id)
            db.session.commit()

        gateway.before_send = stop_it
        for _ in range(8):  # two messages fit into the first call
            db.session.execute(_occupied(), {"gateway": gateway.name})
        db.session.commit()
        dispatch.send(held)
        assert [sms.to for sms in gateway.ledger] == numbers[:2]
        reconcile.run()
        waiting = "created" if stop is services.pause_batch else "cancelled"
        assert services.progress([batch_id]) == {"accepted": 2, waiting: 2}


def _occupied() -> object:
    from sqlalchemy import text

    return text(
        "INSERT INTO gateway_calls (gateway, segments, started_at, ended_at)"
        " VALUES (:gateway, 1, clock_timestamp(), clock_timestamp())"
    )


def test_what_was_asked_for_passes_a_stop_of_the_line(context: Flask, gateway: FakeGateway) -> None:
    consent.opt_out(NUMBER, line=LINE, channel="sms", evidence="11")
    db.session.commit()
    services.send_one(NUMBER, "your code", line=LINE, asked_for=True)
    services.send_one(NUMBER, "how satisfied are you?", line=LINE)
    db.session.commit()
    dispatch.run(5)
    assert [sms.text for sms in gateway.ledger] == ["your code"]


def test_what_was_asked_for_waits_through_a_stop_of_the_line_only(
    context: Flask, gateway: FakeGateway
) -> None:
    services.send_one(NUMBER, "your code", line=LINE, asked_for=True)
    services.send_one(NUMBER, "news", line=LINE)
    db.session.commit()
    inbound.handle({"id": make_inbound("لغو۱۱", NUMBER).id})
    db.session.commit()
    states = select(Message.state).order_by(Message.id)
    assert db.session.scalars(states).all() == ["created", "suppressed"]
    inbound.handle({"id": make_inbound("لغو همه", NUMBER).id})
    db.session.commit()
    assert db.session.scalars(states).all() == ["suppressed", "suppressed"]


@pytest.mark.parametrize(
    ("text", "everywhere"), [("11", False), ("STOP", False), ("لغو همه", True), ("STOP ALL", True)]
)
@pytest.mark.usefixtures("context", "gateway")
def test_a_line_or_everything(text: str, everywhere: bool) -> None:
    inbound.handle({"id": make_inbound(text, NUMBER).id})
    db.session.commit()
    assert consent.is_opted_out(NUMBER, LINE)
    assert consent.is_opted_out(NUMBER, "30001") is everywhere
    record = db.session.scalars(select(ConsentRecord)).one()
    assert (record.line, record.evidence) == (None if everywhere else LINE, text)
    # 12 on any line of ours takes both back.
    inbound.handle({"id": make_inbound("12", NUMBER).id})
    db.session.commit()
    assert not consent.is_opted_out(NUMBER, LINE)
    assert not consent.is_opted_out(NUMBER, "30001")


def test_an_automatic_answer_goes_to_whoever_wrote_after_a_stop(
    context: Flask, gateway: FakeGateway
) -> None:
    consent.opt_out(NUMBER, line=LINE, channel="sms", evidence="11")
    db.session.commit()
    services.reply_automatically(make_inbound("چراغ خاموش است", NUMBER).id, "code 7")
    db.session.commit()
    dispatch.run(5)
    assert [sms.text for sms in gateway.ledger] == ["code 7"]


@pytest.mark.usefixtures("context")
def test_two_robots_do_not_write_to_each_other_for_ever(gateway: FakeGateway) -> None:
    """Each SMS of ours is answered by a machine at once, through three days."""
    begun = datetime.fromisoformat("2026-03-01T08:00:00+00:00")
    robot = "+989120009999"
    heard = 0
    with clock.freeze(begun):
        _arrive(robot, "پیام شما دریافت شد. لطفا منتظر بمانید.")
        for hour in range(72):
            sent = [0]
            while sent[-1] != len(gateway.ledger) or len(sent) == 1:
                sent.append(len(gateway.ledger))
                dispatch.run(1)
                for _sms in gateway.ledger[heard:]:
                    heard += 1
                    _arrive(robot, f"پیام شما دریافت شد. شماره {heard}. لطفا منتظر بمانید.")
            last_hour = [
                each
                for each in _replies()
                if (clock.now() - each.created_at).total_seconds() < 3600
            ]
            assert len(last_hour) <= services.REPLIES_PER_HOUR, hour
            clock.shift(hours=1)
            _arrive(robot, f"پیام خودکار ساعت {hour}. لطفا منتظر بمانید.")
    assert len(gateway.ledger) <= 3 * services.REPLIES_PER_DAY + services.REPLIES_PER_HOUR


def _replies() -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.in_reply_to.is_not(None))))


def _arrive(number: str, text: str) -> None:
    inbound.handle({"id": make_inbound(text, number).id})
    db.session.commit()
