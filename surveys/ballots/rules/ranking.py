"""The two rules that go down the list of projects by support.

**count** (the default). The projects with the most votes win, as far as the budget goes. From the
top of the ranking each project is funded while the money lasts; at the first that costs more than
what is left the list ends. No project ever wins over one with more support, however cheap it is.

**greedy**. The same, but a project that does not fit is passed over and the next one is looked at,
so that little money stays unspent; a cheap project may win where a dearer one with more support
lost. (Utilitarian greedy rule with cost satisfaction, as most cities of Poland use it.)

Both: a project that nobody chose is never funded. One that costs more than the whole budget can
never be and does not end the list. `most_winners` bounds their number.
"""

from dataclasses import replace

from .model import Explanation, Instance, Line, RuleName, Tally
from .support import Profile, ranking


def tally(
    instance: Instance, found: Profile, rule: RuleName, most_winners: int | None = None
) -> Tally:
    """The outcome of `count` or `greedy`."""
    left = instance.budget
    stopped_at = ""
    winners: list[int] = []
    why: dict[int, Explanation] = {}
    order = ranking(instance, found)
    for place in order:
        project = instance.projects[place]
        if not found.totals[place]:
            why[place] = Explanation("no_support")
        elif project.cost > instance.budget:
            why[place] = Explanation("too_dear", {"cost": project.cost, "budget": instance.budget})
        elif most_winners is not None and len(winners) >= most_winners:
            why[place] = Explanation("places_taken", numbers={"winners": most_winners})
        elif stopped_at:
            why[place] = Explanation("list_ended", stopped_at=stopped_at)
        elif project.cost > left:
            why[place] = Explanation("does_not_fit", {"left": left, "cost": project.cost})
            if rule == "count":
                stopped_at = project.id
        else:
            remains = left - project.cost
            why[place] = Explanation(
                "won", {"left": left, "cost": project.cost, "remains": remains}
            )
            winners.append(place)
            left = remains
    won = set(winners)
    return Tally(
        rule=rule,
        instance=instance,
        kind=found.kind,
        ballots=found.voters,
        blank=found.blank,
        winners=tuple(instance.projects[place] for place in winners),
        lines=lines(
            instance, found, order, won=won, why=why, level_with=_parted(found, order, won, why)
        ),
    )


def _parted(
    found: Profile, order: list[int], won: set[int], why: dict[int, Explanation]
) -> dict[int, list[int]]:
    """Projects with equal support of which some won and some lost."""
    level: dict[int, list[int]] = {}
    for place in order:
        if why[place].reason not in ("no_support", "too_dear"):
            level.setdefault(found.totals[place], []).append(place)
    return {
        place: [other for other in equals if (other in won) != (place in won)]
        for equals in level.values()
        for place in equals
    }


def lines(
    instance: Instance,
    found: Profile,
    order: list[int],
    *,
    won: set[int],
    why: dict[int, Explanation],
    level_with: dict[int, list[int]],
) -> tuple[Line, ...]:
    """The projects in the rule's order, each with its figures."""
    return tuple(
        Line(
            project=instance.projects[place],
            place=number,
            won=place in won,
            support=found.support(place),
            supporters=found.supporters[place],
            explanation=replace(
                why[place],
                level_with=tuple(instance.projects[each].id for each in level_with.get(place, ())),
            ),
        )
        for number, place in enumerate(order, 1)
    )
