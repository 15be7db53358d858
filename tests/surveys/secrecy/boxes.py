"""Anonymous campaigns, answered and opened."""

import datetime as dt
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from portal.db import db
from surveys.campaigns.models import Campaign
from surveys.questionnaires.schema import Questionnaire
from surveys.responses import services
from surveys.responses.models import Response
from surveys.secrecy.jobs import open_boxes
from surveys.secrecy.models import SealedAnswer, SealingKey
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form

MARK = form([question("mark")])
"""One question, whose answer says which invitation it came from."""


def make_anonymous(q: Questionnaire = MARK, **fields: Any) -> Campaign:
    return make_campaign(make_survey(form=q), secrecy="anonymous", **fields)


def answer(token: str, lang: str = "fa", **answers: Any) -> str:
    """Answer a form of one page to the end; returns the kind of the outcome."""
    raw = {name: value if isinstance(value, list) else [value] for name, value in answers.items()}
    outcome = services.submit(token, page_number=1, raw=raw, shown=list(answers), lang=lang)
    assert outcome is not None
    db.session.commit()
    return outcome.kind


def answered(campaign: Campaign, number: int, first: int = 0, lang: str = "fa") -> list[str]:
    """So many people answer, one after another; their tokens in that order."""
    tokens = []
    for n in range(first, first + number):
        token = make_invitation(campaign, language=lang)[1]
        assert answer(token, lang, mark=f"mark-{n:05d}-") == "done"
        tokens.append(token)
    return tokens


def close(campaign: Campaign) -> None:
    db.session.execute(update(Campaign).where(Campaign.id == campaign.id).values(state="closed"))
    db.session.commit()


def sweep() -> None:
    """What the beat does every minute."""
    open_boxes()
    db.session.rollback()


def opened() -> list[Response]:
    db.session.rollback()
    return list(db.session.scalars(select(Response).order_by(Response.id)))


def sealed() -> list[SealedAnswer]:
    db.session.rollback()
    return list(db.session.scalars(select(SealedAnswer)))


def epochs() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(SealingKey.state).order_by(SealingKey.id)))


def key_files(app: Flask) -> set[str]:
    folder = app.extensions["pasokh_settings"].answer_keys
    return {path.name for path in folder.glob("*.key")} if folder.exists() else set()


DAY = dt.timedelta(days=1)
