"""Joining and leaving the group of processes that use one data folder's services."""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from portal.services import locks, probes
from portal.services.errors import ServiceError, log_tail
from portal.services.places import DATABASE, Places, ServiceUrls

_PAUSE = 0.02  # seconds between two looks while waiting

# Descriptors that hold this process's shared locks until it ends; children made by fork share
# them, programs made by exec do not.
_held: dict[Path, int] = {}
_guard = threading.Lock()
_farewell_of: int | None = None


def ensure_running(data_dir: Path, *, timeout_seconds: float = 60) -> ServiceUrls:
    """Join the services of a data folder, starting or repairing them when needed.

    This process counts as a user of the services until it ends. Raises ServiceError.
    """
    places = Places.of(data_dir)
    deadline = time.monotonic() + timeout_seconds
    places.make_root()
    with _guard:
        joined_now = _join(places, deadline)
        try:
            _wait_until_ready(places, deadline)
        except BaseException:
            if joined_now:
                os.close(_held.pop(places.root))
            raise
    return places.urls


def is_running(data_dir: Path) -> bool:
    """Whether both servers answer and a keeper looks after them. Starts nothing."""
    places = Places.of(data_dir)
    if not places.keeper_lock.exists():
        return False
    descriptor = locks.take(places.keeper_lock, locks.SHARED)
    if descriptor is not None:
        os.close(descriptor)
        return False
    return _is_ready(places)


def status(data_dir: Path) -> dict[str, Any]:
    """What the keeper last wrote down about itself and its servers; empty when not running."""
    return _state(Places.of(data_dir))


def stop(data_dir: Path, *, timeout_seconds: float = 60) -> None:
    """End both servers now, whoever uses them, and wait for it. Raises ServiceError."""
    places = Places.of(data_dir)
    if not places.root.is_dir():
        return
    with _guard:
        held = _held.pop(places.root, None)
        if held is not None:
            os.close(held)
    deadline = time.monotonic() + timeout_seconds
    while (lock := locks.take(places.keeper_lock, locks.EXCLUSIVE)) is None:
        if time.monotonic() >= deadline:
            raise ServiceError(
                f"The keeper of {places.root} does not end."
                f" Its log:\n{log_tail(places.log('keeper'))}"
            )
        pid = places.keeper_lock.read_text(encoding="ascii")
        if pid:  # empty for the moment in which a keeper is being started
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)
        time.sleep(0.05)
    try:
        # A keeper that was killed leaves its servers; while we hold its lock they are ours.
        if places.postgres_data.exists() or places.queue_data.exists():
            from portal.services.keeper import servers, stop_all

            left = servers(places)
            for server in left:
                server.adopt()
            stop_all(left)
            places.remove_socket_folder()
            places.state_file.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _join(places: Places, deadline: float) -> bool:
    """Take the shared lock, waiting out a keeper that is just ending. True when new."""
    held = _held.get(places.root)
    if held is not None:
        if locks.is_file_at(held, places.users_lock):
            return False
        os.close(_held.pop(places.root))  # the folder was deleted and made anew
    while (descriptor := _take(places.users_lock, locks.SHARED)) is None:
        if time.monotonic() >= deadline:
            raise ServiceError(
                f"The embedded services in {places.root} are still being stopped."
                f" Try again. Keeper's log:\n{log_tail(places.log('keeper'))}"
            )
        time.sleep(_PAUSE)
    os.utime(descriptor)  # the keeper counts its time of grace from here
    _held[places.root] = descriptor
    _register_farewell()
    return True


def _take(path: Path, kind: int) -> int | None:
    try:
        return locks.take(path, kind)
    except PermissionError as error:
        raise ServiceError(
            f"{path} belongs to another user. Run as the user who first started the services,"
            " or use another data folder."
        ) from error


def _wait_until_ready(places: Places, deadline: float) -> None:
    spawned = 0
    while not _is_ready(places):
        lock = _take(places.keeper_lock, locks.EXCLUSIVE)
        if lock is not None:
            spawned += 1
            try:
                # A keeper that gave up said why; after the second time believe it.
                if spawned > 2:
                    _raise_failure(places)
                _spawn_keeper(places, lock)
            finally:
                os.close(lock)
        state = _state(places)
        if state.get("phase") == "failed" or state.get("error"):
            _raise_failure(places)
        if time.monotonic() >= deadline:
            raise ServiceError(
                f"The embedded services in {places.root} are not ready in time."
                f" Keeper's log:\n{log_tail(places.log('keeper'))}"
            )
        time.sleep(_PAUSE)


def _raise_failure(places: Places) -> None:
    error = _state(places).get("error") or log_tail(places.log("keeper"))
    raise ServiceError(
        f"The embedded services in {places.root} cannot be started.\n{error}\n"
        f"The logs are in {places.root}; set DATABASE_URL and REDIS_URL to use other servers."
    )


def _is_ready(places: Places) -> bool:
    return (
        _state(places).get("phase") == "ready"
        and probes.queue_answers(places.queue_socket)
        and probes.postgres_answers(places.postgres_socket, DATABASE)
        and not _keeper_is_gone(places)
    )


def _keeper_is_gone(places: Places) -> bool:
    descriptor = _take(places.keeper_lock, locks.SHARED)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def _state(places: Places) -> dict[str, Any]:
    try:
        state = json.loads(places.state_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _spawn_keeper(places: Places, lock: int) -> None:
    """Start a keeper that inherits the exclusive lock. Raises ServiceError."""
    from portal.services.servers import roll

    os.truncate(lock, 0)
    places.state_file.unlink(missing_ok=True)  # it speaks of a dead keeper
    log_path = places.log("keeper")
    roll(log_path)
    package_root = str(Path(__file__).parents[2])
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    with log_path.open("ab") as log:
        done = subprocess.run(  # noqa: S603 - no shell, our own module
            [sys.executable, "-m", "portal.services.keeper", str(places.data_dir), str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            pass_fds=[lock],
            start_new_session=True,
            check=False,
        )
    if done.returncode != 0:
        raise ServiceError(
            f"The keeper of the embedded services did not start (exit {done.returncode})."
            f" Its log:\n{log_tail(log_path)}"
        )


def _register_farewell() -> None:
    global _farewell_of  # noqa: PLW0603 - one per process, also after a fork
    if _farewell_of is None:
        atexit.register(_farewell)
    _farewell_of = os.getpid()


def _farewell() -> None:
    """Servers whose keeper was killed would outlive us all: leave them a new one."""
    if _farewell_of != os.getpid():
        return
    for root in list(_held):
        places = Places(root.parent)
        os.close(_held.pop(root))
        with contextlib.suppress(OSError, ServiceError):
            if not places.state_file.exists():
                continue
            lock = locks.take(places.keeper_lock, locks.EXCLUSIVE)
            if lock is not None:
                try:
                    _spawn_keeper(places, lock)
                finally:
                    os.close(lock)
