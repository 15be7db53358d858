"""Rules that choose projects from ballots, in exact arithmetic.

    instance = Instance(budget=1_000, projects=(Project("park", 600), Project("lamps", 500)))
    outcome = tally(instance, [Ballot("approval", ("park",))], "count")
    outcome.winners, [sentence(outcome, line) for line in outcome.lines]

The rules are `count` (most votes win, as far as the budget goes; the default), `greedy` and
`equal-shares`; what each does is written in its module. They neither read nor write anything.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from . import equal_shares, ranking
from .model import (
    BALLOT_KINDS,
    COMPLETIONS,
    RULES,
    SATISFACTIONS,
    Amount,
    Ballot,
    BallotError,
    BallotKind,
    Completion,
    Explanation,
    Instance,
    Line,
    Project,
    RuleName,
    Satisfaction,
    Tally,
)
from .support import plain, profile
from .words import money, sentence, support

__all__ = [
    "BALLOT_KINDS",
    "COMPLETIONS",
    "RULES",
    "SATISFACTIONS",
    "Amount",
    "Ballot",
    "BallotError",
    "BallotKind",
    "Completion",
    "Explanation",
    "Instance",
    "Line",
    "Project",
    "RuleName",
    "Satisfaction",
    "Tally",
    "money",
    "report",
    "sentence",
    "support",
    "tally",
]


def tally(
    instance: Instance,
    ballots: Iterable[Ballot] | Mapping[Ballot, int],
    rule: RuleName = "count",
    *,
    most_winners: int | None = None,
    satisfaction: Satisfaction = "cost",
    completion: Completion = "none",
    increment: Amount | None = None,
) -> Tally:
    """Count ballots of one kind by a rule.

    `ballots` is read once and may be a generator over a cursor, or a mapping of ballots to how
    often each was cast. `most_winners` is for count and greedy; the other three for equal-shares.
    Raises BallotError for ballots that do not belong to the instance.
    """
    found = profile(instance, ballots)
    if rule == "equal-shares":
        return equal_shares.tally(instance, found, satisfaction, completion, increment)
    return ranking.tally(instance, found, rule, most_winners)


def report(outcome: Tally) -> dict[str, Any]:
    """The outcome as plain JSON, sentences in the language of the moment.

    Amounts are integers, or a text such as "25/2" where they are none.
    """
    return {
        "rule": outcome.rule,
        "kind": outcome.kind,
        "ballots": outcome.ballots,
        "blank": outcome.blank,
        "budget": _exact(outcome.instance.budget),
        "spent": _exact(outcome.spent),
        "left": _exact(outcome.left),
        "share": None if outcome.share is None else _exact(outcome.share),
        "winners": [project.id for project in outcome.winners],
        "projects": [
            {
                "id": line.project.id,
                "name": dict(line.project.name),
                "cost": _exact(line.project.cost),
                "place": line.place,
                "won": line.won,
                "support": _exact(line.support),
                "supporters": line.supporters,
                "reason": line.explanation.reason,
                "figures": {
                    **{name: _exact(each) for name, each in line.explanation.amounts.items()},
                    **line.explanation.numbers,
                },
                "stopped_at": line.explanation.stopped_at or None,
                "level_with": list(line.explanation.level_with),
                "explanation": sentence(outcome, line),
            }
            for line in outcome.lines
        ],
    }


def _exact(amount: Amount) -> int | str:
    simple = plain(Fraction(amount))
    return simple if isinstance(simple, int) else str(simple)
