"""Photos of projects, kept under DATA_DIR, shown to everybody once staff has accepted them."""

import secrets
from pathlib import Path
from typing import Final

from flask import current_app

from portal.photos import Photo

MAX_SIDE: Final = 960
"""Pixels of the longer side: a ballot shows many of them over a bad network."""


def folder() -> Path:
    """Where they lie; every process of the portal must see the same folder."""
    settings = current_app.extensions["pasokh_settings"]
    path: Path = settings.data_dir / "uploads" / "ballots"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(name: str) -> Path:
    return folder() / Path(name).name


def keep(photo: Photo) -> str:
    """Store it under a random name; `discard` it if the change fails."""
    name = f"{secrets.token_hex(16)}.jpg"
    path = path_of(name)
    path.touch(mode=0o600)
    path.write_bytes(photo.data)
    return name


def discard(name: str | None) -> None:
    """Delete the file; one that is gone already is no error."""
    if name:
        path_of(name).unlink(missing_ok=True)
