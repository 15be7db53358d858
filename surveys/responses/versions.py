"""A form made from another version of the survey than the answers that were begun.

One person, two tabs: the first was opened before the campaign went over to a new version, the
second after it. Whichever is sent first decides which version is answered. What the other tab
sends is read as the version it was made from: answers to questions that are the same in both are
taken, all others are given back to the person's eyes, never read as answers to something else.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select

from portal.db import db
from portal.i18n import isolate
from surveys.questionnaires import answers as conversions
from surveys.questionnaires import flow
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.schema import Page, Question, Questionnaire
from surveys.questionnaires.services import load_version
from surveys.questionnaires.state import State
from surveys.responses.link import Left, Link

_MOST: Final = 500
"""Characters of an answer that was not taken, as it is shown."""


@dataclass(frozen=True)
class Carried:
    """What the form of another version brings: answers to take, and those without a place."""

    answers: dict[str, Any]
    left: tuple[Left, ...]


def as_begun(link: Link, number: int) -> Link:
    """The link with the version of the same survey that the form shows, where there is one."""
    found = _id_of(link, number)
    return replace(link, version_id=found, version_number=number) if found else link


def carry(
    link: Link,
    number: int,
    *,
    page_number: int,
    raw: Mapping[str, Sequence[str]],
    before: Mapping[str, Any],
    lang: str,
    shown: Collection[str] | None,
    at: dt.datetime,
) -> Carried | None:
    """Read a page of version `number` for answers of the link's version. None: the survey has no
    such version."""
    version_id = _id_of(link, number)
    if version_id is None:
        return None
    old, new = load_version(version_id), load_version(link.version_id)
    page = old.page_at(page_number) or old.pages[0]
    same = {name for name, question in new.by_name.items() if _is_same(old, new, question)}
    known = {name: value for name, value in before.items() if name in same}
    # The defaults of the old form are not answers of this person: none of `found` comes of them.
    found = flow.validate_page(old, page, raw, known, lang, shown=shown, at=at)
    state = State(old, known, at, lang)
    taken: dict[str, Any] = {}
    left: list[Left] = []
    for question in page.questions:
        sent = [value for value in raw.get(question.name, ()) if value.strip()]
        if not question.is_answered or not sent:
            continue
        value = found.values.get(question.name)
        if question.name in same and value is not None and question.name not in found.errors:
            taken[question.name] = value
        else:
            left.append(_left(state, page, question, sent, lang))
    return Carried({**before, **taken}, tuple(left))


def _is_same(old: Questionnaire, new: Questionnaire, question: Question) -> bool:
    # In a repeat, rounds of two versions would have to be matched: there nothing is the same.
    in_repeat = old.repeat_of(question.name) or new.repeat_of(question.name)
    return not in_repeat and old.by_name.get(question.name) == question


def _left(state: State, page: Page, question: Question, sent: Sequence[str], lang: str) -> Left:
    """The answer as its author would know it again. `state`: of the old form."""
    value, error = conversions.convert(question, sent, lang)
    q, answers = state.questionnaire, {question.name: value}
    own = {page.repeat: [answers] * page.round} if page.repeat else answers
    with_it = State(q, own, state.at, lang)
    label = question.label.get(lang) or question.label.get(q.default_language) or question.name
    label = flow.fill(label, state, lang, round=page.round)
    if question.type == "image":
        return Left(label, "")
    text = "" if error else flow.fill(f"${{{question.name}}}", with_it, lang, round=page.round)
    return Left(label, isolate((text or " ".join(sent))[:_MOST]))


def _id_of(link: Link, number: int) -> int | None:
    survey = select(SurveyVersion.survey_id).where(SurveyVersion.id == link.version_id)
    return db.session.scalar(
        select(SurveyVersion.id).where(
            SurveyVersion.survey_id == survey.scalar_subquery(), SurveyVersion.number == number
        )
    )
