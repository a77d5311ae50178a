"""Every accepted answer is kept beside its shard before anybody uses it, so that it is paid for once.

An `AnswerStore` is a folder of JSON-lines segments, keyed by the whole rendered request. On disk one segment is
appended to and synced once for all answers that arrived meanwhile; in a bucket each such group is one whole object, and
closing the store joins them. A line that a crash tore off is passed over. Beside the answers stand the costs of calls
whose answers were refused or rejected: money without an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import time
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Container, Coroutine, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from pydantic import ValidationError

from asid.pipeline.models.base import InvalidAnswer, Layer, MissingAnswer, Request, Response, Stopping, Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.layers.flights import Flights
from asid.pipeline.rows import Record
from asid.pipeline.storage import Storage, to_path

if TYPE_CHECKING:
    from asid.pipeline.models.layers.archive import Archive

Result = TypeVar("Result")

LINGER = 0.05  # s that a bucket's group waits for company
WHOLE = "whole-"  # prefix of a segment that joins others
KEYS = ".keys"  # suffix of the file beside such a segment that says where in it each answer lies


current_store: ContextVar[AnswerStore | None] = ContextVar("current_store", default=None)


async def nap(seconds: float) -> None:
    """Sleep, but no longer than until the row's store closes."""
    store = current_store.get()
    if store is None:
        await asyncio.sleep(seconds)
        return
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(store.closing.wait(), seconds)


def check_open() -> None:
    """Raises Stopping when the row's store is closing."""
    if (store := current_store.get()) is not None and store.closing.is_set():
        raise Stopping("the stage is being stopped")


logger = logging.getLogger("asid")


class Entry(Record):
    """One line of a segment. `text` None: paid, but no answer."""

    key: str
    text: str | None
    name: str  # the manifest's name of the model, which has the prices
    model: str  # as the server reports it
    provider: str
    task: str
    attribute: str
    row: str
    usage: Usage
    calls: int  # tries that this answer took
    seconds: float  # that the successful call took
    at: float  # seconds since 1970
    outcome: str = "answer"
    origin: str = ""  # the run or step that paid for it; "" for this one


class Claimed(Record):
    """An answer that one worker hands to another."""

    entry: Entry
    step: str


CHECKED = re.compile(rb'(\{.*),"crc":"([0-9a-f]{8})"\}', re.DOTALL)


def to_line(entry: Entry) -> bytes:
    """An entry as a line of a segment, with a checksum: a bit that flips in an answer leaves it good JSON."""
    body = entry.model_dump_json().encode()
    return body[:-1] + b',"crc":"%08x"}\n' % zlib.crc32(body)


def read_line(line: bytes) -> Entry | None:
    """The entry of a line; None for one that is damaged. Lines of earlier versions have no checksum."""
    checked = CHECKED.fullmatch(line)
    body = checked[1] + b"}" if checked else line
    if checked and zlib.crc32(body) != int(checked[2], 16):
        return None
    try:
        return Entry.model_validate_json(body)
    except ValidationError:
        return None


def read_entries(data: bytes) -> Iterator[Entry]:
    """The entries of a segment. Damaged lines are passed over and counted in the log: they are asked for again. A last
    line without its end was cut short by a kill, and nobody has taken it for written."""
    lines = data.split(b"\n")
    damaged = 0
    for number, line in enumerate(lines):
        if not line:
            continue
        entry = read_line(line)
        if entry is not None:
            yield entry
        elif number != len(lines) - 1:
            damaged += 1
    if damaged:
        logger.warning("%d stored answers are damaged: they are asked for again", damaged)


def copy_answers(source: Storage, here: str, target: Storage, there: str, rows: Container[str]) -> None:
    """Add what folder `here` holds of some rows to folder `there`, each entry once."""

    def read(storage: Storage, folder: str) -> Iterator[Entry]:
        for name in storage.list(folder):
            if name.endswith(".jsonl"):
                yield from read_entries(storage.read(f"{folder}/{name}"))

    known = {(entry.key, entry.at) for entry in read(target, there)}
    new = {(entry.key, entry.at): entry for entry in read(source, here) if entry.row in rows}
    data = b"".join(to_line(entry) for at, entry in new.items() if at not in known)
    if data:
        target.write(f"{there}/{_segment()}", data)


