"""Where every stored answer lies, by the key of its request: in whichever shard, step or run.

A shard's own `AnswerStore` is asked first. What it lacks may lie elsewhere: the row has moved to another shard, the
step has another name, another run has asked the same. An `Archive` knows of each answer the start of its key, its file
and its place there, 24 bytes, and reads the one that is wanted. The whole key is compared then, so that an answer is
never another question's.
"""

from __future__ import annotations

import logging
import re
import threading
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from asid.pipeline.models.layers.replay import KEYS, Entry, read_line, step_of
from asid.pipeline.storage import Storage

logger = logging.getLogger("asid")

ANSWER = re.compile(rb'^\{"key":"([0-9a-f]{64})","text":"[^\n]*\n', re.MULTILINE)  # and no rejected one
PLACE = np.dtype([("key", "<u8"), ("offset", "<u8"), ("length", "<u4"), ("segment", "<u4")])
START = 16  # hexadecimal digits of a key that `PLACE` holds
READERS = 16  # segments read at once
Places = npt.NDArray[np.void]


@dataclass(frozen=True)
class AnswerFile:
    """A file of answers. `origin`: the run that paid for them; "" for the archive's own."""

    storage: Storage
    uri: str
    origin: str

    @property
    def step(self) -> str:
        return self.uri.partition("/")[0]

    def places(self) -> Places:
        """Its answers, read from the keys stored beside it, else from itself; none when it has gone meanwhile."""
        with_keys = self.uri.removesuffix(".jsonl") + KEYS
        try:
            if not self.storage.is_local and self.storage.exists(with_keys):
                stored = load_places(self.storage.read(with_keys))
                if stored is not None:
                    return stored
            return find_places(self.storage.read(self.uri))
        except FileNotFoundError:
            return np.empty(0, PLACE)

    def entry(self, offset: int, length: int) -> Entry | None:
        """The entry at a place; None for a damaged one. Raises FileNotFoundError when the file is gone."""
        with self.storage.open(self.uri) as file:
            file.seek(offset)
            return read_line(file.read(length).rstrip(b"\n"))


def find_places(data: bytes) -> Places:
    """The places of all answers in a segment's bytes; a line without its end is none."""
    found = [
        (int(match[1][:START], 16), match.start(), match.end() - match.start(), 0) for match in ANSWER.finditer(data)
    ]
    return np.array(found, PLACE)


def dump_places(places: Places) -> bytes:
    """Places as the bytes of a file beside their segment, with a checksum before them."""
    data = places.tobytes()
    return zlib.crc32(data).to_bytes(4, "big") + data


def load_places(data: bytes) -> Places | None:
    """What `dump_places` wrote; None for what is damaged."""
    if len(data) % PLACE.itemsize != 4 or zlib.crc32(data[4:]) != int.from_bytes(data[:4], "big"):
        return None
    return np.frombuffer(data[4:], PLACE).copy()


def segments(storage: Storage, origin: str = "") -> Iterator[AnswerFile]:
    """All files of answers of a run, of a copy of it, or of a copied folder of answers."""
    folders = list(storage.list("run:"))
    found = [file for name in folders for file in storage.files(f"run:{name}/answers")]
    found = found or [file for folder in ("run:", *(f"run:{name}" for name in folders))
                      for file in storage.files(folder, deep=False)]  # fmt: skip
    return (AnswerFile(storage, file, origin) for file in found if file.endswith(".jsonl"))


