"""What surveys tells the council: the campaigns that ran in a period."""

from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager

from portal.db import db
from portal.i18n import _l
from portal.packet import (
    Cell,
    PacketSection,
    Period,
    code,
    figures,
    moment,
    note,
    number,
    rate,
    section,
    table,
    words,
)
from surveys.analysis import channels
from surveys.analysis.rates import rates
from surveys.campaigns.figures import dispositions
from surveys.campaigns.models import Campaign
from surveys.questionnaires.models import SurveyVersion
from surveys.ways.labels import UNVERIFIABLE

MOST: Final = 50


def campaigns(period: Period) -> dict[str, Any]:
    """Campaigns that were open at any time of the period, the newest first."""
    rows: list[list[Cell]] = []
    invited = answered = 0
    running = _running(period)
    unchecked = channels.unverified([campaign.id for campaign in running])
    for campaign in running:
        counts = dispositions([campaign.id])
        people, complete = sum(counts.values()), counts.get("complete", 0)
        invited, answered = invited + people, answered + complete
        strict = next(each for each in rates(counts) if each.name == "RR1")
        rows.append(
            [
                words(campaign.version.survey.titles),
                campaign.name,
                moment(campaign.launched_at),
                rate(complete, people),
                rate(strict.numerator, strict.denominator),
                words(UNVERIFIABLE) if campaign.id in unchecked else None,
                code(campaign.version.survey.code),
            ]
        )
    return section(
        figures(
            (_l("Campaigns"), number(len(rows))),
            (_l("Answered, of those invited"), rate(answered, invited)),
        ),
        table(
            _l("Surveys sent to citizens"),
            [
                (_l("Survey"), "text"),
                (_l("Campaign"), "text"),
                (_l("Launched"), "moment"),
                (_l("Answered, of those invited"), "rate"),
                (_l("Response rate RR1"), "rate"),
                (_l("Verification"), "text"),
                (_l("Code"), "code"),
            ],
            rows,
            _l("No survey was sent in this period."),
        ),
        note(
            _l(
                "RR1 is the strictest response rate of AAPOR: complete answers, of all to whom a "
                "message was attempted."
            )
        ),
        *(
            [
                note(
                    _l(
                        "Unverifiable: an open link without any check was offered, so nobody knows "
                        "who answered there, or how often."
                    )
                )
            ]
            if unchecked
            else []
        ),
    )


def _running(period: Period) -> list[Campaign]:
    return list(
        db.session.scalars(
            select(Campaign)
            .join(Campaign.version)
            .join(SurveyVersion.survey)
            .options(contains_eager(Campaign.version).contains_eager(SurveyVersion.survey))
            .where(
                Campaign.launched_at < period.until,
                or_(
                    Campaign.launched_at >= period.since,
                    Campaign.state.in_(("launched", "paused")),
                    Campaign.closes_at >= period.since,
                ),
            )
            .order_by(Campaign.id.desc())
            .limit(MOST)
        )
    )


SECTIONS = (PacketSection("campaigns", _l("Surveys"), campaigns, 70),)
