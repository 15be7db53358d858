"""The rounds of a repeat as answers hold them; one more, one less."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .schema import MAX_ROUNDS, Page, Questionnaire
from .state import Answers, State, fixed_defaults


def rows_of(q: Questionnaire, repeat: str, answers: Answers, least: int) -> list[dict[str, Any]]:
    """The rounds of a repeat as a list of its own, at least so many."""
    stored = answers.get(repeat)
    rows = [dict(row) for row in stored if isinstance(row, Mapping)] if stored else []
    rows = rows[:MAX_ROUNDS]
    while len(rows) < least:
        rows.append(_fresh_row(q, repeat))
    return rows


def _fresh_row(q: Questionnaire, repeat: str) -> dict[str, Any]:
    return {n: value for n, value in fixed_defaults(q).items() if q.repeat_of(n) == repeat}


def can_add(q: Questionnaire, page: Page, answers: Answers, at: datetime | None = None) -> bool:
    """Whether "another one" is offered: on the last page of the last round, if the respondent
    decides how many there are."""
    if not page.repeat or q.repeat_by_name[page.repeat].count:
        return False
    state = State(q, answers, at)
    last = next(
        (x for x in reversed(list(state.pages())) if x.repeat == page.repeat and state.shown(x)),
        None,
    )
    return last is not None and last.name == page.name and page.round < MAX_ROUNDS


def can_remove(q: Questionnaire, page: Page, answers: Answers) -> bool:
    """Whether this round can be taken out: one is always left."""
    if not page.repeat or q.repeat_by_name[page.repeat].count:
        return False
    return len(rows_of(q, page.repeat, answers, 1)) > 1


def add_round(
    q: Questionnaire, page: Page, answers: Answers, at: datetime | None = None
) -> tuple[dict[str, Any], Page]:
    """(answers with one more round, the page to go to)."""
    if not can_add(q, page, answers, at):
        return dict(answers), page
    rows = rows_of(q, page.repeat, answers, page.round)
    rows.append(_fresh_row(q, page.repeat))
    found = {**answers, page.repeat: rows}
    return found, _first_of(q, page, found, len(rows), at)


def remove_round(
    q: Questionnaire, page: Page, answers: Answers, at: datetime | None = None
) -> tuple[dict[str, Any], Page]:
    """(answers without this round, the page to go to)."""
    if not can_remove(q, page, answers):
        return dict(answers), page
    rows = rows_of(q, page.repeat, answers, 1)
    if page.round <= len(rows):
        del rows[page.round - 1]
    found = {**answers, page.repeat: rows}
    return found, _first_of(q, page, found, min(page.round, len(rows)), at)


def _first_of(
    q: Questionnaire, page: Page, answers: Answers, number: int, at: datetime | None
) -> Page:
    state = State(q, answers, at)
    pages = [page for page in state.pages() if state.shown(page)]
    mine = (x for x in pages if x.repeat == page.repeat and x.round == number)
    return next(mine, next(iter(pages), page))
