"""The engine: Ray actors over shards, one `ray.wait` loop. The only code that imports Ray.

Shards flow: a step starts on a shard as soon as the steps before it have finished that shard, downstream first, so that
CPU, GPU and API work go on at the same time. Steps that ask for the same resources share workers; a step with a GPU or
an environment of its own has workers of its own. Where the cluster is too small for all, workers take turns.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import ray
from ray.exceptions import RayActorError, RayTaskError

from pipeline import ingesting
from pipeline.manifest import Step
from pipeline.rows import Failure
from pipeline.run import ALL, Fresh, Run, Survey
from pipeline.stage import Resources
from pipeline.work import NOTHING_FRESH, BudgetReached, Done, StageFailed, Task, Workshop

logger = logging.getLogger("asid")
IN_FLIGHT = 2  # shards a worker holds, so that none idles at a shard's tail
DEATHS = 2  # of workers, before a shard is tried row by row
TURN = 120.0  # seconds that a busy worker keeps its place before another group may have it: opening a model costs
ENOUGH = 20  # rows before a failure rate means anything
Key = tuple[str, str]  # step, shard


class Progress(Protocol):
    """Who wants to know. Called from the driver."""

    def started(self, survey: Survey, steps: Sequence[str]) -> None: ...

    def finished(self, done: Done) -> None: ...

    def said(self, message: str) -> None: ...


@dataclass
class Result:
    """How it ended. `stopped`: steps that were given up, with the reason."""

    stopped: dict[str, str] = field(default_factory=dict)
    out_of_budget: str = ""
    shards: int = 0
    rows: int = 0
    failures: int = 0
    seconds: float = 0.0


# --- in the worker -----------------------------------------------------------------------------------------------


class _Worker:
    """One process that works shards. Its stages open on first use."""

    def __init__(self, run: Run, settings: dict[str, Any]):
        from pipeline.models.factory import model_maker

        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.shop = Workshop(run, model_maker(settings))

    async def work(self, task: Task) -> Done:
        return await self.shop.work(task)

    async def decide(self, task: Task, parts: Sequence[str]) -> Done:
        return await self.shop.decide(task, parts)

    async def survives(self, task: Task, row: str) -> str:
        """Try one row and throw the result away: what kills the worker is found."""
        await self.shop.rehearse(task, row)
        return row

    async def close(self) -> None:
        await self.shop.close()


# --- in the driver -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Steps whose workers are interchangeable."""

    resources: Resources
    owner: str = ""  # a step that shares with nobody

    @classmethod
    def of(cls, step: Step) -> Group:
        resources = step.config.resources
        return cls(resources, step.name if resources.gpus or resources.env else "")


@dataclass(eq=False)
class Hand:
    """A worker as the driver sees it."""

    actor: Any
    group: Group
    load: int = 0
    opened: set[str] = field(default_factory=set)
    leaving: bool = False  # gets no more work, so that others get its place
    hired: float = field(default_factory=time.monotonic)


@dataclass
class Suspect:
    """A shard whose workers died: its rows are tried one by one to find the one that kills."""

    task: Task
    rows: deque[str]
    tried: Counter[str] = field(default_factory=Counter)
    poison: list[Failure] = field(default_factory=list)


@dataclass
class Flight:
    """A call under way."""

    task: Task
    hand: Hand
    row: str = ""  # of a suspect shard


