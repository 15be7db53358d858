"""Key files: outside the database, 0600, and gone once they have served.

A file is named after what the database knows of it (a public key, or a random name), never after
a campaign, so that databases that share a folder (a restored copy, say) do not touch each other's.
"""

import contextlib
import os
import secrets
from pathlib import Path

from flask import current_app
from nacl.public import PrivateKey

SIZE = 32


class KeyFolderError(OSError):
    """The folder of keys cannot be written: no anonymous campaign may begin."""


def make_pair() -> bytes:
    """Make a key pair and store its private half on the disk for good. Returns the public one.

    Raises KeyFolderError.
    """
    pair = PrivateKey.generate()
    public = bytes(pair.public_key)
    _write(public, bytes(pair))
    return public


def private_half(public: bytes) -> PrivateKey | None:
    """None: destroyed, or never on this machine."""
    found = _read(public)
    return PrivateKey(found) if found else None


def make_secret() -> bytes:
    """Make a secret key of 32 bytes. Returns its name. Raises KeyFolderError."""
    name = secrets.token_bytes(SIZE)
    _write(name, secrets.token_bytes(SIZE))
    return name


def secret(name: bytes) -> bytes | None:
    """None: destroyed, or never on this machine."""
    return _read(name)


def destroy(name: bytes) -> None:
    """Overwrite and remove a key; again is allowed. What a disk remembers underneath (copies of
    flash blocks, snapshots) is beyond a program: see docs/threat-model.md."""
    path = _path(name)
    try:
        with path.open("r+b", buffering=0) as file:
            file.write(secrets.token_bytes(SIZE))
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    path.unlink(missing_ok=True)
    _settle(path.parent)


def exists(name: bytes) -> bool:
    return _path(name).is_file()


def _path(name: bytes) -> Path:
    folder: Path = current_app.extensions["pasokh_settings"].answer_keys
    return folder / f"{name.hex()}.key"


def _read(name: bytes) -> bytes | None:
    try:
        found = _path(name).read_bytes()
    except FileNotFoundError:
        return None
    return found if len(found) == SIZE else None


def _write(name: bytes, content: bytes) -> None:
    path = _path(name)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            # Before anything is sealed to it: a key lost with the power loses the answers.
            os.fsync(file.fileno())
        _settle(path.parent)
    except OSError as error:
        raise KeyFolderError(error.errno, error.strerror, str(path.parent)) from error


def _settle(folder: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
