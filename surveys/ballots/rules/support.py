"""Equal ballots gathered, and how much support each project has."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from .model import Amount, Ballot, BallotError, BallotKind, Instance

Group = tuple[int, dict[int, int]]
"""How many voters, and their support for each project by its place, in units of 1/scale."""


@dataclass(frozen=True)
class Profile:
    """All ballots of one kind. `groups` holds those that name something, equal ones together."""

    kind: BallotKind | None
    voters: int
    blank: int
    groups: tuple[Group, ...]
    scale: int
    """Support is counted in units of 1/scale, so that fractions of points stay integers."""
    totals: tuple[int, ...]
    """Support of each project in units of 1/scale."""
    supporters: tuple[int, ...]

    def support(self, place: int) -> Amount:
        """Votes or points of the project at a place of the published order."""
        return plain(Fraction(self.totals[place], self.scale))


def plain(amount: Amount) -> Amount:
    """An integer where it is one."""
    if isinstance(amount, Fraction) and amount.denominator == 1:
        return amount.numerator
    return amount


def profile(instance: Instance, ballots: Iterable[Ballot] | Mapping[Ballot, int]) -> Profile:
    """Count equal ballots together: an iterable, read once, or how often each was cast.

    Raises BallotError for an unknown or repeated project, points that do not fit the choices or
    are negative, and for ballots of two kinds.
    """
    counted = ballots if isinstance(ballots, Mapping) else Counter(ballots)
    kinds = {ballot.kind for ballot in counted}
    if len(kinds) > 1:
        raise BallotError("ballots of different kinds cannot be counted together")
    if any(number < 0 for number in counted.values()):
        raise BallotError("a ballot was cast a negative number of times")
    valued: list[tuple[int, list[tuple[int, Amount]]]] = []
    scale = 1
    for ballot, number in counted.items():
        values = _values(instance, ballot)
        for _place, value in values:
            if isinstance(value, Fraction):
                scale = lcm(scale, value.denominator)
        valued.append((number, values))
    # Ballots that differ only in order, or in projects with no points, are one group.
    merged: Counter[tuple[tuple[int, int], ...]] = Counter()
    for number, values in valued:
        merged[tuple(sorted((place, int(value * scale)) for place, value in values))] += number
    blank = merged.pop((), 0)
    totals = [0] * len(instance.projects)
    supporters = [0] * len(instance.projects)
    groups: list[Group] = []
    for pairs, number in merged.items():
        if not number:
            continue
        for place, value in pairs:
            totals[place] += number * value
            supporters[place] += number
        groups.append((number, dict(pairs)))
    return Profile(
        kind=next(iter(kinds), None),
        voters=blank + sum(number for number, _support in groups),
        blank=blank,
        groups=tuple(groups),
        scale=scale,
        totals=tuple(totals),
        supporters=tuple(supporters),
    )


def _values(instance: Instance, ballot: Ballot) -> list[tuple[int, Amount]]:
    """(place of the project, its support), only support above 0."""
    try:
        places = [instance.places[name] for name in ballot.choices]
    except KeyError as error:
        raise BallotError(f"there is no project {error.args[0]!r}") from None
    if len(set(places)) < len(places):
        raise BallotError("a ballot names a project twice")
    if ballot.kind == "points":
        if len(ballot.points) != len(places):
            raise BallotError("a ballot has more or fewer points than choices")
        if any(value < 0 for value in ballot.points):
            raise BallotError("a ballot has negative points")
        pairs = zip(places, ballot.points, strict=True)
        return [(place, value) for place, value in pairs if value]
    if ballot.points:
        raise BallotError(f"a {ballot.kind} ballot has no points")
    if ballot.kind == "ranked":
        first = instance.first_place_points
        if len(places) > first:
            raise BallotError(f"a ranked ballot names more than {first} projects")
        return [(place, first - rank) for rank, place in enumerate(places)]
    return [(place, 1) for place in places]


def ranking(instance: Instance, found: Profile) -> list[int]:
    """Places of the projects: more support first, then the lower cost, then the published order."""
    return sorted(
        range(len(instance.projects)),
        key=lambda place: (-found.totals[place], instance.projects[place].cost, place),
    )
