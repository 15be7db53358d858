"""Pabulib `.pb`: elections on projects as people exchange them.

Source: Faliszewski and others, "Participatory Budgeting: Data, Tools and Analysis" (IJCAI 2023),
the section on the format. Three sections, META, PROJECTS and VOTES, of lines with fields parted by
semicolons (quoted as in CSV); the first line of each section names its columns.

`read` lists everything that is wrong, each with its line and what to do; `write` makes lines. A
file of ours gives `name_fa`, `name_ar`, `name_en` beside `name`, and `read` takes them back. What
has no word in the format: a knapsack is `vote_type;approval` with a `max_sum_cost`.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from portal.i18n import LANGUAGES, pick
from surveys.ballots.pabulib_format import (
    KINDS,
    MAX_BYTES,
    MAX_DECIMALS,
    VOTE_TYPES,
    Election,
    Reading,
    Vote,
    VoteType,
)
from surveys.ballots.pabulib_reader import Reader
from surveys.ballots.rules.model import Amount, BallotError, BallotKind, Instance
from surveys.ballots.rules.support import plain

__all__ = [
    "MAX_BYTES",
    "VOTE_TYPES",
    "Election",
    "Reading",
    "Vote",
    "VoteType",
    "read",
    "vote_type",
    "write",
    "write_election",
]

_TYPES: Final[dict[BallotKind, VoteType]] = {
    "approval": "approval",
    "knapsack": "approval",
    "ranked": "ordinal",
    "points": "cumulative",
}


def read(content: bytes) -> Reading:
    """Read a file, UTF-8 with or without byte order mark. Raises nothing for bad content."""
    return Reader().read(content)


def vote_type(kind: BallotKind) -> VoteType:
    """What the format calls a kind of ballot."""
    return _TYPES[kind]


def write(
    instance: Instance,
    kind: BallotKind,
    votes: Iterable[Vote],
    number: int,
    *,
    meta: Mapping[str, str] | None = None,
    project_fields: Mapping[str, Mapping[str, str]] | None = None,
    type_: VoteType | None = None,
    lang: str | None = None,
) -> Iterator[str]:
    """The text of a file in pieces. `votes` is read once, so a cursor can stand behind it.

    `number` of votes; `meta` with description, country, unit, instance, rule, date_begin and
    date_end, which the format requires, and limits such as min_length. Votes are written in the
    order given and with the voter ids given: who publishes must shuffle and renumber before.
    `lang`: language of the column `name`. Raises BallotError for an id or an amount that the
    format cannot hold.
    """
    head = {
        **(meta or {}),
        "num_projects": str(len(instance.projects)),
        "num_votes": str(number),
        "budget": _written(instance.budget),
        "vote_type": type_ or vote_type(kind),
    }
    if kind == "knapsack":
        head.setdefault("max_sum_cost", head["budget"])
    if kind == "ranked" and instance.longest_list:
        head["max_length"] = str(instance.longest_list)
    yield _lines([["META"], ["key", "value"], *([key, value] for key, value in head.items())])
    yield _lines([["PROJECTS"], *_projects(instance, project_fields or {}, lang)])
    yield from _votes(kind, votes)


def write_election(election: Election, lang: str | None = None) -> Iterator[str]:
    """A file that `read` takes for the same election."""
    kind = next((vote.ballot.kind for vote in election.votes), KINDS[election.vote_type])
    return write(
        election.instance,
        kind,
        election.votes,
        len(election.votes),
        meta=election.meta,
        project_fields=election.project_fields,
        type_=election.vote_type,
        lang=lang,
    )


def _projects(
    instance: Instance, fields: Mapping[str, Mapping[str, str]], lang: str | None
) -> Iterator[list[str]]:
    more = list(dict.fromkeys(name for each in fields.values() for name in each))
    yield ["project_id", "cost", "name", *(f"name_{code}" for code in LANGUAGES), *more]
    for project in instance.projects:
        names = [project.name.get(code, "") for code in LANGUAGES]
        mine = fields.get(project.id, {})
        yield [
            _id(project.id),
            _written(project.cost),
            pick(project.name, lang),
            *names,
            *(mine.get(name, "") for name in more),
        ]


def _votes(kind: BallotKind, votes: Iterable[Vote]) -> Iterator[str]:
    rows: list[list[str]] = [["VOTES"]]
    more: list[str] | None = None
    for place, vote in enumerate(votes, 1):
        if more is None:
            more = list(vote.more)
            rows.append(_vote_header(kind, more))
        cells = [vote.voter_id or str(place), ",".join(map(_id, vote.ballot.choices))]
        if kind == "points":
            # An empty cell would be a number to other readers.
            cells.append(",".join(map(_written, vote.ballot.points)) or "none")
        rows.append(cells + [vote.more.get(name, "") for name in more])
        if len(rows) >= 1000:
            yield _lines(rows)
            rows = []
    if more is None:
        rows.append(_vote_header(kind, []))
    yield _lines(rows)


def _vote_header(kind: BallotKind, more: Sequence[str]) -> list[str]:
    return ["voter_id", "vote", *(["points"] if kind == "points" else []), *more]


def _lines(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    # A line end inside a cell is allowed by CSV, but other readers of the format go by lines.
    csv.writer(out, delimiter=";", lineterminator="\n").writerows(
        [" ".join(cell.split()) for cell in row] for row in rows
    )
    return out.getvalue()


def _id(name: str) -> str:
    if not name or "," in name or name != " ".join(name.split()):
        raise BallotError(f"the id {name!r} cannot stand in a .pb file")
    return name


def _written(amount: Amount) -> str:
    exact = plain(Fraction(amount))
    if isinstance(exact, int):
        return str(exact)
    digits = exact * 10**MAX_DECIMALS
    if digits.denominator != 1:
        raise BallotError(f"{amount} has too many decimals for a .pb file")
    whole, rest = divmod(digits.numerator, 10**MAX_DECIMALS)
    return f"{whole}.{rest:0{MAX_DECIMALS}}".rstrip("0")
