"""Who is asked, and the campaign that asks without an end. Writes rows only; never commits."""

import datetime as dt
import hashlib
import json
from typing import Final

from sqlalchemy import exists, select, text, update

from portal import audit, clock, links
from portal.contacts import consent
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import known_language, use_language
from portal.messaging import services as messaging
from portal.messaging import wording
from portal.messaging.models import Message
from portal.messaging.services import NewMessage
from surveys.campaigns import texts as sms
from surveys.campaigns.choosing import newest_version
from surveys.campaigns.models import Campaign, Invitation
from surveys.campaigns.services import sms_line
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.services import find_survey, publish
from surveys.satisfaction.questionnaire import CODE, QUESTIONNAIRE, SMS, TITLES

BUILT_IN: Final = "satisfaction"
REST: Final = dt.timedelta(days=7)
"""Nobody is asked again sooner, however many matters of theirs are closed."""


def ask(contact_id: int, language: str, occasion: int) -> Invitation | None:
    """Invite a person to answer about one matter (`occasion`: its id); None where that must not be.

    Nobody is asked who stopped our messages, who was asked in the last week, or about the same
    matter before; and nobody at all once the office closed the campaign.
    """
    # Held until the commit: of two matters closed at once the second sees the first's question.
    contact = db.session.scalars(
        select(Contact).where(Contact.id == contact_id).with_for_update(key_share=True)
    ).first()
    if contact is None or consent.is_opted_out(contact.e164, sms_line()):
        return None
    campaign = _campaign()
    if campaign.state not in {"launched", "paused"} or campaign.batch_id is None:
        return None
    if _asked(campaign.id, contact.id, occasion):
        return None
    language = known_language(language) or contact.language
    invitation = Invitation(
        campaign_id=campaign.id, contact_id=contact.id, language=language, occasion=occasion
    )
    db.session.add(invitation)
    db.session.flush()
    invitation.token_digest = links.digest(links.token_for(sms.PURPOSE, invitation.id))
    words = wording.render("satisfaction.question", language)
    messaging.insert_messages(
        campaign.batch_id,
        [NewMessage(contact.id, contact.e164, language, words.body, sms.PURPOSE, invitation.id)],
        template_version_id=words.version_id,
    )
    db.session.flush()
    return invitation


def forget(occasion: int) -> None:
    """From now on nothing says which matter somebody was asked about."""
    campaign = find_campaign()
    if campaign is not None:
        db.session.execute(
            update(Invitation)
            .where(Invitation.campaign_id == campaign.id, Invitation.occasion == occasion)
            # Of no matter, and unlike every other one of this person.
            .values(occasion=-Invitation.id)
        )


def _asked(campaign_id: int, contact_id: int, occasion: int) -> bool:
    mine = (Invitation.campaign_id == campaign_id) & (Invitation.contact_id == contact_id)
    lately = exists().where(
        mine,
        Message.contact_id == contact_id,
        Message.link_purpose == sms.PURPOSE,
        Message.link_id == Invitation.id,
        Message.created_at > clock.now() - REST,
    )
    same = exists().where(mine, Invitation.occasion == occasion)
    return bool(db.session.scalar(select(lately | same)))


def find_campaign() -> Campaign | None:
    """The campaign that asks; None before its first question."""
    return db.session.scalars(select(Campaign).where(Campaign.built_in == BUILT_IN)).one_or_none()


def _campaign() -> Campaign:
    """Found, or made at first use: of two first uses at once the second waits and finds it."""
    if (found := find_campaign()) is not None:
        return found
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('satisfaction campaign'))"))
    if (found := find_campaign()) is not None:
        return found
    version = _version()
    with use_language(None) as language:
        name = TITLES[language]
    now = clock.now()
    batch = messaging.create_batch(name)
    campaign = Campaign(
        name=name,
        version_id=version.id,
        state="launched",
        texts=dict(SMS),
        created_at=now,
        launched_at=now,
        batch_id=batch.id,
        built_in=BUILT_IN,
    )
    db.session.add(campaign)
    db.session.flush()
    audit.record(
        "campaign.launched",
        "campaign",
        campaign.id,
        version_id=version.id,
        texts=campaign.texts,
        built_in=BUILT_IN,
    )
    return campaign


def _version() -> SurveyVersion:
    """The newest of the office's own under this code, else the built-in question, published."""
    survey = find_survey(CODE)
    own = newest_version(survey.id) if survey is not None else None
    if own is not None:
        return own
    definition = json.dumps(QUESTIONNAIRE.to_json(), ensure_ascii=False, sort_keys=True)
    version, _is_new = publish(
        CODE,
        QUESTIONNAIRE,
        question_count=sum(question.is_shown for question in QUESTIONNAIRE.questions),
        filename="",
        source_digest=hashlib.sha256(definition.encode()).digest(),
        user_id=None,
    )
    return version
