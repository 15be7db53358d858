"""Photos given as answers: drawn anew, kept in files under random names; an answer is the name.

A file's time is rounded to the day, so that a copy of the folder does not tell who answered when.
"""

import datetime as dt
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from flask import current_app

from portal import clock
from portal.i18n import _
from portal.photos import MAX_BYTES, MIMETYPE, PhotoError, read
from surveys.questionnaires.answers import REMOVE, Refused, Upload

NAME: Final = re.compile(r"[0-9a-f]{32}\.jpg")

__all__ = ["MAX_BYTES", "MIMETYPE", "REMOVE", "discard", "names_in", "path_of", "received"]


def folder() -> Path:
    """Where they lie; every process of the portal must see the same folder."""
    settings = current_app.extensions["pasokh_settings"]
    path: Path = settings.data_dir / "uploads" / "answers"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(name: str) -> Path | None:
    """The file of an answer, None for what is no name of ours."""
    return folder() / name if NAME.fullmatch(name) else None


def received(data: bytes) -> Upload | Refused:
    """Keep a sent photo, or say why not, as `answers.convert` takes it."""
    try:
        photo = read(data)
    except PhotoError as error:
        return Refused(_message(error.code))
    name = Upload(f"{secrets.token_hex(16)}.jpg")
    path = folder() / name
    path.touch(mode=0o600)
    path.write_bytes(photo.data)
    day = dt.datetime.combine(clock.now().date(), dt.time(), dt.UTC).timestamp()
    os.utime(path, (day, day))
    return name


def discard(names: set[str]) -> None:
    """Delete files that no answer names any more; one that is gone already is no error."""
    for name in names:
        if (path := path_of(name)) is not None:
            path.unlink(missing_ok=True)


def names_in(answers: Mapping[str, Any]) -> Iterator[str]:
    """The names of photos in answers, those of repeats too."""
    for value in answers.values():
        if isinstance(value, str) and NAME.fullmatch(value):
            yield value
        elif isinstance(value, list):
            for row in value:
                if isinstance(row, Mapping):
                    yield from names_in(row)


def _message(code: str) -> str:
    match code:
        case "too_large":
            return _("This photo is larger than 12 MB. Choose a smaller one.")
        case "too_many_pixels":
            return _("This photo has too many pixels. Choose a smaller one.")
        case _:
            return _("This file is not a photo we can read. Choose a JPEG, PNG or WebP photo.")
