"""Reading an uploaded file into the table of staged rows."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from sqlalchemy import Table, delete, func, insert, select

from portal import clock
from portal.contacts import uploads
from portal.contacts.imports import FIRST, end, locked
from portal.contacts.merging import merge, staged_values
from portal.contacts.models import Contact, ContactImport, ContactImportRow
from portal.contacts.reader import FileError, RawRow, open_rows
from portal.contacts.rows import Rejection, Row, check_row
from portal.db import db
from portal.i18n import LANGUAGES, use_language

BATCH = 1000
_ROWS = cast("Table", ContactImportRow.__table__)


def read(import_id: int) -> Iterator[int]:
    """Stage the rows of an import batch by batch; commit after each value it yields.

    Values are the last row number read. It may be run again after it was killed, and by two at
    once: each batch locks the import and looks whether another got further, then it ends.
    """
    record = locked(import_id, "reading")
    if record is None:
        return
    cursor, name, filename = record.cursor, record.stored_path or "", record.filename
    # Let go of the lock while the file is parsed.
    yield cursor
    try:
        for batch in _batches(open_rows(uploads.path_of(name), filename)):
            rows = [row for row in batch if row.number > cursor]
            if not rows:
                continue
            record = locked(import_id, "reading")
            if record is None or record.cursor != cursor:
                return
            _stage(import_id, rows)
            cursor = record.cursor = rows[-1].number
            record.progress_at = clock.now()
            db.session.flush()
            yield cursor
    except FileError as error:
        record = locked(import_id, "reading")
        if record is None or record.cursor != cursor:
            return
        _fail(record, error)
    else:
        record = locked(import_id, "reading")
        if record is None or record.cursor != cursor:
            return
        _finish(record)
    yield cursor
    # Only now, after the commit; a file that a killed process leaves here is swept as an orphan.
    uploads.discard(name)


def _batches(rows: Iterable[RawRow]) -> Iterator[list[RawRow]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, BATCH)):
        yield batch


def _stage(import_id: int, raws: Sequence[RawRow]) -> None:
    checked = [check_row(raw) for raw in raws]
    numbers = {row.e164 for row in checked if isinstance(row, Row)}
    first = _first_rows(import_id, numbers)
    known = {
        row.e164: row
        for row in db.session.execute(
            select(
                Contact.e164, Contact.name, Contact.language, Contact.neighbourhood, Contact.tags
            ).where(Contact.e164.in_(numbers))
        )
    }
    staged: list[dict[str, Any]] = []
    for row in checked:
        if isinstance(row, Rejection):
            staged.append(
                _staged(import_id, row.row, "rejected", reason=row.code, cells=row.values)
            )
            continue
        repeats = first.setdefault(row.e164, row.number)
        if repeats != row.number:
            staged.append(
                _staged(
                    import_id,
                    row.number,
                    "duplicate",
                    reason="duplicate",
                    repeats_row=repeats,
                    e164=row.e164,
                    values={"consent": row.consent},
                    cells=row.values,
                )
            )
            continue
        values = staged_values(row)
        contact = known.get(row.e164)
        if contact is None:
            verdict = "new"
        else:
            verdict = "changed" if merge(contact, values).differs else "unchanged"
        staged.append(_staged(import_id, row.number, verdict, e164=row.e164, values=values))
    # The table, not the model: the ORM would sort the rows into groups by what is empty in them.
    db.session.execute(insert(_ROWS), staged)


def _first_rows(import_id: int, numbers: set[str]) -> dict[str, int]:
    rows = ContactImportRow
    found = db.session.execute(
        select(rows.e164, rows.row_number).where(
            rows.import_id == import_id, rows.verdict.in_(FIRST), rows.e164.in_(numbers)
        )
    )
    return {e164: number for e164, number in found if e164}


def _staged(import_id: int, row_number: int, verdict: str, **columns: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "reason": None,
        "repeats_row": None,
        "e164": None,
        "values": {},
        "cells": {},
    }
    numbered = {"import_id": import_id, "row_number": row_number, "verdict": verdict}
    return {**empty, **numbered, **columns}


def _finish(record: ContactImport) -> None:
    rows = ContactImportRow
    counts = dict(
        db.session.execute(
            select(rows.verdict, func.count())
            .where(rows.import_id == record.id)
            .group_by(rows.verdict)
        ).all()
    )
    record.new = counts.get("new", 0)
    record.changed = counts.get("changed", 0)
    record.unchanged = counts.get("unchanged", 0)
    record.duplicates = counts.get("duplicate", 0)
    record.rejected = counts.get("rejected", 0)
    record.total = sum(counts.values())
    record.state = "preview"
    record.cursor = 0
    record.stored_path = None
    record.progress_at = clock.now()
    db.session.flush()


def _fail(record: ContactImport, error: FileError) -> None:
    messages: dict[str, str] = {}
    for language in LANGUAGES:
        with use_language(language):
            messages[language] = str(error.message)
    record.error = messages
    record.stored_path = None
    end(record, "failed")
    db.session.execute(delete(ContactImportRow).where(ContactImportRow.import_id == record.id))
    db.session.flush()
