"""Second chances: rows whose failure may have passed (an endpoint that was down, a child that was killed) are worked
again by the next run, alone, and after them only what rests on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from asid.pipeline.run.folder import ALL, Run, ShardMark, Survey
from asid.pipeline.run.shards import DamagedShard

if TYPE_CHECKING:
    from asid.pipeline.run.workshop import Done

Key = tuple[str, str]  # step, shard
Part = tuple[frozenset[str] | None, dict[str, str] | None]


def passing(run: Run, survey: Survey, steps: Iterable[str]) -> dict[Key, frozenset[str]]:
    """Ids of the rows whose failure may have passed, of all shards that count as done. Not of ingest, which lists its
    failures again itself."""
    first = next(iter(run.steps))
    keys = [(step, shard) for step in steps if step != first for shard in survey.names(step)]
    keys = [key for key in keys if (mark := survey.footers.get(key)) and mark.failed and survey.done(*key)]
    with ThreadPoolExecutor(16) as pool:
        return {key: ids for key, ids in pool.map(lambda key: _may_pass(run, *key), keys) if ids}


def due(run: Run, survey: Survey, steps: Iterable[str]) -> list[str]:
    """Those of the steps that have work: shards that are not done, or rows that are to be tried again."""
    steps = list(steps)
    again = {step for step, _ in passing(run, survey, steps)}
    return [step for step in steps if step in again or not survey.whole(step)]


def _may_pass(run: Run, step: str, shard: str) -> tuple[Key, frozenset[str]]:
    try:
        failures = run.failures(step, shard)
    except DamagedShard:  # its shard is made again as a whole
        failures = []
    return (step, shard), frozenset(failure.id for failure in failures if failure.may_pass)


class Chances:
    """The second chances of one call. Each is given once."""

    def __init__(self, run: Run, ids: Mapping[Key, frozenset[str]]):
        self.run = run
        self.ids = dict(ids)
        self.moved: dict[Key, tuple[str, frozenset[str]]] = {}  # digest before, and ids of the rows that are new
        self.left = {key: len(rows) for key, rows in ids.items()}  # rows that have not had their chance yet
        self.waiting = Counter[str]()  # the same, of each step
        for (step, _), rows in ids.items():
            self.waiting[step] += len(rows)
        self.before: dict[str, set[str]] = {}
        for name in run.steps:
            near = run.steps[name].inputs
            self.before[name] = {earlier for one in near for earlier in (one, *self.before[one])}

    def awaits(self, step: str, shard: str, queued: Collection[Key], stopped: Collection[str]) -> bool:
        """Whether a step before is still to give rows of this shard their chance: what comes of them is worked
        together with this step's own."""
        ahead = self.before[step] - set(stopped)
        if shard == ALL:
            return any(name in ahead for name, _ in (*self.ids, *queued))
        return any((name, shard) in self.ids or (name, shard) in queued for name in ahead)

    def part(self, step: str, shard: str, inputs: Mapping[str, str], mark: ShardMark | None) -> Part:
        """Which input rows of a shard are to be worked, and the inputs of which its other rows were made; (None, None)
        where that is not known, and all are."""
        ids = self.ids.get((step, shard), frozenset())
        if mark is None or mark.fingerprint != self.run.fingerprints[step] or mark.inputs.keys() != inputs.keys():
            return None, None
        for name, digest in inputs.items():
            if mark.inputs[name] != digest:
                before, new = self.moved.get((name, shard), ("", frozenset()))
                if mark.inputs[name] != before:
                    return None, None
                ids |= new
        return ids, mark.inputs

    def begun(self, step: str, shard: str) -> None:
        """A shard is handed out."""
        self.ids.pop((step, shard), None)

    def finished(self, done: Done, before: ShardMark | None) -> None:
        """A shard was made anew, in part or as a whole, in place of one with the mark `before`."""
        self.waiting[done.step] -= self.left.pop((done.step, done.shard), 0)
        if before is not None and done.new is not None:
            self.moved[done.step, done.shard] = before.digest, done.new
        else:
            self.moved.pop((done.step, done.shard), None)
