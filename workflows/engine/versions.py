"""Versions of definitions: shipped ones, the city's drafts, publishing. Nothing commits.

A published version never changes, so a process reads each of them once.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from portal import audit, clock
from portal.db import db
from portal.i18n import LazyText, _l
from workflows.engine import catalogue, checks, reader
from workflows.engine.document import from_document, to_document
from workflows.engine.model import Definition
from workflows.engine.models import WorkflowDefinition
from workflows.engine.review import review

MOST_NOTE = 1_000


class PublishError(ValueError):
    """It cannot be published; `message` is for people, `problems` are of the definition."""

    def __init__(self, message: LazyText, problems: Sequence[reader.Problem] = ()) -> None:
        super().__init__(str(message))
        self.message = message
        self.problems = tuple(problems)


def digest(document: Mapping[str, Any]) -> str:
    """One fingerprint for one definition, whatever the order it was written in."""
    spelt = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(spelt.encode()).hexdigest()


def get(definition_id: int) -> Definition:
    """A published version. Raises LookupError."""
    return _published(definition_id)[1]


def name_and_number(definition_id: int) -> tuple[str, int]:
    """What a published version is called. Raises LookupError."""
    return _published(definition_id)[0]


def _published(definition_id: int) -> tuple[tuple[str, int], Definition]:
    # Of the application, not of the process: two portals in one process have two databases.
    known: dict[int, tuple[tuple[str, int], Definition]] = current_app.extensions.setdefault(
        "pasokh_workflows", {}
    )
    found = known.get(definition_id)
    if found is None:
        found = known[definition_id] = _read(definition_id)
    return found


def _read(definition_id: int) -> tuple[tuple[str, int], Definition]:
    row = db.session.execute(
        select(
            WorkflowDefinition.name, WorkflowDefinition.number, WorkflowDefinition.document
        ).where(
            WorkflowDefinition.id == definition_id, WorkflowDefinition.published_at.is_not(None)
        )
    ).first()
    if row is None:
        raise LookupError(f"No published definition {definition_id}")
    return (row.name, row.number), from_document(row.document)


def current(name: str) -> int:
    """Id of the version that new cases get. Raises LookupError for a name nobody knows."""
    found = _newest(name)
    if found is None:
        _ship(name)
        found = _newest(name)
    if found is None:
        raise LookupError(f"No workflow {name!r}")
    return found


def titles() -> dict[str, Mapping[str, str]]:
    """Every workflow that a case can be given, shipped or the city's, with its titles."""
    found: dict[str, Mapping[str, str]] = {
        name: definition.titles for name, definition in catalogue.shipped().items()
    }
    found |= {row.name: row.document["titles"] for row in newest()}
    return dict(sorted(found.items()))


def ship() -> int:
    """Publish what this release ships and the table does not have yet; returns how many.

    Where the city has written a version of its own, that stays the newest.
    """
    return sum(_ship(name) for name in catalogue.shipped())


def _newest(name: str) -> int | None:
    return db.session.scalar(
        select(WorkflowDefinition.id)
        .where(WorkflowDefinition.name == name, WorkflowDefinition.number.is_not(None))
        .order_by(WorkflowDefinition.number.desc())
        .limit(1)
    )


def _ship(name: str) -> bool:
    definition = catalogue.shipped().get(name)
    if definition is None:
        return False
    document = to_document(definition)
    mark = digest(document)
    _hold(name)
    rows = db.session.execute(
        select(WorkflowDefinition.digest, WorkflowDefinition.origin, WorkflowDefinition.number)
        .where(WorkflowDefinition.name == name, WorkflowDefinition.number.is_not(None))
        .order_by(WorkflowDefinition.number.desc())
    ).all()
    if rows and (rows[0].origin == "city" or any(row.digest == mark for row in rows)):
        return False
    now = clock.now()
    db.session.execute(
        insert(WorkflowDefinition).values(
            name=name,
            number=rows[0].number + 1 if rows else 1,
            document=document,
            digest=mark,
            source="",
            origin="shipped",
            note="",
            created_at=now,
            published_at=now,
        )
    )
    return True


