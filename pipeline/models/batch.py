"""Answers through a provider's batch API: cheaper, and a day may pass.

Requests of a shard that wait at the same time become one job. A record of the job is stored beside the shard's answers
before it is submitted, so that a run that was killed finds its job again and collects what it has paid for. Results
come request by request: each is an answer, an error of its row, or asked again in the next job.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from asid.pipeline.models.base import Layer, ModelError, Request, Response, Stopping, Transient
from asid.pipeline.models.replay import AnswerStore, current_store, nap
from asid.pipeline.rows import Record

Results = Mapping[str, Response | ModelError]


class Job(Record):
    """What is stored of a job. `id` "" until the provider has named it; `token` finds it there all the same."""

    token: str
    id: str
    keys: tuple[str, ...]


class Batches(Protocol):
    """A provider's batch API. Errors are those of `base`."""

    most: int  # requests in one job

    async def submit(self, token: str, requests: Mapping[str, Request]) -> str: ...

    async def find(self, token: str) -> str: ...

    async def collect(self, job: str) -> Results | None: ...


@dataclass
class Desk:
    """The batches of one shard, by request key."""

    loading: asyncio.Task[None] | None = None
    requests: dict[str, Request] = field(default_factory=dict)
    futures: dict[str, asyncio.Future[Response]] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)  # for the next job
    jobs: dict[str, Job] = field(default_factory=dict)  # of an earlier process
    watched: set[str] = field(default_factory=set)  # tokens
    results: dict[str, Response | ModelError] = field(default_factory=dict)  # that nobody has asked for yet
    submitted: Counter[str] = field(default_factory=Counter)
    gathering: bool = False


@dataclass
class Batched(Layer):
    """Calls of this layer wait for their job. Rows wait side by side, so a stage in batch mode needs as many rows in
    `process` at once as its jobs should have requests."""

    batches: Batches
    tries: int = 3  # jobs that a request may be part of
    linger: float = 5.0  # s without a new request before a job goes out
    poll: float = 30.0  # s between questions whether a job has ended
    desks: WeakKeyDictionary[AnswerStore, Desk] = field(default_factory=WeakKeyDictionary)

    async def generate(self, request: Request) -> Response:
        store = current_store.get()
        if store is None:
            raise RuntimeError("batches need an answer store: it is what finds a job again")
        began, key = time.monotonic(), request.key()
        desk = self.desks.setdefault(store, Desk())
        if desk.loading is None:
            desk.loading = asyncio.create_task(self._load(store, desk))
        await asyncio.shield(desk.loading)
        if key not in desk.futures or desk.futures[key].done():
            desk.futures[key] = asyncio.get_running_loop().create_future()
            desk.requests[key] = request
            self._enter(store, desk, key)
        future = desk.futures[key]
        closing = asyncio.create_task(store.closing.wait())
        first: set[asyncio.Future[Any]] = {future, closing}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        closing.cancel()
        if not future.done():
            raise Stopping("the stage is being stopped; its batch is collected when the run goes on")
        told = {"attempts": max(1, desk.submitted[key]), "seconds": time.monotonic() - began}
        return future.result().model_copy(update=told)

    def _enter(self, store: AnswerStore, desk: Desk, key: str) -> None:
        """To an earlier job's result, to its watch, or to the next job."""
        job = desk.jobs.get(key)
        if job is None or store.fresh(desk.requests[key].attribute):
            self._queue(store, desk, key)
        elif key in desk.results:
            self._give(store, desk, key, desk.results.pop(key))
        elif job.token not in desk.watched:
            _work(store, self._watch(store, desk, job))

    def _queue(self, store: AnswerStore, desk: Desk, key: str) -> None:
        desk.jobs.pop(key, None)
        desk.waiting.append(key)
        if not desk.gathering:
            desk.gathering = True
            _work(store, self._gather(store, desk))

    def _give(self, store: AnswerStore, desk: Desk, key: str, result: Response | ModelError) -> None:
        future = desk.futures[key]
        if future.done():
            return
        if isinstance(result, Response):
            future.set_result(result)
        elif isinstance(result, Transient) and desk.submitted[key] < self.tries:
            self._queue(store, desk, key)
        else:
            future.set_exception(result)

    async def _gather(self, store: AnswerStore, desk: Desk) -> None:
        """Submit what waits, once no more comes."""
        count = 0
        while count != len(desk.waiting) < self.batches.most:
            count = len(desk.waiting)
            await nap(self.linger)
        keys, desk.waiting = desk.waiting[: self.batches.most], desk.waiting[self.batches.most :]
        desk.gathering = bool(desk.waiting)
        if desk.waiting:
            _work(store, self._gather(store, desk))
        if store.closing.is_set():
            return
        job = Job(token=f"asid-{uuid.uuid4().hex}", id="", keys=tuple(keys))
        try:
            await _record(store, job)
            job = job.model_copy(
                update={"id": await self.batches.submit(job.token, {key: desk.requests[key] for key in keys})}
            )
            await _record(store, job)
        except ModelError as error:
            await _forget(store, job)
            desk.submitted.update(keys)
            for key in keys:
                self._give(store, desk, key, error)
            return
        desk.submitted.update(keys)
        desk.jobs.update(dict.fromkeys(keys, job))
        await self._watch(store, desk, job)

    async def _watch(self, store: AnswerStore, desk: Desk, job: Job) -> None:
        desk.watched.add(job.token)
        while not store.closing.is_set():
            try:
                results = await self.batches.collect(job.id)
            except Transient:
                results = None
            except ModelError as error:
                results = dict.fromkeys(job.keys, error)
            if results is not None:
                await self._deliver(store, desk, job, results)
                return
            await nap(self.poll)

    async def _deliver(self, store: AnswerStore, desk: Desk, job: Job, results: Results) -> None:
        """Answers stay on record until the run is through; what failed is asked anew when its row is."""
        lost = Transient("the job ended without an answer to this request")
        found = {key: results.get(key, lost) for key in job.keys}
        good = tuple(key for key, one in found.items() if isinstance(one, Response) and one.finish == "stop")
        await (_record(store, job.model_copy(update={"keys": good})) if good else _forget(store, job))
        for key, result in found.items():
            if key in desk.futures:
                self._give(store, desk, key, result)
            else:
                desk.results[key] = result

    async def _load(self, store: AnswerStore, desk: Desk) -> None:
        """Jobs that an earlier process submitted for this shard."""

        def records() -> list[Job]:
            names = [name for name in store.storage.list(store.folder) if name.startswith("batch-")]
            return [Job.model_validate_json(store.storage.read(f"{store.folder}/{name}")) for name in names]

        for job in await asyncio.to_thread(records):
            if id := job.id or await self.batches.find(job.token):
                desk.jobs.update(dict.fromkeys(job.keys, job.model_copy(update={"id": id})))
            else:
                await _forget(store, job)


def _work(store: AnswerStore, work: Coroutine[Any, Any, None]) -> None:
    """Beside the rows; the store's closing waits for it."""
    task = asyncio.create_task(work)
    store.asking.add(task)
    task.add_done_callback(store.asking.discard)


async def _record(store: AnswerStore, job: Job) -> None:
    await asyncio.to_thread(store.storage.write, f"{store.folder}/{_name(job)}", job.model_dump_json().encode())


async def _forget(store: AnswerStore, job: Job) -> None:
    await asyncio.to_thread(store.storage.delete, f"{store.folder}/{_name(job)}")


def _name(job: Job) -> str:
    return f"batch-{job.token}.json"
