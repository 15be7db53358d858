"""How much of the machine's memory the database may have for its own cache."""

import os
from pathlib import Path
from typing import Final

LEAST_MB: Final = 128
"""What PostgreSQL takes by itself."""
MOST_MB: Final = 1024
_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def buffers_mb(machine: int | None = None, limits: tuple[Path, ...] = _LIMITS) -> int:
    """Megabytes for `shared_buffers`: an eighth of the memory that there is.

    PostgreSQL's manual begins with a quarter, on a machine of its own; here the portal and the
    workers live too. `machine`: bytes of the whole; `limits`: where a container says what it may
    have of that.
    """
    if machine is None:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in limits:
        try:
            said = file.read_text().strip()
        except OSError:
            continue
        if said.isdecimal():
            machine = min(machine, int(said))
    return max(LEAST_MB, min(MOST_MB, machine // 8 // 2**20))
