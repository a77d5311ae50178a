"""The engine: Ray actors over shards, one `ray.wait` loop. The only code that imports Ray.

Shards flow: a step starts on a shard as soon as the steps before it have finished that shard, downstream first, so that
CPU, GPU and API work go on at the same time. Steps that ask for the same resources share workers; a step with a GPU or
an environment of its own has workers of its own. Where the cluster is too small for all, workers take turns.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import ray
from ray.exceptions import ActorUnschedulableError, RayActorError, RayTaskError, RuntimeEnvSetupError

from asid.pipeline import interrupts
from asid.pipeline.engine import cluster
from asid.pipeline.engine.calls import RunningCall, Suspect
from asid.pipeline.engine.intake import Intake
from asid.pipeline.engine.meters import Meters
from asid.pipeline.engine.pool import Group, PooledWorker, WorkerPool
from asid.pipeline.models.layers import notices
from asid.pipeline.rows import Failure
from asid.pipeline.run import listing, pace, repair, shards
from asid.pipeline.run.chances import Chances, passing
from asid.pipeline.run.folder import ALL, Fresh, Run
from asid.pipeline.run.progress import Progress, Result
from asid.pipeline.run.workshop import NOTHING_FRESH, BudgetReached, Done, StageFailed, Task
from asid.pipeline.text import counted

__all__ = ["Engine", "Progress", "Result"]

logger = logging.getLogger("asid")
DEATHS = 2  # of workers, before a shard is tried row by row
TROUBLES = 3  # of the storage with one shard, before its stage is given up
AHEAD = 64  # listed pieces that wait for a worker: the list itself stays where it is
TELL = 5.0  # s between two looks at the queues for the meters
LOOK = 2.0  # s between two looks for a node that is waited for
VERIFIED = 256 << 20  # bytes of shards that are read through before work begins
ENOUGH = 20  # rows before a failure rate means anything
Key = tuple[str, str]  # step, shard


class Engine:
    """Works the steps of a run on a Ray cluster."""

    def __init__(self, run: Run, progress: Progress, cpus: float | None = None):
        self.run = run
        self.progress = progress
        self.cpus = cpus
        if damaged := repair.lost(run):
            repair.restore(run, damaged, progress.said)
        self.survey = run.survey()
        self.result = Result()
        self.pool = WorkerPool(run)
        self.calls: dict[Any, RunningCall] = {}
        self.ready: dict[str, deque[Task]] = defaultdict(deque)
        self.queued: set[Key] = set()
        self.deaths: Counter[Key] = Counter()
        self.troubles: Counter[Key] = Counter()
        self.waiting_since: float | None = None  # for a node
        self.intake: Intake | None = None
        self.remade: set[Key] = set()  # shards that were damaged
        self.meters = Meters()
        self.waits: set[str] = set()  # that have been said
        self.told = float("-inf")  # when the meters last heard of the queues
        self.suspects: dict[Key, Suspect] = {}
        self.steps: list[str] = []
        self.chances = Chances(run, {})
        self.within: frozenset[str] | None = None

    def execute(
        self,
        steps: Sequence[str] | None = None,
        *,
        force: bool = False,
        only: frozenset[str] | None = None,
        fresh: Fresh = NOTHING_FRESH,
        replay_only: bool = False,
        within: frozenset[str] | None = None,
    ) -> Result:
        """Bring `steps` (all, when none are named) to done. `force` works shards that are done already, `only` limits
        that to some input rows, `within` everything after ingest to some shards; `fresh` says which stored answers are
        not to be used again. Otherwise rows whose failure may have passed are tried once more."""
        began = time.monotonic()
        notices.clear(self.run.storage)
        self.run.storage.clear_scratch()
        self.within = within
        self.steps = list(steps or self.run.steps)
        self.template = Task("", "", only=only, fresh=fresh, replay_only=replay_only)
        self._look_for_damage()
        first = next(iter(self.run.steps))
        self.force = force or only is not None
        if not self.force:
            self.chances = Chances(self.run, passing(self.run, self.survey, self.steps))
        if first in self.steps:
            self._list(first, force)
        if self._has_intake() or self._anything_to_do():
            self.progress.said("starting Ray" if not cluster.is_shared() else "joining the cluster")
            with cluster.cluster(self.cpus):
                try:
                    self.pool.prepare(
                        self.run.steps[step]
                        for step in self.steps
                        if self.force or self.chances.waiting[step] or not self.survey.whole(step)
                    )
                    if self.intake and self._has_intake():
                        self._ingest(first, self.intake)
                    self.progress.started(self.survey, self.steps)
                    self._seed(first)
                    self._loop()
                finally:
                    with interrupts.bounded():
                        self.pool.dismiss_all()
        else:
            self.progress.started(self.survey, self.steps)
        self._judge_rates()
        self.result.seconds = time.monotonic() - began
        return self.result

    # --- what there is to do -------------------------------------------------------------------------------------

    def _look_for_damage(self) -> None:
        """Read the shards there are, ingest's, then the last step's first, as far as that takes no time worth
        mentioning. Of a larger run what is damaged is found when it is read, and by `asid doctor RUN`."""
        room = VERIFIED
        first, *rest = self.run.steps
        if damaged := self.run.verify(first, failures=False):  # the listing finds those again
            repair.restore(self.run, damaged, self.progress.said)
            self.survey = self.run.survey()
        for step in reversed(rest):
            size = self.run.size(step)
            if room < VERIFIED and size > room:
                break
            room -= size
            for shard, damage in self.run.verify(step).items():
                self.survey.forget(step, shard, damage)
        for damage in self.survey.damaged.values():
            self.progress.said(damage)

    def _anything_to_do(self) -> bool:
        return self.force or bool(self.chances.ids) or any(not self.survey.whole(step) for step in self.steps)

    def _seed(self, first: str) -> None:
        for step in self.steps:
            if step != first:
                for shard in self.survey.names(step):
                    self._offer(step, shard, self.force)

    def _offer(self, step: str, shard: str, force: bool = False) -> None:
        """Queue a shard when it is not done, or has rows that are to be tried again, and all its inputs are done."""
        key = (step, shard)
        given_up = step in self.result.stopped or self.result.out_of_budget
        left_out = self.within is not None and shard != ALL and shard not in self.within
        if step not in self.steps or key in self.queued or given_up or left_out:
            return
        due = force or key in self.chances.ids or not self.survey.done(step, shard)
        if not due or not self.survey.ready(step, shard):
            return
        if self.chances.awaits(step, shard, self.queued, self.result.stopped):
            return
        inputs = self.survey.inputs(step, shard)
        assert inputs is not None
        only, since = self.template.only, None
        if only is not None and not self._touches(step, shard):
            return
        if only is None and not force:
            only, since = self.chances.part(step, shard, inputs, self.survey.footers.get(key))
        self.chances.begun(step, shard)
        self.queued.add(key)
        self.ready[step].append(replace(self.template, step=step, shard=shard, inputs=inputs, only=only, since=since))

    def _touches(self, step: str, shard: str) -> bool:
        """Whether a shard holds one of the rows asked for."""
        assert self.template.only is not None
        try:
            footer = shards.footer(self.run.storage, self.run.uri(step, shard))
        except shards.DamagedShard:  # whoever works it tells
            return True
        return footer is None or any(id in self.template.only for id, _ in footer.outcomes)

    # --- ingest: from inputs to shards ---------------------------------------------------------------------------

    def _list(self, first: str, force: bool) -> None:
        found = listing.Listing(self.run, first, self.survey, force, self.template.only)
        self.intake = Intake(found, self.progress.said, self.force)

    def _has_intake(self) -> bool:
        return self.intake is not None and self.intake.is_due

    def _ingest(self, first: str, intake: Intake) -> None:
        """Probe the listed files in pieces on the workers, then fold duplicates and pack shards."""
        self.progress.said("probing the files that are new")
        self._loop()
        intake.tell_end()
        if first in self.result.stopped:
            return
        intake.listing.pack()
        intake.tell_changes()
        self.survey = self.run.survey()

    # --- the loop ------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        first = next(iter(self.run.steps))
        while True:
            self._draw(first)
            self._dispatch()
            if not self.calls:
                if not any(self.ready.values()):
                    return
                if self.pool.changing or self._waits_for_a_node():
                    continue
                self._stuck()
                return
            self.waiting_since = None
            finished, _ = ray.wait(list(self.calls), num_returns=1, timeout=5.0)
            for reference in finished:
                self._land(reference, self.calls.pop(reference))
            if not finished:
                self.pool.drop_stranded()

    def _draw(self, first: str) -> None:
        """Keep a few pieces of the inputs at hand."""
        if self.intake and first not in self.result.stopped:
            wanted = AHEAD - len(self.ready[first])
            self.ready[first].extend(itertools.islice(self.intake.pieces, max(0, wanted)))

    def _waits_for_a_node(self) -> bool:
        """Nobody can be hired now. A cluster can grow, or get back a node that it lost: give it a while."""
        now = time.monotonic()
        if self.waiting_since is None:
            self.waiting_since = now
            if cluster.patience():
                wanted = "; ".join(
                    f"{step}: {Group.of(self.run.steps[step]).said()}" for step, queue in self.ready.items() if queue
                )
                self.progress.said(f"waiting for nodes, up to {cluster.patience():.0f} s ({wanted})")
        if now - self.waiting_since >= cluster.patience():
            return False
        time.sleep(LOOK)
        return True

    def _land(self, reference: Any, call: RunningCall) -> None:
        call.worker.load -= 1
        call.worker.alone = False
        call.worker.used = time.monotonic()
        try:
            given = ray.get(reference)
        except RayActorError as error:
            self._bury(call, error)
            return
        except RayTaskError as error:
            self._give_up(call.task, error)
            return
        except (RuntimeEnvSetupError, ActorUnschedulableError) as error:
            self.pool.dismiss(call.worker)
            self._stop(call.task.step, f"its workers cannot start: {error}")
            return
        if call.row:
            self._cleared(call)
        else:
            self._finish(given)

    def _finish(self, done: Done) -> None:
        self.queued.discard((done.step, done.shard))
        self.chances.finished(done, self.survey.footers.get((done.step, done.shard)))
        self.survey.record(done.step, done.shard, done.mark)
        self.result.shards += 1
        self.result.rows += done.mark.rows
        self.result.failures += done.failures
        self.progress.finished(done)
        self.meters.finished(done)
        if not listing.is_piece(done.shard) and done.new is None:
            pace.note(self.run.storage, done.step, done.shard, done.mark.rows)
        self._judge_rate(done.step)
        if listing.is_piece(done.shard):
            if self.intake:
                self.intake.probed(done.rows_in)
            return
        for later in self.run.steps.values():
            if done.step in later.inputs:
                names = self.survey.names(later.name) if done.shard == ALL or later.is_corpus_pass else [done.shard]
                for shard in names:
                    self._offer(later.name, shard)
        for name in self.run.after(done.step) if done.shard != ALL else []:  # what awaited it, however far behind it
            self._offer(name, ALL if self.run.steps[name].is_corpus_pass else done.shard)

    def _give_up(self, task: Task, error: RayTaskError) -> None:
        """The stage itself failed, not a row of it."""
        cause = error.cause if isinstance(error.cause, Exception) else error
        key = (task.step, task.shard)
        if isinstance(cause, OSError) and self.troubles[key] < TROUBLES:
            self.troubles[key] += 1
            self.progress.said(f"{task.step}/{task.shard} is tried again: {cause}")
            self._try_again(key, task)
            return
        self.queued.discard(key)
        if isinstance(cause, shards.DamagedShard) and self._make_again(cause):
            return
        if isinstance(cause, BudgetReached):
            self.result.out_of_budget = str(cause)
            self.ready.clear()
            return
        reason = str(cause) if isinstance(cause, StageFailed) else f"{type(cause).__name__}: {cause}"
        self._stop(task.step, reason)

    def _make_again(self, damaged: shards.DamagedShard) -> bool:
        """Have the shard that could not be read made again, once; what reads it is offered when it is there."""
        step, _, name = damaged.uri.removeprefix("run:").partition("/")
        shard = name.rpartition("/")[2].removesuffix(".parquet")
        first = next(iter(self.run.steps))
        if step == first or step not in self.steps or self.template.only is not None or (step, shard) in self.remade:
            return False
        self.remade.add((step, shard))
        self.progress.said(str(damaged))
        self.survey.forget(step, shard, str(damaged))
        self._offer(step, shard)
        return True

    def _stop(self, step: str, reason: str) -> None:
        if step not in self.result.stopped:
            self.result.stopped[step] = reason
            self.ready.pop(step, None)
            self.progress.said(f"stage {step} stopped: {reason}")

    # --- failures ------------------------------------------------------------------------------------------------

    def _judge_rate(self, step: str, enough: int = ENOUGH) -> None:
        rows, failed = (count - self.chances.waiting[step] for count in self.survey.tallies[step])
        limit = self.run.steps[step].config.max_failure_rate
        limit = self.run.manifest.max_failure_rate if limit is None else limit
        if rows >= enough and failed > limit * rows:
            kinds = counted(self._kinds(step))
            self._stop(step, f"{failed} of {rows} rows failed, more than the limit of {limit:.0%}: {kinds}")

    def _kinds(self, step: str) -> Counter[str]:
        """How many rows failed of each kind."""
        keys = [(step, shard) for shard in self.survey.names(step)]
        there = [key for key in keys if (mark := self.survey.footers.get(key)) and mark.failed]
        found = Counter[str]()
        for key in there:
            with suppress(shards.DamagedShard):  # said when work begins
                found.update(failure.kind for failure in self.run.failures(*key))
        return found

    def _judge_rates(self) -> None:
        """At the end even a few rows count."""
        for step in self.steps:
            self._judge_rate(step, enough=1)

    def _bury(self, call: RunningCall, error: RayActorError) -> None:
        """A worker died: its place is free, its shards go back, and a shard that was there too often is suspected."""
        lost = call.worker.stranded or cluster.is_gone(call.worker.node)
        self.pool.dismiss(call.worker)
        key = (call.task.step, call.task.shard)
        logger.info("worker died: %s", error)
        if lost:
            self.progress.said(f"the node that worked {key[0]}/{key[1]} is gone, and the shard goes elsewhere")
            self._try_again(key, call.task)
            return
        self.progress.said(f"a worker died on {key[0]}/{key[1]} and is replaced")
        if call.row:
            suspect = self.suspects[key]
            suspect.tried[call.row] += 1
            if suspect.tried[call.row] >= DEATHS:
                suspect.rows.popleft()
                suspect.poison.append(_killer(key[0], call.row))
        else:
            self.deaths[key] += 1
            if self.deaths[key] >= DEATHS and key not in self.suspects and key[1] != ALL:
                with suppress(shards.DamagedShard, FileNotFoundError):  # else its next worker meets it, and tells
                    rows = call.task.listed or self.run.rows(self.run.trunk(key[0]), key[1])
                    ids = deque(row.id for row in rows if call.task.only is None or row.id in call.task.only)
                    self.suspects[key] = Suspect(call.task, ids)
        self._try_again(key, call.task)

    def _cleared(self, call: RunningCall) -> None:
        key = (call.task.step, call.task.shard)
        self.suspects[key].rows.popleft()
        self._try_again(key, call.task)

    def _try_again(self, key: Key, task: Task) -> None:
        suspect = self.suspects.get(key)
        if suspect and not suspect.rows:
            task = replace(task, poison=tuple(suspect.poison))
        self.ready[key[0]].appendleft(task)

    # --- handing out ---------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Give ready shards to workers, downstream first; where there is no room, let somebody go."""
        backlog = {self.run.steps[step]: len(queue) for step, queue in self.ready.items() if queue}
        self.pool.make_room(backlog)
        self.pool.ask(backlog)
        if time.monotonic() - self.told > TELL:
            self.told = time.monotonic()
            self.meters.state({step: len(self.ready[step]) for step in self.steps}, *self.pool.counts())
            self._tell_waits()
        for step in reversed(list(self.run.steps)):
            queue = self.ready.get(step)
            while queue:
                worker = self.pool.worker_for(self.run.steps[step], (step, queue[0].shard) in self.suspects)
                if worker is None:
                    break
                self._send(queue.popleft(), worker)

    def _tell_waits(self) -> None:
        """Say once what workers wait for longer than a minute."""
        found = notices.waits(self.run.storage)
        for said in found:
            if said not in self.waits:
                self.progress.said(said)
        self.waits = set(found)

    def _send(self, task: Task, worker: PooledWorker) -> None:
        suspect = self.suspects.get((task.step, task.shard))
        worker.load += 1
        worker.used = time.monotonic()
        worker.alone = suspect is not None
        worker.opened.add(task.step)
        row = suspect.rows[0] if suspect and suspect.rows else ""
        if row:
            call = worker.actor.rehearse.remote(task, row)
        elif self.run.steps[task.step].is_corpus_pass:
            call = worker.actor.decide.remote(task, self.survey.shards)
        else:
            call = worker.actor.work.remote(task)
        self.calls[call] = RunningCall(task, worker, row)

    def _stuck(self) -> None:
        """Work is left and nobody can ever do it."""
        for step, queue in list(self.ready.items()):
            if queue:
                self._stop(
                    step,
                    f"its workers ask for {Group.of(self.run.steps[step]).said()}, and the cluster has {cluster.has()}",
                )


def _killer(step: str, row: str) -> Failure:
    reason = f"its worker died {DEATHS} times on this row alone"
    return Failure(id=row, name=row, stage=step, kind="killed_worker", reason=reason, attempts=DEATHS, raw="")
