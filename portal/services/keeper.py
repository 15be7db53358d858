"""The keeper: one detached process per data folder that owns both servers.

It inherits the exclusive lock on ``keeper.lock`` from the process that starts it, so there is no
moment in which two keepers could start. It ends when it gets the exclusive lock on
``users.lock`` and nobody has come for a while, and keeps both locks until the servers are down:
whoever comes meanwhile waits and then starts a new keeper.
"""

import contextlib
import json
import logging
import os
import select
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from portal.services import locks
from portal.services.errors import ServiceError, log_tail
from portal.services.identity import choose
from portal.services.places import Places
from portal.services.programs import postgres_program
from portal.services.servers import Postgres, Queue, Server

LINGER_VARIABLE = "PASOKH_KEEPER_LINGER"
_TICK = 0.5  # seconds between looks when all is well
_BUSY_TICK = 0.02  # seconds while something starts
_PROBE_EVERY = 5.0  # seconds between questions to a server that is up
_PATIENCE = 120.0  # seconds a living server may take to answer: recovery, a loaded machine
_BACK_OFF = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds before the n-th start in a row

logger = logging.getLogger("portal.services.keeper")


class Managed:
    """One server and what the keeper knows about it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.up = False
        self.running = False
        self.failures = 0
        self.starts = 0
        self.error = ""
        self._since = 0.0
        self._next_start = 0.0
        self._next_probe = 0.0

    def look(self) -> None:
        """Bring the server one step nearer to being up."""
        try:
            if not self.running:
                self._start_when_due()
            elif not self.server.is_alive():
                self._failed("it ended")
            elif not self.up:
                self._wait_for_answer()
            else:
                self._check()
        except (ServiceError, OSError) as error:
            self._failed(str(error))

    def _start_when_due(self) -> None:
        if time.monotonic() < self._next_start:
            return
        self.server.start()
        self.starts += 1
        self.running = True
        self._since = time.monotonic()
        logger.info("%s: process %s", self.server.name, self.server.pid)

    def _wait_for_answer(self) -> None:
        if self.server.answers():
            self.server.after_start()
            self.up = True
            self.failures = 0
            self.error = ""
            self._next_probe = time.monotonic() + _PROBE_EVERY
            logger.info("%s: ready", self.server.name)
        elif time.monotonic() - self._since > _PATIENCE:
            self.server.signal(signal.SIGKILL)

    def _check(self) -> None:
        now = time.monotonic()
        if now < self._next_probe:
            return
        self._next_probe = now + _PROBE_EVERY
        if not self.server.answers():
            logger.warning("%s: no answer", self.server.name)
            self.up = False
            self._since = now

    def _failed(self, why: str) -> None:
        self.server.signal(signal.SIGKILL)
        tail = log_tail(self.server.log)
        self.error = f"{self.server.title} did not start: {why}\n{tail}"
        logger.error("%s: %s", self.server.name, why)
        if self.up:
            self.failures = 0
        self.up = self.running = False
        pause = _BACK_OFF[min(self.failures, len(_BACK_OFF) - 1)]
        self._next_start = time.monotonic() + pause
        self.failures += 1
        if self.failures % 3 == 0:
            self.server.after_failures()


class Keeper:
    """The loop around both servers."""

    def __init__(self, places: Places, lock: int) -> None:
        self.places = places
        self.lock = lock
        self.linger = float(os.environ.get(LINGER_VARIABLE) or 3)
        self.users = locks.open_lock(places.users_lock)
        self.ending = False
        self.managed: list[Managed] = []
        self._idle_since: float | None = None
        self._last_visit = 0
        self._written = ""
        self._bell, ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        for number in (signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, _ignore)  # SIG_IGN would be inherited, a handler is not
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.ending = True

    def run(self) -> int:
        """Keep the servers until nobody needs them; the exit code."""
        self.write_state("starting")
        try:
            self.prepare()
        except (ServiceError, OSError) as error:
            logger.error("%s", error)
            self.write_state("failed", str(error))
            return 1
        # The queue server starts by itself while PostgreSQL is being created.
        while not self.ending and not self.unused() and self.still_ours():
            for managed in self.managed:
                managed.look()
            ready = all(managed.up for managed in self.managed)
            trouble = next((m.error for m in self.managed if m.failures >= 3), "")
            self.write_state("ready" if ready else "starting", trouble)
            self._wait(_TICK if ready else _BUSY_TICK)
        self.write_state("stopping")
        ours = self.still_ours()
        stop_all([managed.server for managed in self.managed], ours=ours)
        if ours or not self.places.root.exists():
            self.places.remove_socket_folder()
            self.places.state_file.unlink(missing_ok=True)
        logger.info("stopped")
        return 0

    def prepare(self) -> None:
        """Find the programs and the way to run them. Raises ServiceError."""
        self.managed = [Managed(server) for server in servers(self.places)]
        logger.info("servers run as: %s", self.managed[0].server.identity.way)

    def unused(self) -> bool:
        """Whether nobody has used the services for the time of grace. Then the lock is held."""
        if not locks.try_lock(self.users, locks.EXCLUSIVE):
            self._idle_since = None
            return False
        now = time.monotonic()
        visit = os.fstat(self.users).st_mtime_ns
        if self._idle_since is None or visit != self._last_visit:
            self._idle_since, self._last_visit = now, visit
        if now - self._idle_since >= self.linger:
            return True
        locks.unlock(self.users)
        return False

    def still_ours(self) -> bool:
        """False when the folder was deleted or replaced under our feet."""
        return locks.is_file_at(self.lock, self.places.keeper_lock) and locks.is_file_at(
            self.users, self.places.users_lock
        )

    def write_state(self, phase: str, error: str = "") -> None:
        state = {
            "phase": phase,
            "error": error,
            "keeper": os.getpid(),
            "servers": {
                managed.server.name: {
                    "pid": managed.server.pid,
                    "up": managed.up,
                    "starts": managed.starts,
                    "as": managed.server.identity.way,
                }
                for managed in self.managed
            },
        }
        text = json.dumps(state, indent=1)
        if text == self._written:
            return
        new = self.places.state_file.with_suffix(".new")
        # The folder is gone when somebody deleted it; the loop ends by itself then.
        with contextlib.suppress(FileNotFoundError):
            new.write_text(text, encoding="utf-8")
            owner = self.places.root.stat()
            os.chown(new, owner.st_uid, owner.st_gid)
            new.replace(self.places.state_file)
            self._written = text

    def _wait(self, seconds: float) -> None:
        # A child's death rings the bell, so a restart does not wait for the next look.
        if select.select([self._bell], [], [], seconds)[0]:
            os.read(self._bell, 4096)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    return


def servers(places: Places) -> list[Server]:
    """Both servers of a data folder, not started. Raises ServiceError."""
    identity = choose(places.root, postgres_program("postgres"))
    return [Queue(places, identity), Postgres(places, identity)]


def stop_all(all_servers: list[Server], *, ours: bool = True) -> None:
    """End the servers, the polite way first. ours: whether the folder still is this keeper's."""
    for server in all_servers:
        server.signal(server.polite_signal)
    for server in all_servers:
        server.finish(clear=ours)


def main() -> int:
    """``python -m portal.services.keeper DATA_DIR LOCK_DESCRIPTOR``: internal."""
    places, lock = Places.of(Path(sys.argv[1])), int(sys.argv[2])
    os.set_inheritable(lock, False)
    if os.fork() != 0:
        os._exit(0)  # the process that started us need not collect us
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)sZ keeper %(process)d: %(message)s"
    )
    logging.Formatter.converter = time.gmtime
    os.truncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    try:
        return Keeper(places, lock).run()
    except Exception:
        logger.exception("the keeper failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
