"""The expressions of a survey: syntax, references, paths, cycles."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from portal.i18n import _l

from .choice_lists import ChoiceList
from .columns import Record
from .expressions import Expression, ExpressionError, Subject, check_types, parse
from .expressions.nodes import Call, Path, Reference, walk
from .parameters import parameters
from .problems import ProblemList
from .rounds import ALL_ROUNDS, parsed
from .schema import Questionnaire
from .survey_rows import Group, Item, Survey, yes_or_no
from .texts import REFERENCE, references

EXPRESSIONS = ("relevant", "constraint", "calculation", "required", "read_only", "choice_filter")
_YES_OR_EXPRESSION = {"required", "read_only"}
_MAX_SUGGESTIONS = 100
_CALCULATED = re.compile(r"\$\{|^\s*[a-zA-Z][\w:\-]*\(.*\)\s*$", re.DOTALL)


class Names:
    """Every name that an expression may mention."""

    def __init__(
        self, survey: Survey, lists: Mapping[str, ChoiceList], tables: Mapping[str, ChoiceList]
    ) -> None:
        self.lists = lists
        self.tables = tables
        rows: list[Item | Group] = [item for item in survey.items if item.name]
        rows += [group for group in survey.groups if group.container == "repeat"]
        self.by_path = {row.path: row.key for row in rows}
        self.questions = {row.name for row in rows}
        self.items = {item.key: item for item in survey.items}
        self.groups = {group.name for group in survey.groups} - self.questions
        self.meta = survey.meta
        self.suggestions = 0
        self.alike: dict[str, list[tuple[str, ...]]] = {}
        for path in self.by_path:
            self.alike.setdefault(path[-1], []).append(path)

    def key(self, written: str) -> str | None:
        """The key of the question meant by `${name}`, `${group/name}` or `${/name}`, None where
        there is none or more than one."""
        if written.startswith("/"):
            return self.by_path.get(tuple(written[1:].split("/")))
        end = tuple(written.split("/"))
        found = [path for path in self.alike.get(end[-1], ()) if path[-len(end) :] == end]
        if len(found) > 1 and end in found and len(end) > 1:
            return self.by_path[end]
        return self.by_path[found[0]] if len(found) == 1 else None

    def near(self, name: str) -> str:
        """A question that was probably meant; searched for only so often, as it is slow."""
        self.suggestions += 1
        if self.suggestions > _MAX_SUGGESTIONS:
            return ""
        found = difflib.get_close_matches(name, self.questions, 1, 0.75)
        return found[0] if found else ""

    def unknown(
        self, name: str, *, in_text: bool = False, is_column: bool = False
    ) -> object | None:
        """What to say about a name that is no question or that of several, None when it is one."""
        if self.key(name) is not None:
            return None
        alike = self.alike.get(name.rpartition("/")[2], [])
        if len(alike) > 1 and is_column:
            # A path would be none of the row that is looked at.
            return _l(
                "“%(name)s” is the name of several questions, so it cannot stand in or after "
                "brackets, or after a repeat. Rename the one in the repeat.",
                name=name,
            )
        if len(alike) > 1:
            # Other tools know paths in expressions only.
            ways = [
                f"${{{_written(self.by_path[path])}}}" if in_text else "/data/" + "/".join(path)
                for path in alike
            ]
            return _l(
                "“%(name)s” is the name of several questions. Write which one is meant: %(ways)s.",
                name=name,
                ways=", ".join(ways),
            )
        if name in self.meta:
            return _l(
                "“%(name)s” (%(type)s) is not recorded here, so nothing can depend on it.",
                name=name,
                type=self.meta[name],
            )
        if name in self.groups:
            return _l("“%(name)s” is a group and has no answer. Name a question in it.", name=name)
        if near := self.near(name):
            return _l(
                "There is no question “%(name)s”. Did you mean “%(near)s”?", name=name, near=near
            )
        return _l("There is no question “%(name)s”. Correct the name or add it.", name=name)

    def subject(self, name: str) -> Subject | None:
        """What kind of answer a question takes, None where that is not known."""
        item = self.items.get(self.key(name) or name)
        if item is None or item.type.kind != "question":
            return None
        found = self.lists.get(item.type.list_name)
        choices = frozenset(choice.name for choice in found.choices) if found else frozenset()
        if item.type.or_other:
            choices |= {"other"}
        match item.type.question:
            case "integer" | "decimal":
                return Subject("number")
            case "text":
                return Subject("text")
            case "select_one":
                return Subject("one", choices)
            case "select_multiple":
                return Subject("many", choices)
            case _:
                return None


def check_logic(
    survey: Survey,
    problems: ProblemList,
    lists: Mapping[str, ChoiceList],
    tables: Mapping[str, ChoiceList],
) -> None:
    """Check all expressions and leave them, with paths resolved, in the items and groups.

    `tables` are what instance() and pulldata() look into: the lists and attached files."""
    names = Names(survey, lists, tables)
    for group in survey.groups:
        if text := _expression_cell(group.record, "relevant"):
            group.relevant = _checked(text, "relevant", group, names, problems)
        if group.container == "repeat" and (text := group.record.get("repeat_count")):
            group.count = _checked(text, "repeat_count", group, names, problems)
    for item in survey.items:
        _check_item(item, names, problems)
        for key in ("label", "hint", "guidance_hint", "constraint_message", "required_message"):
            item.record = _check_label_references(item.record, key, names, problems)
    for group in survey.groups:
        group.record = _check_label_references(group.record, "label", names, problems)


def _check_item(item: Item, names: Names, problems: ProblemList) -> None:
    record = item.record
    for key in EXPRESSIONS:
        text = _expression_cell(record, key)
        is_plain = key in _YES_OR_EXPRESSION and yes_or_no(record.get(key)) is not None
        if text and not is_plain:
            item.expressions[key] = _checked(text, key, item, names, problems)
    place = (record.table.name, record.number)
    if (text := record.get("default")) and _CALCULATED.search(text):
        item.expressions["default"] = _checked(text, "default", item, names, problems)
    seed = parameters(record).get("seed", "")
    if seed and not re.fullmatch(r"-?[0-9.]+", seed):
        item.expressions["seed"] = _checked(seed, "parameters", item, names, problems)
    calculates = item.type.kind == "question" and item.type.question == "calculate"
    if calculates and "calculation" not in item.expressions:
        problems.add(
            "missing_calculation",
            _l("This row calculates nothing. Write an expression in “calculation”."),
            *place,
            record.header("calculation"),
        )


def _expression_cell(record: Record, key: str) -> str:
    """The text of an expression; a spreadsheet's own TRUE and FALSE mean the functions."""
    text = record.get(key)
    return f"{text.lower()}()" if text.lower() in {"true", "false"} else text


