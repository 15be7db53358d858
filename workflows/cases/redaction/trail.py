"""Payloads of the audit trail that tell a passage: erased whole; the chain goes on verifying."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, String, cast, or_, select

from portal.audit import queries as audits
from portal.audit.models import AuditEntry, AuditPayload
from portal.db import db
from workflows.cases.redaction import places
from workflows.cases.redaction.passage import Passage

SUBJECTS: Final = {
    "call": "calls",
    "callback": "callbacks",
    "callin_call": "callin_calls",
    "letter": "letters",
    "special": "special_cases",
    "visit": "field_visits",
}
"""Kind of subject -> the table whose ids it has."""


def clean(
    case_ids: Sequence[int],
    numbers: Sequence[str],
    passage: Passage,
    here: Counter[str],
    elsewhere: Counter[str] | None = None,
    *,
    change: bool,
    cut: bool = True,
) -> None:
    """Counts into `here` what is told of the cases and of what hangs on them, into `elsewhere`
    (None: not looked for) the rest."""
    own = or_(*_own(case_ids, numbers))
    ways: list[tuple[ColumnElement[bool], Counter[str]]] = [(own, here)]
    if elsewhere is not None:
        holds = (cast(AuditPayload.body, String).ilike(one) for one in passage.patterns())
        ways.append((~own & or_(*holds), elsewhere))
    for where, counted in ways:
        query = (
            select(AuditPayload.entry_id, AuditPayload.body)
            .join(AuditEntry, AuditEntry.id == AuditPayload.entry_id)
            .where(where)
        )
        for entry_id, body in db.session.execute(query).all():
            if number := passage.out_of(body, cut=cut)[1]:
                counted["audit_payloads.body"] += number
                if change:
                    audits.erase_payload(entry_id, "redaction")


def _own(case_ids: Sequence[int], numbers: Sequence[str]) -> list[ColumnElement[bool]]:
    ids = {"case": [str(one) for one in case_ids]}
    for table in places.tables():
        for kind, name in SUBJECTS.items():
            if name == table.name:
                rows = places.about(table, case_ids, numbers)
                ids[kind] = [str(row.key["id"]) for row in rows]
    return [
        (AuditEntry.subject_type == kind) & AuditEntry.subject_id.in_(found)
        for kind, found in ids.items()
        if found
    ]
