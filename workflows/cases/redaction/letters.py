"""Issued letters from which words were taken: another edition of the PDF, with a note on it.

The earlier digest is kept nowhere: whoever has the rest of the letter could try guesses against
it. Scans and enclosures are pictures and foreign PDF: a person looks at them and removes each.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import delete, or_, select, update

from portal import audit, clock
from portal.audit import queries as audits
from portal.audit.models import AuditEntry
from portal.db import after_commit, db
from workflows.cases.redaction.passage import MASK
from workflows.letters import files, pdf
from workflows.letters.models import Letter, LetterCase, LetterDocument, LetterFile

QUOTED: Final = "their_reference"
"""What a letter that answers or follows prints of the other one."""


@dataclass(frozen=True)
class Scan:
    """A file of a letter about a case."""

    file: LetterFile
    letter: Letter


def anew(changed: Mapping[int, Iterable[str]]) -> int:
    """Letters by id with the columns that were changed; returns how many PDF were drawn anew.

    To be called in the transaction of the redaction: nothing else may touch an issued letter.
    """
    ids = set(changed)
    quoted = {one for one, names in changed.items() if QUOTED in names}
    drawn = 0
    for letter in db.session.scalars(
        select(Letter)
        .where(Letter.state != "draft", or_(Letter.id.in_(ids), Letter.refers_to_id.in_(quoted)))
        .order_by(Letter.id)
        .execution_options(populate_existing=True)
    ).all():
        letter.redacted_at = clock.now()
        db.session.flush()
        digest = _draw(letter) if letter.direction == "out" else None
        drawn += digest is not None
        audit.record("letter.redacted", "letter", letter.id, pdf=digest)
    return drawn


def _draw(letter: Letter) -> str:
    db.session.execute(
        delete(LetterDocument)
        .where(LetterDocument.letter_id == letter.id)
        .execution_options(synchronize_session="fetch")
    )
    told = select(AuditEntry.id).where(
        AuditEntry.subject_type == "letter",
        AuditEntry.subject_id == str(letter.id),
        AuditEntry.action.in_(("letter.issued", "letter.redacted")),
    )
    for entry_id in db.session.scalars(told).all():
        audits.erase_payload(entry_id, "redaction")
    content = pdf.render(letter)
    digest = hashlib.sha256(content)
    db.session.add(LetterDocument(letter_id=letter.id, content=content, digest=digest.digest()))
    db.session.flush()
    return digest.hexdigest()


def scans(case_ids: Sequence[int]) -> list[Scan]:
    """Files of the letters about these cases that are still there."""
    rows = db.session.execute(
        select(LetterFile, Letter)
        .join(Letter, Letter.id == LetterFile.letter_id)
        .join(LetterCase, LetterCase.letter_id == Letter.id)
        .where(LetterCase.case_id.in_(case_ids), LetterFile.removed_at.is_(None))
        .order_by(Letter.id, LetterFile.id)
        .distinct()
    ).all()
    return [Scan(file, letter) for file, letter in rows]


def remove(file: LetterFile) -> None:
    """A file and what it was called; its row stays, for the letter had it."""
    path = files.path_of(file.stored_path)
    db.session.execute(
        update(LetterFile)
        .where(LetterFile.id == file.id)
        .values(name=MASK, size=0, digest=b"", removed_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    audit.record("letter.file_removed", "letter", file.letter_id, file=file.id)
    after_commit(lambda: shred(path))


def shred(path: Path) -> None:
    """Written over and deleted; one that is gone already is no error."""
    if path.is_file():
        path.write_bytes(b"\0" * path.stat().st_size)
    path.unlink(missing_ok=True)
