"""Files under DATA_DIR that hold a passage: exports, uploads, logs of the processes."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from flask import current_app

from workflows.cases.redaction.passage import Passage

MOST: Final = 64 * 1024 * 1024
"""Bytes of a file that is read."""
LEFT_OUT: Final = frozenset({"services", "ballot-keys", "answer-keys"})
"""The database's own files are seen to by workflows.cases.redaction.scrub."""
PICTURES: Final = frozenset({"cases", "letters"})
"""Under uploads: photos and scans. No word can be found in them; a person looks at each."""
_TEXT: Final = frozenset({".csv", ".json", ".txt", ".log", ".yaml", ".jsonl", ".xml", ".html", ""})


def root() -> Path:
    folder: Path = current_app.extensions["pasokh_settings"].data_dir
    return folder


def holding(passage: Passage) -> list[Path]:
    return [path for path in _all(root()) if _holds(path, passage)]


def clean(passage: Passage) -> int:
    """Blacken texts in place, byte for byte (a log goes on being written); delete what is packed:
    an export can be made again. Returns the number of files."""
    found = holding(passage)
    for path in found:
        if _is_packed(path):
            path.unlink(missing_ok=True)
        else:
            _blacken(path, passage)
    return len(found)


def _all(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() or entry.name in LEFT_OUT:
            continue
        if folder.name == "uploads" and entry.name in PICTURES:
            continue
        if entry.is_dir():
            yield from _all(entry)
        elif entry.is_file() and entry.stat().st_size <= MOST:
            yield entry


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() in {".xlsx", ".zip", ".sav", ".pdf"}


def _holds(path: Path, passage: Passage) -> bool:
    try:
        if path.suffix.lower() in {".xlsx", ".zip"}:
            with zipfile.ZipFile(path) as archive:
                return any(
                    passage.in_bytes(archive.read(item))
                    for item in archive.infolist()
                    if item.file_size <= MOST
                )
        if path.suffix.lower() in _TEXT or path.suffix.lower() in {".sav", ".pdf"}:
            return passage.in_bytes(path.read_bytes())
    except (OSError, zipfile.BadZipFile):
        return False
    return False


def _blacken(path: Path, passage: Passage) -> None:
    content = path.read_bytes()
    text = content.decode("utf-8", errors="surrogateescape")
    with path.open("r+b") as stream:
        for begin, end in passage.find(text):
            offset = len(text[:begin].encode("utf-8", errors="surrogateescape"))
            length = len(text[begin:end].encode("utf-8", errors="surrogateescape"))
            stream.seek(offset)
            stream.write(b"*" * length)
