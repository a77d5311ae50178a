"""Files on local disk: folders walked to their end, links followed once, nothing opened."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asid.pipeline.inputs.base import VIDEO, ending
from asid.pipeline.inputs.beside import is_apart, is_growing, mark
from asid.pipeline.inputs.own import own_folder
from asid.pipeline.storage import stamp


@dataclass(frozen=True)
class Found:
    """A file or folder; or, with `kind`, a thing that is refused and why."""

    path: Path
    kind: str = ""
    reason: str = ""
    folder: bool = False
    inode: tuple[int, int] = (0, 0)
    size: int = 0
    stamp: str = ""  # changes when the file does


def look(path: Path) -> Found:
    """What is at `path`, without opening it: a pipe would wait for ever, a device would not end."""
    try:
        there = os.stat(path)
    except (OSError, ValueError) as error:
        return Found(path, *_missing(path, error))
    mode = there.st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        inode, written = (there.st_dev, there.st_ino), stamp(there.st_size, there.st_mtime_ns)
        return Found(path, folder=stat.S_ISDIR(mode), inode=inode, size=there.st_size, stamp=written)
    names = {
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return Found(path, "not_a_file", f"{names.get(stat.S_IFMT(mode), 'something')}, not a file")


def walk(root: Path, skipped: Counter[str]) -> Iterator[Found]:
    """The files below `root` that may be videos, in the order of their names; those reached by links to folders come
    last. Every folder is read once. `skipped` counts, by ending, the files that lie beside videos, and the folders that
    are a system's own."""
    seen: set[tuple[int, int]] = set()
    links = deque([look(root)])
    while links:
        link = links.popleft()
        if link.inode not in seen:
            yield from _tree(link, seen, links, skipped)
        elif _holds(link.path, link.path.parent):
            yield Found(link.path, "link_loop", "a link to a folder that it lies in")
        else:
            skipped["(link to a folder that is listed)"] += 1


def _tree(top: Found, seen: set[tuple[int, int]], links: deque[Found], skipped: Counter[str]) -> Iterator[Found]:
    folders = [top]
    while folders:
        folder = folders.pop()
        seen.add(folder.inode)
        try:
            names = sorted(os.listdir(folder.path), key=os.fsencode)
        except OSError as error:
            yield Found(folder.path, *_missing(folder.path, error))
            continue
        if own := own_folder(folder.path):
            skipped[own] += 1
            continue
        inner = []
        there = set(names)
        for name in names:
            found = look(folder.path / name)
            if found.folder and is_apart(name):
                skipped[f"{name}/"] += 1
            elif not found.folder and (beside := mark(name) or is_growing(name, found.size, there.__contains__)):
                skipped[beside] += 1
            elif found.kind or not found.folder:
                yield found
            elif found.path.is_symlink():
                links.append(found)
            elif ending(name) in VIDEO:
                yield Found(found.path, "folder", "a folder, not a file; to read what is in it, name it as an input")
            else:
                inner.append(found)
        folders.extend(reversed(inner))


def _holds(folder: Path, inner: Path) -> bool:
    real = os.path.realpath(folder)
    return os.path.commonpath([real, os.path.realpath(inner)]) == real


def braces(pattern: str) -> list[str]:
    """`shard-{000..002}.tar` and `{a,b}/x.mp4` written out."""
    match = re.search(r"\{(?:(\d+)\.\.(\d+)|([^{}]*,[^{}]*))\}", pattern)
    if not match:
        return [pattern]
    first, last, words = match.groups()
    if words is not None:
        inner = words.split(",")
    else:
        step = 1 if int(last) >= int(first) else -1
        inner = [str(number).zfill(len(first)) for number in range(int(first), int(last) + step, step)]
    head, tail = pattern[: match.start()], pattern[match.end() :]
    return [whole for word in inner for whole in braces(head + word + tail)]


def _missing(path: Path, error: OSError | ValueError) -> tuple[str, str]:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.ELOOP:
        return "link_loop", "a link that leads back to itself"
    if code == errno.ENOENT and path.is_symlink():
        return "dangling_link", "a link to a file that is not there"
    if code in (errno.ENOENT, errno.ENOTDIR):
        return "missing", "there is no such file"
    if code in (errno.EACCES, errno.EPERM):
        return "no_permission", "its permissions do not let us look at it"
    if code == errno.ENAMETOOLONG:
        return "missing", "the name is longer than any file's"
    return "unreadable", str(error)
