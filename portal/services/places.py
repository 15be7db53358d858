"""Where everything of one data folder's services lies, and the URLs that lead there."""

import contextlib
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from portal.services.errors import ServiceError

DATABASE = "pasokh"
ROLE = "pasokh"
POSTGRES_SOCKET = ".s.PGSQL.5432"
QUEUE_SOCKET = "queue.sock"
# The kernel's limit is 107 bytes; the rest is left for whoever appends to the path.
_LONGEST_SOCKET_PATH = 100
# In these a quoting rule of PostgreSQL, Valkey or a URL could go wrong; and a worker's CLIENT INFO
# names the socket among pairs that `=` and spaces hold apart.
_AWKWARD = re.compile(r"[\x00-\x1f\x7f\udc80-\udcff\"'\\,;|<>#?%@$`*=\s]")


@dataclass(frozen=True)
class ServiceUrls:
    """SQLAlchemy's URL of the database and redis-py's URL of the queue server."""

    database_url: str
    redis_url: str


@dataclass(frozen=True)
class Places:
    """The paths of one data folder's services; nothing here touches the disk until asked."""

    data_dir: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Places":
        return cls(Path(os.path.realpath(data_dir)))

    @property
    def root(self) -> Path:
        return self.data_dir / "services"

    @property
    def postgres_data(self) -> Path:
        return self.root / "postgres"

    @property
    def queue_data(self) -> Path:
        return self.root / "queue"

    @property
    def users_lock(self) -> Path:
        """Every process that uses the services holds a shared lock on this file."""
        return self.root / "users.lock"

    @property
    def keeper_lock(self) -> Path:
        """The one keeper holds the exclusive lock on this file, which contains its pid."""
        return self.root / "keeper.lock"

    @property
    def state_file(self) -> Path:
        return self.root / "state.json"

    def log(self, name: str) -> Path:
        return self.root / f"{name}.log"

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]

    @cached_property
    def short_root(self) -> Path | None:
        """The folder under /tmp that replaces a path too long or too odd for a socket."""
        inside = os.fsencode(self.root / "run" / POSTGRES_SOCKET)
        if len(inside) <= _LONGEST_SOCKET_PATH and not _AWKWARD.search(str(self.root)):
            return None
        return Path(f"/tmp/pasokh-{self._owner()}-{self.digest}")  # noqa: S108 - owner is checked

    def _owner(self) -> int:
        """Whose services these are: root, who lends a hand, finds the same sockets."""
        try:
            return self.root.stat().st_uid
        except FileNotFoundError:
            return os.geteuid()

    @cached_property
    def sockets(self) -> Path:
        """The folder of both sockets, which only the servers' own user and root can enter."""
        return (self.short_root or self.root) / "run"

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / POSTGRES_SOCKET

    @property
    def queue_socket(self) -> Path:
        return self.sockets / QUEUE_SOCKET

    @property
    def urls(self) -> ServiceUrls:
        folder = quote(str(self.sockets), safe="/")
        socket = quote(str(self.queue_socket), safe="/")
        return ServiceUrls(
            database_url=f"postgresql+psycopg://{ROLE}@/{DATABASE}?host={folder}",
            redis_url=f"unix://{socket}?db=0",
        )

    def make_root(self) -> None:
        """Create the folder of the services. Raises ServiceError."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            mine = self.root.stat().st_uid == os.geteuid()
            # Root's servers run as another user, who must get through but see nothing.
            mode = 0o711 if os.geteuid() == 0 else 0o700
            if mine and stat.S_IMODE(self.root.stat().st_mode) != mode:
                self.root.chmod(mode)
        except OSError as error:
            raise ServiceError(
                f"The folder {self.root} for the embedded services cannot be made:"
                f" {error.strerror}. Choose another data folder, or give it to this user."
            ) from error

    def make_socket_folder(self, uid: int, gid: int) -> None:
        """Create the folder of the sockets for the servers' user. Raises ServiceError."""
        if self.short_root is not None:
            self._make_short_root(self.short_root)
        if self.sockets.is_symlink():
            self.sockets.unlink()
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        os.chown(self.sockets, uid, gid)
        self.sockets.chmod(0o700)

    def remove_socket_folder(self) -> None:
        """Remove the folder of the sockets if it is empty."""
        with contextlib.suppress(OSError):
            self.sockets.rmdir()
            if self.short_root is not None:
                self.short_root.rmdir()

    def _make_short_root(self, folder: Path) -> None:
        owner = self._owner()
        mode = 0o711 if owner == 0 else 0o700
        try:
            folder.mkdir(mode=mode)
            os.chown(folder, owner, -1)
        except FileExistsError:
            found = folder.lstat()
            # In a folder everybody may write to, somebody else could have been here first.
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
                raise ServiceError(
                    f"{folder} belongs to another user (number {found.st_uid}), so the sockets"
                    " cannot be put there safely. Remove it, or use a data folder with a"
                    " shorter path."
                ) from None
        folder.chmod(mode)


def locations(data_dir: Path) -> ServiceUrls:
    """The URLs of the services of a data folder, whether they run or not. Starts nothing."""
    return Places.of(data_dir).urls
