"""Photos of cases: drawn anew by portal.photos, kept under DATA_DIR."""

import secrets
from pathlib import Path

from flask import current_app

from portal.db import db
from portal.photos import (
    FORMATS,
    MAX_BYTES,
    MAX_PIXELS,
    MAX_PIXELS_UNPACKED,
    MAX_SIDE,
    MIMETYPE,
    Photo,
    PhotoError,
    read,
)
from workflows.cases.models import CasePhoto

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_PIXELS_UNPACKED",
    "MAX_SIDE",
    "MIMETYPE",
    "Photo",
    "PhotoError",
    "attach",
    "discard",
    "find",
    "folder",
    "path_of",
    "read",
]


def folder() -> Path:
    """Where photos lie; every process of the portal must see the same folder."""
    settings = current_app.extensions["pasokh_settings"]
    path: Path = settings.data_dir / "uploads" / "cases"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(stored: str) -> Path:
    return folder() / Path(stored).name


def attach(case_id: int, photo: Photo) -> CasePhoto:
    """Keep a photo of a case under a random name. Flushes; `discard` it if the change fails."""
    name = f"{secrets.token_hex(16)}.jpg"
    path = path_of(name)
    row = CasePhoto(case_id=case_id, stored_path=name, width=photo.width, height=photo.height)
    try:
        path.touch(mode=0o600)
        path.write_bytes(photo.data)
        db.session.add(row)
        db.session.flush()
    except BaseException:
        discard(name)
        raise
    return row


def discard(stored: str) -> None:
    """Delete a photo's file; one that is gone already is no error."""
    path_of(stored).unlink(missing_ok=True)


def find(photo_id: int) -> CasePhoto | None:
    return db.session.get(CasePhoto, photo_id)
