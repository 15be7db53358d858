"""By which ways answers came, and whether anything stands behind them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from portal.db import db
from surveys.campaigns.models import Campaign, Invitation
from surveys.responses.models import Response
from surveys.ways.models import UNVERIFIED, CampaignWays

UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True)
class Channels:
    """Complete answers of campaigns. `by_mode`: mode -> number."""

    by_mode: Mapping[str, int] = field(default_factory=dict)
    unverifiable: int = 0
    is_unverified: bool = False
    """Whether one of the campaigns has an unverified open link, used or not."""


def verification() -> ColumnElement[str]:
    """Of a response (outer joined with its invitation and its campaign's ways): "unverifiable" or
    empty. An anonymous answer leads to no invitation, so it is as good as its campaign's worst way.
    """
    return case(
        (
            or_(
                Invitation.channel == "open",
                and_(Response.invitation_id.is_(None), CampaignWays.open_kind == UNVERIFIED),
            ),
            UNVERIFIABLE,
        ),
        else_="",
    )


def of(campaign_ids: Collection[int]) -> Channels:
    """In two queries, whatever the number of answers."""
    if not campaign_ids:
        return Channels()
    found = db.session.execute(
        select(Response.mode, verification().label("how"), func.count())
        .outerjoin(Invitation, Invitation.id == Response.invitation_id)
        .outerjoin(CampaignWays, CampaignWays.campaign_id == Response.campaign_id)
        .where(
            Response.campaign_id.in_(campaign_ids),
            Response.state == "complete",
            Response.is_test.is_(False),
        )
        .group_by(Response.mode, "how")
    ).all()
    modes: dict[str, int] = {}
    for mode, _how, number in found:
        modes[mode] = modes.get(mode, 0) + number
    return Channels(
        modes,
        sum(number for _mode, how, number in found if how),
        bool(unverified(campaign_ids)),
    )


def unverified(campaign_ids: Collection[int]) -> set[int]:
    """Those of the campaigns with an unverified open link."""
    return set(
        db.session.scalars(
            select(Campaign.id)
            .join(CampaignWays, CampaignWays.campaign_id == Campaign.id)
            .where(Campaign.id.in_(campaign_ids), CampaignWays.open_kind == UNVERIFIED)
        )
    )
