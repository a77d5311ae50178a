"""The folder that an export fills. Files appear whole at its end; a second export replaces the first one's files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from pydantic_core import to_json

from asid.pipeline.dataset.identity import CARD
from asid.pipeline.run.folder import RunError

NOTE = "export.json"
PARTIAL = ".partial"
BUFFER = 1 << 20  # bytes of each file of lines


class ExportError(RunError):
    """The export cannot be made as asked; the message says what to do."""


class Folder:
    """Lines and files under `path`. Left by an exception, it holds what it held before."""

    def __init__(self, path: Path):
        self.path = path
        self.building = path / PARTIAL
        self.lines: Counter[str] = Counter()  # of each file of lines
        self.note: dict[str, Any] = {}
        self._files: dict[str, BinaryIO] = {}

    def __enter__(self) -> Folder:
        if self.path.exists() and not self.path.is_dir():
            raise ExportError(f"{self.path} is a file")
        names = set(os.listdir(self.path)) if self.path.exists() else set()
        if names - {PARTIAL} and NOTE not in names:
            raise ExportError(f"{self.path} holds files that no export made: name an empty folder, or a new one")
        self._before()  # a damaged note is told before the work, not after it
        shutil.rmtree(self.building, ignore_errors=True)
        self.building.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        for file in self._files.values():
            file.close()
        try:
            if kind is None:
                self._finish()
        finally:
            shutil.rmtree(self.building, ignore_errors=True)

    def line(self, name: str, value: dict[str, Any]) -> None:
        """Add one JSON object to a file of lines."""
        if name not in self._files:
            self._files[name] = self.file(name).open("wb", BUFFER)
        self._files[name].write(to_json(value) + b"\n")  # four times as fast as json
        self.lines[name] += 1

    def file(self, name: str) -> Path:
        """Where to write the file `name` while the export is being made."""
        place = self.building / name
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def final(self, name: str) -> Path:
        """Where the file `name` will be."""
        return self.path / name

    def text(self, name: str, content: str) -> None:
        """Write a text file."""
        self.file(name).write_text(content, "utf-8")

    def digest(self, name: str) -> str:
        """SHA-256 of a file as far as it has been written."""
        if name in self._files:
            self._files[name].flush()
        with self.file(name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _finish(self) -> None:
        made = sorted(os.path.relpath(file, self.building) for file in self.building.rglob("*") if file.is_file())
        gone = {name for name in self._before() if name not in made} | ({CARD} & set(made))
        for name in sorted(gone, key=CARD.__ne__):  # no card while files change: nobody keeps old rows under a new one
            (self.path / name).unlink(missing_ok=True)
        for name in sorted(made, key=CARD.__eq__):
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.building / name, target)
        note = self.note | {"lines": dict(sorted(self.lines.items())), "files": made}
        (self.path / NOTE).write_text(json.dumps(note, indent=1, ensure_ascii=False) + "\n", "utf-8")

    def _before(self) -> list[str]:
        try:
            found = list(map(Path, json.loads((self.path / NOTE).read_text("utf-8"))["files"]))
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError) as error:
            raise ExportError(f"{self.path / NOTE} is damaged: delete the folder, or name another") from error
        return [name.as_posix() for name in found if ".." not in name.parts and not name.is_absolute()]
