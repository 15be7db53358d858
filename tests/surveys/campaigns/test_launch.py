"""Launching: once, whole, and to nobody who said no."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import jobs, links
from portal.audit.models import AuditEntry
from portal.contacts import consent
from portal.contacts.audience import AudienceFilter
from portal.db import db
from portal.messaging import segments
from portal.messaging import services as messaging
from surveys.campaigns import figures, launching, services, texts
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from tests.factories.contacts import make_contact
from tests.surveys.campaigns.drafts import (
    TEXTS,
    invitations,
    launch,
    make_draft,
    messages,
    state_of,
)

pytestmark = pytest.mark.usefixtures("app")


def test_everybody_gets_one_invitation_and_one_message_with_his_own_link(context: Flask) -> None:
    people = [make_contact(language=code) for code in ("fa", "ar", "en", "fa")]
    assert launch(make_draft()) == 4
    sent, invited = messages(), invitations()
    assert [m.contact_id for m in sent] == [person.id for person in people]
    assert [m.link_id for m in sent] == [each.id for each in invited]
    assert [m.language for m in sent] == [each.language for each in invited]
    for message, invitation in zip(sent, invited, strict=True):
        token = links.token_for("survey", invitation.id)
        assert invitation.token_digest == links.digest(token)
        assert f"/s/{token}" in messaging.text_of(message)
        assert "{link}" in message.body, "no token may lie in the table"


def test_the_price_shown_is_the_price_of_what_is_sent(context: Flask) -> None:
    for code in ("fa", "fa", "ar", "en"):
        make_contact(language=code)
    dear = {code: text + " " + "ی" * 60 for code, text in TEXTS.items()}
    campaign_id = make_draft(dear)
    plan = launching.plan(services.locked(campaign_id))
    db.session.rollback()
    launch(campaign_id)
    counted = [segments.count(messaging.text_of(m)).segments for m in messages()]
    assert plan.segments == sum(counted)
    assert {m.language: n for m, n in zip(messages(), counted, strict=True)} == {
        code: cost.segments for code, cost in plan.costs.items()
    }
    assert max(counted) > 1


def test_what_was_launched_is_frozen(context: Flask) -> None:
    make_contact()
    campaign_id = make_draft()
    launch(campaign_id)
    for change in (
        lambda: services.change_texts(campaign_id, {"fa": "{link}"}, {}),
        lambda: services.change_audience(campaign_id, AudienceFilter(tags=("x",))),
        lambda: services.change_basics(campaign_id, "x", 1, closes_at=None),
    ):
        with pytest.raises(CampaignError) as refused:
            change()
        assert refused.value.code == "not_draft"
        db.session.rollback()


def test_who_opted_out_is_not_invited(context: Flask) -> None:
    keen, stopped, other_line = (make_contact() for _ in range(3))
    consent.opt_out(stopped.e164, line=None, channel="sms", evidence="لغو11")
    consent.opt_out(other_line.e164, line="3000", channel="sms", evidence="11")
    db.session.commit()
    campaign_id = make_draft()
    assert launching.plan(services.locked(campaign_id)).audience.opted_out == 2
    db.session.rollback()
    assert launch(campaign_id) == 1
    assert [m.e164 for m in messages()] == [keen.e164]


def test_only_the_audience_is_invited(context: Flask) -> None:
    wanted = make_contact(tags=["بازار"], neighbourhood="سنگلج")
    make_contact(tags=["بازار"], neighbourhood="قیام")
    make_contact(tags=["ورزش"], neighbourhood="سنگلج")
    only = AudienceFilter(tags=("بازار", "مسجد"), neighbourhoods=("سنگلج",))
    assert launch(make_draft(wanted=only)) == 1
    assert [m.contact_id for m in messages()] == [wanted.id]


@pytest.mark.parametrize(
    "bad",
    [
        {"fa": "بدون پیوند"},
        {"fa": "{link} {link}"},
        {"fa": "سلام {name} {link}"},
        {"en": "Only English {link}"},
        {},
    ],
)
def test_a_wrong_or_missing_text_is_refused_and_nothing_is_written(
    context: Flask, bad: dict[str, str]
) -> None:
    make_contact(language="fa")
    campaign_id = make_draft(bad)
    with pytest.raises(CampaignError):
        launch(campaign_id)
    db.session.rollback()
    assert state_of(campaign_id) == "draft"
    assert invitations() == messages() == []


def test_a_language_without_text_is_named(context: Flask) -> None:
    make_contact(language="fa")
    make_contact(language="ar")
    with pytest.raises(CampaignError) as refused:
        launch(make_draft({"fa": "{link}"}))
    assert "عرب" in str(refused.value.messages) or "Arabic" in str(refused.value.messages)


def test_an_empty_audience_is_refused(context: Flask) -> None:
    with pytest.raises(CampaignError):
        launch(make_draft())


def test_another_number_than_was_confirmed_is_refused(context: Flask) -> None:
    make_contact()
    campaign_id = make_draft()
    make_contact()
    with pytest.raises(CampaignError) as refused:
        launching.launch(campaign_id, user_id=None, expected=1)
    assert refused.value.code == "changed"
    db.session.rollback()
    assert messages() == []


def test_eight_launches_at_once_are_one(app: Flask) -> None:
    for _ in range(5):
        make_contact()
    with app.app_context():
        campaign_id = make_draft()

    def press(_: int) -> str:
        with app.app_context():
            try:
                launching.launch(campaign_id, user_id=None, expected=5)
                db.session.commit()
                return "launched"
            except CampaignError as error:
                db.session.rollback()
                return error.code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(press, range(8))) == ["launched"] + ["not_draft"] * 7
    assert len(messages()) == len(invitations()) == 5


def test_more_people_than_one_chunk(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "CHUNK", 3)
    people = {make_contact().id for _ in range(7)}
    assert launch(make_draft()) == 7
    assert {m.contact_id for m in messages()} == people


def test_a_launch_that_fails_leaves_nothing(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "CHUNK", 2)
    for _ in range(5):
        make_contact()
    campaign_id = make_draft()
    real, calls = messaging.insert_messages, []

    def breaks(batch_id: int, new: object, **options: object) -> int:
        calls.append(batch_id)
        if len(calls) == 2:
            raise RuntimeError("the database went away")
        return real(batch_id, new, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(messaging, "insert_messages", breaks)
    with pytest.raises(RuntimeError):
        launch(campaign_id)
    db.session.rollback()
    assert (invitations(), messages(), state_of(campaign_id)) == ([], [], "draft")


def test_a_launch_is_written_down_and_wakes_the_dispatcher(context: Flask) -> None:
    make_contact()
    campaign_id = make_draft()
    before = jobs.queue_length()
    launch(campaign_id)
    assert jobs.queue_length() == before + 1
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "campaign.launched")
    ).one()
    assert entry.subject_id == str(campaign_id)
    assert entry.payload is not None
    assert entry.payload.body["recipients"] == 1
    assert entry.payload.body["texts"] == TEXTS


def test_a_draft_takes_the_newest_version_and_keeps_it(context: Flask) -> None:
    from tests.factories.surveys import make_survey, question, questionnaire

    first = make_survey("POLL-1", questionnaire([question("a")]))
    campaign = services.create("x", first.survey_id, closes_at=None, user_id=None)
    db.session.commit()
    second = make_survey("POLL-1", questionnaire([question("b")]))
    assert campaign.version_id == first.id
    assert figures.survey_of(campaign)[2] == 2
    services.change_basics(campaign.id, "x", first.survey_id, closes_at=None)
    assert campaign.version_id == second.id


def test_a_test_sms_is_the_sms_with_a_link_that_opens_nothing(context: Flask) -> None:
    campaign_id = make_draft()
    services.send_test(campaign_id, "fa", "+989121234567")
    db.session.commit()
    (message,) = messages()
    assert message.batch_id is None
    assert message.body == texts.sample(TEXTS["fa"])
    assert segments.count(message.body) == texts.cost("fa", TEXTS["fa"]).found
    assert not invitations()


def test_reserved_numbers_and_later_rows_do_not_meet(context: Flask) -> None:
    """COPY with our own ids must not leave the sequence behind."""
    make_contact()
    launch(make_draft())
    launch(make_draft())
    ids = [each.id for each in invitations()]
    assert len(set(ids)) == 2
    assert db.session.scalar(select(func.count()).select_from(Campaign)) == 2
