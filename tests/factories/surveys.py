"""Surveys, campaigns and invitations with their links."""

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

from portal import clock, links
from portal.contacts.models import Contact
from portal.db import db
from surveys.campaigns.models import Campaign, Invitation
from surveys.questionnaires import services
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.schema import Choice, Page, Question, Questionnaire
from surveys.questionnaires.xlsform import read
from surveys.ways.models import CampaignWays
from tests.factories.context import application

MAYOR = Path(__file__).parents[2] / "demo" / "forms" / "i-am-mayor.xlsx"
_numbers = itertools.count(1)


def mayor() -> Questionnaire:
    """The demonstration's poll: three pages in fa, ar, en."""
    found = read(MAYOR.read_bytes(), MAYOR.name).questionnaire
    assert found is not None
    return found


def texts(text: str) -> dict[str, str]:
    """A text that shows in each language which language it is in."""
    return {"fa": f"{text} فا", "ar": f"{text} عر", "en": f"{text} en"}


def question(name: str, kind: Any = "text", choices: str = "", **fields: Any) -> Question:
    """`choices`: names parted by spaces."""
    return Question(
        name,
        kind,
        fields.pop("label", texts(name)),
        choices=tuple(Choice(choice, texts(choice)) for choice in choices.split()),
        **fields,
    )


def questionnaire(*pages: list[Question], **fields: Any) -> Questionnaire:
    """Pages p1, p2 … of these questions in fa, ar and en."""
    return Questionnaire(
        title=fields.pop("title", texts("Poll")),
        languages=("fa", "ar", "en"),
        default_language="fa",
        pages=tuple(
            Page(f"p{n}", texts(f"Part {n}"), questions=tuple(page))
            for n, page in enumerate(pages, 1)
        ),
        **fields,
    )


def make_survey(code: str | None = None, form: Questionnaire | None = None) -> SurveyVersion:
    """A committed survey with one more version; the version knows its survey."""
    form = form or mayor()
    with application():
        version, _is_new = services.publish(
            code or f"TEST-{next(_numbers)}",
            form,
            question_count=sum(x.is_shown for x in form.questions),
            filename="form.xlsx",
            source_digest=b"\0" * 32,
            user_id=None,
        )
        db.session.commit()
        db.session.refresh(version)
        db.session.refresh(version.survey)
        return version


def make_campaign(
    version: SurveyVersion | None = None, state: str = "launched", **fields: Any
) -> Campaign:
    """A committed campaign; of the «I am Mayor» poll where no version is given."""
    with application():
        version_id = (version or make_survey()).id
        launched = None if state == "draft" else clock.now() - dt.timedelta(days=1)
        values: dict[str, Any] = {
            "name": f"Campaign {next(_numbers)}",
            "launched_at": launched,
            "texts": dict.fromkeys(("fa", "ar", "en"), "{link}"),
            **fields,
        }
        campaign = Campaign(version_id=version_id, state=state, **values)
        db.session.add(campaign)
        db.session.commit()
        db.session.refresh(campaign)
        return campaign


def make_invitation(
    campaign: Campaign | None = None, contact: Contact | None = None, language: str = "fa"
) -> tuple[Invitation, str]:
    """A committed invitation and its token, as a launch makes them."""
    with application():
        campaign_id = (campaign or make_campaign()).id
        contact_id = contact.id if contact is not None else _contact(language)
        invitation = Invitation(campaign_id=campaign_id, contact_id=contact_id, language=language)
        db.session.add(invitation)
        db.session.flush()
        token = links.token_for("survey", invitation.id)
        invitation.token_digest = links.digest(token)
        db.session.commit()
        db.session.refresh(invitation)
        return invitation, token


def _contact(language: str) -> int:
    number = f"+98912{next(_numbers):07d}"
    contact = Contact(e164=number, language=language, sort_key=number, search_key=number)
    db.session.add(contact)
    db.session.flush()
    return contact.id


def make_ways(campaign: Campaign, **fields: Any) -> CampaignWays:
    """The committed ways of a campaign, whatever its state."""
    with application():
        values = {"invites_by_sms": True, "takes_replies": False, "call_script": {}, **fields}
        if values.get("open_kind"):
            values.setdefault("open_code", _letters(next(_numbers)))
        ways = CampaignWays(campaign_id=campaign.id, **values)
        db.session.add(ways)
        db.session.commit()
        db.session.refresh(ways)
        return ways


def _letters(number: int) -> str:
    return "".join("BCDFGHJKMN"[int(digit)] for digit in f"{number:06d}"[-6:])
