"""The sample of a draft. Flushes, never commits."""

import re
import secrets
from typing import Final

from portal import audit
from portal.db import db
from portal.i18n import _l
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.sampling import drawing
from surveys.sampling.drawing import Stratum
from surveys.sampling.models import CampaignSample
from surveys.sampling.plans import MAX_STRATA, Plan

SEED: Final = re.compile(r"[A-Za-z0-9-]{4,64}")


def new_seed() -> str:
    return secrets.token_hex(8)


def plan_of(campaign_id: int) -> Plan | None:
    sample = drawing.of(campaign_id)
    return Plan.from_json(sample.plan) if sample else None


def set_plan(campaign_id: int, plan: Plan | None, seed: str = "") -> CampaignSample | None:
    """Draw a sample at the launch; None: write to the whole audience. An empty seed keeps the one
    there is, or makes one. CampaignError: not_draft, bad_seed."""
    campaign = campaigns.locked(campaign_id)
    if campaign.state != "draft":
        raise CampaignError("not_draft", _l("This campaign was launched; its sample is drawn."))
    campaigns.draft(campaign_id)
    sample = drawing.of(campaign_id)
    if plan is None:
        if sample is not None:
            db.session.delete(sample)
            audit.record("campaign.sample_changed", "campaign", campaign_id, plan=None)
        db.session.flush()
        return None
    seed = seed.strip() or (sample.seed if sample else new_seed())
    if not SEED.fullmatch(seed):
        raise CampaignError(
            "bad_seed",
            _l("Write the seed with 4 to 64 Latin letters, digits and hyphens."),
        )
    if sample is None:
        sample = CampaignSample(campaign_id=campaign_id, plan=plan.to_json(), seed=seed, strata=[])
        db.session.add(sample)
    sample.plan, sample.seed = plan.to_json(), seed
    audit.record(
        "campaign.sample_changed", "campaign", campaign_id, plan=sample.plan, seed=sample.seed
    )
    db.session.flush()
    return sample


def preview(campaign: Campaign, plan: Plan) -> list[Stratum]:
    """The strata of the campaign's audience as it is now."""
    return drawing.strata(plan, campaigns.wanted(campaign), campaigns.sms_line())


def too_fine(found: list[Stratum]) -> bool:
    return len(found) > MAX_STRATA
