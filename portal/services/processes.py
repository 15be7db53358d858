"""Recognise processes in /proc; a number in a pid file alone proves nothing."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A living process: its number, its program's name and its command line."""

    pid: int
    program: str
    command: tuple[bytes, ...]


def look_up(pid: int) -> Process | None:
    """The process with this number, or None when it is gone or only a zombie."""
    folder = _PROC / str(pid)
    try:
        command = (folder / "cmdline").read_bytes()
        if not command:
            return None
        try:
            program = Path(str((folder / "exe").readlink()).removesuffix(" (deleted)")).name
        except PermissionError:
            # Root in a container may not look into another user's process.
            program = (folder / "comm").read_text(errors="replace").strip()
    except OSError:
        return None
    return Process(pid, program, tuple(command.split(b"\0")))


def all_processes() -> Iterator[Process]:
    """Every process this one may see."""
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (process := look_up(int(entry.name))) is not None:
            yield process


def exists(pid: int) -> bool:
    """Whether anything, even a zombie, has this number."""
    return (_PROC / str(pid)).exists()


def works_in(pid: int, folder: Path) -> bool:
    """Whether a process works in this very folder, as far as this process may know."""
    try:
        return (_PROC / str(pid) / "cwd").samefile(folder)
    except PermissionError:
        return True
    except OSError:
        return False


def send(pid: int, number: int) -> None:
    """Send a signal; a process that is gone is no error."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_until(condition: Callable[[], bool], seconds: float, *, step: float = 0.02) -> bool:
    """Poll until the condition holds; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(step)
    return True
