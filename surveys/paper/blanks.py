"""A questionnaire as it lies on paper: every question, no logic, room for rounds of repeats."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from surveys.questionnaires import flow
from surveys.questionnaires.schema import Page, Question, Questionnaire

OPEN_ROUNDS: Final = 3
"""Rounds printed of a repeat whose number the answers decide."""
MOST_ROUNDS: Final = 10
MOST_BOXES: Final = 60
"""Choices that are printed as boxes; of a longer list the answer is written on a line."""
NOT_ON_PAPER: Final = frozenset({"image"})
_FOLDED: Final = frozenset({"minimal", "autocomplete"})


@dataclass(frozen=True)
class Slot:
    """One field of the sheet: a question, in a repeat in one of its rounds."""

    question: Question
    page: Page

    @property
    def key(self) -> str:
        """Under which it is sent and kept: `name`, or `name@round`."""
        return f"{self.question.name}@{self.page.round}" if self.page.round else self.question.name


@dataclass(frozen=True)
class Blank:
    """What is printed and typed of a version."""

    questionnaire: Questionnaire
    pages: tuple[Page, ...]
    """Those of a repeat once for each printed round."""
    left_out: tuple[Question, ...]
    """Questions that cannot be answered on paper."""

    def slots(self) -> Iterator[Slot]:
        for page in self.pages:
            yield from (Slot(each, page) for each in page.questions if each.is_answered)


def of(q: Questionnaire) -> Blank:
    """The blank sheet of a questionnaire, remembered with it."""
    found: Blank | None = q.__dict__.get("_blank_sheet")
    if found is None:
        found = q.__dict__["_blank_sheet"] = _made(q)
    return found


def _made(q: Questionnaire) -> Blank:
    bare = [
        replace(page, relevant="", questions=tuple(_bare(x) for x in page.questions if _fits(x)))
        for page in q.pages
    ]
    blank = replace(
        q,
        pages=tuple(page for page in bare if page.questions),
        # How many rounds there are, the person decides: no "1 of 0" over them.
        repeats=tuple(replace(each, count="", relevant="") for each in q.repeats),
    )
    return Blank(
        blank,
        tuple(_in_rounds(q, blank.pages)),
        tuple(x for x in q.questions if x.type in NOT_ON_PAPER and _is_asked(x)),
    )


def _is_asked(question: Question) -> bool:
    return question.is_answered and not question.calculation and question.read_only is not True


def _fits(question: Question) -> bool:
    return question.type == "note" or (_is_asked(question) and question.type not in NOT_ON_PAPER)


def _bare(question: Question) -> Question:
    looks = question.looks - _FOLDED
    if question.type == "select_one" and len(question.choices) > MOST_BOXES:
        looks |= {"minimal"}
    return replace(
        question,
        relevant="",
        constraint="",
        choice_filter="",
        required=False,
        read_only=False,
        randomize=False,
        # A table is quicker to fill in, single rows are quicker to type.
        matrix="",
        default="",
        default_expression="",
        appearance=" ".join(sorted(looks)),
    )


def _in_rounds(q: Questionnaire, pages: tuple[Page, ...]) -> Iterator[Page]:
    place = 0
    while place < len(pages):
        repeat = pages[place].repeat
        end = place + 1
        while repeat and end < len(pages) and pages[end].repeat == repeat:
            end += 1
        if repeat:
            for number in range(1, rounds(q, repeat) + 1):
                yield from (page.in_round(number) for page in pages[place:end])
        else:
            yield pages[place]
        place = end


def rounds(q: Questionnaire, repeat: str) -> int:
    """How many rounds of a repeat are printed: as many as a fixed count says, else a few."""
    count = q.repeat_by_name[repeat].count
    if count and "${" not in count:
        return max(1, min(MOST_ROUNDS, flow.State(q, {}).rounds(repeat)))
    return OPEN_ROUNDS
