"""An uploaded file's way into the bank: read → preview → commit, or abandoned.

Nothing is written to the contacts before the commit. Reading is in staging.py, the commit in
committing.py.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select, union_all, update
from sqlalchemy.orm import aliased

from portal import audit, clock
from portal.contacts import uploads
from portal.contacts.models import ContactImport, ContactImportRow, OptOut
from portal.db import db

FIRST = ("new", "changed", "unchanged")
"""Verdicts of the rows that stand for their number; later rows with it are duplicates."""
UNUSED = ("rejected", "duplicate")
STUCK_AFTER = dt.timedelta(seconds=60)
PREVIEW_KEPT = dt.timedelta(days=7)
REJECTED_KEPT = dt.timedelta(days=30)
SAMPLE = 5


def start_import(filename: str, stored_path: str, source: str, user_id: int | None) -> int:
    """A new import of a file kept by `uploads.keep`; returns its id. Somebody must then read it
    (jobs.read_import); the sweep does where nobody has."""
    now = clock.now()
    record = ContactImport(
        filename=filename[:200],
        stored_path=stored_path,
        source=source.strip()[:200],
        created_by=user_id,
        created_at=now,
        progress_at=now,
    )
    db.session.add(record)
    db.session.flush()
    return record.id


def locked(import_id: int, state: str) -> ContactImport | None:
    """The import, its row locked, if it is in this state; fresh from the database."""
    return db.session.scalar(
        select(ContactImport)
        .where(ContactImport.id == import_id, ContactImport.state == state)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def request_commit(import_id: int, user_id: int | None) -> bool:
    """From preview to committing. False where somebody else was quicker, or nothing is to do."""
    record = locked(import_id, "preview")
    if record is None:
        return False
    record.state = "committing"
    record.committed_by = user_id
    record.progress_at = clock.now()
    db.session.flush()
    return True


def abandon(import_id: int) -> bool:
    """Forget a file that is being read or waits in preview; its rows go at once."""
    record = locked(import_id, "reading") or locked(import_id, "preview")
    if record is None:
        return False
    end(record, "abandoned")
    db.session.execute(delete(ContactImportRow).where(ContactImportRow.import_id == import_id))
    audit.record("contacts.import_abandoned", "contact_import", import_id, file=record.filename)
    db.session.flush()
    return True


def end(record: ContactImport, state: str) -> None:
    record.state = state
    record.finished_at = record.progress_at = clock.now()


@dataclass(frozen=True)
class Preview:
    """What an import found. `samples`: verdict → its first rows; `reasons`, `warnings`: (code,
    count), the most frequent first."""

    samples: dict[str, list[ContactImportRow]] = field(default_factory=dict)
    reasons: list[tuple[str, int]] = field(default_factory=list)
    warnings: list[tuple[str, int]] = field(default_factory=list)
    already_stopped: int = 0
    """People in the file who have opted out, and stay so."""
    refusing: int = 0
    """People whose row says no."""


def preview(import_id: int) -> Preview:
    """The first rows of each kind, all reasons and warnings with their counts."""
    rows = ContactImportRow
    mine = rows.import_id == import_id
    parts = [
        select(rows).where(mine, rows.verdict == verdict).order_by(rows.row_number).limit(SAMPLE)
        for verdict in (*FIRST, *UNUSED)
    ]
    picked = aliased(rows, union_all(*(select(part.subquery()) for part in parts)).subquery())
    samples: dict[str, list[ContactImportRow]] = {}
    for row in db.session.scalars(select(picked).order_by(picked.row_number)):
        samples.setdefault(row.verdict, []).append(row)
    code = func.jsonb_array_elements_text(rows.values["warnings"]).label("code")
    each = select(code).where(mine, rows.verdict.in_(FIRST)).subquery()
    warnings = (
        select(each.c.code, func.count())
        .group_by(each.c.code)
        .order_by(func.count().desc(), each.c.code)
    )
    stopped = select(func.count(rows.e164.distinct())).where(
        mine, rows.verdict.in_(FIRST), rows.e164.in_(select(OptOut.e164))
    )
    refusing = select(func.count(rows.e164.distinct())).where(mine, says_no())
    return Preview(
        samples,
        reasons(import_id),
        list(db.session.execute(warnings)),
        db.session.scalar(stopped) or 0,
        db.session.scalar(refusing) or 0,
    )


def says_no() -> Any:
    """Condition on rows: with a usable number, and a no in the column of consent."""
    return (ContactImportRow.verdict != "rejected") & (
        ContactImportRow.values["consent"].astext == "false"
    )


def reasons(import_id: int) -> list[tuple[str, int]]:
    """(code, count) of all rows that will not be used, the most frequent first."""
    rows = ContactImportRow
    return list(
        db.session.execute(
            select(func.coalesce(rows.reason, ""), func.count())
            .where(rows.import_id == import_id, rows.verdict.in_(UNUSED))
            .group_by(rows.reason)
            .order_by(func.count().desc(), rows.reason)
        )
    )


def unused(import_id: int) -> Iterator[ContactImportRow]:
    """Rejected and repeated rows in the order of the file, streamed."""
    rows = ContactImportRow
    yield from db.session.scalars(
        select(rows)
        .where(rows.import_id == import_id, rows.verdict.in_(UNUSED))
        .order_by(rows.row_number)
        .execution_options(yield_per=1000)
    )


def cell_names(import_id: int) -> list[str]:
    """Every column that `unused` rows have."""
    rows = ContactImportRow
    return list(
        db.session.scalars(
            select(func.jsonb_object_keys(rows.cells))
            .where(rows.import_id == import_id, rows.verdict.in_(UNUSED))
            .distinct()
        )
    )


def recent(limit: int = 50) -> Sequence[ContactImport]:
    """The latest imports, the newest first."""
    return db.session.scalars(
        select(ContactImport).order_by(ContactImport.id.desc()).limit(limit)
    ).all()


def stuck() -> list[tuple[int, str]]:
    """(id, state) of imports that a job should be at but nobody got further lately."""
    return list(
        db.session.execute(
            select(ContactImport.id, ContactImport.state)
            .where(
                ContactImport.state.in_(("reading", "committing")),
                ContactImport.progress_at < clock.now() - STUCK_AFTER,
            )
            .order_by(ContactImport.id)
        )
    )


def forget_old() -> None:
    """Abandon previews nobody wanted, and drop the rows and files that have served."""
    now = clock.now()
    db.session.execute(
        update(ContactImport)
        .where(ContactImport.state == "preview", ContactImport.progress_at < now - PREVIEW_KEPT)
        .values(state="abandoned", finished_at=now)
    )
    over = select(ContactImport.id).where(
        (ContactImport.state == "abandoned")
        | (
            ContactImport.state.in_(("done", "failed"))
            & (ContactImport.finished_at < now - REJECTED_KEPT)
        )
    )
    db.session.execute(delete(ContactImportRow).where(ContactImportRow.import_id.in_(over)))
    known = db.session.scalars(
        select(ContactImport.stored_path).where(ContactImport.state == "reading")
    )
    uploads.discard_orphans({name for name in known if name})
