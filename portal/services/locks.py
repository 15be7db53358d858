"""Locks of whole files (flock), which the kernel drops when their last holder dies."""

import fcntl
import os
from pathlib import Path

SHARED = fcntl.LOCK_SH
EXCLUSIVE = fcntl.LOCK_EX


def open_lock(path: Path) -> int:
    """Open a lock file, creating it. The descriptor does not outlive an exec."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, kind: int) -> bool:
    """Lock at once or return False."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(descriptor: int) -> None:
    """Drop the lock for every process that shares the descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def is_file_at(descriptor: int, path: Path) -> bool:
    """Whether the open file still is the one at the path, not a deleted predecessor."""
    try:
        found = path.stat()
    except OSError:
        return False
    opened = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino)


def take(path: Path, kind: int) -> int | None:
    """Open and lock a file at once; the descriptor, or None when another process holds it."""
    descriptor = open_lock(path)
    if try_lock(descriptor, kind) and is_file_at(descriptor, path):
        return descriptor
    os.close(descriptor)
    return None
