"""The two servers: how each is prepared, started, recognised, asked and ended."""

import os
import shutil
import signal
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path

from portal.services import probes, processes
from portal.services.errors import ServiceError, log_tail
from portal.services.identity import Identity, server_environment
from portal.services.memory import buffers_mb
from portal.services.places import DATABASE, POSTGRES_SOCKET, ROLE, Places
from portal.services.processes import Process
from portal.services.programs import postgres_program, queue_program

FAST_VARIABLE = "PASOKH_EMBEDDED_FAST"
EXTENSIONS = ("pg_trgm", "unaccent", "btree_gist")
_LARGEST_LOG = 5_000_000  # bytes; one older file is kept


class Server(ABC):
    """One server of a data folder, started by this keeper or taken over from a dead one."""

    name: str
    title: str
    polite_signal: int
    polite_seconds: float

    def __init__(self, places: Places, identity: Identity) -> None:
        self.places = places
        self.identity = identity
        self.child: subprocess.Popen[bytes] | None = None
        self.pid: int | None = None

    @property
    @abstractmethod
    def folder(self) -> Path: ...

    @abstractmethod
    def is_main(self, process: Process) -> bool:
        """Whether this is the server's main process, for this data folder."""

    @abstractmethod
    def is_part(self, process: Process) -> bool:
        """Whether this process belongs to the server, perhaps left over by a dead main one."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def answers(self) -> bool: ...

    def before_start(self) -> None:  # noqa: B027 - a hook
        """Make the folder ready. Raises ServiceError."""

    def after_start(self) -> None:  # noqa: B027 - a hook
        """Called once the server answers, before anybody may use it. Raises ServiceError."""

    def after_failures(self) -> None:  # noqa: B027 - a hook
        """Called when several starts in a row failed."""

    @property
    def log(self) -> Path:
        return self.places.log(self.name)

    def start(self) -> None:
        """Take over the running server, or clear what a dead one left and start. ServiceError."""
        self.places.make_socket_folder(self.identity.uid, self.identity.gid)
        if self.adopt():
            return
        self._clear_parts()
        self.before_start()
        roll(self.log)
        with self.log.open("ab") as log:
            self.child = self.identity.start(self.command(), output=log, cwd=self.folder)
        self.pid = self.child.pid

    def adopt(self) -> bool:
        """Take over a server of this folder that already runs."""
        for process in processes.all_processes():
            if self.is_main(process):
                self.child, self.pid = None, process.pid
                return True
        return False

    def is_alive(self) -> bool:
        """Whether the main process lives; collects it when it is our dead child."""
        if self.child is not None:
            return self.child.poll() is None
        if self.pid is None:
            return False
        process = processes.look_up(self.pid)
        return process is not None and self.is_main(process)

    def signal(self, number: int) -> None:
        if self.pid is not None and self.is_alive():
            processes.send(self.pid, number)

    def finish(self, *, clear: bool) -> None:
        """Wait for the polite end already asked for, then end whatever is left.

        clear=False leaves alone what a new folder at the same path may meanwhile have started.
        """
        if not processes.wait_until(lambda: not self.is_alive(), self.polite_seconds):
            self.signal(signal.SIGKILL)
            processes.wait_until(lambda: not self.is_alive(), 5)
        if clear:
            self._clear_parts()
        self.child = self.pid = None

    def _clear_parts(self) -> None:
        def parts() -> list[int]:
            return [found.pid for found in processes.all_processes() if self.is_part(found)]

        # They notice the death of their main process by themselves, usually at once.
        if processes.wait_until(lambda: not parts(), 3):
            return
        for pid in parts():
            processes.send(pid, signal.SIGKILL)
        if not processes.wait_until(lambda: not parts(), 5):
            raise ServiceError(f"Old processes of {self.title} do not end: {parts()}.")

    def make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.identity.own(self.folder)


class Postgres(Server):
    """PostgreSQL, reachable by its socket only."""

    name = "postgres"
    title = "the embedded PostgreSQL"
    polite_signal = signal.SIGINT  # fast shutdown: open transactions are rolled back
    polite_seconds = 30

    @property
    def folder(self) -> Path:
        return self.places.postgres_data

    @property
    def _cluster(self) -> str:
        return f"pasokh-{self.places.digest}"

    def is_main(self, process: Process) -> bool:
        return (
            process.program == "postgres"
            and process.command[1:3] == (b"-D", os.fsencode(self.folder))
            and processes.works_in(process.pid, self.folder)
        )

    def is_part(self, process: Process) -> bool:
        title = f"postgres: {self._cluster}: ".encode()
        return (
            process.program == "postgres"
            and process.command[0].startswith(title)
            and processes.works_in(process.pid, self.folder)
        )

    def before_start(self) -> None:
        if not self.folder.exists():
            self._create()
        self.identity.own(self.folder)
        self._remove_stale(self.folder / "postmaster.pid")
        self._remove_stale(self.places.sockets / f"{POSTGRES_SOCKET}.lock")

    def _remove_stale(self, pid_file: Path) -> None:
        """Remove a pid file whose number now is somebody else's: PostgreSQL would refuse.

        It recognises a dead number by itself, more carefully than we could.
        """
        try:
            pid = int(pid_file.read_text(encoding="ascii").split("\n", 1)[0])
        except FileNotFoundError:
            return
        except ValueError:  # cut short by a crash
            pid_file.unlink()
            return
        process = processes.look_up(pid)
        if processes.exists(pid) and not (process is not None and self.is_main(process)):
            pid_file.unlink()

    def _create(self) -> None:
        # Under another name first: a folder of the right name is always a whole one.
        # With our number: the creation a killed keeper left running must not write into ours.
        for old in self.folder.parent.glob("postgres.new-*"):
            shutil.rmtree(old, ignore_errors=True)
        fresh = self.folder.with_name(f"postgres.new-{os.getpid()}")
        fresh.mkdir(mode=0o700)
        self.identity.own(fresh)
        command = [
            str(postgres_program("initdb")),
            f"--pgdata={fresh}",
            f"--username={ROLE}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--lc-messages=C",
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
        ]
        if is_fast():
            command.append("--no-sync")
        code, output = self.identity.run(command, seconds=120)
        if code != 0:
            raise ServiceError(
                f"The database could not be created in {fresh} (initdb, exit {code}):"
                f" {output.strip()[-1500:]}"
            )
        fresh.rename(self.folder)

    def command(self) -> list[str]:
        settings = {
            "cluster_name": self._cluster,
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.places.sockets}"',
            "unix_socket_permissions": "0700",
            "port": "5432",
            "max_connections": "200",
            "shared_buffers": f"{buffers_mb()}MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "wal_level": "replica",
            "max_wal_senders": "2",
            "log_checkpoints": "off",
            # No DETAIL: it quotes rows, and a log must not keep a citizen's words.
            "log_error_verbosity": "terse",
        }
        if is_fast():
            # Not synchronous_commit: without it a killed server forgets what it acknowledged,
            # and tests kill servers. With fsync off it costs no more than a write().
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(postgres_program("postgres")), "-D", str(self.folder), *options]

    def answers(self) -> bool:
        return probes.postgres_answers(self.places.postgres_socket, "postgres")

    def after_start(self) -> None:
        wanted = " ".join(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in EXTENSIONS)
        code, output = self._psql(DATABASE, wanted)
        if code != 0 and f'database "{DATABASE}" does not exist' in output:
            code, output = self._psql("postgres", f"CREATE DATABASE {DATABASE}")
            if code == 0:
                code, output = self._psql(DATABASE, wanted)
        if code != 0:
            raise ServiceError(f"The database could not be prepared: {output.strip()[-1500:]}")

    def _psql(self, database: str, statement: str) -> tuple[int, str]:
        command = [str(postgres_program("psql")), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        command += ["-h", str(self.places.sockets), "-U", ROLE, "-d", database, "-c", statement]
        try:
            done = subprocess.run(  # noqa: S603 - no shell, constant statements
                command,
                env={**server_environment(), "PGOPTIONS": "-c client_min_messages=warning"},
                capture_output=True,
                timeout=60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 124, "no answer within 60 seconds"
        return done.returncode, (done.stderr + done.stdout).decode(errors="replace")


class Queue(Server):
    """The queue server (Valkey), reachable by its socket only."""

    name = "queue"
    title = "the embedded queue server"
    polite_signal = signal.SIGTERM
    polite_seconds = 15

    @property
    def folder(self) -> Path:
        return self.places.queue_data

    def is_main(self, process: Process) -> bool:
        # It rewrites its command line, but always names its socket there.
        socket = os.fsencode(self.places.queue_socket)
        return process.program == "valkey-server" and any(
            part.strip() in (socket, b"unixsocket:" + socket)
            or part.rstrip().endswith(b" unixsocket:" + socket)
            for part in process.command
        )

    def is_part(self, process: Process) -> bool:
        return self.is_main(process)

    def before_start(self) -> None:
        self.make_folder()
        self.places.queue_socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.places.queue_socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "no" if is_fast() else "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "databases": "16",
        }
        options = [part for key, value in settings.items() for part in (f"--{key}", value)]
        return [str(queue_program()), *options]

    def answers(self) -> bool:
        return probes.queue_answers(self.places.queue_socket)

    def after_failures(self) -> None:
        """Start empty when the file is damaged: the tables hold the truth, this holds hints."""
        tail = log_tail(self.log, 6)
        folder = self.folder / "appendonlydir"
        if "Bad file format reading the append only file" in tail and folder.is_dir():
            aside = self.folder / "appendonlydir.damaged"
            shutil.rmtree(aside, ignore_errors=True)
            folder.rename(aside)


def is_fast() -> bool:
    """Whether this is a test run, whose data may be lost with the machine's power."""
    return os.environ.get(FAST_VARIABLE) == "1"


def roll(path: Path) -> None:
    """Set a log aside that has grown large; nobody may be writing to it."""
    try:
        if path.stat().st_size > _LARGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
    except FileNotFoundError:
        path.touch(mode=0o600)
