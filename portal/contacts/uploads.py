"""Uploaded files between the request and the job that reads them."""

import secrets
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import IO

from flask import current_app

ORPHAN_SECONDS = 24 * 3600


def folder() -> Path:
    """Where uploads wait; all processes of the portal must see the same folder."""
    settings = current_app.extensions["pasokh_settings"]
    path: Path = settings.data_dir / "uploads" / "contacts"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def keep(stream: IO[bytes]) -> str:
    """Copy a file under a random name, readable by the portal alone. Returns the name."""
    name = secrets.token_hex(16)
    path = folder() / name
    path.touch(mode=0o600)
    try:
        with path.open("wb") as target:
            shutil.copyfileobj(stream, target)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return name


def path_of(name: str) -> Path:
    return folder() / Path(name).name


def discard(name: str | None) -> None:
    """Delete an upload; one that is gone already is no error."""
    if name:
        path_of(name).unlink(missing_ok=True)


def discard_orphans(known: Collection[str]) -> int:
    """Delete day-old files that no import knows: their request died before its commit."""
    # Age of a file, by the file system's own clock.
    oldest = time.time() - ORPHAN_SECONDS
    orphans = [
        path
        for path in folder().iterdir()
        if path.name not in known and path.is_file() and path.stat().st_mtime < oldest
    ]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
