"""As whom the servers run: PostgreSQL refuses root, and root is what many machines have."""

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.services.errors import ServiceError

_UNPRIVILEGED = ("nobody", "daemon", "postgres")
# Only for tests and for support: take this way instead of the first that works.
FORCE_VARIABLE = "PASOKH_EMBEDDED_IDENTITY"


@dataclass(frozen=True)
class Identity:
    """A way to run the servers. uid and gid own their files on the disk.

    ways: direct (as we are), user (another user), namespace and capabilities (launch.py).
    """

    way: str
    uid: int
    gid: int
    inner_uid: int
    inner_gid: int

    def start(
        self, command: list[str], *, output: IO[bytes] | int, cwd: Path = Path("/")
    ) -> "subprocess.Popen[bytes]":
        """Start a program as this identity, in a session of its own."""
        if self.way in ("namespace", "capabilities"):
            script = str(Path(__file__).with_name("launch.py"))
            inner = [str(self.inner_uid), str(self.inner_gid)]
            command = [sys.executable, "-I", "-S", script, self.way, *inner, *command]
        other = self.way == "user"
        return subprocess.Popen(  # noqa: S603 - no shell, our own programs
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=server_environment(),
            start_new_session=True,
            umask=0o077,
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=[] if other else None,
        )

    def run(self, command: list[str], *, seconds: float) -> tuple[int, str]:
        """Run a program to its end; its exit code and what it wrote."""
        process = self.start(command, output=subprocess.PIPE)
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            return 124, output.decode(errors="replace") + f"\nended after {seconds:.0f} seconds"
        return process.returncode, output.decode(errors="replace")

    def own(self, folder: Path) -> None:
        """Give a folder and all in it to this identity, if it is somebody else's."""
        found = folder.stat()
        if (found.st_uid, found.st_gid) == (self.uid, self.gid):
            return
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(parent) / name, self.uid, self.gid, follow_symlinks=False)
        # Last, because it is what the test above looks at.
        os.chown(folder, self.uid, self.gid)


def server_environment() -> dict[str, str]:
    """What the servers and their tools see of the environment: no PGHOST, no foreign locale."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC", "PGTZ": "UTC", "HOME": "/"}


def choose(root: Path, program: Path) -> Identity:
    """The first way in which the program runs and gets into the folder. Raises ServiceError."""
    forced = os.environ.get(FORCE_VARIABLE)
    failures = []
    for identity in _candidates(root):
        if forced and identity.way != forced:
            continue
        test = ["/bin/sh", "-c", 'cd "$1" && exec "$2" --version', "sh", str(root), str(program)]
        try:
            code, output = identity.run(test, seconds=20)
        except OSError as error:
            code, output = 126, str(error)
        if code == 0:
            return identity
        failures.append(f"{identity.way}: {' '.join(output.split())[-200:] or f'exit {code}'}")
    tried = "; ".join(failures) or "no unprivileged user found in /etc/passwd"
    raise ServiceError(
        f"The embedded PostgreSQL cannot be started in {root} by this user ({tried})."
        " Run as an ordinary user, or put the project where every user may pass, such as /srv,"
        " or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def _candidates(root: Path) -> list[Identity]:
    uid, gid = os.geteuid(), os.getegid()
    stranger = _unprivileged_user()
    if uid != 0:
        direct = Identity("direct", uid, gid, uid, gid)
        if _has_name(uid) or stranger is None:
            return [direct]
        # initdb wants a name for its user; a number given to a container has none.
        return [Identity("namespace", uid, gid, *stranger), direct]
    owner = root.stat()
    if owner.st_uid != 0:
        # An ordinary user's folder stays theirs when root lends a hand.
        stranger = (owner.st_uid, owner.st_gid)
    if stranger is None:
        return []
    return [
        Identity("user", *stranger, *stranger),
        Identity("namespace", uid, gid, *stranger),
        Identity("capabilities", *stranger, *stranger),
    ]


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _unprivileged_user() -> tuple[int, int] | None:
    for name in _UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return found.pw_uid, found.pw_gid
    return None
