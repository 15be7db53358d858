"""Checked rows → pages of questions."""

from collections.abc import Mapping
from dataclasses import replace

from .choice_lists import ChoiceList
from .expressions import ExpressionError, parse
from .logic import combined
from .problems import ProblemList
from .questions import QuestionBuilder
from .schema import HEADING, Page, Question, Repeat
from .survey_rows import Group, Item, Survey

_TABLE_TYPES = frozenset({"select_one", "select_multiple"})
MAX_TABLE_COLUMNS = 7
"""More do not fit beside each other on a page of 38 rem."""


class Assembler:
    """Builds the pages; what only shows when all is put together goes to `problems`."""

    def __init__(
        self,
        lists: Mapping[str, ChoiceList],
        languages: list[str],
        problems: ProblemList,
        files: Mapping[str, ChoiceList] | None = None,
    ) -> None:
        self.problems = problems
        self.taken: set[str] = set()
        self.builder = QuestionBuilder(lists, files or {}, languages, problems, self.taken)
        self.pages: list[tuple[str, Group | None, list[Question]]] = []
        self.headed: set[int] = set()

    def pages_of(self, survey: Survey) -> tuple[Page, ...]:
        """All rows in pages: a group shown together, a repeat, a top-level group, or a run
        between them."""
        self.taken |= {item.key for item in survey.items}
        owner: Group | None = None
        for item in survey.items:
            before, owner = owner, _owner(item)
            if not self.pages or before is not owner:
                self.pages.append((self._page_name(owner), owner, []))
            questions = self.pages[-1][2]
            questions.extend(self._headings(item, owner))
            questions.extend(self._questions(item, owner))
        return tuple(self._page(*page) for page in self.pages)

    def repeats_of(self, survey: Survey) -> tuple[Repeat, ...]:
        """The repeats that have a page; call it after `pages_of`."""
        used = {repeat.key for _n, owner, _q in self.pages if (repeat := _repeat(owner))}
        return tuple(
            Repeat(
                group.key,
                group.record.texts("label"),
                group.count,
                self._combined([g.relevant for g in (*group.parents, group)], group),
            )
            for group in survey.groups
            if group.container == "repeat" and group.key in used
        )

    def _page_name(self, owner: Group | None) -> str:
        used = {name for name, _, _ in self.pages}
        base = owner.key if owner else f"page_{len(self.pages) + 1}"
        name, number = base, 2
        while name in used:
            name, number = f"{base}_{number}", number + 1
        return name

    def _page(self, name: str, owner: Group | None, questions: list[Question]) -> Page:
        rows = tuple(_in_tables(questions))
        if owner is None:
            return Page(name, questions=rows)
        relevant = self._combined([g.relevant for g in (*owner.parents, owner)], owner)
        repeat = _repeat(owner)
        label = owner.record.texts("label") or (repeat.record.texts("label") if repeat else {})
        return Page(
            name, label, relevant, rows, owner.appearance, repeat=repeat.key if repeat else ""
        )

    def _combined(self, conditions: list[str], row: Item | Group) -> str:
        text = combined(conditions)
        try:
            if text:
                parse(text)
        except ExpressionError as error:
            self.problems.add(
                f"expression_{error.kind}",
                error.message,
                row.record.table.name,
                row.record.number,
                row.record.header("relevant"),
            )
            return ""
        return text

    def _inner(self, item: Item, owner: Group | None) -> tuple[Group, ...]:
        """The groups between the page and the question."""
        return item.groups[len(owner.parents) + 1 :] if owner else ()

    def _headings(self, item: Item, owner: Group | None) -> list[Question]:
        """A note for each labelled group inside the page that begins here."""
        found: list[Question] = []
        inner = self._inner(item, owner)
        for depth, group in enumerate(inner):
            labels = group.record.texts("label")
            if group.record.number in self.headed:
                continue
            self.headed.add(group.record.number)
            if not labels or set(labels.values()) == {"NO_LABEL"}:
                continue
            name = group.name if group.name not in self.taken else f"{group.name}_heading"
            while name in self.taken:
                name += "_"
            self.taken.add(name)
            relevant = self._combined([g.relevant for g in inner[: depth + 1]], group)
            found.append(Question(name, "note", labels, relevant=relevant, appearance=HEADING))
        return found

    def _questions(self, item: Item, owner: Group | None) -> list[Question]:
        if item.type.kind != "question" or not item.name:
            return []
        outer = [group.relevant for group in self._inner(item, owner)]
        relevant = self._combined([*outer, item.expressions.get("relevant", "")], item)
        found = self.builder.build(item, relevant)
        found[1:] = [
            replace(added, relevant=self._combined([added.relevant], item)) for added in found[1:]
        ]
        group = item.groups[-1] if item.groups else None
        if group is not None and "table-list" in group.appearance.split():
            found[0] = replace(found[0], matrix=group.name)
        return found


def _in_tables(questions: list[Question]) -> list[Question]:
    """Rows that can stand in one table keep their mark: choices alike, nothing of their own.

    `table-list` marks the rows of its group; with `label` and `list-nolabel` a row that is only
    a header is followed by the rows.
    """
    found: list[Question] = []
    header = ""
    for question in questions:
        looks = question.looks
        if question.type in _TABLE_TYPES and "label" in looks:
            header = question.name.rpartition("/")[2]
            # Its choices are the columns; it asks nothing itself.
            found.append(
                Question(
                    question.name,
                    "note",
                    question.label,
                    relevant=question.relevant,
                    appearance=HEADING,
                    image=question.image,
                )
            )
            continue
        if header and looks & {"list-nolabel", "list"}:
            # A name that needs its group before it keeps that group when it is exported.
            header = question.name.split("/")[-2] if "/" in question.name else header
            found.append(replace(question, matrix=header))
            continue
        if question.is_shown:
            header = ""
        found.append(question)
    return [_fitting(question) for question in found]


def _fitting(question: Question) -> Question:
    is_plain = (
        question.type in _TABLE_TYPES
        and len(question.choices) <= MAX_TABLE_COLUMNS
        and not (question.choice_filter or question.randomize or question.or_other)
        and not question.read_only
        and not any(choice.image for choice in question.choices)
    )
    return question if is_plain or not question.matrix else replace(question, matrix="")


def _owner(item: Item) -> Group | None:
    """The group that makes the page: the outermost field list, else the repeat or the top-level
    group. A page never reaches over the edge of a repeat."""
    inside = next((n for n, group in enumerate(item.groups) if group.container == "repeat"), 0)
    for group in item.groups[inside:]:
        if "field-list" in group.appearance.split():
            return group
    return item.groups[inside] if item.groups else None


def _repeat(owner: Group | None) -> Group | None:
    """The repeat a page belongs to."""
    groups = (*owner.parents, owner) if owner else ()
    return next((group for group in groups if group.container == "repeat"), None)