class Engine:
    """Works the steps of a run on a Ray cluster."""

    def __init__(self, run: Run, progress: Progress, cpus: float | None = None):
        self.run = run
        self.progress = progress
        self.cpus = cpus
        self.survey = run.survey()
        self.result = Result()
        self.hands: list[Hand] = []
        self.flights: dict[Any, Flight] = {}
        self.ready: dict[str, deque[Task]] = defaultdict(deque)
        self.queued: set[Key] = set()
        self.deaths: Counter[Key] = Counter()
        self.suspects: dict[Key, Suspect] = {}
        self.steps: list[str] = []
        self.pieces: dict[str, Done] = {}

    def execute(
        self,
        steps: Sequence[str] | None = None,
        *,
        force: bool = False,
        only: frozenset[str] | None = None,
        fresh: Fresh = NOTHING_FRESH,
        replay_only: bool = False,
    ) -> Result:
        """Bring `steps` (all, when none are named) to done. `force` works shards that are done already, `only` limits
        that to some input rows; `fresh` says which stored answers are not to be used again."""
        began = time.monotonic()
        self.steps = list(steps or self.run.steps)
        self.template = Task("", "", only=only, fresh=fresh, replay_only=replay_only)
        first = next(iter(self.run.steps))
        self.force = force or only is not None
        rescan = first in self.steps and (self.force or not self.survey.shards or not self._done(first))
        if rescan or self._anything_to_do():
            with self._cluster():
                if rescan:
                    self._ingest(first)
                self.progress.started(self.survey, self.steps)
                self._seed(first)
                self._loop()
        else:
            self.progress.started(self.survey, self.steps)
        self._judge_rates()
        self.result.seconds = time.monotonic() - began
        return self.result

    # --- what there is to do -------------------------------------------------------------------------------------

    def _done(self, step: str) -> bool:
        names = self.survey.names(step)
        return bool(names) and all(self.survey.done(step, shard) for shard in names)

    def _anything_to_do(self) -> bool:
        return self.force or any(not self._done(step) for step in self.steps)

    def _seed(self, first: str) -> None:
        for step in self.steps:
            if step != first:
                for shard in self.survey.names(step):
                    self._offer(step, shard, self.force)

    def _offer(self, step: str, shard: str, force: bool = False) -> None:
        """Queue a shard when it is not done and all its inputs are."""
        key = (step, shard)
        given_up = step in self.result.stopped or self.result.out_of_budget
        if step not in self.steps or key in self.queued or given_up:
            return
        if (force or not self.survey.done(step, shard)) and self.survey.ready(step, shard):
            inputs = self.survey.inputs(step, shard)
            assert inputs is not None
            if self.template.only is not None and not self._touches(step, shard):
                return
            self.queued.add(key)
            self.ready[step].append(replace(self.template, step=step, shard=shard, inputs=inputs))

    def _touches(self, step: str, shard: str) -> bool:
        """Whether a shard holds one of the rows asked for."""
        footer = self.survey.footers.get((step, shard))
        assert self.template.only is not None
        return footer is None or any(id in self.template.only for id, _ in footer.outcomes)

    # --- ingest: from inputs to shards ---------------------------------------------------------------------------

    def _ingest(self, first: str) -> None:
        """List the inputs, probe them in pieces on the workers, then fold duplicates and pack shards."""
        self.progress.said("listing the inputs")
        listing = ingesting.Listing(self.run, first)
        order = []
        for piece in listing.pieces():
            order.append(piece)
            if self.force or listing.footer(piece) is None:
                self.ready[first].append(piece)
        self.progress.said(f"{listing.found} files to probe, {len(listing.unlisted)} that cannot be")
        self._loop()
        if first in self.result.stopped:
            return
        listing.pack(order)
        self.survey = self.run.survey()

    # --- the loop ------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        while True:
            self._dispatch()
            if not self.flights:
                if any(self.ready.values()) and any(hand.leaving for hand in self.hands):
                    continue
                self._stuck()
                return
            finished, _ = ray.wait(list(self.flights), num_returns=1, timeout=5.0)
            for reference in finished:
                self._land(reference, self.flights.pop(reference))

    def _land(self, reference: Any, flight: Flight) -> None:
        flight.hand.load -= 1
        try:
            given = ray.get(reference)
        except RayActorError as error:
            self._bury(flight, error)
            return
        except RayTaskError as error:
            self._give_up(flight.task, error)
            return
        if flight.row:
            self._cleared(flight)
        else:
            self._finish(given)

    def _finish(self, done: Done) -> None:
        self.queued.discard((done.step, done.shard))
        self.survey.record(done.step, done.shard, done.footer)
        self.result.shards += 1
        self.result.rows += done.footer.rows
        self.result.failures += done.failures
        self.progress.finished(done)
        self._judge_rate(done.step)
        if ingesting.is_piece(done.shard):
            return
        for later in self.run.steps.values():
            if done.step in later.inputs:
                names = self.survey.names(later.name) if done.shard == ALL or later.is_corpus_pass else [done.shard]
                for shard in names:
                    self._offer(later.name, shard)

    def _give_up(self, task: Task, error: RayTaskError) -> None:
        """The stage itself failed, not a row of it."""
        cause = error.cause if isinstance(error.cause, Exception) else error
        self.queued.discard((task.step, task.shard))
        if isinstance(cause, BudgetReached):
            self.result.out_of_budget = str(cause)
            self.ready.clear()
            return
        reason = str(cause) if isinstance(cause, StageFailed) else f"{type(cause).__name__}: {cause}"
        self._stop(task.step, reason)

    def _stop(self, step: str, reason: str) -> None:
        if step not in self.result.stopped:
            self.result.stopped[step] = reason
            self.ready.pop(step, None)
            self.progress.said(f"stage {step} stopped: {reason}")

    # --- failures ------------------------------------------------------------------------------------------------

    def _judge_rate(self, step: str, enough: int = ENOUGH) -> None:
        footers = [footer for (name, _), footer in self.survey.footers.items() if name == step]
        rows = sum(len(footer.outcomes) for footer in footers)
        failed = sum(len(footer.failed) for footer in footers)
        limit = self.run.steps[step].config.max_failure_rate
        limit = self.run.manifest.max_failure_rate if limit is None else limit
        if rows >= enough and failed > limit * rows:
            self._stop(step, f"{failed} of {rows} rows failed, more than the limit of {limit:.0%}")

    def _judge_rates(self) -> None:
        """At the end even a few rows count."""
        for step in self.steps:
            self._judge_rate(step, enough=1)

    def _bury(self, flight: Flight, error: RayActorError) -> None:
        """A worker died: its place is free, its shards go back, and a shard that was there too often is suspected."""
        self._dismiss(flight.hand)
        key = (flight.task.step, flight.task.shard)
        self.progress.said(f"a worker died on {key[0]}/{key[1]} and is replaced")
        logger.info("worker died: %s", error)
        if flight.row:
            suspect = self.suspects[key]
            suspect.tried[flight.row] += 1
            if suspect.tried[flight.row] >= DEATHS:
                suspect.rows.popleft()
                reason = f"its worker died {DEATHS} times on this row alone"
                suspect.poison.append(
                    Failure(
                        id=flight.row,
                        name=flight.row,
                        stage=key[0],
                        kind="killed_worker",
                        reason=reason,
                        attempts=DEATHS,
                        raw="",
                    )  # fmt: skip
                )
        else:
            self.deaths[key] += 1
            if self.deaths[key] >= DEATHS and key not in self.suspects and key[1] != ALL:
                rows = flight.task.listed or self.run.rows(self.run.trunk(key[0]), key[1])
                self.suspects[key] = Suspect(flight.task, deque(row.id for row in rows))
        self._try_again(key, flight.task)

    def _cleared(self, flight: Flight) -> None:
        key = (flight.task.step, flight.task.shard)
        self.suspects[key].rows.popleft()
        self._try_again(key, flight.task)

    def _try_again(self, key: Key, task: Task) -> None:
        suspect = self.suspects.get(key)
        if suspect and not suspect.rows:
            task = replace(task, poison=tuple(suspect.poison))
        self.ready[key[0]].appendleft(task)

    # --- workers -------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Give ready shards to workers, downstream first; where there is no room, let somebody go."""
        for hand in [hand for hand in self.hands if hand.leaving and not hand.load]:
            self._dismiss(hand)
        for step in reversed(list(self.run.steps)):
            queue = self.ready.get(step)
            while queue:
                hand = self._hand_for(self.run.steps[step], queue[0])
                if hand is None:
                    break
                self._send(queue.popleft(), hand)
        self._make_room()

    def _hand_for(self, step: Step, task: Task) -> Hand | None:
        group = Group.of(step)
        mine = [hand for hand in self.hands if hand.group == group and not hand.leaving]
        alone = (task.step, task.shard) in self.suspects  # its worker may die, and must take no other shard along
        free = [hand for hand in mine if hand.load < (1 if alone or self._holds_suspect(hand) else IN_FLIGHT)]
        idle = [hand for hand in free if not hand.load]
        limit = step.config.max_workers or self._most(group)
        serving = sum(step.name in hand.opened for hand in mine)
        if not idle and len(mine) < self._most(group) and serving < limit and self._fits(group):
            idle = [self._hire(group)]
        choice = idle or free
        if serving >= limit:
            choice = [hand for hand in choice if step.name in hand.opened]
        return min(choice, key=lambda hand: (hand.load, step.name not in hand.opened), default=None)

    def _holds_suspect(self, hand: Hand) -> bool:
        return any(
            flight.hand is hand and (flight.task.step, flight.task.shard) in self.suspects
            for flight in self.flights.values()
        )

    def _send(self, task: Task, hand: Hand) -> None:
        hand.load += 1
        hand.opened.add(task.step)
        suspect = self.suspects.get((task.step, task.shard))
        if suspect and suspect.rows:
            row = suspect.rows[0]
            self.flights[hand.actor.survives.remote(task, row)] = Flight(task, hand, row)
        elif self.run.steps[task.step].is_corpus_pass:
            self.flights[hand.actor.decide.remote(task, self.survey.shards)] = Flight(task, hand)
        else:
            self.flights[hand.actor.work.remote(task)] = Flight(task, hand)

    def _most(self, group: Group) -> int:
        """Workers of a group that the cluster has room for; those that only wait for answers: one a node."""
        total = ray.cluster_resources()
        nodes = sum(1 for name in total if name.startswith("node:") and name != "node:__internal_head__")
        shares = [total.get(name, 0.0) / amount for name, amount in _claims(group).items()]
        return max(1, int(min(shares)) if shares else nodes)

    def _fits(self, group: Group) -> bool:
        held: Counter[str] = Counter()
        for hand in self.hands:
            held.update(_claims(hand.group))  # type: ignore[arg-type]
        total = ray.cluster_resources()
        return all(held[name] + amount <= total.get(name, 0.0) for name, amount in _claims(group).items())

    def _hire(self, group: Group) -> Hand:
        resources = group.resources
        options: dict[str, Any] = {
            "num_cpus": resources.cpus,
            "num_gpus": resources.gpus,
            "max_restarts": 0,
            "max_concurrency": 1000,
        }
        if resources.memory_gb:
            options["memory"] = int(resources.memory_gb * 2**30)
        if resources.gpu_kind:
            options["accelerator_type"] = resources.gpu_kind
        if resources.env:
            environment = self.run.manifest.environments[resources.env]
            options["runtime_env"] = {"pip": list(environment.packages), "env_vars": environment.variables}
        actor = ray.remote(_Worker).options(**options).remote(self.run, {})
        self.hands.append(hand := Hand(actor, group))
        return hand

    def _make_room(self) -> None:
        """A group with work and no worker gets the place of a worker whose group has others, or has nothing to do."""
        wanting = {Group.of(self.run.steps[step]) for step, queue in self.ready.items() if queue}
        staffed = {hand.group for hand in self.hands if not hand.leaving}
        for group in wanting - staffed:
            if self._fits(group) or any(hand.leaving for hand in self.hands):
                continue
            order = list(self.run.steps)
            now = time.monotonic()
            victims = [
                hand
                for hand in self.hands
                if set(_claims(hand.group)) & set(_claims(group)) and (not hand.load or now - hand.hired > TURN)
            ]
            if victims:
                # An idle one first, then the one whose work is furthest upstream: downstream work ends shards.
                victim = min(victims, key=lambda hand: (hand.load > 0, max(map(order.index, hand.opened), default=0)))
                victim.leaving = True

    def _dismiss(self, hand: Hand) -> None:
        if hand in self.hands:
            self.hands.remove(hand)
            ray.kill(hand.actor)

    def _stuck(self) -> None:
        for step, queue in self.ready.items():
            if queue:
                claims = ", ".join(
                    f"{amount:g} {name}" for name, amount in _claims(Group.of(self.run.steps[step])).items()
                )
                self._stop(step, f"its workers ask for {claims}, and the cluster has {_has()}")

    # --- the cluster ---------------------------------------------------------------------------------------------

    def _cluster(self) -> _Cluster:
        return _Cluster(self, self.cpus)


