"""What the variables of a LimeSurvey survey are called here."""

import re
from collections.abc import Callable

from .document import Question, Subquestion
from .expression_script import ScriptError
from .translation import Meaning

SINGLE = frozenset("L!O5GYNSTUD*|")
LISTED = frozenset("L!O5GY")
"""Single questions whose answer is a choice."""
MULTIPLE = frozenset("MP")
ARRAYS = frozenset("ABCEFH")
FIELDS = frozenset("KQ")
GRIDS = frozenset(":;")
OTHER_ANSWER = "-oth-"
OTHER = "other"
_SGQA = re.compile(r"[0-9]+X[0-9]+X([0-9]+)(.*)", re.DOTALL)


def safe(code: str) -> str:
    """A code as a name that XLSForm allows."""
    name = re.sub(r"[^\w.\-]", "_", code)
    return name if re.match(r"[^\W\d]", name) else f"q{name}"


class CodeBook:
    """The meaning of every variable (translation.Names), and the names of our questions."""

    def __init__(self, questions: list[Question], relevance_of: Callable[[Question], str]) -> None:
        self.taken: set[str] = set()
        self.names: dict[tuple[str, str], str] = {}
        """(question's id, LimeSurvey's part behind the code) → our name."""
        self._meanings: dict[str, Meaning] = {}
        self._several: dict[str, list[Meaning]] = {}
        self._counted: dict[str, str] = {}
        self._owners: dict[str, Question] = {}
        self._by_id = {question.id: question for question in questions}
        self._relevance_of = relevance_of
        self._asked: dict[str, str | None] = {}
        # Questions first: what is made up for their parts must not take their names.
        for question in questions:
            self.names[question.id, ""] = self.unique(safe(question.code))
        for question in questions:
            self._enter(question)

    def unique(self, name: str) -> str:
        """The name, or one like it that is free."""
        found, number = name, 2
        while found in self.taken:
            found, number = f"{name}_{number}", number + 1
        self.taken.add(found)
        return found

    def name(self, question: Question, part: str = "") -> str:
        """Our name of a question or of a part of it, such as "_SQ001" or "_other"."""
        key = (question.id, part)
        if key not in self.names:
            self.names[key] = self.unique(safe(f"{self.names[question.id, '']}{part}"))
        return self.names[key]

    def _enter(self, question: Question) -> None:
        code, kind = question.code, question.type
        self._owners[code] = question
        if kind in SINGLE:
            self._add(question, "", self._reference(question, ""))
            if question.other:
                self._add(question, "_other", self._reference(question, "_other", is_text=True))
            if kind == "O":
                self._add(question, "_comment", self._reference(question, "_comment", is_text=True))
        elif kind in MULTIPLE:
            self._multiple(question)
        elif kind == "R":
            name = self.name(question)
            for place in range(len(question.answers) or len(question.rows())):
                text = f"selected-at(${{{name}}}, {place})"
                self._add(question, f"_{place + 1}", Meaning(text, is_reference=False))
        else:
            for part in self.parts(question):
                if is_checkboxes(question) and part.count("_") > 1:
                    row, _, column = part[1:].partition("_")
                    self._mark(question, part, self.name(question, f"_{row}"), column)
                else:
                    self._add(question, part, self._reference(question, part))

    def parts(self, question: Question) -> list[str]:
        """The endings of the variables of a question of several fields."""
        rows = question.rows(0)
        if question.type in GRIDS:
            columns = question.rows(1)
            return [f"_{row.code}_{column.code}" for row in rows for column in columns]
        if question.type == "1":
            return [f"_{row.code}_{scale}" for row in rows for scale in (0, 1)]
        if question.type in ARRAYS | FIELDS:
            return [f"_{row.code}" for row in rows]
        return []

    def _multiple(self, question: Question) -> None:
        name = self.name(question)
        for row in question.rows():
            self._mark(question, f"_{row.code}", name, choice_name(row))
            if question.type == "P":
                part = f"_{row.code}comment"
                self._add(question, part, self._reference(question, part, is_text=True), many=False)
        if question.other:
            self._add(question, "_other", self._reference(question, "_other", is_text=True))
            if question.type == "P":
                part = "_othercomment"
                self._add(question, part, self._reference(question, part, is_text=True), many=False)
        self._counted[question.code] = f"count-selected(${{{name}}})"

    def _mark(self, question: Question, part: str, name: str, choice: str) -> None:
        mark = f"selected(${{{name}}}, '{choice}')"
        meaning = Meaning(f"if({mark}, 'Y', '')", mark=mark, is_reference=False)
        self._add(question, part, meaning)

    def _reference(self, question: Question, part: str, *, is_text: bool = False) -> Meaning:
        name = self.name(question, part)
        text = f"${{{name}}}"
        kind = question.type
        is_number = not is_text and (kind in "N5KAB:" or question.is_on("numbers_only"))
        has_label = not is_text and (kind in LISTED | ARRAYS or kind == "1")
        return Meaning(
            text,
            "number" if is_number else "text",
            label=f"jr:choice-name({text}, '{text}')" if has_label else "",
            is_other_code=question.other and not is_text,
        )

    def _add(self, question: Question, part: str, meaning: Meaning, *, many: bool = True) -> None:
        name = f"{question.code}{part}"
        self._meanings.setdefault(name, meaning)
        self._owners.setdefault(name, question)
        if many and part:
            self._several.setdefault(question.code, []).append(meaning)

    # The three questions of translation.Names.

    def one(self, name: str) -> Meaning | None:
        return self._meanings.get(self._plain(name))

    def several(self, name: str) -> list[Meaning] | None:
        return self._several.get(self._plain(name.removeprefix("that.")))

    def counted(self, name: str) -> str:
        return self._counted.get(self._plain(name.removeprefix("that.")), "")

    def owner(self, name: str) -> Question | None:
        """The question that a variable belongs to."""
        return self._owners.get(self._plain(name.removeprefix("that.")))

    def relevance(self, name: str) -> str:
        question = self.owner(name)
        if question is None:
            return ""
        if question.id not in self._asked:
            # A question that depends on itself is found later, as a circle.
            self._asked[question.id] = None
            try:
                self._asked[question.id] = self._relevance_of(question)
            except ScriptError:
                self._asked[question.id] = ""
        return self._asked[question.id] or ""

    def _plain(self, name: str) -> str:
        """12345X6X789SQ001 as Q1_SQ001."""
        found = _SGQA.fullmatch(name)
        if found is None:
            return name
        digits, rest = found.groups()
        # A subquestion's code may begin with digits: the longest id that exists wins.
        for length in range(len(digits), 0, -1):
            question = self._by_id.get(digits[:length])
            if question is not None:
                part = (digits[length:] + rest).replace("#", "_")
                return f"{question.code}_{part}" if part else question.code
        return name


def choice_name(row: Subquestion) -> str:
    """The name of the choice that a subquestion of a multiple choice becomes."""
    return re.sub(r"\s", "_", row.code) or f"option_{row.id}"


def is_checkboxes(question: Question) -> bool:
    """Whether a grid asks by check boxes: each row is then a multiple choice."""
    return question.type == ":" and question.is_on("multiflexible_checkbox")