def _checked(text: str, key: str, owner: Item | Group, names: Names, problems: ProblemList) -> str:
    """The expression with paths as `${name}`; "" where it cannot be used."""
    record = owner.record
    place = (record.table.name, record.number, record.header(key))
    try:
        expression = parse(text)
    except ExpressionError as error:
        near = text[error.position : error.position + 15].strip()
        problems.add(
            f"expression_{error.kind}",
            _l("%(message)s (near “%(near)s”)", message=error.message, near=near)
            if near
            else error.message,
            *place,
        )
        return ""
    resolved = True
    # position(..) and count(..) ask about the round, not about an answer.
    about_round = {
        path
        for node in walk(expression.root)
        if isinstance(node, Call) and node.name == "position"
        for path in node.arguments
    }
    # Whether the list of choices has such columns is seen when it is at hand.
    columns = {path for path in expression.paths() if key == "choice_filter" and path.bare}
    for path in expression.paths():
        if path in about_round | columns:
            continue
        if message := _path_problem(path, owner, names):
            problems.add("unknown_reference", message, *place)
            resolved = False
    kept = about_round | columns
    columns_there = expression.columns()
    for name in sorted(expression.named() | columns_there):
        if message := names.unknown(name, is_column=name in columns_there):
            problems.add("unknown_reference", message, *place)
            resolved = False
    for name in sorted(expression.tables() - set(names.tables)):
        problems.add(
            "unknown_list",
            _l(
                "There is no list “%(name)s”. Add its rows to the sheet “choices”, with a column "
                "for everything that is looked up.",
                name=name,
            ),
            *place,
        )
        resolved = False
    _check_types(expression, owner, names, problems, place)
    if not resolved:
        return ""
    return expression.rewritten(
        lambda path: None if path in kept else names.by_path.get(_target(path, owner)), names.key
    )


def _check_types(
    expression: Expression,
    owner: Item | Group,
    names: Names,
    problems: ProblemList,
    place: tuple[str, int, str],
) -> None:
    current = names.subject(owner.key) if isinstance(owner, Item) else None
    for problem in check_types(expression, names.subject, current):
        problems.add(problem.code, problem.message, *place, severity=problem.severity)


