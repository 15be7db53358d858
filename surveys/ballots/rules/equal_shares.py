"""The Method of Equal Shares, in integers.

Source: Peters, Pierczyński, Skowron, "Proportional Participatory Budgeting with Additive
Utilities" (NeurIPS 2021), and the rule as https://equalshares.net describes it.

Each voter, also one with a blank ballot, holds an equal share of the budget. A project can be
bought when its supporters can pay for it together, each in proportion to the own satisfaction u
and nobody beyond what is left: rho is the least number with sum of min(left, rho·u) = cost. In
every round the project with the least rho is bought. Among equal rho decide: more support, then
the lower cost, then the published order.

Satisfaction with a funded project: `cost`, its cost times the voter's support; `cardinality`, the
voter's support alone. Support is 1 for approval and knapsack ballots, the points for points
ballots, and for ranked ballots the points of the place.

The shares often leave money over. Completions: `add1` raises every share by `increment` and
counts anew from the start, until no project fits any more, or the winners would cost more than
the budget: then the round before stands. `add1u` then fills up by greedy support.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm

from .model import Amount, BallotError, Completion, Explanation, Instance, Satisfaction, Tally
from .ranking import lines
from .support import Profile, plain, ranking


@dataclass
class _Purchase:
    place: int
    price: Amount
    """The most that one voter paid."""
    level_with: tuple[int, ...] = ()


@dataclass
class _Run:
    """One pass with one share. `left`: what the supporters of each loser had in the end."""

    share: Fraction
    bought: list[_Purchase] = field(default_factory=list)
    left: dict[int, Amount] = field(default_factory=dict)


@dataclass
class _Candidate:
    place: int
    cost: Amount
    factor: int
    """Satisfaction is support times this, up to a number common to all projects."""
    groups: list[int]
    support: list[int]
    rho: Fraction
    """The last one known: money only becomes less, so the next is not lower."""


def default_increment(instance: Instance, voters: int) -> int:
    """A hundredth of a share, but at least one unit of money.

    add1 was thought for shares of a few złoty; with shares of a million toman, steps of one toman
    would count a million times.
    """
    return max(1, int(Fraction(instance.budget) / (100 * voters))) if voters else 1


def tally(
    instance: Instance,
    found: Profile,
    satisfaction: Satisfaction = "cost",
    completion: Completion = "none",
    increment: Amount | None = None,
) -> Tally:
    """The outcome. `increment`: by how much a completion raises a share, in units of money."""
    step = default_increment(instance, found.voters) if increment is None else increment
    if step <= 0:
        raise BallotError("the increment of a share must be positive")
    run = _complete(instance, found, satisfaction, completion, Fraction(step))
    why: dict[int, Explanation] = {}
    names = instance.projects
    winners = [
        place for place, project in enumerate(names) if not project.cost and found.totals[place]
    ]
    why.update((place, Explanation("free")) for place in winners)
    for number, purchase in enumerate(run.bought, 1):
        why[purchase.place] = Explanation(
            "shares_won",
            {
                "cost": names[purchase.place].cost,
                "price": purchase.price,
                "share": plain(run.share),
            },
            {"round": number},
        )
        winners.append(purchase.place)
    losers = [place for place in ranking(instance, found) if place not in why]
    rest = instance.budget - sum(names[place].cost for place in winners)
    for place in losers:
        project = names[place]
        if not found.totals[place]:
            why[place] = Explanation("no_support")
        elif project.cost > instance.budget:
            why[place] = Explanation("too_dear", {"cost": project.cost, "budget": instance.budget})
        elif completion == "add1u" and project.cost <= rest:
            amounts = {"left": rest, "cost": project.cost, "remains": rest - project.cost}
            why[place] = Explanation("filled_up", amounts)
            winners.append(place)
            rest -= project.cost
        elif completion == "add1u" or (completion == "add1" and project.cost > rest):
            why[place] = Explanation("does_not_fit", {"left": rest, "cost": project.cost})
        else:
            left = run.left.get(place, 0)
            why[place] = Explanation("shares_short", {"left": left, "cost": project.cost})
    won = set(winners)
    order = winners + [place for place in losers if place not in won]
    level: dict[int, list[int]] = {}
    for purchase in run.bought:
        for other in purchase.level_with:
            if other not in won:
                level.setdefault(purchase.place, []).append(other)
                level.setdefault(other, []).append(purchase.place)
    return Tally(
        rule="equal-shares",
        instance=instance,
        kind=found.kind,
        ballots=found.voters,
        blank=found.blank,
        winners=tuple(names[place] for place in winners),
        lines=lines(instance, found, order, won=won, why=why, level_with=level),
        share=plain(run.share),
    )


def _complete(
    instance: Instance,
    found: Profile,
    satisfaction: Satisfaction,
    completion: Completion,
    step: Fraction,
) -> _Run:
    if not found.voters:
        return _Run(Fraction(0))
    share = Fraction(instance.budget) / found.voters
    run = _run(instance, found, satisfaction, share)
    while completion != "none":
        bought = {purchase.place for purchase in run.bought}
        rest = instance.budget - sum(instance.projects[place].cost for place in bought)
        if not any(
            project.cost <= rest
            for place, project in enumerate(instance.projects)
            if project.cost and found.totals[place] and place not in bought
        ):
            break
        share += step
        further = _run(instance, found, satisfaction, share)
        if sum(instance.projects[item.place].cost for item in further.bought) > instance.budget:
            break
        run = further
    return run


def _run(instance: Instance, found: Profile, satisfaction: Satisfaction, share: Fraction) -> _Run:
    unit = lcm(share.denominator, *(Fraction(p.cost).denominator for p in instance.projects))
    # Money is counted in units of 1/unit; unit grows by each price's denominator, so that
    # everybody's money is an integer throughout: sums of a hundred thousand fractions are slow.
    money = [int(share * unit)] * len(found.groups)
    weights = [number for number, _support in found.groups]
    left = _candidates(instance, found, satisfaction)
    run = _Run(share)
    while left:
        left.sort(key=lambda item: item.rho)
        best: list[tuple[_Candidate, int, int]] = []
        short: set[int] = set()
        for item in left:
            if best and item.rho > best[0][0].rho:
                break
            price = _price(item, money, weights, unit)
            if price is None:
                run.left[item.place] = plain(
                    Fraction(sum(weights[g] * money[g] for g in item.groups), unit)
                )
                short.add(item.place)
                continue
            item.rho = Fraction(price[0], price[1] * unit * item.factor)
            if not best or item.rho < best[0][0].rho:
                best = [(item, *price)]
            elif item.rho == best[0][0].rho:
                best.append((item, *price))
        left = [item for item in left if item.place not in short]
        if not best:
            break
        best.sort(key=lambda entry: _order(instance, found, entry[0].place))
        item, numerator, denominator = best[0]
        common = gcd(numerator, denominator)
        numerator, denominator = numerator // common, denominator // common
        unit *= denominator
        grown = [amount * denominator for amount in money]
        most = 0
        for group, support in zip(item.groups, item.support, strict=True):
            paid = min(grown[group], numerator * support)
            most = max(most, paid)
            grown[group] -= paid
        money = grown
        run.bought.append(
            _Purchase(
                item.place,
                plain(Fraction(most, unit)),
                tuple(entry[0].place for entry in best[1:]),
            )
        )
        left.remove(item)
    return run


def _candidates(instance: Instance, found: Profile, satisfaction: Satisfaction) -> list[_Candidate]:
    groups: list[list[int]] = [[] for _project in instance.projects]
    support: list[list[int]] = [[] for _project in instance.projects]
    for number, (_voters, values) in enumerate(found.groups):
        for place, value in values.items():
            groups[place].append(number)
            support[place].append(value)
    whole = lcm(*(Fraction(project.cost).denominator for project in instance.projects))
    return [
        _Candidate(
            place,
            project.cost,
            int(project.cost * whole) if satisfaction == "cost" else 1,
            groups[place],
            support[place],
            Fraction(0),
        )
        for place, project in enumerate(instance.projects)
        if project.cost and found.totals[place]
    ]


def _order(instance: Instance, found: Profile, place: int) -> tuple[int, Amount, int]:
    return (-found.totals[place], instance.projects[place].cost, place)


def _price(
    item: _Candidate, money: list[int], weights: list[int], unit: int
) -> tuple[int, int] | None:
    """The least r = a/b with sum of weight·min(money, r·support) = cost, in money units; None:
    the supporters cannot pay it.

    First all are taken for rich; whoever cannot pay an equal part pays everything, which raises
    the part of the others, until all the rest can.
    """
    due = int(item.cost * unit)
    # Who has nothing left pays nothing: leaving them out here spares most of the work.
    rich = [
        (amount, weights[group], support)
        for group, support in zip(item.groups, item.support, strict=True)
        if (amount := money[group])
    ]
    if sum(amount * weight for amount, weight, _support in rich) < due:
        return None
    while True:
        parts = sum(weight * support for _amount, weight, support in rich)
        poor = [each for each in rich if each[0] * parts < due * each[2]]
        if not poor:
            return due, parts
        rich = [each for each in rich if each[0] * parts >= due * each[2]]
        due -= sum(amount * weight for amount, weight, _support in poor)
