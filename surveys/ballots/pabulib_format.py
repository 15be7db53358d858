"""What a `.pb` file holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from portal.i18n import LANGUAGES
from surveys.ballots.rules.model import Ballot, BallotKind, Instance
from surveys.questionnaires.problems import Problem

VoteType = Literal["approval", "ordinal", "cumulative", "scoring", "choose-1"]
VOTE_TYPES: Final[tuple[VoteType, ...]] = get_args(VoteType)
SECTIONS: Final = ("META", "PROJECTS", "VOTES")

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_PROJECTS: Final = 10_000
MAX_VOTES: Final = 2_000_000
MAX_CELL: Final = 20_000
MAX_DECIMALS: Final = 9

KINDS: Final[dict[str, BallotKind]] = {
    "approval": "approval",
    "choose-1": "approval",
    "ordinal": "ranked",
    "cumulative": "points",
    "scoring": "points",
}
OWN_COLUMNS: Final = frozenset(
    {"project_id", "cost", "name", *(f"name_{code}" for code in LANGUAGES)}
)
VOTE_COLUMNS: Final = frozenset({"voter_id", "vote", "points"})


@dataclass(frozen=True)
class Vote:
    """One line of VOTES; `more` are the other columns, e.g. age or neighborhood."""

    ballot: Ballot
    voter_id: str = ""
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Election:
    """A whole file. `meta` holds every line of META as it was written; `project_fields` the
    other columns of each project, e.g. category."""

    vote_type: VoteType
    instance: Instance
    votes: tuple[Vote, ...]
    meta: Mapping[str, str] = field(default_factory=dict)
    project_fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def ballots(self) -> Iterator[Ballot]:
        """The ballots alone, for `surveys.ballots.rules.tally`."""
        return (vote.ballot for vote in self.votes)


@dataclass(frozen=True)
class Reading:
    """`election` is None where there are errors. In each Problem `sheet` is the section, `row`
    the line of the file and `column` the field."""

    election: Election | None
    problems: tuple[Problem, ...]
    left_out: int = 0
    """Problems beyond those listed."""

    @property
    def ok(self) -> bool:
        return self.election is not None
