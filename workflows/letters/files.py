"""Enclosures and scans: PDF as it is, pictures drawn anew. Flushes, never commits.

A PDF is told by its bytes, not by its name; it goes back to people only as a download in a sandbox,
for what else it holds nobody can vouch.
"""

import contextlib
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import current_app
from sqlalchemy import func, select

from portal import photos
from portal.db import after_commit, db
from portal.i18n import _l
from portal.text import strip_controls
from workflows.cases.moves import InputRefused
from workflows.letters.models import LetterFile

MOST_FILES: Final = 10
MOST_BYTES: Final = 12 * 1024 * 1024
"""Of one file."""
SCAN_SIDE: Final = 3000
"""Pixels: a page at 250 dots an inch."""
PDF: Final = "application/pdf"


@dataclass(frozen=True)
class Sent:
    """A file that was read and found good, not stored yet."""

    name: str
    mimetype: str
    data: bytes


def read(files: Iterable[tuple[str, bytes]], field: str) -> list[Sent]:
    """(name, contents) of what was sent. Raises InputRefused for the field."""
    found = [_read(name, data, field) for name, data in files]
    if len(found) > MOST_FILES:
        raise InputRefused(field, _l("These are too many files."))
    return found


def _read(name: str, data: bytes, field: str) -> Sent:
    if len(data) > MOST_BYTES:
        raise InputRefused(field, _l("A file is larger than 12 MB."))
    name = " ".join(strip_controls(Path(name).name, keep_newlines=False).split())[:150] or "file"
    if data[:5] == b"%PDF-" and b"%%EOF" in data[-2048:]:
        return Sent(_ending(name, "pdf"), PDF, data)
    try:
        drawn = photos.read(data, SCAN_SIDE)
    except photos.PhotoError:
        raise InputRefused(field, _l("Only PDF files and pictures can be taken.")) from None
    return Sent(_ending(name, "jpg"), photos.MIMETYPE, drawn.data)


def _ending(name: str, wanted: str) -> str:
    stem = name[: -len(Path(name).suffix)] if Path(name).suffix else name
    return f"{stem or 'file'}.{wanted}"


def folder() -> Path:
    """Where they lie; every process of the portal must see the same folder."""
    path: Path = current_app.extensions["pasokh_settings"].data_dir / "uploads" / "letters"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(stored: str) -> Path:
    return folder() / Path(stored).name


def attach(letter_id: int, kind: str, sent: Sequence[Sent]) -> list[str]:
    """Keep files of a letter; returns where, for `discard` if the change fails."""
    held = db.session.scalar(
        select(func.count()).select_from(LetterFile).where(LetterFile.letter_id == letter_id)
    )
    if (held or 0) + len(sent) > MOST_FILES:
        raise InputRefused("files", _l("These are too many files."))
    stored: list[str] = []
    try:
        for one in sent:
            name = secrets.token_hex(16)
            stored.append(name)
            path_of(name).touch(mode=0o600)
            path_of(name).write_bytes(one.data)
            db.session.add(
                LetterFile(
                    letter_id=letter_id,
                    kind=kind,
                    name=one.name,
                    mimetype=one.mimetype,
                    size=len(one.data),
                    digest=hashlib.sha256(one.data).digest(),
                    stored_path=name,
                )
            )
        db.session.flush()
    except BaseException:
        discard(stored)
        raise
    return stored


def discard(stored: Iterable[str]) -> None:
    for name in stored:
        with contextlib.suppress(OSError):
            path_of(name).unlink(missing_ok=True)


def of_letter(letter_id: int) -> Sequence[LetterFile]:
    return db.session.scalars(
        select(LetterFile).where(LetterFile.letter_id == letter_id).order_by(LetterFile.id)
    ).all()


def find(letter_id: int, file_id: int) -> LetterFile | None:
    row = db.session.get(LetterFile, file_id)
    return row if row is not None and row.letter_id == letter_id else None


def remove(row: LetterFile) -> None:
    """Of a draft; the trigger refuses any other. The file itself goes after the commit."""
    stored = row.stored_path
    db.session.delete(row)
    db.session.flush()
    after_commit(lambda: discard([stored]))
