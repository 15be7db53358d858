"""The box: ballots sealed with a public key, opened once, all together.

The process that takes a ballot can only put it in: a libsodium sealed box (X25519 with an
ephemeral key, XSalsa20-Poly1305; nacl.public.SealedBox) opens with the private key alone. That
key is a file of mode 0600 under DATA_DIR/ballot-keys, in no dump of the database; it is destroyed
once the box is open, so that what older copies of the database hold of the box stays closed.
"""

import json
import os
from pathlib import Path
from typing import Any, Final

from flask import current_app
from nacl.public import PrivateKey, PublicKey, SealedBox

_BLOCK: Final = 256


class KeyMissingError(RuntimeError):
    """The private key of a box is not where it was put: the box cannot be opened here."""


def _folder() -> Path:
    settings = current_app.extensions["pasokh_settings"]
    path: Path = settings.data_dir / "ballot-keys"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _path(public_key: bytes) -> Path:
    return _folder() / f"{public_key.hex()}.key"


def new_key() -> bytes:
    """Make a pair of keys, put the private one into its file, return the public one."""
    private = PrivateKey.generate()
    public = bytes(private.public_key)
    handle = os.open(_path(public), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(bytes(private))
        file.flush()
        # A ballot that is sealed before the key is on the disk might never be opened.
        os.fsync(file.fileno())
    return public


def destroy_key(public_key: bytes) -> None:
    """Overwrite and delete the private key; one that is gone already is no error."""
    path = _path(public_key)
    try:
        with path.open("r+b") as file:
            file.write(b"\0" * 32)
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    path.unlink(missing_ok=True)


def has_key(public_key: bytes) -> bool:
    return _path(public_key).is_file()


def size_for(project_ids: list[int]) -> int:
    """Bytes every ballot of these projects is padded to: the length must not tell the choice."""
    longest = len(_packed("0" * 12, [[project_id, 10**9] for project_id in project_ids]))
    return -(-longest // _BLOCK) * _BLOCK


def _packed(receipt: str, choices: list[Any]) -> bytes:
    return json.dumps({"receipt": receipt, "choices": choices}, separators=(",", ":")).encode()


def seal(public_key: bytes, receipt: str, choices: list[Any], size: int) -> bytes:
    """The ballot so that only the private key reads it, `size` + 48 bytes long."""
    plain = _packed(receipt, choices)
    if len(plain) > size:
        raise ValueError("A ballot is longer than every ballot of its projects can be")
    return bytes(SealedBox(PublicKey(public_key)).encrypt(plain.ljust(size)))


class Opener:
    """Reads the ballots of one box. Raises KeyMissingError where its key is not here."""

    def __init__(self, public_key: bytes) -> None:
        try:
            private = PrivateKey(_path(public_key).read_bytes())
        except FileNotFoundError:
            raise KeyMissingError(
                f"The key {_path(public_key).name} is not in {_folder()}; "
                "bring it back from the machine that opened the vote"
            ) from None
        self._box = SealedBox(private)

    def open(self, sealed: bytes) -> tuple[str, list[Any]]:
        """(receipt, choices)"""
        found = json.loads(self._box.decrypt(bytes(sealed)))
        return found["receipt"], found["choices"]
