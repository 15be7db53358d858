"""Writing, sealing and verifying the audit trail."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import has_request_context
from flask_security import current_user
from sqlalchemy import func, select, text
from sqlalchemy.orm import joinedload

from portal import clock
from portal.audit.models import AuditEntry, AuditPayload
from portal.db import db

SEAL_LOCK = 0x41756469
"""Advisory lock of the single sealer ("Audi")."""
ERASED = "audit.payload_erased"
"""Action of the entry that says who erased a payload, and why."""
GENESIS = hashlib.sha256(b"pasokh audit chain").digest()

_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def record(action: str, subject_type: str, subject_id: object, **payload: Any) -> AuditEntry:
    """Add an audit row to the present transaction. `payload` must be JSON."""
    actor_id, actor = None, "system"
    if has_request_context() and current_user.is_authenticated:
        actor_id, actor = current_user.id, current_user.name or current_user.email
    salt = secrets.token_bytes(16)
    entry = AuditEntry(
        at=clock.now(),
        actor_id=actor_id,
        actor=actor,
        action=action,
        subject_type=subject_type,
        subject_id=str(subject_id),
        payload_digest=_payload_digest(salt, payload),
        payload=AuditPayload(salt=salt, body=payload),
    )
    db.session.add(entry)
    return entry


def record_many(action: str, subject_type: str, rows: Sequence[tuple[object, str]]) -> None:
    """The same for many subjects at once: (subject id, payload) each, by the system, set-wise.

    Payloads are written by `canonical`, so that whoever needs the text too makes it once.
    """
    if not rows:
        return
    db.session.flush()
    now = clock.now()
    ids: list[int] = db.session.scalars(
        text(
            "SELECT array_agg(nextval(pg_get_serial_sequence('audit_entries', 'id')))"
            " FROM generate_series(1, :number)"
        ),
        {"number": len(rows)},
    ).one()
    salts = [secrets.token_bytes(16) for _row in rows]
    driver = db.session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101
    with driver.cursor() as cursor:
        with cursor.copy(
            "COPY audit_entries (id, at, actor, action, subject_type, subject_id, payload_digest)"
            " FROM STDIN"
        ) as copy:
            for number, salt, (subject_id, body) in zip(ids, salts, rows, strict=True):
                digest = hashlib.sha256(salt + body.encode()).digest()
                copy.write_row(
                    (number, now, "system", action, subject_type, str(subject_id), digest)
                )
        with cursor.copy("COPY audit_payloads (entry_id, salt, body) FROM STDIN") as copy:
            for number, salt, (_subject_id, body) in zip(ids, salts, rows, strict=True):
                copy.write_row((number, salt, body))


def canonical(value: Any) -> str:
    """The one JSON text of a value, of which digests are made."""
    return _CANONICAL.encode(value)


def _payload_digest(salt: bytes, payload: dict[str, Any]) -> bytes:
    return hashlib.sha256(salt + canonical(payload).encode()).digest()


def _link(previous: bytes, entry: AuditEntry, sequence: int) -> bytes:
    facts = [
        sequence,
        entry.id,
        entry.at.isoformat(),
        entry.actor_id,
        entry.actor,
        entry.action,
        entry.subject_type,
        entry.subject_id,
        entry.payload_digest.hex(),
    ]
    return hashlib.sha256(previous + canonical(facts).encode()).digest()


def seal(limit: int = 1000) -> int:
    """Chain up to `limit` committed, unsealed rows; commits. Returns how many were sealed.

    Rows commit out of the order of their ids, so the chain has a sequence of its own, given here
    by one process at a time.
    """
    if not db.session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": SEAL_LOCK}):
        db.session.rollback()
        return 0
    last = db.session.execute(
        select(AuditEntry.sequence, AuditEntry.chain_digest)
        .where(AuditEntry.sequence.is_not(None))
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    ).first()
    sequence, digest = (last.sequence or 0, last.chain_digest or GENESIS) if last else (0, GENESIS)
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.sequence.is_(None)).order_by(AuditEntry.id).limit(limit)
    ).all()
    for entry in entries:
        sequence += 1
        digest = _link(digest, entry, sequence)
        entry.sequence, entry.chain_digest = sequence, digest
    db.session.commit()
    return len(entries)


@dataclass(frozen=True)
class Verification:
    """problems: one line per broken link or altered payload."""

    sealed: int
    unsealed: int
    erased: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def verify() -> Verification:
    """Walk the whole chain, in batches.

    A payload that was erased is counted, and is a problem only where no entry says who erased it.
    """
    digest, expected = GENESIS, 0
    missing: set[str] = set()
    erased: set[str] = set()
    problems: list[str] = []
    rows = db.session.scalars(
        select(AuditEntry)
        .options(joinedload(AuditEntry.payload))
        .where(AuditEntry.sequence.is_not(None))
        .order_by(AuditEntry.sequence)
        .execution_options(yield_per=1000)
    )
    for entry in rows:
        expected += 1
        sequence = entry.sequence or 0
        if sequence != expected:
            problems.append(f"Sequence {expected} is missing before {sequence}")
            expected = sequence
        digest = _link(digest, entry, sequence)
        if digest != entry.chain_digest:
            problems.append(f"Entry {entry.id} (sequence {sequence}) was altered")
            digest = entry.chain_digest or b""
        if entry.action == ERASED:
            erased.add(entry.subject_id)
        payload = entry.payload
        if payload is None:
            missing.add(str(entry.id))
        elif _payload_digest(payload.salt, payload.body) != entry.payload_digest:
            problems.append(f"The payload of entry {entry.id} was altered")
        if len(problems) >= 100:
            problems.append("More problems were not listed")
            break
    unsealed = db.session.scalar(
        select(func.count()).select_from(AuditEntry).where(AuditEntry.sequence.is_(None))
    )
    unsealed_erasures = select(AuditEntry.subject_id).where(
        AuditEntry.sequence.is_(None), AuditEntry.action == ERASED
    )
    unexplained = sorted(missing - erased - set(db.session.scalars(unsealed_erasures)), key=int)
    problems += [
        f"The payload of entry {one} is gone, and no entry says who erased it"
        for one in unexplained[:100]
    ]
    return Verification(expected, unsealed or 0, len(missing), tuple(problems))
