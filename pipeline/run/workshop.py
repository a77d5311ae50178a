"""Working one shard: read its rows, put each through the stage, write rows and failures. No Ray here: a worker
process of any kind calls `Workshop.work`."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from asid.pipeline.media.process import SHORT, MediaError
from asid.pipeline.models.base import Abandoned, Misconfigured, Model, OutOfBudget
from asid.pipeline.models.layers.archive import Archive
from asid.pipeline.models.layers.batch import LONGEST
from asid.pipeline.models.layers.flights import Board, Flights
from asid.pipeline.models.layers.replay import AnswerStore, current_store
from asid.pipeline.models.replies import whole_text
from asid.pipeline.models.spend import Line, lines
from asid.pipeline.recipe.steps import Step
from asid.pipeline.rows import Candidate, Captioned, Decision, Failure, Row, grow
from asid.pipeline.run import shards
from asid.pipeline.run.folder import ALL, Fresh, Run, ShardMark
from asid.pipeline.run.shards import Footer
from asid.pipeline.stage import Context, Stage, Unprocessable
from asid.pipeline.text import plural

logger = logging.getLogger("asid")
NOTHING_FRESH = Fresh()
ROOM = 256 << 20  # bytes that must be free before a shard is begun: half of one helps nobody
AGAIN = frozenset({"killed", "crashed", "no_resources"})  # kinds that say nothing of the row
TRIES = 3  # of such a row
PAUSE = 2.0  # s before the next one, growing: a worker that is being stopped is gone by then
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)


class StageFailed(Exception):
    """The stage cannot go on, whatever the row: it did not open, the disk is full, a model is set up wrongly."""


class BudgetReached(Exception):
    """The money is spent. What is stored is kept; the run can be taken up again."""


@dataclass(frozen=True)
class Task:
    """One shard for one step. `only`: work these input rows anew and keep the others, which were made of the inputs
    `since`, by default of those that there are. `poison`: rows set aside because they killed a worker. `listed`: the
    rows themselves, for ingest, which has no shard to read from."""

    step: str
    shard: str
    inputs: dict[str, str] = field(default_factory=dict)
    only: frozenset[str] | None = None
    since: dict[str, str] | None = None
    fresh: Fresh = NOTHING_FRESH
    replay_only: bool = False
    poison: tuple[Failure, ...] = ()
    listed: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Done:
    """What came of a task; the rows themselves are in the shard. `new`: ids of those that were made by it, where others
    were kept."""

    step: str
    shard: str
    mark: ShardMark
    rows_in: int
    failures: int
    seconds: float
    spent: tuple[Line, ...] = ()  # on answers that are new
    new: frozenset[str] | None = None

    def __str__(self) -> str:
        failures = f", {self.failures} failed" if self.failures else ""
        counts = f"{plural(self.rows_in, 'row')} in, {self.mark.rows} out{failures}"
        return f"{self.step}/{self.shard}: {counts}, {self.seconds:.1f} s"


@dataclass(frozen=True)
class RowOutcome:
    """What came of one row: the rows it gave, or its failure."""

    id: str
    rows: tuple[Row, ...] = ()
    failure: Failure | None = None


ModelMaker = Callable[[Run, Step, str], Model]


class Workshop:
    """The stages that one worker process holds open, and the tools they share. `board`: where the workers of a run say
    what they ask."""

    def __init__(self, run: Run, make_model: ModelMaker, board: Board | None = None):
        self.run = run
        self.make_model = make_model
        self.stages: dict[str, Stage[Any, Any, Any]] = {}
        self.seats: dict[str, asyncio.Semaphore] = {}
        self.opening: dict[str, asyncio.Lock] = {}
        self.flights = Flights(board)

    async def stage(self, name: str) -> Stage[Any, Any, Any]:
        """The stage of a step, opened on first use. Raises StageFailed with the reason."""
        async with self.opening.setdefault(name, asyncio.Lock()):
            if name not in self.stages:
                step = self.run.steps[name]
                try:
                    models = {model: self.make_model(self.run, step, model) for model in step.kind.models(step.config)}
                    context = Context(self.run.storage, self.run.prompts, models, self.run.manifest.seed)
                    stage = step.kind(step.config, context)
                    await asyncio.to_thread(stage.open)
                except Exception as error:
                    logger.exception("stage %s did not open", name)
                    raise StageFailed(f"{name} did not open: {_said(error)}") from error
                self.seats[name] = asyncio.Semaphore(step.config.concurrency)
                self.stages[name] = stage
        return self.stages[name]

    async def close(self) -> None:
        for stage in self.stages.values():
            await asyncio.to_thread(stage.close)
            for model in stage.context.models.values():
                await model.close()
        self.stages.clear()

    async def work(self, task: Task) -> Done:
        """Work a task to its end and commit it. Raises StageFailed or BudgetReached; then nothing is committed, and
        every answer that was paid for is in the store."""
        began = time.monotonic()
        step = self.run.steps[task.step]
        try:
            stage = await self.stage(task.step)
            if (free := self.run.storage.free()) < ROOM:
                raise OSError(errno.ENOSPC, f"{free >> 20} MiB of disk are free, and {ROOM >> 20} are needed")
            rows: Sequence[Row] = task.listed or await asyncio.to_thread(self._inputs, step, task.shard)
            old = await asyncio.to_thread(self._old, task) if task.only is not None else {}
            stage.with_decisions(await asyncio.to_thread(self._decisions, step))
            poison = {failure.id: RowOutcome(failure.id, failure=failure) for failure in task.poison}
            kept = {**old, **poison}
            todo = [row for row in rows if row.id not in kept]
            store = self._store(stage, task)
            made = await self._attempt_all(stage, todo, store, task)
            outcomes = [kept.get(row.id) or made[row.id] for row in rows]
            footer = await asyncio.to_thread(self._commit, task, outcomes)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise StageFailed(f"{task.step} cannot write: {error}") from error
            raise
        answers = [entry for entry in store.entries.values() if entry.key in store.new] if store else []
        new = None if task.only is None else frozenset(row.id for outcome in made.values() for row in outcome.rows)
        mark, seconds = ShardMark.of(footer), time.monotonic() - began
        return Done(task.step, task.shard, mark, len(rows), len(footer.failed), seconds,
                    tuple(lines(task.step, answers, self.run.manifest.models)), new)  # fmt: skip

    async def rehearse(self, task: Task, row_id: str) -> None:
        """One row of a task through its stage, with nothing kept but the answers that it paid for."""
        stage = await self.stage(task.step)
        step = self.run.steps[task.step]
        rows: Sequence[Row] = task.listed or await asyncio.to_thread(self._inputs, step, task.shard)
        await self._attempt_all(stage, [row for row in rows if row.id == row_id], self._store(stage, task), task)

    async def attempt(self, step: str, rows: Sequence[Row]) -> list[RowOutcome]:
        """What comes of some rows, in order, with nothing kept of it."""
        made = await self._attempt_all(await self.stage(step), rows, None, Task(step, ""))
        return [made[row.id] for row in rows]

    @cached_property
    def archive(self) -> Archive:
        """The answers of all shards and of lending runs."""
        return Archive(self.run.storage, self.run.lenders)

    def _store(self, stage: Stage[Any, Any, Any], task: Task) -> AnswerStore | None:
        if not stage.context.models:
            return None
        folder = f"run:{task.step}/answers"
        return AnswerStore(self.run.storage, folder, task.shard, fresh=task.fresh, replay_only=task.replay_only,
                           archive=self.archive, flights=self.flights)  # fmt: skip

    async def decide(self, task: Task, parts: Sequence[str]) -> Done:
        """A corpus pass: one narrow column of every shard in, a small table of decisions out."""
        began = time.monotonic()
        step = self.run.steps[task.step]
        judge = step.kind(step.config, Context(self.run.storage, self.run.prompts, {}, self.run.manifest.seed))
        home: dict[str, str] = {}  # id of a row -> the shard it is in
        wanted = list(dict.fromkeys(("id", *judge.columns)))

        def columns() -> Any:
            for part in parts:
                for row in shards.read_columns(self.run.storage, self.run.uri(step.inputs[0], part), wanted):
                    home[row["id"]] = part
                    yield row

        def whole() -> Footer:
            decisions = tuple(judge.decide(columns()))
            of_all = [decision for decision in decisions if decision.id not in home]
            by_part = {part: list(of_all) for part in parts}
            for decision in decisions:
                if decision.id in home:
                    by_part[home[decision.id]].append(decision)
            digests = {part: shards.digest(found) for part, found in by_part.items()}
            return self._commit(task, [RowOutcome(decision.id, (decision,)) for decision in decisions], digests)

        footer = await asyncio.to_thread(whole)
        return Done(task.step, ALL, ShardMark.of(footer), len(home), 0, time.monotonic() - began)

    # --- reading -------------------------------------------------------------------------------------------------

    def _inputs(self, step: Step, shard: str) -> Sequence[Row]:
        """The rows of the trunk; annotators standing beside it are joined to them by id."""
        trunk, *beside = step.inputs
        rows = self.run.rows(trunk, shard)
        annotators = [name for name in beside if not self.run.steps[name].is_corpus_pass]
        if not annotators:
            return rows
        candidates: dict[str, list[Candidate]] = {}
        for name in annotators:
            for candidate in self.run.rows(name, shard):
                candidates.setdefault(candidate.id, []).append(candidate)
        return [grow(row, Captioned, candidates=tuple(candidates.get(row.id, ()))) for row in rows]

    def _decisions(self, step: Step) -> dict[str, tuple[Decision, ...]]:
        passes = [name for name in step.inputs if self.run.steps[name].is_corpus_pass]
        return {name: tuple(self.run.rows(name, ALL)) for name in passes}

    def _old(self, task: Task) -> dict[str, RowOutcome]:
        """What the shard holds already of rows that are not to be worked anew; a failure of which nothing is told any
        more is none of it."""
        assert task.only is not None
        footer = shards.footer(self.run.storage, self.run.uri(task.step, task.shard))
        since = task.inputs if task.since is None else task.since
        if footer is None or footer.fingerprint != self.run.fingerprints[task.step] or footer.inputs != since:
            return {}
        rows = iter(self.run.rows(task.step, task.shard))
        failures = {failure.id: failure for failure in self.run.failures(task.step, task.shard)}
        old = {}
        for id, count in footer.outcomes:
            outcome = RowOutcome(id, tuple(next(rows) for _ in range(count)), failures.get(id))
            if id not in task.only and (count or outcome.failure):
                old[id] = outcome
        return old

    # --- working -------------------------------------------------------------------------------------------------

    async def _attempt_all(
        self, stage: Stage[Any, Any, Any], rows: Sequence[Row], store: AnswerStore | None, task: Task
    ) -> Mapping[str, RowOutcome]:
        seats, wanted = self.seats[task.step], self.run.types(task.step)[1]

        async def one(row: Row) -> RowOutcome:
            async with seats:
                return await self._attempt(stage, row, task.step, wanted)

        if len({row.id for row in rows}) != len(rows):
            raise shards.ShardError(f"{task.step}/{task.shard}: two input rows have the same id")
        token = current_store.set(store)
        try:
            async with asyncio.TaskGroup() as group:
                jobs = [group.create_task(one(row)) for row in rows]
        except* BudgetReached as errors:
            raise errors.exceptions[0] from None
        except* StageFailed as errors:
            raise errors.exceptions[0] from None
        finally:
            current_store.reset(token)
            if store is not None:
                await store.close()
        return {row.id: job.result() for row, job in zip(rows, jobs, strict=True)}

    async def _attempt(self, stage: Stage[Any, Any, Any], row: Row, step: str, wanted: type[Row]) -> RowOutcome:
        """One row through the stage, again where what went wrong was not the row's."""
        tries = 1
        while True:
            outcome = await self._try(stage, row, step, wanted)
            failure = outcome.failure
            if failure is None or failure.kind not in AGAIN:
                return outcome
            if tries == TRIES:
                return RowOutcome(row.id, failure=failure.model_copy(update={"attempts": tries}))
            logger.warning("%s tries %s again: %s", step, row.id, failure.reason)
            await asyncio.sleep(PAUSE * tries)
            tries += 1

    async def _try(self, stage: Stage[Any, Any, Any], row: Row, step: str, wanted: type[Row]) -> RowOutcome:
        """One row through the stage. Whatever goes wrong with it is its failure and nobody else's; this is the one
        place that catches everything."""

        def failed(kind: str, reason: str, attempts: int = 1, raw: str = "") -> RowOutcome:
            name = str(getattr(row, "name", row.id))
            return RowOutcome(row.id, failure=Failure(id=row.id, name=name, stage=step, kind=kind,
                                                   reason=whole_text(reason), attempts=attempts,
                                                   raw=whole_text(raw)))  # fmt: skip

        # A batch has its own window, and ends its rows by it.
        timeout = stage.config.row_timeout + (LONGEST if stage.config.mode == "batch" else 0.0)
        try:
            async with asyncio.timeout(timeout):
                given = await stage.process(row)
        except Unprocessable as error:
            return failed(error.kind, str(error), error.attempts, error.raw)
        except OutOfBudget as error:
            raise BudgetReached(str(error)) from error
        except (Misconfigured, Abandoned) as error:
            raise StageFailed(f"{step}: {error}") from error
        except TimeoutError:
            return failed("timeout", f"took longer than {timeout:.0f} s")
        except MediaError as error:
            if error.kind == "no_tool":
                raise StageFailed(f"{step}: {error}") from error
            return failed(error.kind, str(error))
        except (OSError, MemoryError) as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise StageFailed(f"{step} cannot write: {error}") from error
            logger.exception("%s failed on %s", step, row.id)
            short = isinstance(error, MemoryError) or error.errno in SHORT
            return failed("no_resources" if short else "crash", _said(error))
        except Exception as error:
            logger.exception("%s failed on %s", step, row.id)
            return failed("crash", _said(error))
        rows = tuple(given) if isinstance(given, list) else (given,)
        wrong = next((item for item in rows if not isinstance(item, wanted)), None)
        if wrong is not None or not rows:
            found = type(wrong).__name__ if rows else "nothing"
            return failed("crash", f"{step} must give {wanted.__name__} and gave {found}")
        return RowOutcome(row.id, rows)

    # --- writing -------------------------------------------------------------------------------------------------

    def _commit(self, task: Task, outcomes: Sequence[RowOutcome], parts: Mapping[str, str] | None = None) -> Footer:
        """Failures first, then the shard itself: the shard's footer is what says done."""
        rows = [row for outcome in outcomes for row in outcome.rows]
        failures = [outcome.failure for outcome in outcomes if outcome.failure]
        kind = self.run.types(task.step)[1]
        ids = [row.id for row in rows]
        if len(set(ids)) != len(ids) and not task.listed:  # probed videos with the same bytes are folded later
            raise shards.ShardError(f"{task.step}/{task.shard}: two rows came out with the same id")
        footer = Footer(
            fingerprint=self.run.fingerprints[task.step],
            digest=shards.digest(rows),
            inputs=task.inputs,
            outcomes=[(outcome.id, len(outcome.rows)) for outcome in outcomes],
            failed=[failure.id for failure in failures],
            rows=len(rows),
            parts=dict(parts or {}),
        )
        write_failures(self.run, task.step, task.shard, failures, footer)
        shards.write(self.run.storage, self.run.uri(task.step, task.shard), kind, rows, footer)
        return footer


def write_failures(run: Run, step: str, shard: str, failures: Sequence[Failure], footer: Footer) -> None:
    """Write the failures of a shard, or delete those that are no longer so."""
    uri = run.failures_uri(step, shard)
    if failures:
        marks = Footer(
            fingerprint=footer.fingerprint,
            digest=shards.digest(failures),
            inputs=footer.inputs,
            outcomes=[(failure.id, 1) for failure in failures],
            rows=len(failures),
        )
        shards.write(run.storage, uri, Failure, failures, marks)
    else:
        run.storage.delete(uri)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:1000]
