"""Photos given as answers: drawn anew, kept in files under random names; an answer is the name.

A file's time is rounded to the day, so that a copy of the folder does not tell who answered when.
"""

import datetime as dt
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from flask import current_app

from portal import clock
from portal.db import after_commit
from portal.i18n import _
from portal.photos import MAX_BYTES, MIMETYPE, PhotoError, read
from surveys.questionnaires.answers import REMOVE, Refused, Upload

NAME: Final = re.compile(r"[0-9a-f]{32}\.jpg")

__all__ = [
    "MAX_BYTES", "MIMETYPE", "REMOVE", "discard", "discard_after_commit", "forget_trials",
    "keep_trials", "names_in", "path_of", "received", "tried",
]  # fmt: skip
TRIALS: Final = "trials"
"""Folder beside that of the answers: photos of previews that have not reached their end."""
TRIAL_LIFE: Final = dt.timedelta(hours=24)


def folder(name: str = "answers") -> Path:
    """Where they lie; every process of the portal must see the same folder."""
    settings = current_app.extensions["pasokh_settings"]
    path: Path = settings.data_dir / "uploads" / name
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
    name = _new_name()
    path = folder() / name
    path.touch(mode=0o600)
    path.write_bytes(photo.data)
    _round_time(path)
    return name


def tried(data: bytes, *, is_kept: bool) -> Upload | Refused:
    """A photo of a preview, as `received`. It waits apart until the test answer is kept
    (`keep_trials`); where none will be (`is_kept` false) nothing is stored."""
    try:
        photo = read(data)
    except PhotoError as error:
        return Refused(_message(error.code))
    name = _new_name()
    if is_kept:
        path = folder(TRIALS) / name
        path.touch(mode=0o600)
        path.write_bytes(photo.data)
    return name


def keep_trials(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a preview at its end, their photos now among those of answers.

    They travelled in a form, so a name may be anybody's: one that does not wait among the photos
    of previews is left out. Otherwise deleting a test answer would delete a citizen's photo.
    """
    kept: dict[str, Any] = {}
    for name, value in answers.items():
        if isinstance(value, list):
            kept[name] = [
                keep_trials(each) if isinstance(each, Mapping) else each for each in value
            ]
        elif not isinstance(value, str) or not NAME.fullmatch(value):
            kept[name] = value
        elif (waiting := folder(TRIALS) / value).is_file():
            _round_time(waiting.rename(folder() / value))
            kept[name] = value
    return kept


def forget_trials() -> int:
    """Delete photos of previews that nobody brought to their end within a day; how many."""
    limit = (clock.now() - TRIAL_LIFE).timestamp()
    old = [path for path in folder(TRIALS).iterdir() if path.stat().st_mtime < limit]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _new_name() -> Upload:
    return Upload(f"{secrets.token_hex(16)}.jpg")


def _round_time(path: Path) -> None:
    day = dt.datetime.combine(clock.now().date(), dt.time(), dt.UTC).timestamp()
    os.utime(path, (day, day))


def discard(names: set[str]) -> None:
    """Delete files that no answer names any more; one that is gone already is no error."""
    for name in names:
        if (path := path_of(name)) is not None:
            path.unlink(missing_ok=True)


def discard_after_commit(names: Iterable[str]) -> None:
    """Delete the files of answers that the present transaction deletes, once it is committed."""
    found = set(names)
    if found:
        after_commit(lambda: discard(found))


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
