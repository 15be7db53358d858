"""The published list of ballots, its files, and elections that come as a file."""

import csv
import io
import secrets
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Engine, func, insert, select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l, current_language, default_language, pick
from portal.links import ALPHABET
from surveys.ballots import pabulib
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotArea, BallotProposal, BallotScheme, BallotVote
from surveys.ballots.services import counting, schemes, voting

PAGE: Final = 100
CHUNK: Final = 1000


def page(area_id: int, after: str = "", limit: int = PAGE) -> Sequence[BallotVote]:
    """Votes in the order of their receipts, from behind `after`."""
    return db.session.scalars(
        select(BallotVote)
        .where(BallotVote.area_id == area_id, BallotVote.receipt > after)
        .order_by(BallotVote.receipt)
        .limit(limit)
    ).all()


def by_receipt(area_id: int, receipt: str) -> BallotVote | None:
    return db.session.get(BallotVote, (area_id, receipt))


def number_of_votes(area_id: int) -> int:
    query = select(func.count()).select_from(BallotVote)
    return db.session.scalar(query.where(BallotVote.area_id == area_id)) or 0


def csv_lines(area: BallotArea) -> Iterator[str]:
    """receipt, channel, and one column per project (1, the place or the points), streamed.

    On a connection of its own: a response is read after the request's session has ended.
    """
    rows = voting.projects(area)
    titles = [_harmless(f"{row.number}. {pick(row.titles)}") for row in rows]
    return _csv_lines(titles, [row.id for row in rows], _stream(db.engine, area.id))


def _csv_lines(
    titles: Sequence[str], ids: Sequence[int], found: Iterator[tuple[str, list[Any], str]]
) -> Iterator[str]:
    yield _csv(["receipt", "channel", *titles])
    for receipt, choices, channel in found:
        values = dict(choices)
        yield _csv([receipt, channel, *(str(values.get(each, "")) for each in ids)])


def _stream(engine: Engine, area_id: int) -> Iterator[tuple[str, list[Any], str]]:
    """(receipt, choices, channel) in the order of the receipts."""
    query = (
        select(BallotVote.receipt, BallotVote.choices, BallotVote.channel)
        .where(BallotVote.area_id == area_id)
        .order_by(BallotVote.receipt)
    )
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=CHUNK).execute(query):
            yield tuple(row)


def _csv(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _harmless(text: str) -> str:
    """A spreadsheet must not take a title for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def pb_lines(scheme: BallotScheme, area: BallotArea) -> Iterator[str]:
    """The ballot as a Pabulib file, streamed; the receipts stand for the voters."""
    rows = voting.projects(area)
    began, ended = scheme.opened_at or scheme.created_at, scheme.closed_at or clock.now()
    meta = {
        "description": f"{pick(scheme.names)}, {pick(area.names)}",
        "country": "Iran",
        "unit": area.slug,
        "instance": f"{scheme.code} {scheme.year}",
        "currency": "toman",
        "rule": {"equal-shares": "equalshares"}.get(scheme.rule, "greedy"),
        "date_begin": f"{began:%d.%m.%Y}",
        "date_end": f"{ended:%d.%m.%Y}",
    }
    if scheme.kind in {"approval", "ranked"}:
        meta["max_length"] = str(min(scheme.max_choices, len(rows)))
    elif scheme.kind == "points":
        meta["max_sum_points"] = str(scheme.points)
    kind = scheme.kind
    return pabulib.write(
        counting.instance_of(scheme, area, rows),
        kind,  # type: ignore[arg-type]
        (
            pabulib.Vote(counting.ballot_of(kind, choices), receipt)
            for receipt, choices, _channel in _stream(db.engine, area.id)
        ),
        number_of_votes(area.id),
        meta=meta,
        lang=current_language(),
    )


def import_election(
    code: str, year: int, election: pabulib.Election, *, name: str, user_id: int | None = None
) -> BallotScheme:
    """A scheme from a file, its vote over, never shown to the public: to try rules on.

    Amounts of the file count as toman. BallotError: code, fraction.
    """
    votes = election.votes
    kind = votes[0].ballot.kind if votes else "approval"
    longest = max((len(vote.ballot.choices) for vote in votes), default=1)
    most = election.instance.longest_list or longest
    scheme = schemes.create(
        code,
        user_id=user_id,
        year=year,
        names={default_language(): name},
        kind=kind,
        max_choices=max(1, most if kind == "ranked" else longest),
        points=max((int(sum(vote.ballot.points)) for vote in votes), default=1) or 1,
        is_test=True,
        state="closed",
        opened_at=clock.now(),
        closed_at=clock.now(),
    )
    area = BallotArea(
        scheme_id=scheme.id,
        slug="file",
        names={default_language(): name},
        sort_key="",
        budget=_rial(election.instance.budget),
    )
    db.session.add(area)
    db.session.flush()
    ids: dict[str, int] = {}
    for number, project in enumerate(election.instance.projects, 1):
        row = BallotProposal(
            area_id=area.id,
            number=number,
            origin="file",
            state="accepted",
            language=default_language(),
            titles=dict(project.name) or {default_language(): project.id},
            descriptions={},
            cost=_rial(project.cost),
            created_at=clock.now(),
        )
        db.session.add(row)
        db.session.flush()
        ids[project.id] = row.id
    for start in range(0, len(votes), CHUNK):
        db.session.execute(
            insert(BallotVote),
            [
                {
                    "area_id": area.id,
                    "receipt": "".join(secrets.choice(ALPHABET) for _place in range(12)),
                    "choices": _choices(vote.ballot, ids),
                    "channel": "file",
                }
                for vote in votes[start : start + CHUNK]
            ],
        )
    audit.record("ballot.imported", "ballot_scheme", scheme.id, votes=len(votes))
    db.session.flush()
    return scheme


def _rial(amount: Fraction | int) -> int:
    rial = Fraction(amount) * 10
    if rial.denominator != 1 or rial < 1:
        raise BallotError("fraction", _l("Costs and budgets must be amounts of at least one rial."))
    return int(rial)


def _choices(ballot: Any, ids: dict[str, int]) -> list[list[int]]:
    if ballot.kind == "ranked":
        return [[ids[name], place] for place, name in enumerate(ballot.choices, 1)]
    if ballot.kind == "points":
        if any(Fraction(points).denominator != 1 for points in ballot.points):
            raise BallotError("fraction", _l("Points must be whole numbers."))
        given = zip(ballot.choices, ballot.points, strict=True)
        return [[ids[name], int(points)] for name, points in given]
    return [[ids[name], 1] for name in ballot.choices]
