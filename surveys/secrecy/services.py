"""The box of an anonymous campaign: what goes in, what a page may say about it, and the decision
of an administrator. Opening is in `opening`."""

from collections.abc import Collection
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from portal import audit, formats
from portal.db import db
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.questionnaires.schema import Questionnaire
from surveys.responses.models import Response
from surveys.retention.models import ErasedAnswers
from surveys.secrecy import keys
from surveys.secrecy.envelope import Contents, seal, size_for
from surveys.secrecy.models import SealedAnswer, SealingKey
from surveys.secrecy.words import LEFT_BEHIND, NOT_OVER, NOTHING_WAITS, REASON_NEEDED

ANONYMOUS = "anonymous"


def minimum() -> int:
    """How many answers are opened together at least."""
    number: int = current_app.extensions["pasokh_settings"].anonymous_minimum
    return number


def prepare(campaign: Campaign) -> None:
    """Make the first key, so that a folder that cannot be written stops the launch.

    Raises KeyFolderError.
    """
    prepare_next(campaign.id, campaign.version_id)


def put(campaign_id: int, version_id: int, q: Questionnaire, contents: Contents) -> bool:
    """Seal an answer and put it into the box, in the present transaction.

    False: the campaign ended meanwhile and its box is shut; nothing was stored.
    """
    key = filling(campaign_id, version_id)
    if key is None:
        ended = select(Campaign.state.in_(ENDED)).where(Campaign.id == campaign_id)
        if db.session.scalar(ended):
            return False
        prepare_next(campaign_id, version_id)
        key = filling(campaign_id, version_id)
        if key is None:
            return False
    key_id, public = key
    db.session.add(
        SealedAnswer(
            campaign_id=campaign_id,
            key_id=key_id,
            ciphertext=seal(public, contents, size_for(q)),
        )
    )
    db.session.flush()
    return True


ENDED = ("closed", "cancelled")


def filling(campaign_id: int, version_id: int) -> tuple[int, bytes] | None:
    """(id, public key) of the epoch that takes answers, held open until the transaction ends."""
    # Shared, against the exclusive lock of whoever shuts the epoch: after that, no more come in.
    row = db.session.execute(
        select(SealingKey.id, SealingKey.public_key)
        .where(
            SealingKey.campaign_id == campaign_id,
            SealingKey.version_id == version_id,
            SealingKey.state == "filling",
        )
        .with_for_update(read=True)
    ).first()
    return (row.id, row.public_key) if row else None


def prepare_next(campaign_id: int, version_id: int) -> None:
    """A key to fill, unless there is one: of two makers at once one wins. KeyFolderError."""
    public = keys.make_pair()
    made = db.session.scalar(
        insert(SealingKey)
        .values(
            campaign_id=campaign_id,
            version_id=version_id,
            public_key=public,
            state="filling",
            look_on=formats.tomorrow(),
            kept=0,
            is_forced=False,
        )
        .on_conflict_do_nothing()
        .returning(SealingKey.id)
    )
    if made is None:
        keys.destroy(public)


@dataclass(frozen=True)
class BoxState:
    """What a page may say: counts only."""

    waiting: int
    """Answers that lie sealed."""
    opened: int
    lost: int
    """Sealed answers whose key is gone, after a restore of an older database."""
    is_shown: bool
    """Whether results may be shown: enough were opened, or an administrator decided."""


def state(campaign: Campaign) -> BoxState:
    """The box of an anonymous campaign."""
    waiting = lost = 0
    for public, number in db.session.execute(
        select(SealingKey.public_key, func.count())
        .join(SealedAnswer, SealedAnswer.key_id == SealingKey.id)
        .where(SealingKey.campaign_id == campaign.id)
        .group_by(SealingKey.id)
    ):
        if keys.exists(public):
            waiting += number
        else:
            lost += number
    opened, forced = _opened([campaign.id]).get(campaign.id, (0, False))
    return BoxState(waiting, opened, lost, opened >= minimum() or forced)


def hidden(campaigns: Collection[Campaign]) -> list[Campaign]:
    """Those of the campaigns whose results may not be shown yet."""
    asked = [each for each in campaigns if each.secrecy == ANONYMOUS]
    found = _opened([each.id for each in asked])
    return [
        each
        for each in asked
        if not (found.get(each.id, (0, False))[1] or found.get(each.id, (0, False))[0] >= minimum())
    ]


def _opened(campaign_ids: Collection[int]) -> dict[int, tuple[int, bool]]:
    """campaign -> (opened answers, whether an administrator decided to open few)."""
    if not campaign_ids:
        return {}
    counts = dict(
        db.session.execute(
            select(Response.campaign_id, func.count())
            .where(Response.campaign_id.in_(campaign_ids), Response.state == "complete")
            .group_by(Response.campaign_id)
        ).all()
    )
    # Opened is opened: what was erased since does not make the results of the others secret again.
    for campaign_id, number in db.session.execute(
        select(ErasedAnswers.campaign_id, ErasedAnswers.responses).where(
            ErasedAnswers.campaign_id.in_(campaign_ids)
        )
    ):
        counts[campaign_id] = counts.get(campaign_id, 0) + number
    forced = set(
        db.session.scalars(
            select(SealingKey.campaign_id).where(
                SealingKey.campaign_id.in_(campaign_ids), SealingKey.is_forced
            )
        )
    )
    return {each: (counts.get(each, 0), each in forced) for each in campaign_ids}


def force_opening(campaign_id: int, reason: str) -> int:
    """Decide to open the rest of an ended campaign although it is fewer than the minimum.

    The decision and its reason are an audit entry. Returns how many will be opened. CampaignError.
    """
    reason = " ".join(reason.split())[:500]
    if not reason:
        raise CampaignError("reason_missing", REASON_NEEDED)
    campaign = db.session.get_one(Campaign, campaign_id)
    if campaign.secrecy != ANONYMOUS or campaign.state not in ENDED:
        raise CampaignError("not_over", NOT_OVER)
    total = 0
    for key in db.session.scalars(
        select(SealingKey)
        .where(SealingKey.campaign_id == campaign_id, SealingKey.state == "filling")
        .order_by(SealingKey.id)
        .with_for_update()
    ):
        number = count(key.id)
        if number and not keys.exists(key.public_key):
            raise CampaignError("left_behind", LEFT_BEHIND)
        if number:
            key.state, key.kept, key.is_forced = "shut", 0, True
            total += number
    if not total:
        raise CampaignError("nothing", NOTHING_WAITS)
    audit.record("campaign.box_forced", "campaign", campaign_id, answers=total, reason=reason)
    db.session.flush()
    return total


def count(key_id: int) -> int:
    """How many answers are sealed to a key."""
    return (
        db.session.scalar(
            select(func.count()).select_from(SealedAnswer).where(SealedAnswer.key_id == key_id)
        )
        or 0
    )
