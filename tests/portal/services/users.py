"""Processes that use the services, for tests that kill and watch them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.services import processes
from portal.services.places import Places

PROJECT = Path(__file__).parents[3]
LINGER = "0.3"

# Joins, says so, and joins again for each further line it is sent.
_PROGRAM = """
import sys
from pathlib import Path
from portal import services
while True:
    try:
        services.ensure_running(Path(sys.argv[1]), timeout_seconds=40)
        print("ready", flush=True)
    except services.ServiceError as error:
        print(repr(str(error)), flush=True)
    if not sys.stdin.readline():
        break
"""


class User:
    """A process that holds its place in the group until told to leave."""

    def __init__(
        self,
        data_dir: Path,
        *,
        python: str = sys.executable,
        environment: dict[str, str] | None = None,
        uid: int | None = None,
    ) -> None:
        base = {**os.environ, "PYTHONPATH": str(PROJECT), "PGHOST": "nowhere.invalid"}
        base |= {"PASOKH_EMBEDDED_FAST": "1", "PASOKH_KEEPER_LINGER": LINGER}
        self.process = subprocess.Popen(
            [python, "-c", _PROGRAM, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**base, **(environment or {})},
            user=uid,
            group=None if uid is None else 65534,
            extra_groups=None if uid is None else [],
        )

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def join_again(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        return self.answer()

    def leave(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()

    def kill(self) -> None:
        self.process.kill()
        self.leave()


@contextmanager
def user(data_dir: Path, **options: object) -> Iterator[User]:
    """A user that is ready inside the block and has left after it."""
    someone = User(data_dir, **options)  # type: ignore[arg-type]
    try:
        assert someone.answer() == "ready"
        yield someone
    finally:
        someone.leave()


def left_running(data_dir: Path) -> list[processes.Process]:
    """Every keeper or server process of a data folder."""
    places = Places.of(data_dir)
    marks = (os.fsencode(places.data_dir), places.digest.encode())
    programs = ("postgres", "valkey-server")
    return [
        found
        for found in processes.all_processes()
        if (found.program in programs or b"portal.services.keeper" in found.command)
        and any(mark in part for part in found.command for mark in marks)
    ]
