"""The settings of questions: which become conditions of an answer, which have no effect here."""

import re
from collections.abc import Iterator

from .codes import MULTIPLE, CodeBook, choice_name
from .document import Question
from .expression_script import ScriptError, parse
from .php_patterns import whole_pattern
from .reports import Reports
from .translation import condition, quoted, value

_HANDLED = frozenset({
    "hidden", "min_answers", "max_answers", "min_num_value_n", "max_num_value_n",
    "num_value_int_only", "min_num_value", "max_num_value", "equals_num_value", "prefix", "suffix",
    "array_filter", "array_filter_exclude", "exclude_all_others", "random_order", "answer_order",
    "subquestion_order", "maximum_chars", "numbers_only", "other_replace_text",
    "other_comment_mandatory", "other_numbers_only", "date_min", "date_max", "date_format",
    "em_validation_q", "em_validation_q_tip", "slider_layout", "slider_min", "slider_max",
    "slider_accuracy", "multiflexible_min", "multiflexible_max", "multiflexible_step",
    "multiflexible_checkbox", "input_boxes", "dualscale_headerA", "dualscale_headerB",
    "allowed_filetypes", "max_num_of_files", "equation", "max_subquestions", "relevance",
    "question_template",
})  # fmt: skip
_COSMETIC = re.compile(
    r"page_break|public_statistics|hide_tip|scale_export|display_.*|statistics_.*|text_input_.*|"
    r"input_size|label_input_columns|answer_width.*|repeat_headings|cssclass|time_limit_.+|"
    r"location_(?!mapservice).*|save_as_default|crop_or_resize|fix_.*|keep_aspect|"
    r"horizontal_scroll|add_platform_info|array_filter_style|category_separator|alphasort|"
    r"assessment_value|use_dropdown|dropdown_.*|show_.*|same(?:choice|list)height|choice_title|"
    r"rank_title|choice_input_columns|slider_.*|reverse|placeholder|button_size|num_value_equals_.*|"
    r"(?:min|max)_num_value_sgqa|value_range_allows_missing|exclude_all_others_auto|"
    r"printable_help|parent_order|image_.*|icon.*|max_filesize|min_num_of_files|addlineicon|"
    r"autoaddnewline|.*_lineicon|.*_tip|other_position.*|parameter|clear_default|encrypted|"
    r"keep_codes_order|form_title_.*|minimum_chars_tip|columns|rows|theme|background.*|"
    r"equals_num_value_sgqa|numbers_only_.*|date_format_.*|type_.*|answer_input_columns|"
    r"subquestion_width|width_entry|showpopups|visualize|random_group_.*|calculated_.*|width|height|browse_.*"
)
_OF_SEVERAL = ("min_answers", "max_answers", "em_validation_q")
_LOST: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("ABCEFH1KQ:;", _OF_SEVERAL),
    "R": (*_OF_SEVERAL, "max_subquestions"),
}
"""What has an effect on other types only."""
_OFF = frozenset({"", "0", "N", "no", "default", "normal", "none"})


