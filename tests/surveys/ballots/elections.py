"""Random elections, for comparisons and properties."""

import random
from fractions import Fraction

from hypothesis import strategies as st

from surveys.ballots.rules import BALLOT_KINDS, Ballot, BallotKind, Instance, Project


def random_election(chance: random.Random, kind: BallotKind) -> tuple[Instance, list[Ballot]]:
    """A few projects and voters; small numbers, so that ties are common."""
    count = chance.randint(1, 6)
    projects = tuple(Project(f"p{number}", chance.randint(1, 12)) for number in range(count))
    instance = Instance(
        chance.randint(1, 30), projects, longest_list=count if kind == "ranked" else None
    )
    ballots = [_random_ballot(chance, instance, kind) for _number in range(chance.randint(1, 8))]
    return instance, ballots


def _random_ballot(chance: random.Random, instance: Instance, kind: BallotKind) -> Ballot:
    ids = [project.id for project in instance.projects]
    choices = chance.sample(ids, chance.randint(0, len(ids)))
    if kind == "knapsack":
        left, kept = instance.budget, []
        for name in choices:
            cost = instance.projects[instance.places[name]].cost
            if cost <= left:
                kept.append(name)
                left -= cost
        choices = kept
    points: tuple[int, ...] = ()
    if kind == "points":
        points = tuple(chance.randint(0, 5) for _name in choices)
    return Ballot(kind, tuple(choices), points)


@st.composite
def elections(draw: st.DrawFn) -> tuple[Instance, list[Ballot]]:
    """Any kind of ballots, fractions among the amounts, free projects, blank ballots."""
    amounts = st.integers(0, 20) | st.fractions(0, 20, max_denominator=7)
    costs = draw(st.lists(amounts, min_size=1, max_size=6))
    projects = tuple(Project(f"p{number}", cost) for number, cost in enumerate(costs))
    instance = Instance(draw(amounts), projects)
    kind = draw(st.sampled_from(BALLOT_KINDS))
    ids = [project.id for project in projects]
    choices = st.lists(st.sampled_from(ids), unique=True).map(tuple)
    if kind == "points":
        ballots = choices.flatmap(
            lambda names: st.tuples(*[amounts for _name in names]).map(
                lambda points: Ballot("points", names, points)
            )
        )
    else:
        ballots = choices.map(lambda names: Ballot(kind, names))
    return instance, draw(st.lists(ballots, max_size=7))


def utility(instance: Instance, ballot: Ballot, name: str) -> Fraction:
    """Support of one voter for a project, as the documents say it, without our code."""
    if name not in ballot.choices:
        return Fraction(0)
    place = ballot.choices.index(name)
    if ballot.kind == "points":
        return Fraction(ballot.points[place])
    if ballot.kind == "ranked":
        return Fraction((instance.longest_list or len(instance.projects)) - place)
    return Fraction(1)
