"""Unfinished files and scratch folders bear the name of the process that makes them, so that those of a process that
was killed are known, and cleared, by whoever comes next."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import socket
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

OWNED = re.compile(r"^(?:\.partial-|asid-)(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-")
FOREIGN = 24 * 3600.0  # s since it was changed, after which nobody on another machine is at it any more


def owned(kind: str) -> str:
    """How a name begins that this process gives: `.partial-` for a file that is being written, `asid-` for a folder."""
    return f"{kind}{_machine()}-{os.getpid()}-"


def clear(folders: Iterable[Path]) -> list[Path]:
    """Remove, from directly under the folders, what processes have left that are gone. Gives what went. What bears no
    such name, or belongs to a process that lives, stays."""
    gone = []
    for folder in folders:
        with contextlib.suppress(OSError):
            for left in sorted(folder.iterdir()):
                if _is_left(left):
                    _remove(left)
                    gone.append(left)
    return gone


@cache
def _machine() -> str:
    """Where numbers of processes mean the same: this start of this machine, seen from within this container. Names of
    hosts do not tell machines apart that share a disk."""
    try:
        place = Path("/proc/sys/kernel/random/boot_id").read_text() + os.readlink("/proc/self/ns/pid")
    except OSError:  # no Linux
        place = socket.gethostname()
    return hashlib.sha256(place.encode()).hexdigest()[:8]


def _is_left(path: Path) -> bool:
    owner = OWNED.match(path.name)
    if owner is None:
        return False
    if owner["machine"] != _machine():
        with contextlib.suppress(OSError):
            return time.time() - path.lstat().st_mtime > FOREIGN
        return False
    try:
        os.kill(int(owner["process"]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # it lives, and is somebody else's
        return False
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
