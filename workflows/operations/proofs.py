"""Pictures of the work: drawn anew like the citizens' photos, kept beside them.

Files are no part of a transaction: whoever adds some calls `discard` for them if it fails.
"""

import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from portal.db import db
from portal.photos import Photo
from workflows.cases import photos
from workflows.operations.models import PROOF_KINDS, CaseProof

MOST: int = 6
"""Of one record."""


def add(
    case_id: int, kind: str, drawn: Sequence[Photo], *, by: int | None, visit_id: int | None = None
) -> list[CaseProof]:
    """Keep pictures of a case under random names. Flushes; nothing is left if it raises."""
    if kind not in PROOF_KINDS:
        raise ValueError(f"No such kind of picture: {kind}")
    rows: list[CaseProof] = []
    try:
        for photo in drawn:
            name = f"{secrets.token_hex(16)}.jpg"
            row = CaseProof(
                case_id=case_id,
                kind=kind,
                stored_path=name,
                width=photo.width,
                height=photo.height,
                visit_id=visit_id,
                added_by=by,
            )
            rows.append(row)
            path = photos.path_of(name)
            path.touch(mode=0o600)
            path.write_bytes(photo.data)
            db.session.add(row)
        db.session.flush()
    except BaseException:
        discard(row.stored_path for row in rows)
        raise
    return rows


def discard(stored: Iterable[str]) -> None:
    for name in stored:
        photos.discard(name)


def of_cases(case_ids: Sequence[int]) -> list[CaseProof]:
    """Oldest first."""
    statement = select(CaseProof).where(CaseProof.case_id.in_(case_ids))
    return list(db.session.scalars(statement.order_by(CaseProof.id)))


def find(proof_id: int) -> CaseProof | None:
    return db.session.get(CaseProof, proof_id)