class Attributes:
    """Reads the settings of questions."""

    def __init__(self, codes: CodeBook, reports: Reports) -> None:
        self.codes = codes
        self.reports = reports

    def report_ignored(self, question: Question) -> None:
        """Name the settings that would change what is asked."""
        for name in question.attributes:
            text = question.attribute(name)
            if name in _HANDLED or _COSMETIC.fullmatch(name) or text in _OFF:
                continue
            self.reports.no_effect(question, name, text)
        if question.type in "ABCEFH1KQ:;" and self._is_random(question):
            self.reports.no_effect(question, "random_order", "1")
        for name in _LOST.get(question.type, ()):
            if text := question.attribute(name):
                self.reports.no_effect(question, name, text)
        for source, code, _is_exclusion in self.filters(question):
            if source is None or question.type == "R":
                self.reports.no_effect(question, "array_filter", code)
        if question.type in MULTIPLE:
            known = {row.code for row in question.rows()}
            for code in _codes(question.attribute("exclude_all_others")):
                if code not in known:
                    self.reports.no_effect(question, "exclude_all_others", code)

    def _is_random(self, question: Question) -> bool:
        return question.is_on("random_order") or "random" in {
            question.attribute("answer_order"),
            question.attribute("subquestion_order"),
        }

    def parameters(self, question: Question) -> str:
        """XLSForm's parameters of a question with choices."""
        return "randomize=true" if self._is_random(question) else ""

    def operand(self, question: Question, name: str) -> str:
        """XPath of a setting that is a number, a date or an expression; "" where empty."""
        text = question.attribute(name)
        if not text:
            return ""
        if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text):
            return text
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return f"date({quoted(text)})"
        try:
            found = value(text.strip("{}"), self.codes)
        except ScriptError as error:
            self.reports.untranslated(
                error, text, question.place, question.code, "question", severity="warning"
            )
            return ""
        return found.text if found.atom else f"({found.text})"

    def constraint(self, question: Question, *, is_number: bool = False) -> str:
        """Everything that the settings ask of one answer, as one condition."""
        parts = [
            *self._of_number(question, is_number),
            *self._of_dates(question),
            *self._of_choices(question),
            *self._of_text(question),
        ]
        return " and ".join(parts if len(parts) == 1 else map(_in_parentheses, parts))

    def _of_number(self, question: Question, is_number: bool) -> Iterator[str]:
        if not is_number:
            return
        for sign, name in ((">=", "min_num_value_n"), ("<=", "max_num_value_n")):
            if limit := self.operand(question, name):
                yield f". {sign} {limit}"

    def _of_dates(self, question: Question) -> Iterator[str]:
        if question.type == "D":
            for sign, name in ((">=", "date_min"), ("<=", "date_max")):
                if limit := self.operand(question, name):
                    yield f". {sign} {limit}"

    def _of_choices(self, question: Question) -> Iterator[str]:
        if question.type not in MULTIPLE and question.type != "R":
            return
        least = self.operand(question, "min_answers")
        most = self.operand(question, "max_answers")
        for sign, limit in ((">=", least), ("<=", most)):
            if limit:
                yield f"count-selected(.) {sign} {limit}"
        names = {row.code: choice_name(row) for row in question.rows()}
        for code in _codes(question.attribute("exclude_all_others")):
            if code in names:
                yield f"not(selected(., {quoted(names[code])})) or count-selected(.) = 1"

    def _of_text(self, question: Question) -> Iterator[str]:
        if question.type in "STUNKQ;":
            if limit := self.operand(question, "maximum_chars"):
                yield f"string-length(.) <= {limit}"
            if question.pattern:
                try:
                    yield f"regex(., {quoted(whole_pattern(question.pattern))})"
                except ScriptError as error:
                    self.reports.untranslated(
                        error, question.pattern, question.place, question.code, "preg"
                    )
        if question.type in _LOST:
            return
        if text := question.attribute("em_validation_q"):
            try:
                parse(text)
                found = condition(_with_this(text, question.code), self.codes)
            except ScriptError as error:
                self.reports.untranslated(error, text, question.place, question.code, "question")
            else:
                if found:
                    yield found.replace(f"${{{self.codes.name(question)}}}", ".")

    def sum_constraint(self, question: Question, names: list[str]) -> str:
        """For several numbers: what is asked of their sum, to be checked at the last."""
        others = [f"number(coalesce(${{{name}}}, 0))" for name in names[:-1]]
        total = " + ".join([*others, "."])
        signs = (("=", "equals_num_value"), (">=", "min_num_value"), ("<=", "max_num_value"))
        parts = [
            f"{total} {sign} {limit}"
            for sign, name in signs
            if (limit := self.operand(question, name))
        ]
        return " and ".join(parts)

    def filters(self, question: Question) -> list[tuple[Question | None, str, bool]]:
        """(the question that filters, its code, whether what was chosen is left out)."""
        found = []
        for name, is_exclusion in (("array_filter", False), ("array_filter_exclude", True)):
            for code in _codes(question.attribute(name)):
                found.append((self.codes.owner(code), code, is_exclusion))
        return found

    def filter_of_row(self, question: Question, code: str) -> list[str]:
        """The conditions under which array_filter shows a row."""
        parts: list[str] = []
        for source, name, is_exclusion in self.filters(question):
            if source is None:
                continue
            meaning = self.codes.one(f"{name}_{code}")
            if meaning is None:
                # LimeSurvey leaves out rows that the filtering question does not have.
                if not is_exclusion:
                    parts.append("false()")
                continue
            chosen = meaning.mark or f"{meaning.text} != ''"
            parts.append(f"not({chosen})" if is_exclusion else chosen)
        return parts


def _codes(text: str) -> list[str]:
    return [code for code in re.split(r"[;,\s]+", text) if code]


def _with_this(text: str, code: str) -> str:
    return re.sub(r"\bthis\b", code, text)


def _in_parentheses(part: str) -> str:
    return f"({part})"