def _target(path: Path, owner: Item | Group) -> tuple[str, ...]:
    if path.absolute:
        return path.steps[1:]
    base = owner.path
    return (*base[: max(0, len(base) - path.ups)], *path.steps)


def _path_problem(path: Path, owner: Item | Group, names: Names) -> object | None:
    if not path.steps:
        return _l("“..” alone has no answer here. Name a question as ${name}.")
    if _target(path, owner) in names.by_path:
        return None
    name = path.steps[-1]
    if path.bare and names.key(name):
        return _l("Write ${%(name)s} instead of %(name)s.", name=name)
    if names.key(name):
        return _l(
            "The path %(path)s leads to no question. Write ${%(name)s}.",
            path="/".join([".."] * path.ups + list(path.steps)),
            name=name,
        )
    return names.unknown(name)


def _written(key: str) -> str:
    """How a text mentions one of several questions of a name."""
    return key if "/" in key else f"/{key}"


def _check_label_references(
    record: Record, key: str, names: Names, problems: ProblemList
) -> Record:
    """The row with keys in its texts."""
    cells = list(record.cells)
    for column in record.table.by_key.get(key, ()):
        if "${" in (text := record.cell(column)):
            cells[column.index] = REFERENCE.sub(
                lambda found: f"${{{names.key(found[1]) or found[1]}}}", text
            )
    for language, text in record.texts(key).items():
        if "${" not in text:
            continue
        for name in references(text):
            if message := names.unknown(name, in_text=True):
                problems.add(
                    "unknown_reference",
                    message,
                    record.table.name,
                    record.number,
                    record.header(key, language),
                    language=language,
                )
    return replace(record, cells=tuple(cells))


def dependencies(questionnaire: Questionnaire) -> dict[str, frozenset[str]]:
    """For each question and repeat the questions that its relevance or value depends on."""
    found: dict[str, frozenset[str]] = {}
    for repeat in questionnaire.repeats:
        found[repeat.name] = _references([repeat.count, repeat.relevant])
    for page in questionnaire.pages:
        around = _references([page.relevant]) | found.get(page.repeat, frozenset())
        for question in page.questions:
            own = _references(
                [
                    question.relevant,
                    question.calculation,
                    question.choice_filter,
                    question.default_expression,
                ]
            )
            # A running total looks at itself, in the rounds before.
            own -= {ALL_ROUNDS + question.name} if page.repeat else set()
            names = {name.removeprefix(ALL_ROUNDS) for name in around | own}
            found[question.name] = frozenset(names)
    return found


def _references(texts: Iterable[str]) -> frozenset[str]:
    """What is written `${name}`: a bare name in a filter is a column of the choice."""
    return frozenset().union(*(references_of(parsed(text)) for text in texts if text))


def references_of(expression: Expression) -> frozenset[str]:
    """The questions of a choice filter, without the columns; `a = ${a}` has one of each."""
    columns = {path.steps[-1] for path in expression.paths() if path.bare}
    written = {node.name for node in walk(expression.root) if isinstance(node, Reference)}
    return expression.references() - (columns - written)


def in_order(
    graph: Mapping[str, frozenset[str]], on_cycle: Callable[[list[str]], None] | None = None
) -> list[str]:
    """Names so that each comes after what it depends on. Cycles are reported and cut."""
    order: list[str] = []
    state: dict[str, int] = {}
    for start in graph:
        if start in state:
            continue
        # By hand, not by recursion: a form may chain thousands of calculations.
        trail: list[str] = [start]
        waiting = [iter(sorted(graph[start]))]
        state[start] = 1
        while trail:
            following = next(waiting[-1], None)
            if following is None:
                waiting.pop()
                name = trail.pop()
                state[name] = 2
                order.append(name)
            elif following in graph and state.get(following) == 1:
                if on_cycle is not None:
                    on_cycle(trail[trail.index(following) :])
            elif following in graph and following not in state:
                state[following] = 1
                trail.append(following)
                waiting.append(iter(sorted(graph[following])))
    return order


def combined(conditions: Iterable[str]) -> str:
    """All conditions in one expression, "" for none."""
    texts = [text for text in conditions if text]
    return texts[0] if len(texts) == 1 else " and ".join(f"({text})" for text in texts)


__all__ = ["check_logic", "combined", "dependencies", "in_order", "references_of"]