@dataclass
class Archive:
    """The answers of a run and of those that lend to it. Read when it is first asked; of what is written later it knows
    what this process has written (`add`). Safe to use from several threads. `damaged` counts answers that could not be
    read. An answer of this process takes about 130 bytes."""

    storage: Storage
    lenders: Sequence[str] = ()
    damaged: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _read: tuple[list[AnswerFile], Places] | None = None
    _files: list[str] = field(default_factory=list)  # written by this process
    _places: array[int] = field(default_factory=lambda: array("Q"))  # of their answers: file, offset, length
    _new: dict[int, int] = field(default_factory=dict)  # start of a key -> its latest place

    def add(self, uri: str, start: int, entries: Iterable[tuple[str, int]]) -> None:
        """Take note of lines that this process has written to a file from byte `start` on: for each the key of its
        answer, "" for none, and its length."""
        for key, length in entries:
            if key:
                self._note(int(key[:START], 16), uri, start, length)
            start += length

    def moved(self, uri: str, places: Places) -> None:
        """Take note that answers of this process lie in another file now."""
        for key, offset, length, _ in places.tolist():
            self._note(key, uri, offset, length)

    def _note(self, key: int, uri: str, offset: int, length: int) -> None:
        if not self._files or self._files[-1] != uri:
            self._files.append(uri)
        self._places.extend((len(self._files) - 1, offset, length))
        self._new[key] = len(self._places) - 3

    def find(self, key: str, folder: str = "") -> Entry | None:
        """The answer to the request with this key: the run's own latest, else that of the first lender which has it.
        What was not paid for by the step whose answers lie in `folder` says where it comes from."""
        if (entry := self._find_new(key, folder)) is not None:
            return entry
        there = self._there(None)
        try:
            return self._find(key, folder, *there)
        except FileNotFoundError:  # another worker has joined that shard's segments
            return self._find(key, folder, *self._there(there))

    def _find_new(self, key: str, folder: str) -> Entry | None:
        at = self._new.get(int(key[:START], 16))
        if at is None:
            return None
        number, offset, length = self._places[at : at + 3]
        uri = self._files[number]
        try:
            entry = AnswerFile(self.storage, uri, "").entry(offset, length)
        except FileNotFoundError:
            return None
        if entry is None or entry.key != key:
            return None
        return entry.model_copy(update={"origin": entry.origin or ("" if uri.startswith(folder) else step_of(uri))})

    def __len__(self) -> int:
        return len(self._read[1]) if self._read else 0

    def _there(self, old: tuple[list[AnswerFile], Places] | None) -> tuple[list[AnswerFile], Places]:
        """The files and places of all answers, read anew when they are still `old`."""
        with self._lock:
            if self._read is old or self._read is None:
                self._read = self._look()
            return self._read

    def _find(self, key: str, folder: str, files: Sequence[AnswerFile], places: Places) -> Entry | None:
        start = np.uint64(int(key[:START], 16))
        first, last = np.searchsorted(places["key"], start, "left"), np.searchsorted(places["key"], start, "right")
        found: dict[str, Entry] = {}
        for _, offset, length, number in places[first:last].tolist():
            segment = files[number]
            entry = segment.entry(offset, length)
            if entry is None:
                self.damaged += 1
                logger.warning("a stored answer in %s is damaged: it is asked for again", segment.uri)
            elif entry.key == key and entry.text is not None:
                origin = segment.origin or entry.origin or ("" if segment.uri.startswith(folder) else segment.step)
                known = found.get(segment.origin)
                if known is None or known.at < entry.at:
                    found[segment.origin] = entry.model_copy(update={"origin": origin})
        return next((found[origin] for origin in ("", *self.lenders) if origin in found), None)

    def _look(self) -> tuple[list[AnswerFile], Places]:
        runs = [("", self.storage), *((lender, Storage(lender)) for lender in self.lenders)]
        files = [segment for origin, storage in runs for segment in segments(storage, origin)]
        parts = [np.empty(0, PLACE)]
        with ThreadPoolExecutor(READERS) as pool:
            for number, found in enumerate(_in_order(pool, files)):
                found["segment"] = number
                parts.append(found)
        places = np.concatenate(parts)
        return files, places[np.argsort(places["key"], kind="stable")]


def _in_order(pool: ThreadPoolExecutor, found: Sequence[AnswerFile]) -> Iterator[Places]:
    """The places of each segment, a few segments at a time."""
    for first in range(0, len(found), 4 * READERS):
        yield from pool.map(AnswerFile.places, found[first : first + 4 * READERS])


def holds_answers(root: str) -> bool:
    """Whether a folder or bucket has any stored answer."""
    return any(True for _ in segments(Storage(root)))


def names(lenders: Iterable[str]) -> list[str]:
    """The addresses of lending runs, each once."""
    return list(dict.fromkeys(Storage(lender).root for lender in lenders))
