"""Putting messages in, stopping and counting them."""

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, jobs
from portal.audit.models import AuditEntry
from portal.db import db
from portal.messaging import hints, services, suffixes
from portal.messaging.models import Message, MessageBatch
from portal.messaging.services import NewMessage
from tests.factories.messages import make_batch, make_inbound, make_message

pytestmark = pytest.mark.usefixtures("context")


def _new(number: int = 1, body: str = "رأی دهید {link}", **more: object) -> NewMessage:
    return NewMessage(None, f"+98912{number:07d}", "fa", body, **more)  # type: ignore[arg-type]


def _messages() -> list[Message]:
    return list(db.session.scalars(select(Message).order_by(Message.id)))


def test_messages_are_stored_with_suffix_and_without_the_link() -> None:
    batch = services.create_batch("poll")
    assert services.insert_messages(batch.id, [_new(n, link_id=n) for n in (1, 2, 3)]) == 3
    db.session.commit()
    stored = _messages()
    assert [m.body for m in stored] == ["رأی دهید {link}\nلغو11"] * 3
    assert {m.state for m in stored} == {"created"}
    assert len({m.local_id for m in stored}) == 3
    assert all(0 < m.local_id < 2**63 for m in stored)


@pytest.mark.parametrize("end", ["لغو11", "لغو۱۱", "لغو ۱۱", "لغو١١", "«لغو۱۱»", "لغو\u200c11 "])
def test_a_text_that_has_the_suffix_keeps_its_own(end: str) -> None:
    assert suffixes.with_suffix(f"سلام\n{end}") == f"سلام\n{end}".rstrip()


def test_a_text_that_only_speaks_of_the_suffix_gets_it() -> None:
    assert suffixes.with_suffix("لغو11 را بفرستید").endswith("بفرستید\nلغو11")


def test_inserting_rolls_back_with_the_rest() -> None:
    batch_id = make_batch().id
    services.insert_messages(batch_id, [_new()])
    db.session.rollback()
    assert _messages() == []


def test_the_dispatcher_is_hinted_once_and_after_the_commit() -> None:
    batch_id = make_batch().id
    jobs.connection().delete(hints.WAITING_KEY)
    services.insert_messages(batch_id, [_new()])
    assert jobs.queue_length() == 0
    db.session.commit()
    services.send_one("+989121234567", "کد شما 5")
    db.session.commit()
    assert jobs.queue_length() == 1


@pytest.mark.surveys
def test_the_text_holds_the_personal_link_only_when_rendered() -> None:
    message = make_message(body="رأی {link}", link_purpose="survey", link_id=7)
    assert "http://localhost/s/" in services.text_of(message)
    assert services.text_of(make_message(body="{link}")) == "{link}"


def test_pause_resume_and_cancel_leave_their_traces() -> None:
    batch = make_batch()
    waiting = make_message(batch_id=batch.id)
    sent = make_message(batch_id=batch.id, state="accepted")
    assert services.pause_batch(batch.id, "fake:420")
    assert not services.pause_batch(batch.id)
    assert services.resume_batch(batch.id)
    assert not services.resume_batch(batch.id)
    assert services.cancel_batch(batch.id, "a mistake") == 1
    db.session.commit()
    with pytest.raises(services.BatchError):
        services.resume_batch(batch.id)
    assert db.session.get_one(Message, waiting.id).state == "cancelled"
    assert db.session.get_one(Message, sent.id).state == "accepted"
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == [
        "messages.batch_paused",
        "messages.batch_resumed",
        "messages.batch_cancelled",
    ]
    assert db.session.get_one(MessageBatch, batch.id).state == "cancelled"


def test_progress_counts_by_state() -> None:
    one, other = make_batch(), make_batch()
    make_message(batch_id=one.id)
    make_message(batch_id=one.id, state="delivered")
    make_message(batch_id=other.id, state="delivered")
    assert services.progress([one.id, other.id]) == {"created": 1, "delivered": 2}
    assert services.progress([]) == {}


def test_automatic_answers_stop_when_two_robots_talk(context: Flask) -> None:
    with clock.freeze("2026-03-01T10:00:00+00:00"):
        said = []
        for _ in range(services.REPLIES_PER_HOUR + 2):
            inbound = make_inbound("پیام شما رسید")
            said.append(services.reply_automatically(inbound.id, "رسید") is not None)
            assert services.reply_automatically(inbound.id, "رسید") is None, "one answer to each"
        assert said == [True] * services.REPLIES_PER_HOUR + [False] * 2
        other = make_inbound("سلام", e164="+989351234567")
        assert services.reply_automatically(other.id, "رسید")
        clock.shift(dt.timedelta(hours=1, seconds=1))
        assert services.reply_automatically(make_inbound("باز هم").id, "رسید")


def test_nobody_answers_a_sender_that_is_no_number() -> None:
    assert services.reply_automatically(make_inbound("تخفیف!", e164=None).id, "رسید") is None
