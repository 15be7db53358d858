"""The question after a closed case: who is asked, how often, and where the answers stand."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock, signals
from portal.contacts import consent
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging import services as messaging
from portal.messaging.models import Message
from surveys.analysis import services as results
from surveys.campaigns import services as campaigns
from surveys.campaigns.models import Campaign, Invitation
from surveys.questionnaires.models import Survey
from surveys.satisfaction import services
from tests.factories.accounts import make_user, sign_in
from tests.factories.contacts import make_contact
from tests.factories.surveys import make_survey, question, questionnaire


def close(app: Flask, contact: Contact | None, case_id: int = 1, language: str = "fa") -> None:
    """What a plugin that closes cases does: tells in its transaction, then commits."""
    with app.app_context():
        signals.case_closed.send(
            None,
            case_id=case_id,
            contact_id=contact.id if contact else None,
            language=language,
        )
        db.session.commit()


def messages(app: Flask) -> list[Message]:
    with app.app_context():
        return list(db.session.scalars(select(Message).order_by(Message.id)))


@pytest.mark.parametrize(
    ("language", "words"), [("fa", "راضی"), ("ar", "رضاكم"), ("en", "satisfied")]
)
def test_one_question_by_sms_whose_answer_counts(
    app: Flask, client: FlaskClient, language: str, words: str
) -> None:
    contact = make_contact(language=language)
    close(app, contact, language=language)
    (message,) = messages(app)
    assert message.e164 == contact.e164 and message.language == language
    assert words in message.body and "لغو11" in message.body
    with app.app_context():
        found = re.search(r"/s/\w+", messaging.text_of(message))
    assert found
    page = client.get(found[0])
    assert page.status_code == 200 and f'lang="{language}"' in page.text
    assert page.text.count('type="radio"') == 5
    answer = client.post(
        f"{found[0]}?p=1",
        data={"satisfaction": "satisfied", ".shown": "satisfaction", ".go": "next"},
    )
    assert answer.status_code == 303
    with app.app_context():
        survey = results.find("SATISFACTION")
        assert survey is not None
        (result,) = results.results(survey.id)
        assert result.n == 1 and result.counts["satisfied"] == 1
    analyst = app.test_client()
    sign_in(analyst, make_user(("analyst",)))
    assert analyst.get("/staff/results/SATISFACTION").status_code == 200
    manager = app.test_client()
    sign_in(manager, make_user(("communications",)))
    with app.app_context():
        campaign = db.session.scalars(select(Campaign)).one()
    assert manager.get(f"/staff/campaigns/{campaign.id}").status_code == 200


def test_who_stopped_the_line_is_not_asked_whatever_else_still_comes(app: Flask) -> None:
    close(app, make_contact())
    assert [message.asked_for for message in messages(app)] == [False]


def test_at_most_one_question_a_week(app: Flask) -> None:
    contact, other = make_contact(), make_contact()
    with clock.freeze("2026-05-04T08:00+00:00"):
        close(app, contact, 1)
        close(app, contact, 2)
        close(app, other, 3)
        assert [m.contact_id for m in messages(app)] == [contact.id, other.id]
        clock.shift(days=6, hours=23)
        close(app, contact, 4)
        assert len(messages(app)) == 2
        clock.shift(hours=2)
        close(app, contact, 5)
        assert len(messages(app)) == 3
    with app.app_context():
        assert list(db.session.scalars(select(Invitation.occasion).order_by(Invitation.id))) == [
            1,
            3,
            5,
        ]
        assert len(db.session.scalars(select(Campaign)).all()) == 1
        assert len(db.session.scalars(select(Survey)).all()) == 1


def test_the_same_case_closed_again_is_asked_about_once(app: Flask) -> None:
    contact = make_contact()
    with clock.freeze("2026-05-04T08:00+00:00"):
        close(app, contact, 7)
        clock.shift(days=30)
        close(app, contact, 7)
    assert len(messages(app)) == 1


def test_nobody_without_a_number_or_who_opted_out(app: Flask) -> None:
    contact = make_contact()
    with app.app_context():
        consent.opt_out(contact.e164, line=None, channel="sms", evidence="11")
        db.session.commit()
    close(app, None)
    close(app, contact)
    assert messages(app) == []


def test_nobody_once_the_office_closed_it(app: Flask) -> None:
    close(app, make_contact())
    with app.app_context():
        campaign = services.find_campaign()
        assert campaign is not None
        campaigns.close(campaign.id)
        db.session.commit()
    close(app, make_contact())
    assert len(messages(app)) == 1


def test_the_offices_own_question_under_the_code_is_asked(app: Flask) -> None:
    version = make_survey("SATISFACTION", questionnaire([question("stars", "integer")]))
    close(app, make_contact())
    with app.app_context():
        campaign = services.find_campaign()
        assert campaign is not None and campaign.version_id == version.id


def test_a_change_that_fails_asks_nobody(app: Flask) -> None:
    contact = make_contact()
    with app.app_context():
        signals.case_closed.send(None, case_id=1, contact_id=contact.id, language="fa")
        db.session.rollback()
    assert messages(app) == []
    close(app, contact)
    assert len(messages(app)) == 1


def test_a_reminder_reaches_who_did_not_answer(app: Flask) -> None:
    from surveys.campaigns import launching

    contact = make_contact()
    close(app, contact)
    with app.app_context():
        db.session.scalars(select(Message)).one().state = "delivered"
        db.session.flush()
        campaign = services.find_campaign()
        assert campaign is not None
        assert launching.remind(campaign.id, user_id=None).recipients == 1
