"""Proposals page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from portal.db import db
from surveys.ballots.models import BallotProposal
from surveys.ballots.services.proposals import numbered

PAGE: Final = 50


@dataclass(frozen=True)
class Page:
    """One page of a list. `previous` and `next`: behind which numbers the pages around it begin,
    None where there is none."""

    rows: Sequence[BallotProposal]
    previous: int | None
    next: int | None


def page(area_id: int, states: Sequence[str] = (), *, after: int = 0) -> Page:
    """One page of the numbered proposals of a ballot, from behind the number `after`."""
    query = numbered(area_id, states)
    found = db.session.scalars(query.where(BallotProposal.number > after).limit(PAGE + 1)).all()
    rows, more = found[:PAGE], len(found) > PAGE
    if not after:
        return Page(rows, None, rows[-1].number if more else None)
    before = db.session.scalars(
        query.with_only_columns(BallotProposal.number)
        .where(BallotProposal.number <= after)
        .order_by(None)
        .order_by(BallotProposal.number.desc())
        .limit(PAGE + 1)
    ).all()
    previous = (before[PAGE] or 0) if len(before) > PAGE else 0
    return Page(rows, previous, rows[-1].number if more else None)


def merged_into(rows: Sequence[BallotProposal]) -> dict[int, BallotProposal]:
    """id → the proposal that one of these was merged into."""
    ids = {row.merged_into_id for row in rows if row.merged_into_id is not None}
    found = db.session.scalars(select(BallotProposal).where(BallotProposal.id.in_(ids)))
    return {row.id: row for row in found}
