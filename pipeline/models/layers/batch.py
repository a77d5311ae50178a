"""Answers through a provider's batch API: cheaper, and a day may pass.

Requests of a shard that wait at the same time become one job. A record of the job is stored beside the shard's answers
before it is submitted, so that a run that was killed finds its job again and collects what it has paid for. Results
come request by request: each is an answer, an error of its row, or asked again in the next job.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections import Counter
from collections.abc import Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from asid.pipeline.models.base import Layer, ModelError, Request, Response, Stopping, Suspended, Transient
from asid.pipeline.models.layers.notices import told
from asid.pipeline.models.layers.replay import AnswerStore, check_open, current_store, nap
from asid.pipeline.models.waits import spoken
from asid.pipeline.rows import Record

logger = logging.getLogger("asid")

Results = Mapping[str, Response | ModelError]

HOUR = 3600.0
WINDOW = 24 * HOUR  # in which a provider answers
SLACK = HOUR  # for its results to come
LONGEST = 10 * (WINDOW + SLACK)  # s that a row may take in batch mode: a question, its repeats, and those after it
PREPARING = 8  # requests at once
SUBMITS = 8  # tries to submit one job
LONGEST_WAIT = 300.0  # s between two of them, when the server asks for no longer one


class Job(Record):
    """What is stored of a job. `id` "" until the provider has named it; `token` finds it there all the same."""

    token: str
    id: str
    keys: tuple[str, ...]
    at: float = 0.0  # when it was submitted, seconds since 1970; 0: by a release that did not say


class Outlasted(ModelError):
    """Something that may heal did not, in all its tries."""

    def __init__(self, error: Transient):
        super().__init__(str(error), error.raw, error.attempts)
        self.kind = error.kind  # type: ignore[misc]


class Batches(Protocol):
    """A provider's batch API. Errors are those of `base`."""

    most: int  # requests in one job

    async def prepare(self, key: str, request: Request) -> Any: ...

    async def submit(self, token: str, prepared: Sequence[Any]) -> str: ...

    async def find(self, token: str) -> str: ...

    async def collect(self, job: str, keys: Collection[str]) -> Results | None: ...


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
    window: float = WINDOW + SLACK  # s that a row waits for its job
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
        async with told("the answers of its batch, which come within 24 hours"):
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        closing.cancel()
        if not future.done():
            raise Stopping("the stage is being stopped; its batch is collected when the run goes on")
        update = {"attempts": max(1, desk.submitted[key]), "seconds": time.monotonic() - began}
        return future.result().model_copy(update=update)

    def _enter(self, store: AnswerStore, desk: Desk, key: str) -> None:
        """To an earlier job's result, to its watch, or to the next job."""
        job = desk.jobs.get(key)
        if job is None or store.fresh(desk.requests[key].attribute):
            self._queue(store, desk, key)
        elif key in desk.results:
            self._give(store, desk, key, desk.results.pop(key))
        elif job.token not in desk.watched:
            desk.watched.add(job.token)
            self._work(store, desk, job.keys, self._watch(store, desk, job))

    def _queue(self, store: AnswerStore, desk: Desk, key: str) -> None:
        desk.jobs.pop(key, None)
        desk.waiting.append(key)
        if not desk.gathering:
            desk.gathering = True
            self._work(store, desk, (), self._gather(store, desk))

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

    def _work(self, store: AnswerStore, desk: Desk, keys: Collection[str], work: Coroutine[Any, Any, None]) -> None:
        """Beside the rows; the store's closing waits for it. When it dies, whoever waits for `keys`, or for the next
        job, learns why: nobody waits for what will not come."""
        task = asyncio.create_task(work)
        store.asking.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            store.asking.discard(task)
            error = RuntimeError("the batch was cancelled") if task.cancelled() else task.exception()
            if error is None:
                return
            waiting = list(keys)
            if not waiting:  # it gathered the next job
                waiting, desk.waiting, desk.gathering = desk.waiting, [], False
            for key in waiting:
                if (future := desk.futures.get(key)) and not future.done():
                    future.set_exception(error)

        task.add_done_callback(ended)

    async def _gather(self, store: AnswerStore, desk: Desk) -> None:
        """Submit what waits, once no more comes."""
        count = 0
        while count != len(desk.waiting) < self.batches.most:
            count = len(desk.waiting)
            await nap(self.linger)
        keys, desk.waiting = desk.waiting[: self.batches.most], desk.waiting[self.batches.most :]
        desk.gathering = bool(desk.waiting)
        if desk.waiting:
            self._work(store, desk, (), self._gather(store, desk))
        if not store.closing.is_set():
            self._work(store, desk, keys, self._run(store, desk, keys))

    async def _run(self, store: AnswerStore, desk: Desk, keys: Sequence[str]) -> None:
        """One job from its submission to its results."""
        prepared = await self._prepare(store, desk, keys)
        if not prepared or store.closing.is_set():
            return
        job = Job(token=f"asid-{uuid.uuid4().hex}", id="", keys=tuple(prepared), at=time.time())
        await _record(store, job)
        desk.submitted.update(job.keys)
        try:
            id = await self._submit(job.token, list(prepared.values()))
        except Stopping:
            return  # whether there is such a job is for the next run to find out
        except ModelError as error:
            await _forget(store, job)
            for key in job.keys:
                self._give(store, desk, key, Outlasted(error) if isinstance(error, Transient) else error)
            return
        job = job.model_copy(update={"id": id, "at": time.time()})
        await _record(store, job)
        desk.jobs.update(dict.fromkeys(job.keys, job))
        desk.watched.add(job.token)
        await self._watch(store, desk, job)

    async def _prepare(self, store: AnswerStore, desk: Desk, keys: Sequence[str]) -> dict[str, Any]:
        """The requests as the provider has them. One that cannot be prepared is told to its own row alone."""
        seats = asyncio.Semaphore(PREPARING)

        async def one(key: str) -> Any:
            async with seats:
                return await self.batches.prepare(key, desk.requests[key])

        made = await asyncio.gather(*map(one, keys), return_exceptions=True)
        for key, result in zip(keys, made, strict=True):
            if isinstance(result, BaseException):
                desk.submitted[key] += 1
                if isinstance(result, ModelError):
                    self._give(store, desk, key, result)
                elif not (future := desk.futures[key]).done():
                    future.set_exception(result)
        return {key: result for key, result in zip(keys, made, strict=True) if not isinstance(result, BaseException)}

    async def _submit(self, token: str, prepared: Sequence[Any]) -> str:
        """The job's id. A submission whose reply was lost is looked for before the next try: it would be paid twice."""
        for tried in range(1, SUBMITS + 1):
            try:
                return await self.batches.submit(token, prepared)
            except Transient as error:
                asked = error.retry_after or 0.0
                if asked > self.window:
                    raise Suspended(f"the endpoint takes no job {spoken(asked)}: {error}") from None
                with contextlib.suppress(Transient):
                    if id := await self.batches.find(token):
                        return id
                if tried == SUBMITS:
                    raise
                await nap(max(asked, min(LONGEST_WAIT, self.poll * 2 ** (tried - 1))))
                check_open()
        raise AssertionError("the last try returns or raises")

    async def _watch(self, store: AnswerStore, desk: Desk, job: Job) -> None:
        """Ask until the job has ended, or its window is over: a provider that says nothing more is not waited for."""
        age = max(0.0, time.time() - job.at) if job.at else 0.0
        until = time.monotonic() + max(2 * self.poll, self.window - age)
        while not store.closing.is_set():
            late: ModelError = Transient(f"the job {job.id} has not ended within its window")
            results: Results | None = None
            try:
                if not job.id:
                    job = job.model_copy(update={"id": await self.batches.find(job.token)})
                results = await self.batches.collect(job.id, job.keys) if job.id else {}
            except Transient as error:
                late = error
            except ModelError as error:
                results = dict.fromkeys(job.keys, error)
            if results is None and time.monotonic() > until:
                results = dict.fromkeys(job.keys, late)
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
                desk.jobs.pop(key, None)  # should it be asked again, the next job answers
                self._give(store, desk, key, result)
            else:
                desk.results[key] = result

    async def _load(self, store: AnswerStore, desk: Desk) -> None:
        """Jobs that an earlier process submitted for this shard. A record that is damaged costs its own rows alone."""

        def records() -> list[Job]:
            names = [name for name in store.storage.list(store.folder) if name.startswith("batch-")]
            return [job for name in names if (job := _job(store.storage.read(f"{store.folder}/{name}"), name))]

        for job in await asyncio.to_thread(records):
            desk.jobs.update(dict.fromkeys(job.keys, job))


def _job(data: bytes, name: str) -> Job | None:
    try:
        return Job.model_validate_json(data)
    except ValidationError:
        logger.warning("the record %s of a batch is damaged: its answers are asked for again", name)
        return None


async def _record(store: AnswerStore, job: Job) -> None:
    await asyncio.to_thread(store.storage.write, f"{store.folder}/{_name(job)}", job.model_dump_json().encode())


async def _forget(store: AnswerStore, job: Job) -> None:
    await asyncio.to_thread(store.storage.delete, f"{store.folder}/{_name(job)}")


def _name(job: Job) -> str:
    return f"batch-{job.token}.json"
