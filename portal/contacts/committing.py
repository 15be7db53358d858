"""Writing a previewed import into the bank."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import String, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from portal import audit, clock
from portal.accounts.models import User
from portal.contacts import consent
from portal.contacts.imports import FIRST, end, locked
from portal.contacts.merging import merge
from portal.contacts.models import Contact, ContactImport, ContactImportRow
from portal.db import db
from portal.i18n import default_language

BATCH = 1000


def commit(import_id: int) -> Iterator[int]:
    """Write the staged rows batch by batch; commit after each value it yields.

    Values are the last row number written. Each batch takes the lock of the import and goes on
    from its cursor, so a killed run is continued, and two at once share the work: every row is
    written once. Two imports of the same numbers wait for each other at most one batch.
    """
    while (record := locked(import_id, "committing")) is not None:
        rows = _next_rows(record)
        if not rows:
            _finish(record)
            yield record.cursor
            return
        first = [row for row in rows if row.verdict in FIRST]
        imported = _add(record, first)
        _merge(first, imported)
        record.refused += _consents(record, rows)
        record.imported += len(imported)
        record.updated += len(first) - len(imported)
        record.cursor = rows[-1].row_number
        record.progress_at = clock.now()
        db.session.flush()
        yield record.cursor


def _next_rows(record: ContactImport) -> Sequence[Any]:
    # Duplicates too: a no in one of them counts.
    rows = ContactImportRow
    return db.session.execute(
        select(rows.row_number, rows.verdict, rows.e164, rows.values)
        .where(
            rows.import_id == record.id,
            rows.verdict != "rejected",
            rows.row_number > record.cursor,
        )
        .order_by(rows.row_number)
        .limit(BATCH)
    ).all()


def _add(record: ContactImport, rows: Sequence[Any]) -> set[str]:
    """Insert the numbers that the bank does not have; returns them.

    In the order of the numbers, as every change of many contacts, so that two never wait for
    each other in a circle.
    """
    if not rows:
        return set()
    staged, now = ContactImportRow, clock.now()
    text = staged.values
    tags = select(func.jsonb_array_elements_text(text["tags"]).column_valued()).scalar_subquery()
    source = (
        select(
            staged.e164,
            text["name"].astext,
            func.coalesce(text["language"].astext, default_language()),
            text["neighbourhood"].astext,
            func.array(tags, type_=ARRAY(String)),
            literal(record.source or record.filename),
            text["sort_key"].astext,
            text["search_key"].astext,
            literal(now, Contact.created_at.type),
            literal(now, Contact.updated_at.type),
        )
        .where(
            staged.import_id == record.id,
            staged.verdict.in_(FIRST),
            staged.row_number.between(rows[0].row_number, rows[-1].row_number),
        )
        .order_by(staged.e164)
    )
    names = ["e164", "name", "language", "neighbourhood", "tags", "source", "sort_key",
             "search_key", "created_at", "updated_at"]  # fmt: skip
    statement = insert(Contact).from_select(names, source, include_defaults=False)
    return set(db.session.scalars(statement.on_conflict_do_nothing().returning(Contact.e164)))


def _merge(rows: Sequence[Any], inserted: set[str]) -> None:
    """Bring the others up to date, as they are now and not as they were at the preview."""
    values = {row.e164: row.values for row in rows if row.e164 not in inserted}
    if not values:
        return
    known = db.session.execute(
        select(
            Contact.id, Contact.e164, Contact.name, Contact.language, Contact.neighbourhood,
            Contact.tags,
        )
        .where(Contact.e164.in_(values))
        .order_by(Contact.e164)
        .with_for_update()
    ).all()  # fmt: skip
    now = clock.now()
    changes = []
    for contact in known:
        merged = merge(contact, values[contact.e164])
        if merged.differs:
            changes.append({"id": contact.id, "updated_at": now, **merged.columns(contact.e164)})
    if changes:
        db.session.execute(update(Contact), changes)
    # Whoever had only answered an open survey is a contact now.
    db.session.execute(
        update(Contact)
        .where(Contact.e164.in_(values), Contact.only_answered)
        .values(only_answered=False)
        .execution_options(synchronize_session=False)
    )


def _consents(record: ContactImport, rows: Sequence[Any]) -> int:
    evidence = record.source or record.filename
    refusing = {row.e164 for row in rows if row.values.get("consent") is False}
    agreeing = {row.e164 for row in rows if row.verdict in FIRST and row.values.get("consent")}
    consent.agree_many(
        agreeing - refusing, channel="import", evidence=evidence, user_id=record.committed_by
    )
    return len(
        consent.refuse_many(
            refusing, channel="import", evidence=evidence, user_id=record.committed_by
        )
    )


def _finish(record: ContactImport) -> None:
    end(record, "done")
    rows = ContactImportRow
    db.session.execute(delete(rows).where(rows.import_id == record.id, rows.verdict.in_(FIRST)))
    # Loaded first: once flushed, an audit row refuses to be changed.
    user = db.session.get(User, record.committed_by) if record.committed_by else None
    entry = audit.record(
        "contacts.imported",
        "contact_import",
        record.id,
        file=record.filename,
        source=record.source,
        rows=record.total,
        imported=record.imported,
        updated=record.updated,
        duplicates=record.duplicates,
        rejected=record.rejected,
        refused=record.refused,
    )
    if user is not None:
        # A job has no request; the one who pressed the button did it.
        entry.actor_id, entry.actor = user.id, user.name or user.email
    db.session.flush()
