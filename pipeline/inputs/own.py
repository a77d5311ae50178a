"""Folders that asid itself has made: what lies in them are clips of videos, not videos. Somebody who types `asid run .`
twice must not get a dataset of the first one's clips."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

RUN, EXPORT = "(run folder)", "(exported folder)"
MARKS = frozenset({"run.json", "manifest.yaml"})  # files of every run
NOTE = "export.json"  # of every export and publication


def own_folder(folder: Path) -> str:
    """How a folder on disk is counted when it is passed over; "" when asid has not made it."""
    try:
        if all((folder / name).is_file() for name in MARKS):
            return RUN
        return EXPORT if (folder / NOTE).is_file() and _is_note(folder / NOTE) else ""
    except OSError:
        return ""


class OwnFolders:
    """Which of many paths lie in a folder that asid has made. Each folder is looked at once."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        """How `path` is counted when it is passed over; "" when it lies in no such folder."""
        for folder in path.parents:
            if folder not in self._known:
                self._known[folder] = own_folder(folder)
            if said := self._known[folder]:
                return said
        return ""


def own_folders(uris: Iterable[str]) -> frozenset[str]:
    """The run folders among addresses in a bucket."""
    found: dict[str, set[str]] = {}
    for uri in uris:
        folder, _, name = uri.rpartition("/")
        if name in MARKS:
            found.setdefault(folder, set()).add(name)
    return frozenset(folder for folder, names in found.items() if names == MARKS)


def lies_in(uri: str, folders: frozenset[str]) -> bool:
    """Whether an address is below one of the folders."""
    while "://" in uri and not uri.endswith("://"):
        uri = uri.rpartition("/")[0]
        if uri in folders:
            return True
    return False


def _is_note(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            found = json.loads(stream.read(64 << 20))
        return isinstance(found, dict) and {"lines", "files"} <= found.keys()
    except (OSError, ValueError):
        return False
