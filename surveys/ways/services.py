"""Choosing the ways of a draft. Flushes, never commits."""

import secrets
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from portal.text import strip_controls
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.ways.models import UNVERIFIED, VERIFIED, CampaignWays
from surveys.ways.reading import of

CODE_LENGTH: Final = 6
MAX_SCRIPT: Final = 2000
OPEN_KINDS: Final = (VERIFIED, UNVERIFIED)
# Without vowels no code spells a word, and without digits nobody asks whether it is 0 or O.
_LETTERS: Final = "BCDFGHJKMNPQRSTVWXZ"


def choose(
    campaign_id: int, *, invites_by_sms: bool, open_kind: str | None, takes_replies: bool
) -> CampaignWays:
    """The ways of a draft. CampaignError: not_draft, no_way, secret."""
    campaign = campaigns.locked(campaign_id)
    if campaign.state != "draft":
        raise CampaignError("not_draft", _l("This campaign was launched; its ways are fixed."))
    campaigns.draft(campaign_id)
    if takes_replies and not invites_by_sms:
        raise CampaignError("no_way", _l("Replies answer an SMS: invite people by SMS too."))
    if takes_replies and campaign.secrecy == "anonymous":
        raise CampaignError(
            "secret",
            _l("A reply by SMS carries its number, so an anonymous survey cannot take replies."),
        )
    ways = _row(campaign_id)
    ways.invites_by_sms, ways.takes_replies = invites_by_sms, takes_replies
    ways.open_kind = open_kind if open_kind in OPEN_KINDS else None
    if ways.open_kind and not ways.open_code:
        ways.open_code = _new_code()
    ways.changed_at = clock.now()
    audit.record(
        "campaign.ways_changed",
        "campaign",
        campaign_id,
        invites_by_sms=invites_by_sms,
        open_link=ways.open_kind,
        takes_replies=takes_replies,
    )
    db.session.flush()
    return ways


def change_script(campaign_id: int, script: Mapping[str, str]) -> CampaignWays:
    """What operators say, also while the campaign runs."""
    campaigns.locked(campaign_id)
    ways = _row(campaign_id)
    kept = {code: strip_controls(text).strip()[:MAX_SCRIPT] for code, text in script.items()}
    ways.call_script = {code: text for code, text in kept.items() if text}
    ways.changed_at = clock.now()
    audit.record("campaign.script_changed", "campaign", campaign_id, script=ways.call_script)
    db.session.flush()
    return ways


def normalise_code(typed: str) -> str | None:
    """What a person copied from a poster, or None."""
    code = typed.strip().upper()
    return code if len(code) == CODE_LENGTH and set(code) <= set(_LETTERS) else None


def by_code(typed: str) -> CampaignWays | None:
    """The campaign's ways behind the code of an open link that is switched on."""
    code = normalise_code(typed)
    if code is None:
        return None
    return db.session.scalars(
        select(CampaignWays).where(
            CampaignWays.open_code == code, CampaignWays.open_kind.is_not(None)
        )
    ).one_or_none()


def _row(campaign_id: int) -> CampaignWays:
    """The campaign must be locked: two who choose at once make one row."""
    ways = of(campaign_id)
    db.session.add(ways)
    return ways


def _new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _each in range(CODE_LENGTH))
