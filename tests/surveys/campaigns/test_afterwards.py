"""Pause, resume, close, cancel, remind."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.contacts import consent
from portal.db import db
from portal.messaging import services as messaging
from portal.messaging.models import Message, MessageBatch
from surveys.campaigns import figures, launching, services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.jobs import close_due
from surveys.campaigns.models import Campaign, Invitation
from surveys.responses import services as responses
from tests.factories.contacts import make_contact
from tests.surveys.campaigns.drafts import (
    invitations,
    launch,
    make_draft,
    messages,
    set_messages,
    state_of,
)

pytestmark = pytest.mark.usefixtures("context")


def launched(people: int = 1, **fields: object) -> int:
    for _ in range(people):
        make_contact()
    campaign_id = make_draft(**fields)  # type: ignore[arg-type]
    launch(campaign_id)
    return campaign_id


def batch_state(campaign_id: int) -> str:
    campaign = db.session.get_one(Campaign, campaign_id)
    return db.session.get_one(MessageBatch, campaign.batch_id).state


def answer(place: int = 0) -> None:
    """The nth invited person completes the survey."""
    from portal import links

    invitation = invitations()[place]
    link = responses.lock(links.token_for("survey", invitation.id))
    assert link is not None
    responses.complete(link, {}, "fa")
    db.session.commit()


def test_pause_and_resume() -> None:
    campaign_id = launched()
    assert services.pause(campaign_id)
    assert not services.pause(campaign_id)
    db.session.commit()
    assert (state_of(campaign_id), batch_state(campaign_id)) == ("paused", "paused")
    assert services.resume(campaign_id)
    assert not services.resume(campaign_id)
    db.session.commit()
    assert (state_of(campaign_id), batch_state(campaign_id)) == ("launched", "running")


def test_what_the_gateway_stopped_is_shown_and_resumed() -> None:
    campaign_id = launched()
    campaign = db.session.get_one(Campaign, campaign_id)
    messaging.pause_batch(campaign.batch_id or 0, "kavenegar:420")
    assert services.paused_reason(campaign) == "kavenegar:420"
    assert services.resume(campaign_id)
    assert services.paused_reason(campaign) is None


def test_a_sending_cancelled_by_itself_does_not_hold_up_the_campaign() -> None:
    campaign_id = launched()
    set_messages("delivered")
    reminder = launching.remind(campaign_id, user_id=None)
    messaging.cancel_batch(reminder.batch_id)
    assert services.pause(campaign_id)
    assert services.resume(campaign_id)
    db.session.commit()
    assert (state_of(campaign_id), batch_state(campaign_id)) == ("launched", "running")
    assert db.session.get_one(MessageBatch, reminder.batch_id).state == "cancelled"


@pytest.mark.parametrize(
    ("end", "state"), [(services.close, "closed"), (services.cancel, "cancelled")]
)
def test_the_end_stops_what_waits_and_cannot_be_undone(end: object, state: str) -> None:
    campaign_id = launched(2)
    set_messages("accepted", Message.id == messages()[0].id)
    assert end(campaign_id)  # type: ignore[operator]
    assert not end(campaign_id)  # type: ignore[operator]
    db.session.commit()
    assert [m.state for m in messages()] == ["accepted", "cancelled"]
    for action in (services.pause, services.resume):
        with pytest.raises(CampaignError):
            action(campaign_id)
    with pytest.raises(CampaignError):
        launching.remind(campaign_id, user_id=None)
    assert state_of(campaign_id) == state


def test_a_draft_can_be_put_away_but_not_closed() -> None:
    campaign_id = make_draft()
    with pytest.raises(CampaignError):
        services.close(campaign_id)
    assert services.cancel(campaign_id)
    with pytest.raises(CampaignError):
        launching.launch(campaign_id, user_id=None)


def test_campaigns_close_by_themselves() -> None:
    with clock.freeze("2026-11-22T10:00:00+00:00"):
        tomorrow = clock.now() + dt.timedelta(days=1)
        early, late = launched(closes_at=tomorrow), launched(closes_at=tomorrow)
        services.change_closing(late, clock.now() + dt.timedelta(days=3))
        services.pause(early)
        db.session.commit()
        close_due()
        assert state_of(early) == "paused"
        clock.shift(days=1)
        close_due()
        close_due()
        assert (state_of(early), state_of(late)) == ("closed", "launched")


def test_a_closing_moment_in_the_past_is_refused() -> None:
    campaign_id = launched()
    with pytest.raises(CampaignError):
        services.change_closing(campaign_id, clock.now())


@pytest.mark.parametrize("state", launching.REACHED)
def test_who_was_reached_and_did_not_answer_is_reminded_once(state: str) -> None:
    campaign_id = launched()
    set_messages(state)
    reminder = launching.remind(campaign_id, user_id=None, wave=0)
    db.session.commit()
    assert reminder.recipients == 1
    first, second = messages()
    assert second.link_id == first.link_id
    assert second.batch_id == reminder.batch_id
    with pytest.raises(CampaignError) as again:
        launching.remind(campaign_id, user_id=None, wave=0)
    assert again.value.code == "reminded"
    with pytest.raises(CampaignError) as waiting:
        launching.remind(campaign_id, user_id=None, wave=1)
    assert waiting.value.code == "nobody", "the first reminder is still on its way"


@pytest.mark.parametrize(
    "state", ["created", "claimed", "undelivered", "blocked", "failed", "suppressed", "cancelled"]
)
def test_who_was_not_reached_is_not_reminded(state: str) -> None:
    campaign_id = launched()
    set_messages(state)
    with pytest.raises(CampaignError) as refused:
        launching.remind(campaign_id, user_id=None)
    assert refused.value.code == "nobody"


def test_who_answered_or_opted_out_is_not_reminded() -> None:
    campaign_id = launched(4)
    set_messages("delivered")
    answer(0)
    stopped = messages()[1].e164
    consent.opt_out(stopped, line=None, channel="sms", evidence="11")
    db.session.execute(
        update(Invitation).where(Invitation.id == invitations()[2].id).values(state="started")
    )
    db.session.commit()
    campaign = db.session.get_one(Campaign, campaign_id)
    plan = launching.reminder_plan(campaign)
    assert plan.recipients == 2
    assert launching.remind(campaign_id, user_id=None).recipients == 2
    db.session.commit()
    reminded = {m.link_id for m in messages()[4:]}
    assert reminded == {each.id for each in invitations()[2:]}


def test_an_answer_cancels_the_reminder_that_waits() -> None:
    campaign_id = launched(2)
    set_messages("delivered")
    launching.remind(campaign_id, user_id=None)
    db.session.commit()
    answer(0)
    assert [m.state for m in messages()] == ["delivered", "delivered", "cancelled", "created"]


def test_an_answer_during_the_reminder_is_not_followed_by_it(app: Flask) -> None:
    """The reminder's transaction is open when somebody answers: he waits, and it is cancelled."""
    campaign_id = launched()
    set_messages("delivered")
    launching.remind(campaign_id, user_id=None)
    with ThreadPoolExecutor(1) as pool:

        def answers() -> None:
            with app.app_context():
                answer(0)

        answering = pool.submit(answers)
        with pytest.raises(TimeoutError):
            answering.result(0.5)
        db.session.commit()
        answering.result(30)
    db.session.expire_all()
    assert [m.state for m in messages()] == ["delivered", "cancelled"]