class AnswerStore:
    """The answers of one shard. `fresh(attribute)` says which stored answers not to use; what has been put since the
    store was made is always used. `replay_only`: a missing answer is an error and nothing is called. `archive`: where
    else an answer may lie; what is found there is copied into this shard, and what is put here becomes known there.
    `flights`: the questions under way in this process."""

    def __init__(
        self,
        storage: Storage,
        folder: str,
        shard: str,
        *,
        fresh: Callable[[str], bool] = lambda attribute: False,
        replay_only: bool = False,
        archive: Archive | None = None,
        flights: Flights | None = None,
    ):
        self.archive = archive
        self.flights = flights or Flights()
        self.storage = storage
        self.step_folder = folder
        self.folder = f"{folder}/{shard}"
        self.fresh = fresh
        self.replay_only = replay_only
        self.entries: dict[str, Entry] = {}
        self.new: set[str] = set()
        self.segments: list[str] = []
        self.pending: list[tuple[Entry, asyncio.Future[None]]] = []
        self.told: set[str] = set()  # what is waited for, and said: see `waiting`
        self.closing = asyncio.Event()  # no further call is to start
        self.asking: set[asyncio.Task[Any]] = set()
        self.flushing: asyncio.Task[None] | None = None
        self.loading: asyncio.Task[None] | None = None
        self.file: BinaryIO | None = None
        self.segment = ""

    async def get(self, request: Request) -> Entry | None:
        """The stored answer to a request."""
        await self._loaded()
        key = request.key()
        entry = self.entries.get(key)
        if (entry is None or entry.key not in self.new) and self.fresh(request.attribute):
            return None
        return entry or await self._from_elsewhere(key, request.row)

    async def _from_elsewhere(self, key: str, row: str) -> Entry | None:
        """The answer that another shard or run holds, copied into this one under the row that asks."""
        entry = await asyncio.to_thread(self.archive.find, key, self.step_folder) if self.archive is not None else None
        if entry is None:
            return None
        return await self._copy(entry, row)

    async def take(self, entry: Entry, step: str, row: str) -> None:
        """Copy the answer that another row has just been given, unless it lies here already. `step`: the folder of
        answers that it lies in."""
        await self._loaded()
        if (known := self.entries.get(entry.key)) is None or known.at < entry.at:
            origin = entry.origin or ("" if step == self.step_folder else step_of(step))
            await self._copy(entry.model_copy(update={"origin": origin}), row)
            self.new.add(entry.key)  # it is no older than this store, and fit for who wants no old one

    async def _copy(self, entry: Entry, row: str) -> Entry:
        entry = entry.model_copy(update={"row": row})
        await self.put(entry)
        self.new.discard(entry.key)  # nothing was paid for it now
        return entry

    async def put(self, entry: Entry) -> None:
        """Returns when the entry is durable."""
        await self._loaded()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pending.append((entry, future))
        if self.flushing is None or self.flushing.done():
            self.flushing = asyncio.create_task(self._flush())
        await asyncio.shield(future)
        if entry.text is not None:
            self.flights.landed(Claimed(entry=entry, step=self.step_folder))

    async def outlive(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do `work` to its end even when whoever waits for it is cancelled: what is being paid for gets stored."""
        task = asyncio.create_task(work)
        self.asking.add(task)
        task.add_done_callback(self.asking.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # heard, should nobody wait any more
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Waits for calls in flight and stores their answers; those that have not gone out are given up."""
        self.closing.set()
        if self.asking:
            await asyncio.wait(self.asking)
        if self.flushing:
            await self.flushing
        if self.file:
            self.file.close()
            self.file = None
        if not self.storage.is_local and len(self.segments) > 1:
            await asyncio.to_thread(self._join)

    # --- reading -------------------------------------------------------------------------------------------------

    async def _loaded(self) -> None:
        if self.loading is None:
            self.loading = asyncio.create_task(asyncio.to_thread(self._load))  # type: ignore[arg-type]
        await asyncio.shield(self.loading)

    def _load(self) -> None:
        found: list[Entry] = []
        for name in self.storage.list(self.folder):
            if name.endswith(".jsonl"):
                self.segments.append(name)
                found.extend(read_entries(self.storage.read(f"{self.folder}/{name}")))
        for entry in sorted(found, key=lambda entry: entry.at):
            if entry.text is not None:
                self.entries[entry.key] = entry

    # --- writing -------------------------------------------------------------------------------------------------

    async def _flush(self) -> None:
        """Write what is pending, in one go, until nothing is."""
        while self.pending:
            if not self.storage.is_local:
                await asyncio.sleep(LINGER)
            group, self.pending = self._writable(), []
            told = [(entry, to_line(entry)) for entry, _ in group]
            data = b"".join(line for _, line in told)
            error: BaseException | None = None
            try:
                place = await asyncio.to_thread(self._append if self.storage.is_local else self._upload, data)
                if self.archive is not None:
                    self.archive.add(*place, [(one.key if one.text is not None else "", len(it)) for one, it in told])
            except BaseException as caught:  # whoever waits for it must hear, whatever it is
                error = caught if isinstance(caught, Exception) else RuntimeError(f"not stored: {caught!r}")
            for entry, future in group:
                if future.done():
                    continue
                if error:
                    future.set_exception(error)
                else:
                    if entry.text is not None:
                        self.entries[entry.key] = entry
                        self.new.add(entry.key)
                    future.set_result(None)

    def _writable(self) -> list[tuple[Entry, asyncio.Future[None]]]:
        """What is pending, without the entries that UTF-8 cannot hold: those fail alone."""
        group = []
        for entry, future in self.pending:
            try:
                entry.model_dump_json()
            except ValueError as error:
                future.set_exception(InvalidAnswer(f"the answer cannot be stored: {error}"))
            else:
                group.append((entry, future))
        return group

    def _append(self, data: bytes) -> tuple[str, int]:
        """Write at the end of the store's own segment. Gives its address, and where in it the data begin."""
        if self.file is None:
            folder = to_path(self.storage.resolve(self.folder))
            folder.mkdir(parents=True, exist_ok=True)
            self.segment = _segment()
            self.file = open(folder / self.segment, "ab")  # noqa: SIM115 - open as long as the store
            with contextlib.closing(_Folder(folder)) as directory:
                directory.sync()
        start = self.file.tell()
        self.file.write(data)
        self.file.flush()
        os.fsync(self.file.fileno())
        return f"{self.folder}/{self.segment}", start

    def _upload(self, data: bytes) -> tuple[str, int]:
        name = _segment()
        self.storage.write(f"{self.folder}/{name}", data)
        self.segments.append(name)
        return f"{self.folder}/{name}", 0

    def _join(self) -> None:
        """One object for many. Both exist for a moment, and reading both gives the same answers."""
        parts = list(self.segments)
        lines = {line for name in parts for line in self.storage.read(f"{self.folder}/{name}").split(b"\n") if line}
        whole = WHOLE + _segment()
        from asid.pipeline.models.layers.archive import dump_places, find_places

        data = b"\n".join(sorted(lines)) + b"\n"
        places = find_places(data)
        self.storage.write(f"{self.folder}/{whole}", data)
        self.storage.write(f"{self.folder}/{whole.removesuffix('.jsonl')}{KEYS}", dump_places(places))
        for name in parts:
            self.storage.delete(f"{self.folder}/{name}")
            if name.startswith(WHOLE):
                self.storage.delete(f"{self.folder}/{name.removesuffix('.jsonl')}{KEYS}")
        self.segments = [whole]
        if self.archive is not None:
            self.archive.moved(f"{self.folder}/{whole}", places)


class _Folder:
    """A directory, to make a new name in it durable."""

    def __init__(self, path: os.PathLike[str]):
        self.descriptor = os.open(path, os.O_RDONLY)

    def sync(self) -> None:
        os.fsync(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)


def step_of(folder: str) -> str:
    """The step whose answers lie in a folder, or in a file of it."""
    return folder.removeprefix("run:").partition("/")[0]


def _segment() -> str:
    return f"{time.time_ns():019d}-{uuid.uuid4().hex[:8]}.jsonl"


@dataclass
class Replaying(Layer):
    """The outermost layer: answers from the store, else from the model. Whoever judges one keeps or rejects it."""

    name: str
    config: ModelConfig

    def whole(self, request: Request) -> Request:
        """The request with everything that decides its answer: it is what the store knows answers by."""
        identity = self.config.identity()
        model = json.dumps({key: value for key, value in identity.items() if key != "settings"}, sort_keys=True)
        return request.model_copy(update={"model": model, "settings": identity["settings"] | request.settings})

    async def generate(self, request: Request) -> Response:
        store, whole = _store(), self.whole(request)
        if entry := await store.get(whole):
            assert entry.text is not None
            return Response(
                text=entry.text, model=entry.model, provider=entry.provider, usage=entry.usage, replayed=True,
                attempts=entry.calls, seconds=entry.seconds,
            )  # fmt: skip
        if store.replay_only:
            raise MissingAnswer(f"no stored answer of {self.name} for this {request.task} request")
        return await self.model.generate(whole)

    @asynccontextmanager
    async def turn(self, request: Request) -> AsyncIterator[None]:
        """Wait while another row asks the same, in this worker or another; its answer is in the store then."""
        store, whole = _store(), self.whole(request)
        key = whole.key()
        async with store.flights.turn(key) as other:
            if other is not None and other.given is not None:
                await store.take(other.given.entry, other.given.step, whole.row)
            elif store.flights.board is not None and self.is_paid(store) and await store.get(whole) is None:
                async with store.flights.claimed(key) as answer:
                    if answer:
                        given = Claimed.model_validate_json(answer)
                        await store.take(given.entry, given.step, whole.row)
                    yield
                return
            yield

    def is_paid(self, store: AnswerStore) -> bool:
        """Whether a question may go out that costs something."""
        return not store.replay_only and not self.config.is_rules

    async def keep(self, request: Request, response: Response) -> None:
        """The answer to `request` is good: store it, so that it is never paid for again."""
        await self._put(request, response, response.text, "answer")

    async def reject(self, request: Request, response: Response, why: str) -> None:
        """No answer came of it, but it has its price."""
        await self._put(request, response, None, why)

    async def _put(self, request: Request, response: Response, text: str | None, outcome: str) -> None:
        if response.replayed:
            return
        entry = Entry(
            key=self.whole(request).key(), text=text, name=self.name, model=response.model, provider=response.provider,
            task=request.task, attribute=request.attribute, row=request.row, usage=response.usage,
            calls=response.attempts, seconds=response.seconds, at=time.time(), outcome=outcome,
        )  # fmt: skip
        await _store().put(entry)


def _store() -> AnswerStore:
    if (store := current_store.get()) is None:
        raise RuntimeError("no answer store is set: paid answers would be lost (see `current_store`)")
    return store
