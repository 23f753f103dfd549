"""Run as a script, never imported: becomes another program after three things only a fresh,
single-threaded process can do safely: tie its life to its parent's, give up root, and keep the one
right that lets an unprivileged PostgreSQL work in a folder below somebody's private home.

    python -I -S launch.py PARENT_PID ORPHAN_SIGNAL UID:GID|- PROGRAM [ARGUMENT...]

The parent's death is delivered by Linux only (prctl PR_SET_PDEATHSIG); elsewhere that part is left
out, and the supervisor stops its children when it ends in any orderly way.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
# Both let a process pass folders it may not search; the first is the smaller right, the second is
# what containers commonly have.
_CAP_DAC_READ_SEARCH = 2
_CAP_DAC_OVERRIDE = 1


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def _become(libc: ctypes.CDLL, uid: int, gid: int, keep_search: bool) -> None:
    os.setgroups([])
    os.setgid(gid)
    if keep_search:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
        # access(2), with which PostgreSQL looks for its own parts, ignores kept rights otherwise.
        libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setuid(uid)
    if not keep_search:
        return
    header = _Header(_CAPABILITY_VERSION_3, 0)
    sets = (_Data * 2)()
    libc.capget(ctypes.byref(header), sets)
    held: int = sets[0].permitted
    kept = next(
        (c for c in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE) if held & (1 << c)),
        None,
    )
    bits = 0 if kept is None else 1 << kept
    sets[0].effective = sets[0].permitted = sets[0].inheritable = bits
    sets[1].effective = sets[1].permitted = sets[1].inheritable = 0
    libc.capset(ctypes.byref(header), sets)
    if kept is not None:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, kept, 0, 0)


def main(arguments: list[str]) -> None:
    parent, orphan_signal, owner = int(arguments[0]), int(arguments[1]), arguments[2]
    program = arguments[3:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if owner != "-":
            uid, gid, keep = owner.split(":")
            _become(libc, int(uid), int(gid), keep == "1")
        # After the change of user, which clears it.
        libc.prctl(_PR_SET_PDEATHSIG, orphan_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os.kill(os.getpid(), signal.SIGKILL)
    elif owner != "-":
        uid, gid, _ = owner.split(":")
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    os.execv(program[0], program)  # noqa: S606 (what this script is for)


if __name__ == "__main__":
    main(sys.argv[1:])
