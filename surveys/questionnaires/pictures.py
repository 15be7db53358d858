"""Pictures that authors show with notes, questions and choices.

They come in a .zip beside the spreadsheet, are drawn anew as citizens' photos are, and kept in
files named by their content and size: equal pictures are one file, a name never means another
picture, and a page knows how much room to leave without opening the file.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

from flask import current_app

from portal.i18n import _l
from portal.photos import MIMETYPE, PhotoError, pixels_of, read

from .columns import Record
from .problems import ProblemList
from .schema import Questionnaire, Texts

__all__ = ["MIMETYPE", "Gallery", "discard", "is_picture", "keep", "path_of", "size_of"]

SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp")
MAX_SIDE: Final = 960
"""Pixels of the longer side: a survey shows several over a bad network."""
MAX_PIXELS_TOGETHER: Final = 200_000_000
"""As sent, of all pictures of a form: they are drawn while somebody waits, at most 25 ms for a
million. 200 pictures as they are kept have fewer, so that every export is taken back."""
NAME: Final = re.compile(r"([0-9a-f]{40})-([0-9]{1,4})x([0-9]{1,4})\.jpg")


def is_picture(filename: str) -> bool:
    """Whether a file is of a kind that is taken, by its name."""
    return filename.lower().endswith(SUFFIXES)


def size_of(name: str) -> tuple[int, int]:
    """(width, height) in pixels; (0, 0) for what is no name of ours."""
    found = NAME.fullmatch(name)
    return (int(found[2]), int(found[3])) if found else (0, 0)


def drawn(data: bytes) -> tuple[str, bytes]:
    """(name, the picture as it is kept). What was exported comes back as it is. PhotoError."""
    photo = read(data, MAX_SIDE)
    kept = data if _is_plain_jpeg(data) and max(photo.width, photo.height) <= MAX_SIDE else None
    if kept is not None and (photo.width, photo.height) != _size_in_head(data):
        kept = None
    content = photo.data if kept is None else kept
    digest = hashlib.sha256(content).hexdigest()[:40]
    return f"{digest}-{photo.width}x{photo.height}.jpg", content


def _segments(data: bytes) -> list[tuple[int, int, int]]:
    """(marker, start, end) of the segments before the pixels; [] for what is no such JPEG."""
    if not data.startswith(b"\xff\xd8"):
        return []
    found: list[tuple[int, int, int]] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        found.append((data[at + 1], at + 4, end))
        if data[at + 1] == 0xDA:
            return found
        at = end
    return []


def _is_plain_jpeg(data: bytes) -> bool:
    """Whether it holds nothing but a picture: tables and pixels, as our own drawing does; no
    EXIF, profile, comment, second picture, or anything behind the end."""
    markers = [marker for marker, _start, _end in _segments(data)]
    if not markers or not set(markers) <= {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}:
        return False
    pixels = data[_segments(data)[-1][2] :]
    # A marker in the pixels is FF not followed by 00; the only one is the end.
    return re.search(rb"\xff[^\x00]", pixels) is not None and (
        re.search(rb"\xff[^\x00]", pixels).start() == len(pixels) - 2  # type: ignore[union-attr]
        and pixels.endswith(b"\xff\xd9")
    )


def _size_in_head(data: bytes) -> tuple[int, int]:
    start = next((s for marker, s, _end in _segments(data) if marker == 0xC0), 0)
    height, width = data[start + 1 : start + 3], data[start + 3 : start + 5]
    return int.from_bytes(width), int.from_bytes(height)


class _TogetherError(Exception):
    """What was drawn of this form is enough."""


@dataclass
class Gallery:
    """The pictures of one form: `files` as sent, by lower-case name; `drawn` as they are kept."""

    files: Mapping[str, bytes]
    drawn: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """What an author wrote → the name it is kept under."""
    wrong: dict[str, object] = field(default_factory=dict)
    of_file: dict[str, str] = field(default_factory=dict)
    """File, in lower case → the name it is kept under: many spellings are one picture."""
    pixels: int = 0

    def look_at(self, records: Iterable[Record], problems: ProblemList) -> None:
        """Draw what the rows name; what is missing or no picture is told of and left out."""
        for record in records:
            for language, written in record.texts("image").items():
                if (message := self._message(written)) is not None:
                    problems.warn(
                        "missing_picture",
                        message,
                        record.table.name,
                        record.number,
                        record.header("image", language),
                        language=language,
                    )

    def _message(self, written: str) -> object | None:
        if written in self.names:
            return None
        if written in self.wrong:
            return self.wrong[written]
        file = _file(written)
        try:
            name = self._kept_as(file.lower())
            if name is not None:
                self.names[written] = name
                return None
            message: object = _l(
                "The picture “%(name)s” is missing, so the text is shown without it. Send the "
                "form and its pictures together in one .zip file.",
                name=file[:100],
            )
        except _TogetherError:
            message = _l(
                "The pictures of this form are too large together, so “%(name)s” is not shown. "
                "Make them smaller: %(side)s pixels on the longer side are enough.",
                name=file[:100],
                side=MAX_SIDE,
            )
        except PhotoError:
            message = _l(
                "“%(name)s” is not a picture we can read, so the text is shown without it. Send a "
                "JPEG, PNG or WebP picture of at most 12 MB.",
                name=file[:100],
            )
        self.wrong[written] = message
        return message

    def _kept_as(self, file: str) -> str | None:
        """The name a picture is kept under, None where no such file was sent. PhotoError,
        _TogetherError."""
        if file not in self.of_file and (data := self.files.get(file)) is not None:
            pixels = pixels_of(data)
            if self.pixels + pixels > MAX_PIXELS_TOGETHER:
                raise _TogetherError
            self.pixels += pixels
            name, content = drawn(data)
            self.drawn[name] = content
            self.of_file[file] = name
        return self.of_file.get(file)

    def unused(self) -> list[str]:
        """Files that no row names."""
        return sorted(set(self.files) - {_file(x).lower() for x in (*self.names, *self.wrong)})

    def hung(self, form: Questionnaire) -> Questionnaire:
        """The form with names of kept pictures."""
        return renamed(form, self.names.get)


def _file(written: str) -> str:
    """The file's own name of what stands in a cell: `jr://images/a.png`, `images\\a.png`."""
    return PurePosixPath(written.replace("\\", "/")).name


