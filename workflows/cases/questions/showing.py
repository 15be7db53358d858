"""Answers as people read them, in the words of the version that was answered."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.db import db
from portal.i18n import _, format_date, format_decimal, pick
from workflows.cases.questions.models import CaseAnswer, CaseQuestion


@dataclass(frozen=True)
class Given:
    """One answer."""

    label: str
    text: str
    version: int
    is_old: bool
    """The question has other words by now, or is not asked any more."""


def of_case(case_id: int, *, public: bool = False) -> list[Given]:
    """The answers of a case, in order; one query.

    `public`: what whoever holds the tracking code sees. Free words may hold names and numbers, so
    they are left out there, as the message itself is, and so is what only staff is asked.
    """
    query = (
        select(CaseAnswer.value, CaseQuestion)
        .join(CaseQuestion, CaseQuestion.id == CaseAnswer.question_id)
        .where(CaseAnswer.case_id == case_id)
        .order_by(CaseQuestion.position, CaseAnswer.id)
    )
    if public:
        query = query.where(CaseQuestion.audience == "everybody", CaseQuestion.kind != "text")
    return [
        Given(
            pick(question.texts),
            in_words(question, value),
            question.version,
            question.retired_at is not None,
        )
        for value, question in db.session.execute(query)
    ]


def in_words(question: CaseQuestion, value: Any) -> str:
    match question.kind:
        case "choice" | "several":
            texts = {one["value"]: pick(one["texts"]) for one in question.options}
            given = value if isinstance(value, list) else [value]
            return " · ".join(texts.get(one, str(one)) for one in given)
        case "yesno":
            return _("Yes") if value else _("No")
        case "number":
            return format_decimal(value, digits=6)
        case "date":
            return format_date(dt.date.fromisoformat(value))
        case _:
            return str(value)


def for_export(case_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """case id -> {key of the question: value} for files; one query."""
    if not case_ids:
        return {}
    found: dict[int, dict[str, Any]] = {}
    rows = db.session.execute(
        select(CaseAnswer.case_id, CaseQuestion.key, CaseAnswer.value)
        .join(CaseQuestion, CaseQuestion.id == CaseAnswer.question_id)
        .where(CaseAnswer.case_id.in_(case_ids))
        .order_by(CaseAnswer.id)
    )
    for case_id, key, value in rows:
        found.setdefault(case_id, {})[key] = value
    return found