def test_a_reminder_has_its_own_text_or_the_first_one() -> None:
    make_contact(language="fa")
    make_contact(language="ar")
    campaign_id = make_draft(reminders={"fa": "هنوز فرصت هست: {link}"})
    launch(campaign_id)
    set_messages("delivered")
    launching.remind(campaign_id, user_id=None)
    db.session.commit()
    first, second = messages()[2:]
    assert first.body.startswith("هنوز فرصت هست")
    assert second.body == messages()[1].body


def test_progress_counts_every_message_once() -> None:
    campaign_id = launched(8)
    campaign = db.session.get_one(Campaign, campaign_id)
    fates = ["created", "claimed", "accepted", "at_operator", "delivered", "blocked", "unknown"]
    for message, fate in zip(messages(), [*fates, "cancelled"], strict=True):
        set_messages(fate, Message.id == message.id)
    found = figures.progress(campaign)
    assert (found.queued, found.sent, found.delivered) == (2, 2, 1)
    assert (found.undeliverable, found.unknown, found.cancelled) == (1, 1, 1)
    assert found.invited == 8


def test_each_invitation_has_one_disposition() -> None:
    campaign_id = launched(8)
    fates = ["delivered"] * 3 + ["accepted", "unknown", "blocked", "created", "cancelled"]
    for message, fate in zip(messages(), fates, strict=True):
        set_messages(fate, Message.id == message.id)
    answer(0)
    consent.opt_out(messages()[1].e164, line=None, channel="sms", evidence="11")
    db.session.commit()
    assert figures.dispositions([campaign_id]) == {
        "complete": 1,
        "refused": 1,
        "delivered": 1,
        "sent": 1,
        "unknown": 1,
        "undeliverable": 1,
        "waiting": 1,
        "not_sent": 1,
    }


def test_a_delivered_reminder_betters_the_fate() -> None:
    campaign_id = launched()
    set_messages("unknown")
    launching.remind(campaign_id, user_id=None)
    db.session.commit()
    set_messages("delivered", Message.id == messages()[1].id)
    assert figures.dispositions([campaign_id]) == {"delivered": 1}
