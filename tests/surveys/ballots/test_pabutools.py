"""Our rules choose what pabutools chooses: another implementation, by other people.

pabutools knows no rule that ends the list at the first project that does not fit; `count` is
compared with its greedy rule where all projects cost the same, for there the two are one.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from surveys.ballots import pabulib
from surveys.ballots.rules import BALLOT_KINDS, Ballot, BallotKind, Instance, Project, tally
from tests.surveys.ballots.elections import random_election, utility

# Of the development environment only: it brings solvers of some hundred megabytes.
pb = pytest.importorskip("pabutools.election", reason="SKIPPED LOUDLY: pabutools is not installed")
rules = pytest.importorskip("pabutools.rules")
parse_pabulib = pytest.importorskip("pabutools.election.pabulib").parse_pabulib
AdditiveSatisfaction = pytest.importorskip("pabutools.election.satisfaction").AdditiveSatisfaction
TieBreakingRule = pytest.importorskip("pabutools.tiebreaking").TieBreakingRule
greedy_utilitarian_welfare = rules.greedy_utilitarian_welfare
method_of_equal_shares = rules.method_of_equal_shares

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.pb"))
INSTANCES = 200


class Other:
    """One election as pabutools holds it."""

    def __init__(self, instance: Instance, ballots: Sequence[Ballot]) -> None:
        self.instance, self.ballots = instance, ballots
        self.projects = {each.id: pb.Project(each.id, each.cost) for each in instance.projects}
        self.election = pb.Instance(self.projects.values(), budget_limit=instance.budget)
        self.profile = self._profile(ballots[0].kind)
        support = {
            name: sum(utility(instance, ballot, name) for ballot in ballots)
            for name in self.projects
        }
        self.wanted = {name for name, amount in support.items() if amount}
        self.ties = TieBreakingRule(
            lambda _instance, _profile, each: (
                -support[each.name],
                each.cost,
                instance.places[each.name],
            )
        )

    def _profile(self, kind: BallotKind) -> Any:
        if kind == "ranked":
            return pb.OrdinalProfile(
                [
                    pb.OrdinalBallot([self.projects[name] for name in ballot.choices])
                    for ballot in self.ballots
                ]
            )
        if kind == "points":
            return pb.CardinalProfile(
                [
                    pb.CardinalBallot(
                        {
                            self.projects[name]: points
                            for name, points in zip(ballot.choices, ballot.points, strict=True)
                        }
                    )
                    for ballot in self.ballots
                ]
            )
        return pb.ApprovalProfile(
            [
                pb.ApprovalBallot([self.projects[name] for name in ballot.choices])
                for ballot in self.ballots
            ]
        )

    def satisfaction(self, kind: str) -> Any:
        """pabutools' own measure where it has one for these ballots."""
        if isinstance(self.profile, pb.ApprovalProfile):
            return pb.Cost_Sat if kind == "cost" else pb.Cardinality_Sat
        if isinstance(self.profile, pb.CardinalProfile) and kind == "cardinality":
            return pb.Additive_Cardinal_Sat
        instance = self.instance

        def value(_instance: Any, _profile: Any, ballot: Any, project: Any, _kept: Any) -> Any:
            if isinstance(ballot, pb.AbstractOrdinalBallot):
                own = Ballot("ranked", tuple(each.name for each in ballot))
                points = int(utility(instance, own, project.name))
            else:
                points = ballot.get(project, 0)
            return points * project.cost if kind == "cost" else points

        class Measure(AdditiveSatisfaction):
            def __init__(self, election: Any, profile: Any, ballot: Any) -> None:
                super().__init__(election, profile, ballot, value)

        return Measure

    def greedy(self) -> set[str]:
        chosen = greedy_utilitarian_welfare(
            self.election,
            self.profile,
            sat_class=self.satisfaction("cost"),
            tie_breaking=self.ties,
        )
        # It funds what nobody chose while there is money; we do not.
        return {each.name for each in chosen} & self.wanted

    def equal_shares(self, satisfaction: str, increment: int | None) -> list[str]:
        chosen = method_of_equal_shares(
            self.election,
            self.profile,
            sat_class=self.satisfaction(satisfaction),
            tie_breaking=self.ties,
            voter_budget_increment=increment,
        )
        return [each.name for each in chosen]


def _elections(kind: BallotKind, seed: int) -> Any:
    chance = random.Random(seed)
    for _number in range(INSTANCES):
        yield random_election(chance, kind)


@pytest.mark.parametrize("kind", BALLOT_KINDS)
def test_greedy(kind: BallotKind) -> None:
    for instance, ballots in _elections(kind, 1):
        ours = {each.id for each in tally(instance, ballots, "greedy").winners}
        assert ours == Other(instance, ballots).greedy(), (instance, ballots)


@pytest.mark.parametrize("kind", BALLOT_KINDS)
def test_count_where_all_cost_the_same(kind: BallotKind) -> None:
    for given, ballots in _elections(kind, 2):
        projects = tuple(Project(each.id, 5) for each in given.projects)
        instance = Instance(given.budget, projects, longest_list=given.longest_list)
        ours = {each.id for each in tally(instance, ballots, "count").winners}
        assert ours == Other(instance, ballots).greedy(), (instance, ballots)


@pytest.mark.parametrize("increment", [None, 1], ids=["plain", "add1"])
@pytest.mark.parametrize("satisfaction", ["cost", "cardinality"])
@pytest.mark.parametrize("kind", BALLOT_KINDS)
def test_equal_shares(kind: BallotKind, satisfaction: Any, increment: int | None) -> None:
    for instance, ballots in _elections(kind, 3):
        ours = tally(
            instance,
            ballots,
            "equal-shares",
            satisfaction=satisfaction,
            completion="add1" if increment else "none",
            increment=increment,
        )
        theirs = Other(instance, ballots).equal_shares(satisfaction, increment)
        assert [each.id for each in ours.winners] == theirs, (instance, ballots)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_files(path: Path) -> None:
    reading = pabulib.read(path.read_bytes())
    assert reading.election is not None, [str(each.message) for each in reading.problems]
    instance, ballots = reading.election.instance, list(reading.election.ballots)
    election, profile = parse_pabulib(str(path))
    assert {(each.id, each.cost) for each in instance.projects} == {
        (each.name, each.cost) for each in election
    }
    assert instance.budget == election.budget_limit
    assert len(ballots) == len(profile)
    other = Other(instance, ballots)
    # Their reading of the votes, not ours.
    other.election, other.profile = election, profile
    assert {each.id for each in tally(instance, ballots, "greedy").winners} == other.greedy()
    for satisfaction in ("cost", "cardinality"):
        ours = tally(instance, ballots, "equal-shares", satisfaction=satisfaction)
        theirs = other.equal_shares(satisfaction, None)
        assert [each.id for each in ours.winners] == theirs


def test_there_are_examples_of_every_vote_type() -> None:
    readings = [pabulib.read(path.read_bytes()).election for path in EXAMPLES]
    assert {each.vote_type for each in readings if each} == set(pabulib.VOTE_TYPES)
