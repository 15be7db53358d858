"""Become a user whom PostgreSQL accepts, then become the given program.

Run as a script, alone, by root where the plain change of user does not do::

    launch.py namespace|capabilities UID GID PROGRAM [ARGUMENT...]

``namespace``: a user namespace in which this user is called UID (user_namespaces(7)); on the
disk everything stays this user's. ``capabilities``: the user UID, who keeps only the right to
pass folders that are closed to others (CAP_DAC_OVERRIDE as ambient, capabilities(7)), for
containers that forbid namespaces.
"""

import ctypes
import os
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter_namespace(uid: int, gid: int) -> None:
    """Call this process's user UID and GID inside a user namespace of its own."""
    own_uid, own_gid = os.geteuid(), os.getegid()
    _checked(_libc.unshare(_CLONE_NEWUSER), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {own_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {own_gid} 1", encoding="ascii")


def keep_one_capability(uid: int, gid: int) -> None:
    """Become the user UID, keeping CAP_DAC_OVERRIDE across the coming exec."""
    _checked(_libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl")
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    bit = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # effective, permitted, inheritable; then the same for capabilities above 31
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    _checked(_libc.capset(header, data), "capset")
    _checked(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0), "prctl")


def main() -> None:
    """Do what the command line says; does not return."""
    how, uid, gid, *command = sys.argv[1:]
    if how == "namespace":
        enter_namespace(int(uid), int(gid))
    else:
        keep_one_capability(int(uid), int(gid))
    os.execv(command[0], command)  # noqa: S606 - the keeper's own command, without a shell


if __name__ == "__main__":
    main()
