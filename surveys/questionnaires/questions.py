"""One checked row → one question of the form."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from portal.i18n import _l

from . import answers
from .choice_lists import ChoiceList
from .expressions import latin_digits, parse
from .parameters import parameters
from .problems import ProblemList
from .schema import OTHER, SELECTS, UNSEEN, Choice, Question
from .state import order_name
from .survey_rows import Item, yes_or_no
from .texts import check_texts

_OTHER_LABEL = {"fa": "سایر", "ar": "أخرى", "en": "Other"}
_SPECIFY_LABEL = {"fa": "لطفاً بنویسید:", "ar": "يرجى التحديد:", "en": "Please specify:"}
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,12}(?:\.[0-9]*)?|\.[0-9]+)")
_PARAMETERS = {
    "range": {"start", "end", "step"},
    "select": {"randomize", "seed", "value", "label"},
    "image": {"max-pixels"},
}
_NOT_DRAWN = frozenset({
    "map", "placement-map", "maps", "image-map", "signature", "draw", "annotate", "new",
    "hidden-answer", "thousands-sep", "counter", "ex", "masked", "ethiopian", "coptic",
    "islamic", "bikram-sambat", "myanmar", "buddhist",
})  # fmt: skip
"""Appearances whose meaning is lost here, so that the author is told."""


class QuestionBuilder:
    """Builds questions; what is wrong goes to `problems`. `taken` are the names in use."""

    def __init__(
        self,
        lists: Mapping[str, ChoiceList],
        files: Mapping[str, ChoiceList],
        languages: list[str],
        problems: ProblemList,
        taken: set[str],
    ) -> None:
        self.lists = lists
        self.files = files
        self.languages = languages
        self.problems = problems
        self.taken = taken

    def build(self, item: Item, relevant: str) -> list[Question]:
        """The question of a row and, for or_other, the one that asks what."""
        record, kind = item.record, item.type.question
        texts: dict[str, Any] = {
            key: record.texts(key)
            for key in ("label", "hint", "constraint_message", "required_message")
        }
        guidance = record.texts("guidance_hint")
        if kind not in UNSEEN:
            for key, found in (*texts.items(), ("guidance_hint", guidance)):
                check_texts(record, key, found, self.languages, self.problems)
            if not texts["label"]:
                # Tools accept a note that is only a picture, and rows of a table under a header.
                lesser = texts["hint"] or kind == "note" or "label" in record.get("appearance")
                self._say(
                    item,
                    "missing_label",
                    _l("This question has no label. Write what the respondent reads."),
                    "label",
                    is_warning=bool(lesser),
                )
        set_by = parameters(record)
        self._check_parameters(item, set_by)
        self._check_appearance(item)
        question = Question(
            name=item.key,
            type=kind,
            **texts,
            guidance=guidance,
            required=self._yes_or_expression(item, "required"),
            read_only=self._yes_or_expression(item, "read_only"),
            relevant=relevant,
            constraint=item.expressions.get("constraint", ""),
            calculation=item.expressions.get("calculation", ""),
            default="" if "default" in item.expressions else record.get("default"),
            default_expression=item.expressions.get("default", ""),
            appearance=record.get("appearance"),
            or_other=item.type.or_other,
            image=record.texts("image"),
            choice_filter=item.expressions.get("choice_filter", ""),
            bounds=self._bounds(item, set_by) if kind == "range" else None,
        )
        if kind in SELECTS:
            question = self._with_choices(question, item, set_by)
        self._check_default(question, item)
        return [question, *self._specify(question, item)]

    def _yes_or_expression(self, item: Item, key: str) -> bool | str:
        word = yes_or_no(item.record.get(key))
        return item.expressions.get(key, "") or False if word is None else word

    def _say(
        self, item: Item, code: str, message: object, column: str, *, is_warning: bool = False
    ) -> None:
        record = item.record
        tell = self.problems.warn if is_warning else self.problems.add
        tell(code, message, record.table.name, record.number, record.header(column))

    # Parameters and appearance

    def _check_parameters(self, item: Item, found: Mapping[str, str]) -> None:
        kind = item.type.question
        known = _PARAMETERS.get("select" if kind in SELECTS else kind, set())
        for name in found:
            if name not in known:
                self._say(
                    item,
                    "unknown_parameter",
                    _l("The parameter “%(name)s” has no effect here.", name=name),
                    "parameters",
                    is_warning=True,
                )
        if item.record.get("parameters") and not found:
            self._say(
                item,
                "unknown_parameter",
                _l("“parameters” is not understood. Write name=value, such as start=1 end=10."),
                "parameters",
                is_warning=True,
            )

    def _check_appearance(self, item: Item) -> None:
        lost = _NOT_DRAWN & set(item.record.get("appearance").split())
        for word in sorted(lost):
            self._say(
                item,
                "unsupported_appearance",
                _l("The appearance “%(name)s” is not drawn here; the question is asked plainly.",
                   name=word),
                "appearance",
                is_warning=True,
            )  # fmt: skip

    def _bounds(self, item: Item, found: Mapping[str, str]) -> tuple[float, float, float] | None:
        texts = [latin_digits(found.get(*pair)) for pair in zip(
            ("start", "end", "step"), ("1", "10", "1"), strict=True)]  # fmt: skip
        if all(_NUMBER.fullmatch(text) for text in texts):
            first, last, step = (float(text) for text in texts)
            if step != 0 and first != last and abs(step) <= abs(last - first) + 1e-9:
                return first, last, step
        self._say(
            item,
            "invalid_range",
            _l("A range needs numbers: start, end and a step that fits between, such as "
               "“start=0 end=10 step=1”."),
            "parameters",
        )  # fmt: skip
        return None

    # Choices

    def _with_choices(self, question: Question, item: Item, set_by: Mapping[str, str]) -> Question:
        choices = self._choices(item, question.choice_filter, set_by)
        randomize = set_by.get("randomize", "").lower() in {"true", "yes", "1"}
        if randomize:
            self._reserve(order_name(question.name), item)
        seed = item.expressions.get("seed", "") or set_by.get("seed", "")
        is_list = question.type == "rank" or question.looks & {"minimal", "autocomplete"}
        if is_list and any(choice.image for choice in choices):
            self._say(
                item,
                "unsupported_picture",
                _l("Pictures of choices are not shown in rankings and drop-down lists."),
                "type",
                is_warning=True,
            )
        return replace(question, choices=choices, randomize=randomize, seed=seed * randomize)

    def _reserve(self, name: str, item: Item) -> None:
        if name in self.taken:
            self._say(
                item,
                "duplicate_name",
                _l("The order of the choices is recorded as “%(name)s”, but a question has this "
                   "name. Rename it.", name=name),
                "parameters",
            )  # fmt: skip
        self.taken.add(name)

    def _choices(
        self, item: Item, choice_filter: str, set_by: Mapping[str, str]
    ) -> tuple[Choice, ...]:
        found = self._list(item)
        if found is None:
            return ()
        choices = list(found.choices)
        if item.type.file:
            choices = self._of_file(item, choices, set_by)
        columns = self._columns(item, choices, choice_filter)
        kept = [
            replace(choice, columns={name: choice.columns.get(name, "") for name in columns})
            for choice in choices
        ]
        if item.type.or_other and all(choice.name != OTHER for choice in kept):
            kept.append(Choice(OTHER, self._in_all(_OTHER_LABEL), dict.fromkeys(columns, "")))
        return tuple(kept)

    def _of_file(
        self, item: Item, choices: list[Choice], set_by: Mapping[str, str]
    ) -> list[Choice]:
        """Choices of a file, whose columns may be called otherwise than `name` and `label`."""
        value, label = set_by.get("value", ""), set_by.get("label", "")
        if value:
            choices = [replace(x, name=x.columns.get(value, "")) for x in choices]
        if label:
            shown = self.languages[0]
            choices = [replace(x, label={shown: x.columns.get(label, "")}) for x in choices]
        usable = [x for x in choices if x.name and not any(map(str.isspace, x.name))]
        if len(usable) < len(choices) or not usable:
            self._say(
                item,
                "invalid_choice_name",
                _l(
                    "Rows of the file “%(name)s” have no name or one with a space. Say with "
                    "value= in “parameters” which column holds the names.",
                    name=item.type.file,
                ),
                "type",
            )
        return usable

    def _list(self, item: Item) -> ChoiceList | None:
        name, file = item.type.list_name, item.type.file
        if file:
            found = self.files.get(file.lower())
            message = _l(
                "The file “%(name)s” is missing. Send the form and its files together in one "
                ".zip file.",
                name=file,
            )
        elif name:
            found = self.lists.get(name)
            message = _l("There is no list “%(name)s”. Add it to the sheet “choices”.", name=name)
        else:
            found = None
            message = _l(
                "Write the name of a list of choices after “%(type)s”.", type=item.type.word
            )
        if found is None or not found.choices:
            self._say(item, "missing_file" if file else "missing_list", message, "type")
            return None
        return found

    def _columns(
        self, item: Item, choices: Iterable[Choice], choice_filter: str
    ) -> tuple[str, ...]:
        """The columns that a filter looks at. One that the list has not holds nothing, as in
        other tools, and is told; where it is the name of a question, that was meant."""
        if not choice_filter:
            return ()
        wanted = {path.steps[-1] for path in parse(choice_filter).paths() if path.bare} - {"name"}
        there = {name for choice in choices for name in choice.columns}
        for name in sorted(wanted - there):
            self._say(
                item,
                "unknown_column",
                _l("The list of choices has no column “%(name)s”, so no comparison with it "
                   "holds. Add it, put it in quotes if it is a text, or write ${%(name)s} for "
                   "a question.", name=name),
                "choice_filter",
                is_warning=name not in self.taken,
            )  # fmt: skip
        return tuple(sorted(wanted & there))

    def _in_all(self, texts: dict[str, str]) -> dict[str, str]:
        return {language: texts.get(language[:2], texts["en"]) for language in self.languages}

    def _specify(self, question: Question, item: Item) -> list[Question]:
        if not item.type.or_other or question.type == "rank":
            return []
        name = f"{question.name}_other"
        if name in self.taken:
            self._say(
                item,
                "duplicate_name",
                _l(
                    "or_other adds a question “%(name)s”, but another has this name. Rename it.",
                    name=name,
                ),
                "type",
            )
            return []
        self.taken.add(name)
        condition = f"selected(${{{question.name}}}, '{OTHER}')"
        relevant = f"({question.relevant}) and ({condition})" if question.relevant else condition
        return [Question(name, "text", self._in_all(_SPECIFY_LABEL), relevant=relevant)]

    def _check_default(self, question: Question, item: Item) -> None:
        if not question.default or not question.is_answered:
            return
        if question.type in SELECTS and not question.choices:
            return
        value, error = answers.convert(question, [question.default], "en")
        if error or value is None:
            self._say(
                item,
                "invalid_default",
                _l(
                    "The default “%(value)s” is not a possible answer. Correct it or clear it.",
                    value=question.default,
                ),
                "default",
            )
