"""What a voter marked: read, checked against the kind of ballot, put into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.i18n import InputError, _, format_number, ngettext, parse_int
from surveys.ballots.words import toman


@dataclass(frozen=True)
class Rules:
    """What a ballot allows. `costs`: project id → rial."""

    kind: str
    costs: Mapping[int, int]
    budget: int
    max_choices: int
    points: int

    @property
    def most(self) -> int:
        """Most projects that can be marked or put in order."""
        if self.kind in {"approval", "ranked"}:
            return min(self.max_choices, len(self.costs))
        return len(self.costs)


@dataclass(frozen=True)
class Marked:
    """`values`: project id → 1 (chosen), rank or points. `typed`: what stood in the boxes."""

    values: Mapping[int, int]
    typed: Mapping[int, str]
    errors: tuple[tuple[int | None, str], ...] = ()
    """(project id or None, words)"""

    @property
    def choices(self) -> list[Any]:
        """As it is sealed and published: by place or number, never in the order of the page."""
        return [list(pair) for pair in sorted(self.values.items(), key=_rank_then_id)]


def _rank_then_id(pair: tuple[int, int]) -> tuple[int, int]:
    return pair[1], pair[0]


def field_name(project_id: int) -> str:
    return f"p{project_id}"


def read(rules: Rules, form: Mapping[str, str]) -> Marked:
    """The marks of a form; every problem is said, nothing typed is lost."""
    typed = {
        project_id: form[field_name(project_id)][:20].strip()
        for project_id in rules.costs
        if form.get(field_name(project_id), "").strip()
    }
    values: dict[int, int] = {}
    errors: list[tuple[int | None, str]] = []
    for project_id, text in typed.items():
        if rules.kind in {"approval", "knapsack"}:
            values[project_id] = 1
            continue
        try:
            number = parse_int(text)
        except InputError as error:
            errors.append((project_id, str(error.message)))
            continue
        if number < 0:
            errors.append((project_id, _("Write a number of at least zero.")))
        elif number:
            values[project_id] = number
    if not errors:
        errors += _problems(rules, values)
    if not errors and rules.kind == "ranked":
        # 1, 2, 4 says the same as 1, 2, 3.
        order = sorted(values, key=lambda project_id: values[project_id])
        values = {project_id: place for place, project_id in enumerate(order, 1)}
    return Marked(values, typed, tuple(errors))


def check(rules: Rules, choices: Sequence[Any]) -> list[str]:
    """What is wrong with choices that came in another way, e.g. from paper; empty: nothing."""
    values: dict[int, int] = {}
    for project_id, value in choices:
        if project_id not in rules.costs or project_id in values or value < 1:
            return [_("This ballot names a project that is not on it, or one twice.")]
        values[project_id] = value
    return [words for _project, words in _problems(rules, values)]


def _problems(rules: Rules, values: Mapping[int, int]) -> list[tuple[int | None, str]]:
    first = next(iter(values), None)
    if not values:
        return [(None, _("Choose at least one project."))]
    match rules.kind:
        case "approval" if len(values) > rules.most:
            return [
                (
                    first,
                    ngettext(
                        "Choose at most %(num)s project; you have chosen %(chosen)s.",
                        "Choose at most %(num)s projects; you have chosen %(chosen)s.",
                        rules.most,
                        chosen=format_number(len(values)),
                    ),
                )
            ]
        case "knapsack" if (cost := total(rules, values)) > rules.budget:
            return [
                (
                    first,
                    _(
                        "Your choice costs %(over)s toman more than the budget. Take a project "
                        "out.",
                        over=toman(cost - rules.budget),
                    ),
                )
            ]
        case "points" if (given := sum(values.values())) > rules.points:
            return [
                (
                    first,
                    _(
                        "You have given %(given)s points; you have %(points)s. Give less.",
                        given=format_number(given),
                        points=format_number(rules.points),
                    ),
                )
            ]
        case "ranked":
            return _rank_problems(rules, values)
    return []


def _rank_problems(rules: Rules, values: Mapping[int, int]) -> list[tuple[int | None, str]]:
    seen: dict[int, int] = {}
    found: list[tuple[int | None, str]] = []
    for project_id, rank in values.items():
        if rank > rules.most:
            found.append((project_id, _("There is no such place.")))
        elif rank in seen:
            found.append(
                (
                    project_id,
                    _("Two projects stand in place %(place)s.", place=format_number(rank)),
                )
            )
        seen[rank] = project_id
    return found


def total(rules: Rules, values: Mapping[int, int]) -> int:
    """Rial that the marked projects cost together."""
    return sum(rules.costs[project_id] for project_id in values)


def standing(rules: Rules, marked: Marked) -> str:
    """Where the voter stands, in one sentence."""
    values = marked.values
    match rules.kind:
        case "knapsack":
            cost = total(rules, values)
            left = rules.budget - cost
            if left < 0:
                return _(
                    "Chosen: %(total)s of %(budget)s toman; %(over)s too much.",
                    total=toman(cost),
                    budget=toman(rules.budget),
                    over=toman(-left),
                )
            return _(
                "Chosen: %(total)s of %(budget)s toman; %(left)s left.",
                total=toman(cost),
                budget=toman(rules.budget),
                left=toman(left),
            )
        case "points":
            given = sum(values.values())
            return _(
                "Given: %(given)s of %(points)s points.",
                given=format_number(given),
                points=format_number(rules.points),
            )
        case _:
            return _(
                "Chosen: %(count)s of at most %(most)s projects.",
                count=format_number(len(values)),
                most=format_number(rules.most),
            )
