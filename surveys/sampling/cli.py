"""`flask surveys sample`: a stratified random sample for the draft of a campaign."""

import json
from collections.abc import Sequence
from typing import Any

import click

from portal.cli import data_command
from portal.db import db
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.sampling import services
from surveys.sampling.drawing import Stratum
from surveys.sampling.plans import (
    ALLOCATIONS,
    DIMENSIONS,
    MAX_SIZE,
    MAX_STRATA,
    SEPARATOR,
    Plan,
)


@click.command("sample")
@click.argument("campaign", type=click.IntRange(1, 2**63 - 1))
@click.option("--by", "by", type=click.Choice(DIMENSIONS), multiple=True,
              help="Stratify by this; again for more. Default: one stratum.")  # fmt: skip
@click.option("--tag", "tags", multiple=True,
              help="With --by tag: the tags that make strata, the first one wins.")  # fmt: skip
@click.option("--size", type=click.IntRange(1, MAX_SIZE), help="People in all.")
@click.option("--allocation", type=click.Choice([each for each in ALLOCATIONS if each != "fixed"]),
              default="proportional", show_default=True)  # fmt: skip
@click.option("--stratum", "fixed", multiple=True, metavar="PART[/PART]=N",
              help="So many of this stratum, instead of --size; again for more.")  # fmt: skip
@click.option("--seed", default="", help="4 to 64 letters, digits, hyphens. Default: one is made.")
@click.option("--dry-run", is_flag=True, help="Only show the strata; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def sample_command(
    campaign: int, *, by: Sequence[Any], tags: Sequence[str], size: int | None, allocation: Any,
    fixed: Sequence[str], seed: str, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Plan a random sample for the draft CAMPAIGN (its number stands in the address of its page).

    The seed is stored and written into the audit trail; the people are drawn at the launch, and
    the same seed over the same people draws the same sample. Exit code 0: stored; 1: it cannot
    be; 2: wrong usage.
    """
    plan = _plan(by, tags, size, allocation, fixed)
    found = campaigns.get(campaign)
    if found is None:
        raise click.ClickException(f"There is no campaign {campaign}.")
    strata = services.preview(found, plan)
    _check(found, plan, strata)
    stored = ""
    if not dry_run:
        try:
            sample = services.set_plan(campaign, plan, seed)
        except CampaignError as error:
            db.session.rollback()
            raise click.ClickException(" ".join(map(str, error.messages))) from None
        db.session.commit()
        stored = sample.seed if sample else ""
    _say(campaign, strata, stored, as_json=as_json)


def _plan(
    by: Sequence[Any], tags: Sequence[str], size: int | None, allocation: Any, fixed: Sequence[str]
) -> Plan:
    if bool(size) == bool(fixed):
        raise click.UsageError("Give either --size or --stratum.")
    if ("tag" in by) != bool(tags):
        raise click.UsageError("--by tag and --tag belong together.")
    dimensions = tuple(each for each in DIMENSIONS if each in by)
    if not fixed:
        return Plan(dimensions, tuple(tags), allocation, size or 0)
    if not dimensions:
        raise click.UsageError("--stratum needs --by.")
    sizes = {}
    for each in fixed:
        parts, _equals, number = each.rpartition("=")
        key = SEPARATOR.join(part.strip() for part in parts.split("/"))
        if not number.isdecimal() or not 0 < int(number) <= MAX_SIZE:
            raise click.UsageError(f"{each}: write it like PART=20.")
        if key.count(SEPARATOR) != len(dimensions) - 1:
            order = "/".join(dimensions)
            raise click.UsageError(f"{each}: a stratum is written {order} here.")
        sizes[key] = int(number)
    return Plan(dimensions, tuple(tags), "fixed", sizes=sizes)


def _check(campaign: Campaign, plan: Plan, strata: list[Stratum]) -> None:
    if campaign.state != "draft":
        raise click.ClickException("This campaign was launched; its sample is drawn.")
    if services.too_fine(strata):
        raise click.ClickException(f"More than {MAX_STRATA} strata. Stratify by less.")
    if unknown := sorted(set(plan.sizes) - {each.key for each in strata}):
        names = ", ".join(key.replace(SEPARATOR, "/") for key in unknown)
        raise click.ClickException(f"Nobody in the audience belongs to: {names}")
    if not any(each.wanted for each in strata):
        raise click.ClickException("Nobody would be drawn: the audience is empty.")


def _say(campaign: int, strata: list[Stratum], seed: str, *, as_json: bool) -> None:
    frame, drawn = sum(each.frame for each in strata), sum(each.wanted for each in strata)
    if as_json:
        rows = [
            {
                "key": list(each.parts),
                "frame": each.frame,
                "wanted": each.wanted,
                "probability": each.probability,
            }
            for each in strata
        ]
        document: dict[str, Any] = {
            "campaign": campaign,
            "stored": bool(seed),
            "seed": seed or None,
        }
        document |= {"frame": frame, "wanted": drawn, "strata": rows}
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    for each in strata:
        name = " / ".join(part or "-" for part in each.parts) or "all"
        click.echo(f"{name}: {each.wanted} of {each.frame}")
    click.echo(f"Together: {drawn} of {frame}.")
    click.echo(f"Stored with the seed {seed}; drawn at the launch." if seed else "Nothing stored.")