def renamed(form: Questionnaire, name_of: Callable[[str], str | None]) -> Questionnaire:
    """With other names of pictures; those without one are left out."""

    def texts(found: Texts) -> Texts:
        return {code: name for code, old in found.items() if (name := name_of(old))}

    return replace(
        form,
        pages=tuple(
            replace(
                page,
                questions=tuple(
                    replace(
                        question,
                        image=texts(question.image),
                        choices=tuple(
                            replace(choice, image=texts(choice.image)) if choice.image else choice
                            for choice in question.choices
                        ),
                    )
                    for question in page.questions
                ),
            )
            for page in form.pages
        ),
    )


def names_in(form: Questionnaire) -> list[str]:
    """The names of all pictures, each once."""
    found: dict[str, None] = {}
    for question in form.questions:
        found |= dict.fromkeys(question.image.values())
        for choice in question.choices:
            found |= dict.fromkeys(choice.image.values())
    return list(found)


# Files


def folder() -> Path:
    """Where they lie; every process of the portal must see the same folder."""
    settings = current_app.extensions["pasokh_settings"]
    path: Path = settings.data_dir / "uploads" / "questionnaires"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(name: str) -> Path | None:
    """The file of a picture, None for what is no name of ours."""
    return folder() / name if NAME.fullmatch(name) else None


def keep(pictures: Mapping[str, bytes]) -> None:
    """Store them; one that is there already is only marked as wanted again."""
    for name, content in pictures.items():
        path = path_of(name)
        if path is None:
            raise ValueError(name)
        try:
            os.utime(path)
        except FileNotFoundError:
            # Whole or not at all: another process may look for it at this moment.
            unfinished = path.with_name(f".{name}.{os.getpid()}")
            unfinished.touch(mode=0o600)
            unfinished.write_bytes(content)
            unfinished.replace(path)


def discard(name: str, wanted_since: float | None = None) -> None:
    """Delete one that no questionnaire names, unless somebody has wanted it again since that
    moment (Unix time)."""
    path = path_of(name)
    if path is None:
        return
    aside = path.with_name(f".{name}.aside")
    try:
        # Out of the way first: whoever wants it from now on finds nothing and stores it anew.
        path.rename(aside)
    except FileNotFoundError:
        return
    if wanted_since is not None and aside.stat().st_mtime >= wanted_since:
        aside.rename(path)
    else:
        aside.unlink()
