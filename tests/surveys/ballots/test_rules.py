"""What the rules promise, and what they say."""

import time
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.i18n import use_language
from surveys.ballots.rules import (
    RULES,
    Ballot,
    BallotError,
    Instance,
    Project,
    RuleName,
    Tally,
    report,
    sentence,
    tally,
)
from tests.surveys.ballots.elections import elections, utility

ANY_RULE = st.sampled_from(RULES)
OPTIONS = st.fixed_dictionaries(
    {
        "satisfaction": st.sampled_from(["cost", "cardinality"]),
        "completion": st.sampled_from(["none", "add1", "add1u"]),
        "most_winners": st.none() | st.integers(1, 3),
    }
)


def chosen(outcome: Tally) -> list[str]:
    return [project.id for project in outcome.winners]


def election(budget: int, costs: dict[str, int], *votes: str) -> tuple[Instance, list[Ballot]]:
    """Approval ballots, each a word of ids of one letter."""
    projects = tuple(Project(name, cost, {"en": name.upper()}) for name, cost in costs.items())
    instance = Instance(budget, projects, {"en": "toman"})
    return instance, [Ballot("approval", tuple(vote)) for vote in votes]


@given(elections(), ANY_RULE, OPTIONS)
def test_never_over_budget_and_every_project_is_explained(given_election, rule, options):
    instance, ballots = given_election
    outcome = tally(instance, ballots, rule, **options)
    assert sum(project.cost for project in outcome.winners) == outcome.spent <= instance.budget
    assert sorted(line.project.id for line in outcome.lines) == sorted(instance.places)
    assert [line.place for line in outcome.lines] == list(range(1, len(outcome.lines) + 1))
    assert {line.project.id for line in outcome.lines if line.won} == set(chosen(outcome))
    for line in outcome.lines:
        support = sum(utility(instance, ballot, line.project.id) for ballot in ballots)
        assert line.support == support
        assert line.won <= bool(support)
        for lang in ("fa", "ar", "en"):
            with use_language(lang):
                assert "%(" not in sentence(outcome, line)
    if rule != "equal-shares" and options["most_winners"]:
        assert len(outcome.winners) <= options["most_winners"]


@given(elections(), ANY_RULE, OPTIONS, st.randoms(use_true_random=False))
def test_the_order_of_ballots_does_not_matter(given_election, rule, options, chance):
    instance, ballots = given_election
    shuffled = list(ballots)
    chance.shuffle(shuffled)
    outcome = tally(instance, ballots, rule, **options)
    assert tally(instance, shuffled, rule, **options) == outcome
    assert tally(instance, Counter(ballots), rule, **options) == outcome


@given(elections(), ANY_RULE, OPTIONS, st.randoms(use_true_random=False))
def test_names_do_not_matter(given_election, rule, options, chance):
    """Neutral: projects under other ids, in the same published order, win in their stead."""
    instance, ballots = given_election
    new = [f"q{number}" for number in range(len(instance.projects))]
    chance.shuffle(new)
    renamed = {each.id: name for each, name in zip(instance.projects, new, strict=True)}
    other = Instance(
        instance.budget, tuple(Project(renamed[each.id], each.cost) for each in instance.projects)
    )
    votes = [
        Ballot(each.kind, tuple(renamed[name] for name in each.choices), each.points)
        for each in ballots
    ]
    outcome = tally(instance, ballots, rule, **options)
    assert chosen(tally(other, votes, rule, **options)) == [
        renamed[name] for name in chosen(outcome)
    ]


@given(elections(), st.sampled_from(["count", "greedy"]))
def test_the_list_and_the_greedy_rule_as_defined(given_election, rule: RuleName):
    instance, ballots = given_election
    outcome = tally(instance, ballots, rule)
    supports = [line.support for line in outcome.lines]
    assert supports == sorted(supports, reverse=True)
    left, ended, expected = instance.budget, False, []
    for line in outcome.lines:
        if not line.support or line.project.cost > instance.budget or ended:
            continue
        if line.project.cost <= left:
            left -= line.project.cost
            expected.append(line.project.id)
        else:
            ended = rule == "count"
    assert chosen(outcome) == expected


@given(elections(), st.sampled_from(["cost", "cardinality"]), st.sampled_from(["none", "add1"]))
@settings(max_examples=150)
def test_equal_shares_come_with_a_price_system(given_election, satisfaction, completion):
    """Priceable (Peters and Skowron): from one share each, supporters alone pay exactly the cost
    of what they get, and no project is left out that its supporters could still pay."""
    instance, ballots = given_election
    outcome = tally(
        instance, ballots, "equal-shares", satisfaction=satisfaction, completion=completion
    )
    if not ballots:
        assert outcome.winners == ()
        return
    money = [Fraction(outcome.share)] * len(ballots)
    for line in outcome.lines:
        if line.explanation.reason != "shares_won":
            continue
        wants = [utility(instance, ballot, line.project.id) for ballot in ballots]
        most = Fraction(line.explanation.amounts["price"])
        # The richest pay in proportion to what they want it, the others all they have left.
        payers = [
            (amount / want, amount, want)
            for amount, want in zip(money, wants, strict=True)
            if want and amount
        ]
        rho = _rho(Fraction(line.project.cost), payers)
        paid = [min(amount, rho * want) for amount, want in zip(money, wants, strict=True)]
        assert sum(paid) == line.project.cost
        assert max(paid) == most <= outcome.share
        money = [amount - part for amount, part in zip(money, paid, strict=True)]
    assert min(money) >= 0
    for line in outcome.lines:
        if not line.won and line.project.cost:
            rich = sum(
                amount
                for amount, ballot in zip(money, ballots, strict=True)
                if utility(instance, ballot, line.project.id)
            )
            assert rich < line.project.cost


