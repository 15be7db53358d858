"""Campaigns over people, made as officers make them."""

from typing import Any

from sqlalchemy import select, update

from portal.contacts.audience import AudienceFilter
from portal.db import db
from portal.messaging.models import Message
from surveys.campaigns import launching, services
from surveys.campaigns.models import Campaign, Invitation
from surveys.questionnaires.models import SurveyVersion
from tests.factories.context import application
from tests.factories.surveys import make_survey

TEXTS = {
    "fa": "شهروند گرامی، نظر شما چیست؟\n{link}",
    "ar": "ما رأيك؟\n{link}",
    "en": "What do you think? {link}",
}


def make_draft(
    texts: dict[str, str] | None = None,
    reminders: dict[str, str] | None = None,
    wanted: AudienceFilter | None = None,
    survey: SurveyVersion | None = None,
    **fields: Any,
) -> int:
    """Id of a committed draft with a text in each language."""
    with application():
        survey_id = (survey or make_survey()).survey_id
        campaign = services.create(
            fields.pop("name", "من شهردارم"),
            survey_id,
            closes_at=fields.pop("closes_at", None),
            user_id=None,
            **fields,
        )
        services.change_audience(campaign.id, wanted or AudienceFilter())
        services.change_texts(campaign.id, TEXTS if texts is None else texts, reminders or {})
        db.session.commit()
        return campaign.id


def launch(campaign_id: int) -> int:
    with application():
        number = launching.launch(campaign_id, user_id=None)
        db.session.commit()
        return number


def messages() -> list[Message]:
    with application():
        return list(db.session.scalars(select(Message).order_by(Message.id)))


def invitations() -> list[Invitation]:
    with application():
        return list(db.session.scalars(select(Invitation).order_by(Invitation.id)))


def set_messages(state: str, *where: Any) -> None:
    """What a dispatcher and an operator would have done to the messages."""
    with application():
        db.session.execute(update(Message).where(*where).values(state=state))
        db.session.commit()


def state_of(campaign_id: int) -> str:
    with application():
        db.session.rollback()
        return db.session.get_one(Campaign, campaign_id, populate_existing=True).state