def _hold(name: str) -> None:
    """One change of a workflow's versions at a time."""
    db.session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"workflow:{name}", 0)))
    )


# The city's own


def draft_of(name: str) -> WorkflowDefinition | None:
    return db.session.scalars(
        select(WorkflowDefinition).where(
            WorkflowDefinition.name == name, WorkflowDefinition.published_at.is_(None)
        )
    ).first()


def save_draft(
    source: str, *, by: int | None
) -> tuple[WorkflowDefinition | None, list[reader.Problem]]:
    """Keep a YAML as the draft of its workflow, with all that is wrong with it.

    No draft where it cannot even be read.
    """
    found = review(source)
    definition, problems = found.definition, list(found.problems)
    if definition is None:
        return None, problems
    document = to_document(definition)
    _hold(definition.name)
    row = draft_of(definition.name)
    if row is None:
        row = WorkflowDefinition(name=definition.name, created_by=by)
        db.session.add(row)
    row.source, row.document, row.digest = source, document, digest(document)
    db.session.flush()
    audit.record("workflow.drafted", "workflow", row.id, name=row.name, digest=row.digest)
    return row, problems


def drop_draft(name: str) -> None:
    # Else one that is being published at this moment would be deleted.
    _hold(name)
    row = draft_of(name)
    if row is not None:
        db.session.delete(row)
        audit.record("workflow.draft_dropped", "workflow", row.id, name=name)
        db.session.flush()


def publish(name: str, *, upon: str, note: str, by: int | None) -> WorkflowDefinition:
    """Make the draft the newest version; from now on new cases get it.

    `upon`: digest of the draft that was read before this was asked for. Raises PublishError.
    """
    _hold(name)
    row = draft_of(name)
    if row is None:
        raise PublishError(_l("There is no draft to publish."))
    if row.digest != upon:
        raise PublishError(_l("Somebody has changed the draft meanwhile; read it again first."))
    note = " ".join(note.split())[:MOST_NOTE]
    if not note:
        raise PublishError(_l("Write what is changed, and why."))
    definition = from_document(row.document)
    problems = [one for one in checks.check(definition) if one.severity == "error"]
    if problems:
        raise PublishError(_l("The definition has errors; mend them first."), problems)
    newest = db.session.execute(
        select(WorkflowDefinition.number, WorkflowDefinition.digest)
        .where(WorkflowDefinition.name == name, WorkflowDefinition.number.is_not(None))
        .order_by(WorkflowDefinition.number.desc())
        .limit(1)
    ).first()
    if newest is None and name in catalogue.shipped():
        _ship(name)
        return publish(name, upon=upon, note=note, by=by)
    if newest is not None and newest.digest == row.digest:
        raise PublishError(_l("Nothing differs from the newest version."))
    row.number = newest.number + 1 if newest else 1
    row.note, row.published_at, row.published_by = note, clock.now(), by
    db.session.flush()
    audit.record(
        "workflow.published",
        "workflow",
        row.id,
        name=name,
        number=row.number,
        digest=row.digest,
        note=note,
    )
    return row


def versions_of(name: str) -> Sequence[WorkflowDefinition]:
    """The published ones, the newest first."""
    return db.session.scalars(
        select(WorkflowDefinition)
        .where(WorkflowDefinition.name == name, WorkflowDefinition.number.is_not(None))
        .order_by(WorkflowDefinition.number.desc())
        .limit(200)
    ).all()


def newest() -> Sequence[WorkflowDefinition]:
    """The newest published version of every workflow; one query."""
    return db.session.scalars(
        select(WorkflowDefinition)
        .ext(distinct_on(WorkflowDefinition.name))
        .where(WorkflowDefinition.number.is_not(None))
        .order_by(WorkflowDefinition.name, WorkflowDefinition.number.desc())
    ).all()


def drafts() -> Sequence[WorkflowDefinition]:
    return db.session.scalars(
        select(WorkflowDefinition)
        .where(WorkflowDefinition.published_at.is_(None))
        .order_by(WorkflowDefinition.name)
    ).all()