def _rho(cost: Fraction, payers: list[tuple[Fraction, Fraction, Fraction]]) -> Fraction:
    """The least rho with sum(min(amount, rho·want)) = cost, the plain way."""
    for rho in sorted(bound for bound, _amount, _want in payers):
        if sum(min(amount, rho * want) for _bound, amount, want in payers) >= cost:
            poor = [each for each in payers if each[0] < rho]
            rich = [each for each in payers if each[0] >= rho]
            return (cost - sum(each[1] for each in poor)) / sum(each[2] for each in rich)
    raise AssertionError("they could not pay it")


def test_count_ends_where_the_money_ends_and_greedy_goes_on():
    given_election = election(
        10, {"a": 6, "b": 5, "c": 3, "d": 1, "e": 50}, "abe", "abe", "ae", "abc", "b", "cd"
    )
    assert chosen(tally(*given_election, "count")) == ["b"]
    assert chosen(tally(*given_election, "greedy")) == ["b", "c", "d"]


def test_of_equals_the_cheaper_and_then_the_published_order():
    assert chosen(tally(*election(5, {"a": 5, "b": 4}, "ab"), "count")) == ["b"]
    assert chosen(tally(*election(5, {"a": 4, "b": 4}, "ab"), "count")) == ["a"]
    assert chosen(tally(*election(5, {"b": 4, "a": 4}, "ab"), "equal-shares")) == ["b"]


def test_equal_shares_give_a_minority_its_part():
    """60 of 100 choose the same three projects: greedy spends all on them."""
    votes = ["abc"] * 60 + ["d"] * 40
    given_election = election(100, dict.fromkeys("abc", 30) | {"d": 35}, *votes)
    assert chosen(tally(*given_election, "greedy")) == ["a", "b", "c"]
    assert chosen(tally(*given_election, "equal-shares")) == ["a", "b", "d"]


def test_a_completion_spends_what_is_left():
    given_election = election(10, {"a": 6, "b": 4}, "a", "b", "")
    assert chosen(tally(*given_election, "equal-shares")) == []
    completed = tally(*given_election, "equal-shares", completion="add1", increment=1)
    assert chosen(completed) == ["b", "a"]
    assert completed.share == Fraction(10, 3) + 3
    filled = tally(
        *election(10, {"a": 8, "b": 5, "c": 5}, "a", "bc", "a"), "equal-shares", completion="add1u"
    )
    assert filled.spent <= 10


def test_sentences():
    instance, ballots = election(
        320_000_000,
        {"a": 200_000_000, "b": 200_000_000, "c": 1_000, "d": 1, "e": 400_000_000},
        *["ae", "abe", "abc", "b", "a"],
    )
    outcome = tally(instance, ballots, "count")
    with use_language("en"):
        said = {line.project.id: sentence(outcome, line) for line in outcome.lines}
        assert said == {
            "a": "Funded, with 4 votes: it costs 200,000,000 toman of the 320,000,000 toman that "
            "were left.",
            "b": "Not funded: after the projects above, 120,000,000 toman were left, this one "
            "costs 200,000,000 toman.",
            "c": "Not funded: the list ended before it, with “\u2068B\u2069”, which has more "
            "support and did not fit into what was left.",
            "d": "Not funded: nobody chose it.",
            "e": "Not funded: it costs 400,000,000 toman, more than the whole budget of "
            "320,000,000 toman.",
        }
    with use_language("fa"):
        line = outcome.lines[0]
        assert "۲۰۰٬۰۰۰٬۰۰۰" in sentence(outcome, line)
    said_json = report(outcome)
    assert said_json["winners"] == ["a"]
    assert said_json["projects"][0]["figures"] == {
        "left": 320_000_000,
        "cost": 200_000_000,
        "remains": 120_000_000,
    }


@pytest.mark.parametrize(
    "ballot",
    [
        Ballot("approval", ("nothing",)),
        Ballot("approval", ("a", "a")),
        Ballot("approval", ("a",), (1,)),
        Ballot("points", ("a",), ()),
        Ballot("points", ("a",), (-1,)),
    ],
)
def test_a_ballot_of_another_election_is_refused(ballot: Ballot):
    instance, _ballots = election(10, {"a": 1, "b": 2})
    with pytest.raises(BallotError):
        tally(instance, [ballot])
    with pytest.raises(BallotError):
        tally(instance, [Ballot("approval", ("a",)), Ballot("ranked", ("a",))])
    with pytest.raises(BallotError):
        tally(Instance(10, instance.projects, longest_list=1), [Ballot("ranked", ("a", "b"))])


def test_many_voters_do_not_take_long():
    """Equal ballots are counted once: a million voters with few different ballots."""
    instance, _ballots = election(1000, {name: 90 + place for place, name in enumerate("abcdefgh")})
    counted = {
        Ballot("approval", tuple(names)): 100_000
        for names in ["ab", "abc", "cd", "de", "efg", "h", "ah", "bdf", "ceg", "aceg"]
    }
    before = time.perf_counter()
    outcome = tally(instance, counted, "equal-shares", completion="add1u")
    assert outcome.ballots == 1_000_000
    assert outcome.winners
    assert time.perf_counter() - before < 10
