"""Reading the audit trail, and erasing what an entry tells."""

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from portal import audit
from portal.audit import services
from portal.audit.models import AuditEntry, AuditPayload
from portal.db import db

PAGE_SIZE = 50


@dataclass(frozen=True)
class Filters:
    """Empty: not filtered. `person` is a part of the name at that moment."""

    action: str = ""
    subject_type: str = ""
    subject_id: str = ""
    person: str = ""


@dataclass(frozen=True)
class EntryPage:
    """Newest first; the ids lead to the neighbouring pages, None where there is none."""

    rows: list[AuditEntry]
    older: int | None
    newer: int | None


def entries(
    filters: Filters,
    *,
    before: int | None = None,
    after: int | None = None,
    size: int = PAGE_SIZE,
) -> EntryPage:
    """One page by keyset: the entries below `before`, or those right above `after`."""
    statement = _filtered(filters)
    if after is not None:
        rows = list(
            db.session.scalars(
                statement.where(AuditEntry.id > after).order_by(AuditEntry.id).limit(size + 1)
            )
        )
        more = len(rows) > size
        rows = rows[:size][::-1]
        older = rows[-1].id if rows else None
        return EntryPage(rows, older, rows[0].id if rows and more else None)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    rows = list(db.session.scalars(statement.order_by(AuditEntry.id.desc()).limit(size + 1)))
    more = len(rows) > size
    rows = rows[:size]
    newer = rows[0].id if rows and before is not None else None
    return EntryPage(rows, rows[-1].id if more else None, newer)


def newest(size: int) -> list[AuditEntry]:
    return entries(Filters(), size=size).rows


def get(entry_id: int) -> AuditEntry:
    """An entry with its payload. Raises LookupError."""
    entry = db.session.get(AuditEntry, entry_id, options=[joinedload(AuditEntry.payload)])
    if entry is None:
        raise LookupError(f"No audit entry {entry_id}")
    return entry


def head() -> bytes | None:
    """The digest at the end of the chain; noted elsewhere, it shows when the end is cut off."""
    return db.session.scalars(
        select(AuditEntry.chain_digest)
        .where(AuditEntry.sequence.is_not(None))
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    ).first()


def erase_payload(entry_id: int, reason: str) -> bool:
    """Forget what an entry tells, for good; that this was done is an entry itself.

    False where nothing was left to erase. Flushes. Raises LookupError.
    """
    entry = get(entry_id)
    payload = db.session.get(AuditPayload, entry_id)
    if payload is None:
        return False
    db.session.delete(payload)
    audit.record(services.ERASED, "audit_entry", entry.id, reason=reason)
    db.session.flush()
    return True


def _filtered(filters: Filters) -> Select[AuditEntry]:
    statement = select(AuditEntry)
    if filters.action:
        statement = statement.where(AuditEntry.action == filters.action)
    if filters.subject_type:
        statement = statement.where(AuditEntry.subject_type == filters.subject_type)
    if filters.subject_id:
        statement = statement.where(AuditEntry.subject_id == filters.subject_id)
    for word in filters.person.split():
        statement = statement.where(AuditEntry.actor.icontains(word, autoescape=True))
    return statement
