"""Ask a server whether it answers, in a millisecond and without a client library.

Formats: PostgreSQL's frontend/backend protocol 3.0, "Start-up" and "Message Formats"; RESP2.
"""

import socket
import struct
from pathlib import Path

from portal.services.places import ROLE

_PROTOCOL_3 = 196608
_TOO_MANY_CONNECTIONS = b"53300"


def postgres_answers(path: Path, database: str, *, seconds: float = 2) -> bool:
    """Whether PostgreSQL accepts work on this database (a full house counts as yes)."""
    names = f"user\0{ROLE}\0database\0{database}\0application_name\0probe\0\0".encode()
    start = struct.pack("!ii", len(names) + 8, _PROTOCOL_3) + names
    try:
        with _connect(path, seconds) as connection:
            connection.sendall(start)
            while True:
                kind, body = _message(connection)
                if kind == b"Z":  # ready for query
                    connection.sendall(b"X\0\0\0\4")
                    return True
                if kind == b"E":
                    return b"C" + _TOO_MANY_CONNECTIONS in body.split(b"\0")
    except (OSError, struct.error):
        return False


def queue_answers(path: Path, *, seconds: float = 2) -> bool:
    """Whether the queue server answers PING (it says LOADING while it reads its file)."""
    try:
        with _connect(path, seconds) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def _connect(path: Path, seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _message(connection: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(connection, 5)
    (length,) = struct.unpack("!i", head[1:])
    return head[:1], _exactly(connection, min(max(length - 4, 0), 65536))


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            raise ConnectionResetError("the server hung up")
        parts += part
    return parts
