"""Writing the questions of a category. A change is a new version; nothing commits."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from portal import audit, clock
from portal.db import db
from portal.i18n import LANGUAGES, LazyText, _l
from portal.text import ascii_digits
from workflows.cases.models import Category
from workflows.cases.questions.models import AUDIENCES, KINDS, CaseQuestion

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MOST = 20
"""Questions of one category: nobody answers more on a telephone."""
MOST_OPTIONS = 30
MOST_TEXT = 300
WITH_OPTIONS = ("choice", "several")


class QuestionError(ValueError):
    """A refused question; `field` names the input, `message` is for people."""

    def __init__(self, field: str, message: LazyText) -> None:
        super().__init__(str(message))
        self.field = field
        self.message = message


def current(category_id: int, *, staff: bool = True) -> Sequence[CaseQuestion]:
    """What is asked now, in order; without those for staff alone where `staff` is False."""
    query = select(CaseQuestion).where(
        CaseQuestion.category_id == category_id, CaseQuestion.retired_at.is_(None)
    )
    if not staff:
        query = query.where(CaseQuestion.audience == "everybody")
    return db.session.scalars(query.order_by(CaseQuestion.position, CaseQuestion.id)).all()


def create(category_id: int, *, key: str = "", **values: Any) -> CaseQuestion:
    """A new question at the end. Raises LookupError, QuestionError."""
    _lock(category_id)
    existing = current(category_id)
    if len(existing) >= MOST:
        raise QuestionError("text_fa", _l("A category has at most %(n)s questions.", n=MOST))
    key = ascii_digits(key).strip().lower() or _free_key(category_id)
    if not KEY.fullmatch(key):
        raise QuestionError(
            "key", _l("Use Latin letters, digits and hyphens, at most 40, like street-lights.")
        )
    if any(one.key == key for one in existing):
        raise QuestionError("key", _l("Another question of this category has this name."))
    last = db.session.scalar(
        select(func.max(CaseQuestion.version)).where(
            CaseQuestion.category_id == category_id, CaseQuestion.key == key
        )
    )
    question = CaseQuestion(
        category_id=category_id,
        key=key,
        version=(last or 0) + 1,
        position=max((one.position for one in existing), default=0) + 1,
        **checked(**values),
    )
    db.session.add(question)
    db.session.flush()
    audit.record(
        "case_question.added",
        "case_question",
        question.id,
        category=category_id,
        key=key,
        version=question.version,
    )
    return question


def change(question_id: int, **values: Any) -> bool:
    """The next version of a question; says whether anything differs. Answers keep the words they
    were given to. Raises LookupError, QuestionError."""
    question = _current(question_id)
    new = checked(before=question.options, **values)
    if all(getattr(question, name) == value for name, value in new.items()):
        return False
    question.retired_at = clock.now()
    # Two versions in force at once break the index.
    db.session.flush()
    after = CaseQuestion(
        category_id=question.category_id,
        key=question.key,
        version=question.version + 1,
        position=question.position,
        **new,
    )
    db.session.add(after)
    db.session.flush()
    audit.record(
        "case_question.changed",
        "case_question",
        after.id,
        category=after.category_id,
        key=after.key,
        version=after.version,
    )
    return True


def retire(question_id: int) -> None:
    """It is not asked any more. Raises LookupError."""
    question = _current(question_id)
    question.retired_at = clock.now()
    audit.record(
        "case_question.retired",
        "case_question",
        question.id,
        category=question.category_id,
        key=question.key,
    )
    db.session.flush()


def move_up(question_id: int) -> None:
    """One place towards the beginning. Raises LookupError."""
    question = _current(question_id)
    ordered = list(current(question.category_id))
    at = next(n for n, one in enumerate(ordered) if one.id == question_id)
    if at:
        ordered[at - 1], ordered[at] = ordered[at], ordered[at - 1]
        for position, one in enumerate(ordered, start=1):
            one.position = position
        audit.record("case_question.moved", "case_question", question.id, key=question.key)
    db.session.flush()


def checked(
    *,
    kind: str,
    texts: Mapping[str, str],
    hints: Mapping[str, str] | None = None,
    options: Mapping[str, Sequence[str]] | None = None,
    required: bool = False,
    audience: str = "everybody",
    before: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The columns of a question. `options`: lines per language; one that was there `before` keeps
    its value. Raises QuestionError."""
    if kind not in KINDS or audience not in AUDIENCES:
        raise QuestionError("kind", _l("Choose a kind of answer."))
    words = {lang: text[:MOST_TEXT] for lang, text in texts.items() if text}
    if not words:
        raise QuestionError("text_fa", _l("Write the question in at least one language."))
    return {
        "kind": kind,
        "texts": words,
        "hints": {lang: text[:MOST_TEXT] for lang, text in (hints or {}).items() if text},
        "options": _options(options or {}, before) if kind in WITH_OPTIONS else [],
        "required": required,
        "audience": audience,
    }


def _options(
    lines: Mapping[str, Sequence[str]], before: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    written = {lang: list(texts) for lang, texts in lines.items() if texts}
    counts = {len(texts) for texts in written.values()}
    first = next((f"options_{lang}" for lang in LANGUAGES if lang in written), "options_fa")
    if not counts or min(counts) < 2:
        raise QuestionError(first, _l("Write at least two answers, one in a line."))
    if len(counts) > 1:
        raise QuestionError(
            first, _l("The same number of answers in each language, in the same order.")
        )
    if max(counts) > MOST_OPTIONS:
        raise QuestionError(first, _l("At most %(n)s answers.", n=MOST_OPTIONS))
    for lang, texts in written.items():
        if len(set(texts)) < len(texts):
            raise QuestionError(f"options_{lang}", _l("Two answers are the same."))
    known = {text: old["value"] for old in before for text in old["texts"].values()}
    taken: set[str] = set()
    numbers = [int(old["value"][1:]) for old in before if old["value"][1:].isdigit()]
    free = max(numbers, default=0)
    found = []
    for n in range(counts.pop()):
        words = {lang: written[lang][n][:MOST_TEXT] for lang in written}
        value = next((known[t] for t in words.values() if t in known and known[t] not in taken), "")
        if not value:
            free += 1
            value = f"o{free}"
        taken.add(value)
        found.append({"value": value, "texts": words})
    return found


def _free_key(category_id: int) -> str:
    used = set(
        db.session.scalars(select(CaseQuestion.key).where(CaseQuestion.category_id == category_id))
    )
    n = 1
    while f"q{n}" in used:
        n += 1
    return f"q{n}"


def _current(question_id: int) -> CaseQuestion:
    question = db.session.get(CaseQuestion, question_id)
    if question is not None:
        _lock(question.category_id)
        db.session.refresh(question)
    if question is None or question.retired_at is not None:
        raise LookupError(f"No question {question_id}")
    return question


def _lock(category_id: int) -> None:
    """One change of a category's questions at a time."""
    if db.session.get(Category, category_id, with_for_update=True) is None:
        raise LookupError(f"No category {category_id}")
