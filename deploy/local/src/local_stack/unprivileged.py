"""Which user PostgreSQL runs as: it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from local_stack.child_process import RunAs


def server_user(*needed: Path) -> RunAs | None:
    """None unless we are root; then `nobody`, who can reach every folder of `needed`."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
        uid, gid = entry.pw_uid, entry.pw_gid
    except KeyError:
        uid = gid = 65534
    reachable = all(_may_enter(path.resolve(), uid, gid) for path in needed)
    return RunAs(uid=uid, gid=gid, keep_search=not reachable)


def own_folder(folder: Path, run_as: RunAs | None) -> None:
    """Make the folder if needed and give it, with what it holds, to that user. Not its parents."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if run_as is None:
        return
    info = folder.stat()
    if (info.st_uid, info.st_gid) == (run_as.uid, run_as.gid):
        return
    os.chown(folder, run_as.uid, run_as.gid)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent) / name, run_as.uid, run_as.gid, follow_symlinks=False)


def _may_enter(path: Path, uid: int, gid: int) -> bool:
    for folder in path.parents:
        try:
            info = folder.stat()
        except FileNotFoundError:
            continue  # will be made, with the rights of its maker's umask
        if info.st_uid == uid:
            allowed = info.st_mode & stat.S_IXUSR
        elif info.st_gid == gid:
            allowed = info.st_mode & stat.S_IXGRP
        else:
            allowed = info.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True
