"""Complete responses without the way through the pages."""

from collections.abc import Iterable
from typing import Any

from portal import clock
from portal.db import db
from surveys.campaigns.models import Campaign, Invitation
from surveys.questionnaires.models import SurveyVersion
from surveys.responses.models import Response
from tests.factories.contacts import make_contact
from tests.factories.context import application
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire

FORM = questionnaire(
    [
        question("way", "select_one", "bus walk car"),
        question("wishes", "select_multiple", "park lamp bench"),
    ],
    [
        question("age", "integer"),
        question("metres", "decimal"),
        question("idea"),
        question("sum", "calculate"),
    ],
)


def add(campaign: Campaign, answers: Iterable[dict[str, Any]], **fields: Any) -> None:
    """One answered invitation per item."""
    with application():
        for given in answers:
            person = make_contact()
            invitation = Invitation(
                campaign_id=campaign.id, contact_id=person.id, language="fa", state="answered"
            )
            db.session.add(invitation)
            db.session.flush()
            values = {
                "version_id": campaign.version_id,
                "state": "complete",
                "language": "fa",
                "submitted_at": clock.now(),
                **fields,
            }
            db.session.add(
                Response(
                    campaign_id=campaign.id, invitation_id=invitation.id, answers=given, **values
                )
            )
        db.session.commit()


def make_answers(
    answers: Iterable[dict[str, Any]], version: SurveyVersion | None = None
) -> tuple[SurveyVersion, Campaign]:
    version = version or make_survey(form=FORM)
    campaign = make_campaign(version)
    add(campaign, answers)
    return version, campaign
