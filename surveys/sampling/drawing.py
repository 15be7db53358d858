"""Drawing by a keyed order: people of a stratum stand in the order of SHA-256(seed:contact id),
and the first n are drawn.

So the same seed over the same frame draws the same people, on any machine and with any tool; an
SQL random() could be repeated by nobody. In each stratum it is simple random sampling without
replacement, with probability drawn / frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    String,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    select,
)

from portal import clock
from portal.contacts import audience
from portal.contacts.audience import AudienceFilter
from portal.contacts.models import LANGUAGES, Contact
from portal.db import db
from portal.text import sort_key
from surveys.sampling.models import CampaignSample, SampleMember
from surveys.sampling.plans import SEPARATOR, Plan, allocate


@dataclass(frozen=True)
class Stratum:
    """`key` as stored; `parts` one per dimension, "" for none."""

    key: str
    parts: tuple[str, ...]
    frame: int
    wanted: int

    @property
    def probability(self) -> float:
        return self.wanted / self.frame if self.frame else 0.0


def of(campaign_id: int) -> CampaignSample | None:
    return db.session.get(CampaignSample, campaign_id)


def strata(plan: Plan, wanted: AudienceFilter, line: str | None) -> list[Stratum]:
    """The strata of a frame in a fixed order, with what would be drawn of each."""
    key = _key(plan).label("key")
    rows = db.session.execute(
        audience.contacts(wanted, line).with_only_columns(key, func.count()).group_by(key)
    ).all()
    found = sorted(((str(key), int(number)) for key, number in rows), key=_order)
    numbers = allocate(plan, found)
    return [
        Stratum(key, tuple(key.split(SEPARATOR)) if plan.dimensions else (), frame, number)
        for (key, frame), number in zip(found, numbers, strict=True)
    ]


def _order(stratum: tuple[str, int]) -> tuple[list[str], str]:
    return [sort_key(part) for part in stratum[0].split(SEPARATOR)], stratum[0]


def by_language(
    plan: Plan, seed: str, found: Sequence[Stratum], wanted: AudienceFilter, line: str | None
) -> dict[str, int]:
    """How many would be drawn per language."""
    drawn = _drawn(plan, seed, found, wanted, line).subquery()
    rows = db.session.execute(
        select(drawn.c.language, func.count()).group_by(drawn.c.language)
    ).all()
    counts = dict(map(tuple, rows))
    return {code: counts.get(code, 0) for code in LANGUAGES}


def draw(sample: CampaignSample, wanted: AudienceFilter, line: str | None) -> int:
    """Draw for good, with the launch: members, frame, sizes and probabilities are stored."""
    plan = Plan.from_json(sample.plan)
    found = strata(plan, wanted, line)
    drawn = _drawn(plan, sample.seed, found, wanted, line).subquery()
    db.session.execute(
        insert(SampleMember).from_select(
            ["campaign_id", "contact_id", "stratum"],
            select(literal(sample.campaign_id, BigInteger), drawn.c.id, drawn.c.place),
        )
    )
    rows = db.session.execute(
        select(SampleMember.stratum, func.count())
        .where(SampleMember.campaign_id == sample.campaign_id)
        .group_by(SampleMember.stratum)
    ).all()
    counts: dict[int, int] = {row[0]: row[1] for row in rows}
    sample.frame = sum(each.frame for each in found)
    sample.strata = [
        {
            "key": list(each.parts),
            "frame": each.frame,
            "wanted": each.wanted,
            "drawn": counts.get(place, 0),
        }
        for place, each in enumerate(found)
    ]
    sample.drawn_at = clock.now()
    db.session.flush()
    return sum(counts.values())


def would_draw(sample: CampaignSample, wanted: AudienceFilter, line: str | None) -> Select[Any]:
    """Contact ids that a launch now would draw."""
    plan = Plan.from_json(sample.plan)
    drawn = _drawn(plan, sample.seed, strata(plan, wanted, line), wanted, line).subquery()
    return select(drawn.c.id)


def members(campaign_id: int) -> Select[Any]:
    """Contact ids of a drawn sample, to restrict an audience to."""
    return select(SampleMember.contact_id).where(SampleMember.campaign_id == campaign_id)


def _key(plan: Plan) -> ColumnElement[str]:
    parts: list[ColumnElement[str]] = []
    for dimension in plan.dimensions:
        match dimension:
            case "neighbourhood":
                parts.append(Contact.neighbourhood.expression)
            case "language":
                parts.append(cast(Contact.language, String))
            case _:
                whens = [(Contact.tags.contains([tag]), literal(tag)) for tag in plan.tags]
                parts.append(case(*whens, else_=literal("")) if whens else literal(""))
    key: ColumnElement[str] = literal("", String)
    for place, part in enumerate(parts):
        key = part if not place else key.concat(literal(SEPARATOR)).concat(part)
    return key


def _drawn(
    plan: Plan, seed: str, found: Sequence[Stratum], wanted: AudienceFilter, line: str | None
) -> Select[Any]:
    keyed = literal(f"{seed}:").concat(cast(Contact.id, String))
    place_in_line = func.sha256(func.convert_to(keyed, "UTF8"))
    key = _key(plan)
    ranked = (
        audience.contacts(wanted, line)
        .with_only_columns(
            Contact.id,
            Contact.language,
            key.label("key"),
            func.row_number()
            .over(partition_by=key, order_by=(place_in_line, Contact.id))
            .label("rank"),
        )
        .subquery()
    )
    sizes = func.unnest(
        cast([each.key for each in found], ARRAY(String)),
        cast([each.wanted for each in found], ARRAY(BigInteger)),
        cast(list(range(len(found))), ARRAY(BigInteger)),
    ).table_valued(column("key", String), column("n", BigInteger), column("place", BigInteger))
    sizes = sizes.render_derived(name="sizes")
    return (
        select(ranked.c.id, ranked.c.language, sizes.c.place)
        .join(sizes, sizes.c.key == ranked.c.key)
        .where(ranked.c.rank <= sizes.c.n)
    )
