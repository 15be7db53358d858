"""The processes of the Procfile, started by tests: web, workers, beat."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from portal.config import ROOT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    """kill -9, with everything it forked."""
    if process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Server:
    """The web process, on a port of its own."""

    def __init__(self, environ: Mapping[str, str], port: int | None = None) -> None:
        self.port = port or free_port()
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        line = next(
            text.removeprefix("web: ")
            for text in (ROOT / "Procfile").read_text().splitlines()
            if text.startswith("web: ")
        )
        values = {"$HOST": "127.0.0.1", "$PORT": str(self.port), "$WEB_WORKERS": "2"}
        for name, value in values.items():
            line = line.replace(name, value)
        self._process = _start([sys.executable, *line.split()[1:]], self._environ)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.1)
        raise AssertionError("the server does not start")

    def kill(self) -> None:
        _kill(self._process)
        self._process = None


class Crew:
    """Two workers and a beat that are started again whenever they die, as supervisor would."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.commands = {"worker-1": "worker", "worker-2": "worker", "beat": "beat"}

    def keep(self) -> None:
        for name, command in self.commands.items():
            process = self._running.get(name)
            if process is None or process.poll() is not None:
                flask = [sys.executable, "-m", "flask", "--app", "wsgi", command]
                self._running[name] = _start(flask, self._environ)

    def kill(self, name: str) -> None:
        _kill(self._running.pop(name, None))

    def stop(self) -> None:
        for name in list(self._running):
            self.kill(name)
