"""Arrays and questions of several fields: a matrix, or a group of fields."""

from portal.i18n import _l

from .codes import choice_name, is_checkboxes, safe
from .document import Question, Subquestion
from .row_writer import RowWriter
from .rows import Origin
from .texts import joined
from .words import FIXED_LISTS

MAX_STEPS = 101
"""A grid's numbers are offered as a list where there are no more of them."""


class ArrayRows(RowWriter):
    """The types that ask several things at once."""

    def array(self, question: Question, relevant: str) -> None:
        for scale in (0, 1) if question.type == "1" else (0,):
            if question.type in FIXED_LISTS:
                list_name = self._fixed_list(question)
            else:
                list_name = self._answer_list(question, scale)
            label = self._label(question)
            if question.type == "1":
                header = question.attributes.get(f"dualscale_header{'AB'[scale]}", {})
                texts = {code: header.get(code) or header.get("") or "" for code in self.languages}
                label = joined(label, self.texts.read(texts, question.place, question.code))
            self._begin(question, relevant, label, f"_{scale}" if scale else "", "table-list")
            required = self._required(question)
            for row in question.rows():
                part = f"_{row.code}_{scale}" if question.type == "1" else f"_{row.code}"
                self.rows.add(
                    Origin(row.place, f"{question.code} {row.code}"),
                    type=f"select_one {list_name}",
                    name=self.codes.name(question, part),
                    label=self._row_label(question, row),
                    required=required,
                    relevant=self._row_relevant(question, row),
                )
            self._end(question)

    def fields(self, question: Question, relevant: str) -> None:
        rows = question.rows()
        is_number = question.type == "K" or question.is_on("numbers_only")
        kind = "decimal" if is_number else "text"
        if is_number and question.is_on("num_value_int_only"):
            kind = "integer"
        low, high = (question.attribute(name) for name in ("slider_min", "slider_max"))
        is_slider = question.is_on("slider_layout") and bool(low and high)
        self._begin(question, relevant, self._label(question))
        required = self._required(question)
        names = [self.codes.name(question, f"_{row.code}") for row in rows]
        for number, row in enumerate(rows):
            parts = [self.attributes.constraint(question, is_number=is_number)]
            if is_number and number == len(rows) - 1:
                parts.append(self.attributes.sum_constraint(question, names))
                if parts[-1] and (not required or self._row_relevant(question, row)):
                    self._sum_unchecked(question, row)
            self.rows.add(
                Origin(row.place, f"{question.code} {row.code}"),
                type="range" if is_slider else kind,
                name=names[number],
                label=self._row_label(question, row),
                required=required,
                default=self._default(question, row.id),
                relevant=self._row_relevant(question, row),
                constraint=" and ".join(f"({part})" for part in parts if part),
                parameters=(
                    f"start={low} end={high} step={question.attribute('slider_accuracy', '1')}"
                    if is_slider
                    else ""
                ),
            )
        self._end(question)

    def _sum_unchecked(self, question: Question, last: Subquestion) -> None:
        self.reports.say(
            "sum_unchecked",
            _l(
                "The sum is checked at the field “%(code)s”, so not where that one is left empty "
                "or not asked. Make the question mandatory and its last field always asked.",
                code=last.code,
            ),
            question.place,
            about=question.code,
        )

    def grid(self, question: Question, relevant: str) -> None:
        self._begin(question, relevant, self._label(question))
        columns = question.rows(1)
        required = self._required(question)
        steps = self._steps(question)
        for row in question.rows(0):
            origin = Origin(row.place, f"{question.code} {row.code}")
            label = self._row_label(question, row)
            row_relevant = self._row_relevant(question, row)
            if is_checkboxes(question):
                name = self._columns_list(question, columns)
                self.rows.add(
                    origin,
                    type=f"select_multiple {name}",
                    name=self.codes.name(question, f"_{row.code}"),
                    label=label,
                    required=required,
                    relevant=row_relevant,
                )
                continue
            self.rows.add(
                origin,
                type="begin group",
                name=self.codes.name(question, f"_{row.code}"),
                label=label,
                relevant=row_relevant,
            )
            is_text = question.type == ";" and not question.is_on("numbers_only")
            for column in columns:
                kind = f"select_one {steps}" if steps else "decimal"
                limits = [] if steps else self._limits(question)
                self.rows.add(
                    Origin(column.place, f"{question.code} {row.code} {column.code}"),
                    type="text" if is_text else kind,
                    name=self.codes.name(question, f"_{row.code}_{column.code}"),
                    label=self._row_label(question, column),
                    required=required,
                    appearance="minimal" if steps else "",
                    constraint=self.attributes.constraint(question) or " and ".join(limits),
                )
            self._end(question)
        self._end(question)

    def _limits(self, question: Question) -> list[str]:
        if question.type == ";":
            return []
        return [
            f". {sign} {limit}"
            for sign, name in ((">=", "multiflexible_min"), ("<=", "multiflexible_max"))
            if (limit := self.attributes.operand(question, name))
        ]

    def _columns_list(self, question: Question, columns: list[Subquestion]) -> str:
        name = safe(question.code)
        if name not in self.rows.lists:
            for column in columns:
                self.rows.add_choice(
                    Origin(column.place, f"{question.code} {column.code}"),
                    name,
                    choice_name(column),
                    self._row_label(question, column),
                )
        return name

    def _steps(self, question: Question) -> str:
        """The list of numbers that a grid of drop-downs offers, "" for a grid of fields."""
        if question.type != ":" or question.is_on("input_boxes") or is_checkboxes(question):
            return ""
        try:
            low = int(question.attribute("multiflexible_min", "1"))
            high = int(question.attribute("multiflexible_max", "10"))
            step = int(question.attribute("multiflexible_step", "1"))
        except ValueError:
            return ""
        numbers = range(low, high + 1, step) if step > 0 else range(0)
        if not 0 < len(numbers) <= MAX_STEPS:
            return ""
        name = self._list_name(f"{question.code}_numbers")
        for number in numbers:
            self.rows.add_choice(
                self._origin(question),
                name,
                str(number),
                {language: str(number) for language in self.languages},
            )
        return name
