"""Erasing in batches. Each is one transaction, which the caller commits.

Two sweeps at once do not meet: the second finds the survey in hand and leaves it alone. A sweep
that is killed loses at most the batch it was at; the next one finds the same work in the tables.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from surveys.analysis import counting, waiting
from surveys.responses import photos
from surveys.responses.models import Response
from surveys.retention import services
from surveys.retention.models import ErasedAnswers, ErasedPhoto, RetentionRule
from surveys.retention.naming import without_texts
from surveys.retention.services import Days

BATCH: Final = 500


def with_rules() -> list[int]:
    """Surveys with a rule."""
    return list(
        db.session.scalars(
            select(RetentionRule.survey_id)
            .where(
                RetentionRule.texts_days.is_not(None) | RetentionRule.responses_days.is_not(None)
            )
            .order_by(RetentionRule.survey_id)
        )
    )


def erase_batch(survey_id: int) -> int:
    """Erase at most BATCH answers of each kind; how many there were. Flushes."""
    # Held to the commit: who lifts the rule knows that nothing is erased after that.
    row = db.session.execute(
        select(RetentionRule.texts_days, RetentionRule.responses_days)
        .where(RetentionRule.survey_id == survey_id)
        .with_for_update(read=True)
    ).first()
    # A count of the results that is running would keep, for ever, what it read before us.
    if row is None or not counting.hold(survey_id):
        return 0
    days, at = Days(*row), clock.now()
    found: Counter[str] = Counter()
    names: set[str] = set()
    if days.responses:
        rows = _take(survey_id, services.due_whole(days.responses, at))
        _delete(rows, names)
        found["responses"] = sum(not each.is_test for each in rows)
        found["tests"] = len(rows) - found["responses"]
        _count("responses", rows)
    if days.drafts:
        rows = _take(survey_id, services.due_drafts(days.drafts, at))
        _delete(rows, names)
        found["drafts"] = len(rows)
    if days.texts:
        rows = _take(survey_id, services.due_texts(days.texts, at))
        _strip(rows, names)
        found["texts"] = len(rows)
        _count("texts", rows)
    total = found.total()
    if total:
        if names:
            values = [{"name": name} for name in sorted(names)]
            db.session.execute(insert(ErasedPhoto).on_conflict_do_nothing(), values)
        counting.forget(survey_id)
        waiting.make_anew(survey_id)
        audit.record(
            "survey.answers_erased",
            "survey",
            survey_id,
            responses=found["responses"],
            texts=found["texts"],
            drafts=found["drafts"],
            test_answers=found["tests"],
            photos=len(names),
        )
    db.session.flush()
    return total


def discard_photos() -> int:
    """Delete files of erased answers, at most BATCH, once their erasure is committed."""
    names = set(db.session.scalars(select(ErasedPhoto.name).limit(BATCH)))
    photos.discard(names)
    db.session.execute(delete(ErasedPhoto).where(ErasedPhoto.name.in_(names)))
    return len(names)


def _take(survey_id: int, condition: ColumnElement[bool]) -> Sequence[Any]:
    query = services.of_survey(
        select(
            Response.id,
            Response.campaign_id,
            Response.version_id,
            Response.is_test,
            Response.answers,
        ),
        survey_id,
    )
    return db.session.execute(
        query.where(condition).limit(BATCH).with_for_update(of=Response, skip_locked=True)
    ).all()


def _delete(rows: Sequence[Any], names: set[str]) -> None:
    for each in rows:
        names.update(photos.names_in(each.answers))
    ids = [each.id for each in rows]
    db.session.execute(
        delete(Response).where(Response.id.in_(ids)).execution_options(synchronize_session=False)
    )


def _strip(rows: Sequence[Any], names: set[str]) -> None:
    changes = []
    for each in rows:
        kept = without_texts(each.version_id, each.answers)
        names.update(set(photos.names_in(each.answers)) - set(photos.names_in(kept)))
        changes.append({"id": each.id, "answers": kept, "texts_erased": True})
    if changes:
        db.session.execute(update(Response), changes)


def _count(column: str, rows: Iterable[Any]) -> None:
    """Add to the numbers of each campaign that stay visible."""
    at = clock.now()
    numbers = Counter(each.campaign_id for each in rows if not each.is_test)
    for campaign_id, number in sorted(numbers.items()):
        values = {"responses": 0, "texts": 0, column: number}
        db.session.execute(
            insert(ErasedAnswers)
            .values(campaign_id=campaign_id, last_at=at, **values)
            .on_conflict_do_update(
                index_elements=["campaign_id"],
                set_={column: getattr(ErasedAnswers, column) + number, "last_at": at},
            )
        )