class _Cluster:
    """Ray for the length of a block: the cluster this process belongs to, else one of its own on this machine."""

    def __init__(self, engine: Engine, cpus: float | None):
        self.engine = engine
        self.cpus = cpus

    def __enter__(self) -> None:
        self.mine = not ray.is_initialized()
        if self.mine:
            address = os.environ.get("RAY_ADDRESS") or "local"
            own = {"include_dashboard": False, "num_cpus": self.cpus, "object_store_memory": 200 << 20}
            # SIGTERM ends the block in order, so that workers go and the lock is let go.
            signal.signal(signal.SIGTERM, _interrupt)
            ray.init(
                address=address,
                log_to_driver=False,
                configure_logging=False,
                logging_level=logging.ERROR,
                **(own if address == "local" else {}),
            )

    def __exit__(self, *_: object) -> None:
        for hand in self.engine.hands:
            ray.kill(hand.actor)
        self.engine.hands.clear()
        self.engine.flights.clear()
        if self.mine:
            ray.shutdown()


def _killer(step: str, row: str) -> Failure:
    reason = f"its worker died {DEATHS} times on this row alone"
    return Failure(id=row, name=row, stage=step, kind="killed_worker", reason=reason, attempts=DEATHS, raw="")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _claims(group: Group) -> dict[str, float]:
    """What one worker holds of the cluster, in Ray's names."""
    resources = group.resources
    claims = {"CPU": resources.cpus, "GPU": resources.gpus, "memory": resources.memory_gb * 2**30}
    return {name: amount for name, amount in claims.items() if amount}


def _has() -> str:
    names: Iterable[str] = ("CPU", "GPU", "memory")
    return ", ".join(f"{ray.cluster_resources().get(name, 0.0):g} {name}" for name in names)
