"""What a tally takes and what it says. Amounts and points are integers or fractions, never floats.

The order of `Instance.projects` is the published order of the list. It is the last of the three
rules that part equals: more support, then the lower cost, then the place in this order. So a city
that wants a lot instead draws the order, publishes it, and gives the projects in that order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Final, Literal, get_args

Amount = int | Fraction
Texts = Mapping[str, str]
"""{language: text}."""

BallotKind = Literal["approval", "ranked", "points", "knapsack"]
BALLOT_KINDS: Final[tuple[BallotKind, ...]] = get_args(BallotKind)
RuleName = Literal["count", "greedy", "equal-shares"]
RULES: Final[tuple[RuleName, ...]] = get_args(RuleName)
Satisfaction = Literal["cost", "cardinality"]
SATISFACTIONS: Final[tuple[Satisfaction, ...]] = get_args(Satisfaction)
Completion = Literal["none", "add1", "add1u"]
COMPLETIONS: Final[tuple[Completion, ...]] = get_args(Completion)
Reason = Literal[
    "won",
    "no_support",
    "too_dear",
    "does_not_fit",
    "list_ended",
    "places_taken",
    "shares_won",
    "free",
    "filled_up",
    "shares_short",
]


class BallotError(ValueError):
    """A ballot or an instance that no rule can count; the text is for developers."""


@dataclass(frozen=True, slots=True)
class Project:
    """`cost` in the unit of the budget, e.g. toman; not negative."""

    id: str
    cost: Amount
    name: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class Instance:
    """What is voted on. Raises BallotError for a negative amount or an id that occurs twice."""

    budget: Amount
    projects: tuple[Project, ...]
    currency: Texts = field(default_factory=dict)
    """Name of the unit of money, e.g. {"fa": "تومان", "en": "toman"}; may be empty."""
    longest_list: int | None = None
    """Most projects that a ranked ballot may name: the first place counts so many points, the
    next one less. None: as many as there are projects."""

    def __post_init__(self) -> None:
        if self.budget < 0 or any(project.cost < 0 for project in self.projects):
            raise BallotError("a budget or a cost is negative")
        if len(self.places) < len(self.projects):
            raise BallotError("two projects have one id")

    @cached_property
    def places(self) -> dict[str, int]:
        """Place of each project's id in the published order, from 0."""
        return {project.id: place for place, project in enumerate(self.projects)}

    @property
    def first_place_points(self) -> int:
        """What the first place of a ranked ballot counts."""
        return self.longest_list or len(self.projects)


@dataclass(frozen=True, slots=True)
class Ballot:
    """One person's vote: ids of projects, each once.

    approval and knapsack: any order. ranked: the most wanted first. points: `points[i]` for
    `choices[i]`, none negative. That a knapsack keeps to the budget, and points to their sum, is
    checked where the ballot is taken; here it counts as it is.
    """

    kind: BallotKind
    choices: tuple[str, ...]
    points: tuple[Amount, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a project won or lost: a reason and its figures. `surveys.ballots.rules.words` says it.

    won            `left` before it, `cost`, `remains`
    no_support     nobody chose it
    too_dear       `cost` is over the `budget`
    does_not_fit   `left` when its turn came, `cost`
    list_ended     the list ended with the project `stopped_at`, which has more support
    places_taken   all `winners` places were taken
    shares_won     in `round` its supporters paid `cost`, nobody more than `price` of `share`
    free           it costs nothing and somebody wants it
    filled_up      like won, from the money that the shares had left over
    shares_short   its supporters had `left` together, `cost`
    """

    reason: Reason
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    """Money."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Counts: round, winners."""
    stopped_at: str = ""
    level_with: tuple[str, ...] = ()
    """Ids of projects with the same claim and another outcome: only the order of equals (lower
    cost, then the published order) parted them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One project in the result, in the order in which the rule ranks them."""

    project: Project
    place: int
    """From 1."""
    won: bool
    support: Amount
    """Votes, or points for ranked and points ballots."""
    supporters: int
    """Ballots that name it (with more than 0 points)."""
    explanation: Explanation


@dataclass(frozen=True)
class Tally:
    """The outcome. `winners` in the order in which they were chosen; `lines` all projects."""

    rule: RuleName
    instance: Instance
    kind: BallotKind | None
    """None: there was no ballot."""
    ballots: int
    """Cast, blank ones among them."""
    blank: int
    winners: tuple[Project, ...]
    lines: tuple[Line, ...]
    share: Amount | None = None
    """Of equal shares: what each voter could spend, raised by the completion where asked for."""

    @cached_property
    def spent(self) -> Amount:
        """The cost of all winners."""
        return sum((project.cost for project in self.winners), 0)

    @property
    def left(self) -> Amount:
        """What remains of the budget, not below 0."""
        return self.instance.budget - self.spent
