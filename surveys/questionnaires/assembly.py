"""Checked rows → pages of questions."""

import re

from portal.i18n import _l

from .choice_lists import ChoiceList
from .expressions import ExpressionError, latin_digits, parse
from .logic import combined
from .problems import ProblemList
from .schema import HEADING, SELECTS, Choice, Page, Question
from .survey_rows import Group, Item, Survey, yes_or_no
from .texts import check_texts

OTHER = "other"
_OTHER_LABEL = {"fa": "سایر", "ar": "أخرى", "en": "Other"}
_SPECIFY_LABEL = {"fa": "لطفاً بنویسید:", "ar": "يرجى التحديد:", "en": "Please specify:"}
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+)")


class Assembler:
    """Builds the pages; what only shows when all is put together goes to `problems`."""

    def __init__(
        self, lists: dict[str, ChoiceList], languages: list[str], problems: ProblemList
    ) -> None:
        self.lists = lists
        self.languages = languages
        self.problems = problems
        self.pages: list[tuple[str, Group | None, list[Question]]] = []
        self.taken: set[str] = set()
        self.headed: set[int] = set()

    def pages_of(self, survey: Survey) -> tuple[Page, ...]:
        """All rows in pages: a group shown together, a top-level group, or a run between them."""
        self.taken = {item.name for item in survey.items}
        owner: Group | None = None
        for item in survey.items:
            before, owner = owner, _owner(item)
            if not self.pages or before is not owner:
                self.pages.append((self._page_name(owner), owner, []))
            questions = self.pages[-1][2]
            questions.extend(self._headings(item, owner))
            questions.extend(self._questions(item, owner))
        return tuple(self._page(*page) for page in self.pages)

    def _page_name(self, owner: Group | None) -> str:
        used = {name for name, _, _ in self.pages}
        base = owner.name if owner else f"page_{len(self.pages) + 1}"
        name, number = base, 2
        while name in used:
            name, number = f"{base}_{number}", number + 1
        return name

    def _page(self, name: str, owner: Group | None, questions: list[Question]) -> Page:
        if owner is None:
            return Page(name, questions=tuple(questions))
        relevant = self._combined([g.relevant for g in (*owner.parents, owner)], owner)
        return Page(name, owner.record.texts("label"), relevant, tuple(questions), owner.appearance)

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
        record, kind = item.record, item.type.question
        if item.type.kind != "question" or not item.name:
            return []
        place = (record.table.name, record.number)
        texts = {
            key: record.texts(key)
            for key in ("label", "hint", "constraint_message", "required_message")
        }
        if kind not in {"calculate", "hidden"}:
            for key, found in texts.items():
                check_texts(record, key, found, self.languages, self.problems)
            if not texts["label"]:
                add = self.problems.warn if texts["hint"] else self.problems.add
                add(
                    "missing_label",
                    _l("This question has no label. Write what the respondent reads."),
                    *place,
                    record.header("label"),
                )
        required = yes_or_no(record.get("required"))
        relevant = [group.relevant for group in self._inner(item, owner)]
        question = Question(
            name=item.name,
            type=kind,
            **texts,
            required=item.expressions.get("required", "") if required is None else required,
            relevant=self._combined([*relevant, item.expressions.get("relevant", "")], item),
            constraint=item.expressions.get("constraint", ""),
            calculation=item.expressions.get("calculation", ""),
            default=record.get("default"),
            read_only=yes_or_no(record.get("read_only")) or False,
            choices=self._choices(item),
            appearance=record.get("appearance"),
            or_other=item.type.or_other,
        )
        self._check_default(question, item)
        return [question, *self._specify(question, item)]

    def _choices(self, item: Item) -> tuple[Choice, ...]:
        if item.type.question not in SELECTS:
            return ()
        place = (item.record.table.name, item.record.number, item.record.header("type"))
        name = item.type.list_name
        if not name:
            self.problems.add(
                "missing_list",
                _l("Write the name of a list of choices after “%(type)s”.", type=item.type.word),
                *place,
            )
            return ()
        found = self.lists.get(name)
        if found is None or not found.choices:
            self.problems.add(
                "missing_list",
                _l("There is no list “%(name)s”. Add it to the sheet “choices”.", name=name),
                *place,
            )
            return ()
        choices = tuple(found.choices)
        if item.type.or_other and all(choice.name != OTHER for choice in choices):
            choices += (Choice(OTHER, self._in_all(_OTHER_LABEL)),)
        return choices

    def _in_all(self, texts: dict[str, str]) -> dict[str, str]:
        return {language: texts.get(language[:2], texts["en"]) for language in self.languages}

    def _specify(self, question: Question, item: Item) -> list[Question]:
        if not item.type.or_other:
            return []
        name = f"{question.name}_other"
        if name in self.taken:
            self.problems.add(
                "duplicate_name",
                _l(
                    "or_other adds a question “%(name)s”, but another has this name. Rename it.",
                    name=name,
                ),
                item.record.table.name,
                item.record.number,
                item.record.header("type"),
            )
            return []
        self.taken.add(name)
        condition = f"selected(${{{question.name}}}, '{OTHER}')"
        relevant = self._combined([question.relevant, condition], item)
        return [Question(name, "text", self._in_all(_SPECIFY_LABEL), relevant=relevant)]

    def _check_default(self, question: Question, item: Item) -> None:
        text = latin_digits(question.default)
        if not text:
            return
        names = {choice.name for choice in question.choices}
        match question.type:
            case "integer":
                valid = _INTEGER.fullmatch(text) is not None
            case "decimal":
                valid = _DECIMAL.fullmatch(text) is not None
            case "select_one":
                valid = not names or question.default in names
            case "select_multiple":
                valid = not names or set(question.default.split()) <= names
            case _:
                valid = True
        if not valid:
            self.problems.add(
                "invalid_default",
                _l(
                    "The default “%(value)s” is not a possible answer. Correct it or clear it.",
                    value=question.default,
                ),
                item.record.table.name,
                item.record.number,
                item.record.header("default"),
            )


def _owner(item: Item) -> Group | None:
    """The group that makes the page: the outermost field list, else the top-level group."""
    for group in item.groups:
        if "field-list" in group.appearance.split():
            return group
    return item.groups[0] if item.groups else None
