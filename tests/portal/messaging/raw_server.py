"""A server that answers with raw bytes, and what a log could show of an exception."""

import contextlib
import socket
import threading
import traceback
from collections.abc import Callable, Iterator


def http_answer(status: int, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}Connection: close\r\n"
    return head.encode() + b"\r\n" + body


@contextlib.contextmanager
def serving(answer: Callable[[int, str, bytes], bytes]) -> Iterator[str]:
    """Sends raw bytes; `answer` gets the number of the call, from 1, the request line and the body.

    Yields the server's address. An answer of b"" hangs up.
    """
    server = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        call = 0
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                call += 1
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65536)
                head, _, body = request.partition(b"\r\n\r\n")
                lengths = head.lower().split(b"content-length:")[1:]
                length = int(lengths[0].split(b"\r\n")[0]) if lengths else 0
                while len(body) < length:
                    body += connection.recv(65536)
                connection.sendall(answer(call, head.decode().split("\r\n")[0], body))

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


def visible(error: BaseException) -> str:
    """Everything a log could show of an exception, local variables included."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    chain = [error, error.__cause__, error.__context__]
    return "\n".join([*report.format(), *map(repr, chain), *map(str, chain)])


def odd_answers() -> dict[str, bytes]:
    """What a gateway may answer instead of what its documents say; never an acceptance."""
    return {
        "empty": http_answer(200, b""),
        "portal page": http_answer(200, b"<html>captive portal</html>"),
        "truncated JSON": http_answer(200, b'{"status": 1, "data": {"messageIds": [12'),
        "nested": http_answer(200, b"[" * 100_000),
        "another document": http_answer(200, b'{"ok": null}'),
        "a number": http_answer(200, b"1"),
        "redirect": http_answer(302, b"", "Location: http://127.0.0.1:1/\r\n"),
        "server error": http_answer(500, b"<html>Internal Server Error</html>"),
        "bad gateway": http_answer(502, b'{"status": "error"}'),
        "too long": http_answer(200, b"0" * 5_000_000),
        "nothing": b"",
        "cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        "no HTTP": b"SSH-2.0-OpenSSH\r\n",
        "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    }
