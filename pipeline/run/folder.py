"""A run: a folder with the frozen manifest and one folder of shards per step. Nothing else holds state.

RUN/run.json, manifest.yaml
RUN/STEP/00000.parquet            the rows; its footer says what made them
RUN/STEP/failures/00000.parquet   the rows that did not make it
RUN/STEP/answers/…                every raw model answer
RUN/media/…                       clips and stills
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from asid.pipeline.errors import UserError
from asid.pipeline.models.layers import archive
from asid.pipeline.prompts import Prompts
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.recipe.steps import Step, flow
from asid.pipeline.rows import Failure, Row
from asid.pipeline.run import shards
from asid.pipeline.run.shards import DamagedShard, Footer
from asid.pipeline.stage import Stage
from asid.pipeline.storage import Storage

ALL = "all"  # the one shard of a corpus pass
SOURCE_FIELDS = {"path", "licence", "source", "column", "tags"}
SHARD = re.compile(r"^(\d{5,}|all)\.parquet$")


class RunError(UserError):
    """The run folder cannot be worked on; the message says what to do."""


@dataclass(frozen=True)
class Fresh:
    """Which stored answers are not to be used again."""

    every: bool = False
    attribute: str = ""

    def __call__(self, attribute: str) -> bool:
        return self.every or bool(self.attribute and self.attribute in attribute.split("+"))


class Run:
    """One run folder with its manifest. Sent whole to every worker."""

    def __init__(self, root: str | os.PathLike[str], manifest: Manifest):
        self.storage = Storage(root)
        self.manifest = manifest
        self.prompts = Prompts(manifest.prompts or None)
        self.sources = _sources(self.storage)
        self.lenders = _lenders(self.storage)  # runs whose answers are used where this one has none
        self.steps = {step.name: step for step in manifest.steps()}
        self.fingerprints: dict[str, str] = {}
        for step in self.steps.values():
            self.fingerprints[step.name] = self._fingerprint(step)

    @classmethod
    def open(cls, root: str | os.PathLike[str], settings: Sequence[str] = ()) -> Run:
        """A run that exists, with the manifest frozen into it; `settings` are `path=value` changes to that."""
        storage = _within_reach(root)
        _check_format(storage)
        try:
            text = storage.read("run:manifest.yaml").decode()
        except FileNotFoundError:
            raise RunError(f"{root} is not a run folder: `asid run INPUTS --run {root}` makes one") from None
        return cls(root, manifests.parse(text, "manifest.yaml of the run", settings, frozen=True))

    @classmethod
    def is_at(cls, root: str | os.PathLike[str]) -> bool:
        """Whether a run has been begun there."""
        storage = _within_reach(root)
        return storage.exists("run:run.json") or storage.exists("run:manifest.yaml")

    def freeze(self) -> None:
        """Write the manifest into the run."""
        _check_format(self.storage)
        try:
            self._keep("run:run.json", json.dumps(self._described()))
            self._keep("run:manifest.yaml", manifests.dump(self.manifest))
        except OSError as error:
            raise RunError(f"cannot write to the run folder {self.storage.root}: {error}") from error

    def _described(self) -> dict[str, Any]:
        lent = {"answers_from": self.lenders} if self.lenders else {}
        return {"format": shards.FORMAT, "sources": self.sources} | lent

    def borrow(self, lenders: Sequence[str]) -> None:
        """Use the answers of other runs where this one has none. Raises RunError for one that has none itself."""
        for lender in archive.names(lenders):
            if lender == self.storage.root:
                continue
            if not archive.holds_answers(lender):
                where = lender.removeprefix("file://")
                raise RunError(
                    f"{where} holds no stored answers: name a run folder, or a copy of one, after --answers-from"
                )
            if lender not in self.lenders:
                self.lenders.append(lender)

    def _keep(self, uri: str, text: str) -> None:
        if not self.storage.exists(uri) or self.storage.read(uri) != text.encode():
            self.storage.write(uri, text.encode())

    # --- what makes a step's rows --------------------------------------------------------------------------------

    def _fingerprint(self, step: Step) -> str:
        """SHA-256 over all that changes the step's rows; workers, concurrency and resources are not among it."""
        kind = step.kind
        parts: dict[str, Any] = {
            "stage": kind.name,
            "version": kind.version,
            "settings": step.config.what(),
            "seed": self.manifest.seed,
            "inputs": [self.fingerprints[name] for name in step.inputs],
        }
        if issubclass(kind, Stage):
            models = {name: self.manifest.models[name].identity() for name in kind.models(step.config)}
            texts = {name: self.prompts.hash(name) for name in kind.prompts(step.config)}
            parts |= {"models": models, "prompts": texts, "texts": kind.texts(step.config, self.prompts)}
        if not step.inputs and self.sources is not None:
            parts["sources"] = self.sources
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    def types(self, step: str) -> tuple[type[Row], type[Row]]:
        """The rows a step takes and gives."""
        return flow(self.steps.values())[step]

    def trunk(self, step: str) -> str:
        """The step whose rows this one works on, one by one."""
        return self.steps[step].inputs[0]

    def after(self, step: str) -> list[str]:
        """The steps that depend on this one, in order, itself not among them."""
        reached = {step}
        for later in self.steps.values():
            if reached & set(later.inputs):
                reached.add(later.name)
        return [name for name in self.steps if name in reached and name != step]

    # --- shards --------------------------------------------------------------------------------------------------

    def uri(self, step: str, shard: str) -> str:
        """Give the address of a shard."""
        return f"run:{step}/{shard}.parquet"

    def failures_uri(self, step: str, shard: str) -> str:
        """Give the address of a shard's failures."""
        return f"run:{step}/failures/{shard}.parquet"

    def rows(self, step: str, shard: str) -> list[Any]:
        """Read a shard. Raises DamagedShard, FileNotFoundError."""
        return shards.read(self.storage, self.uri(step, shard), self.types(step)[1])

    def all_rows(self, step: str) -> Iterator[Any]:
        """Read all rows of a step, one shard at a time."""
        for shard in self.shard_names(step):
            yield from self.rows(step, shard)

    def failures(self, step: str, shard: str) -> list[Failure]:
        """Read the failures of a shard; [] where it has none."""
        try:
            return shards.read(self.storage, self.failures_uri(step, shard), Failure)
        except FileNotFoundError:
            return []

    def shard_names(self, step: str) -> list[str]:
        """Name the shards of a step that are there."""
        return [name.removesuffix(".parquet") for name in self.storage.list(f"run:{step}") if SHARD.match(name)]

    def survey(self) -> Survey:
        """Read the footer of every shard there is."""
        wanted = [(step, shard) for step in self.steps for shard in self.shard_names(step)]
        with ThreadPoolExecutor(16) as pool:
            footers = dict(zip(wanted, pool.map(lambda key: self._footer(*key), wanted), strict=True))
        damaged = {key: str(found) for key, found in footers.items() if isinstance(found, DamagedShard)}
        marks = {key: ShardMark.of(found) for key, found in footers.items() if isinstance(found, Footer)}
        return Survey(self, marks, damaged)

    def size(self, step: str) -> int:
        """Bytes of a step's shards."""
        return sum(self.storage.size(self.uri(step, shard)) for shard in self.shard_names(step))

    def verify(self, step: str, failures: bool = True) -> dict[str, str]:
        """Read all shards of a step, with their failures. Gives those that are damaged, each with the reason."""

        def look(shard: str) -> str:
            try:
                shards.verify(self.storage, self.uri(step, shard))
                if failures and len(self.failures(step, shard)) < len(self._failed(step, shard)):
                    raise DamagedShard(self.failures_uri(step, shard), "it is gone")
            except (DamagedShard, FileNotFoundError) as error:
                return str(error)
            return ""

        names = self.shard_names(step)
        with ThreadPoolExecutor(16) as pool:
            return {shard: told for shard, told in zip(names, pool.map(look, names), strict=True) if told}

    def _failed(self, step: str, shard: str) -> list[str]:
        footer = shards.footer(self.storage, self.uri(step, shard))
        return footer.failed if footer else []

    def _footer(self, step: str, shard: str) -> Footer | DamagedShard | None:
        """The footer of a shard, or what is wrong with it or its failures. Raises DamagedShard for one of ingest, which
        must not be taken for one that was never written; failures of ingest are found again by the next listing."""
        first = next(iter(self.steps))
        try:
            found = shards.footer(self.storage, self.uri(step, shard))
            failures = self.failures_uri(step, shard)
            if step != first and found and found.failed and shards.footer(self.storage, failures) is None:
                raise DamagedShard(failures, "it is gone")
            return found
        except DamagedShard as error:
            if step == first:
                raise
            return error


@dataclass(frozen=True, slots=True)
class ShardMark:
    """A footer without its list of rows: a survey of a million rows holds one for each shard, and nothing of the rows
    but the ids of those that failed."""

    fingerprint: str
    digest: str
    inputs: dict[str, str]
    taken: int  # input rows
    rows: int
    failed: tuple[str, ...]
    total: int
    parts: dict[str, str]

    @classmethod
    def of(cls, footer: Footer) -> ShardMark:
        """Make a mark of a footer."""
        fingerprint = sys.intern(footer.fingerprint)
        failed = tuple(footer.failed)
        taken = len(footer.outcomes)
        return cls(fingerprint, footer.digest, footer.inputs, taken, footer.rows, failed, footer.total, footer.parts)

    def digest_for(self, shard: str) -> str:
        """Digest of what a shard of a later step reads of this one: of a corpus pass only the decisions on its rows."""
        return self.parts.get(shard, self.digest)


class Survey:
    """Which shards of a run are done, stale or pending, by the marks of their footers. Each question costs the same
    however many shards there are: the engine asks some for every shard."""

    def __init__(
        self, run: Run, marks: dict[tuple[str, str], ShardMark], damaged: dict[tuple[str, str], str] | None = None
    ):
        self.run = run
        self.footers = marks
        self.damaged = damaged or {}  # shards that count as not there, each with the reason
        self.shards = self._shards()
        self.tallies: dict[str, list[int]] = {step: [0, 0] for step in run.steps}  # rows taken, rows failed
        self._whole: dict[str, dict[str, str]] = {}
        self._missing: dict[str, int] = {}  # of a corpus pass: the first shard of its input that was not done yet
        for (step, _), mark in marks.items():
            self._count(step, mark, 1)

    def _shards(self) -> list[str]:
        """All shards of the run. Ingest writes them in batches, each shard of which says how many there are with it: a
        batch of which some are missing counts as none."""
        first = next(iter(self.run.steps))
        names = sorted((shard for step, shard in self.footers if step == first and shard.isdigit()), key=int)
        whole = [
            count for count in {self.footers[first, shard].total for shard in names} if len(names[:count]) == count
        ]
        there = [count for count in whole if names[:count] == [shard_name(number) for number in range(count)]]
        return names[: max(there, default=0)]

    def _count(self, step: str, mark: ShardMark, sign: int) -> None:
        tally = self.tallies[step]
        tally[0] += sign * mark.taken
        tally[1] += sign * len(mark.failed)

    def names(self, step: str) -> list[str]:
        """Name the shards that a step is to have."""
        return [ALL] if self.run.steps[step].is_corpus_pass else self.shards

    def whole(self, step: str) -> bool:
        """Whether all shards of the step are there and done."""
        names = self.names(step)
        return bool(names) and all(self.done(step, shard) for shard in names)

    def record(self, step: str, shard: str, mark: ShardMark) -> None:
        """A shard has just been written."""
        if before := self.footers.get((step, shard)):
            self._count(step, before, -1)
        self._count(step, mark, 1)
        self.footers[step, shard] = mark
        self.damaged.pop((step, shard), None)
        for later in self.run.steps.values():
            if later.is_corpus_pass and step in later.inputs:
                self._whole.pop(later.name, None)

    def forget(self, step: str, shard: str, reason: str) -> None:
        """A shard has turned out to be damaged: it counts as not there."""
        if before := self.footers.pop((step, shard), None):
            self._count(step, before, -1)
        self.damaged[step, shard] = reason
        self._whole.clear()
        self._missing.clear()

    def inputs(self, step: str, shard: str) -> dict[str, str] | None:
        """Digest of each input of this shard as it is now; None while one is missing."""
        if self.run.steps[step].is_corpus_pass:
            return self._corpus(step, self.run.steps[step].inputs[0])
        digests = {}
        for name in self.run.steps[step].inputs:
            footer = self.footers.get((name, ALL if self.run.steps[name].is_corpus_pass else shard))
            if footer is None:
                return None
            digests[name] = footer.digest_for(shard)
        return digests

    def _corpus(self, step: str, source: str) -> dict[str, str] | None:
        """One digest for all shards of the step that a corpus pass reads; None until all of them are done."""
        if step not in self._whole:
            names = self.shards
            first = self._missing.get(step, 0)
            while first < len(names) and self.done(source, names[first]):
                first += 1
            self._missing[step] = first
            if not names or first < len(names) or not all(self.done(source, name) for name in names):
                return None
            together = "".join(self.footers[source, name].digest for name in names)
            self._whole[step] = {source: hashlib.sha256(together.encode()).hexdigest()}
        return self._whole[step]

    def done(self, step: str, shard: str) -> bool:
        """The file is there, made by these settings from these inputs."""
        footer = self.footers.get((step, shard))
        return (
            footer is not None
            and footer.fingerprint == self.run.fingerprints[step]
            and footer.inputs == self.inputs(step, shard)
        )

    def state(self, step: str, shard: str) -> str:
        """Say whether a shard is done, stale or pending."""
        if (step, shard) not in self.footers:
            return "pending"
        return "done" if self.done(step, shard) else "stale"

    def ready(self, step: str, shard: str) -> bool:
        """All its inputs are done."""
        inputs = self.run.steps[step].inputs
        if self.run.steps[step].is_corpus_pass:
            return self.inputs(step, shard) is not None
        return all(self.done(name, ALL if self.run.steps[name].is_corpus_pass else shard) for name in inputs)


def shard_name(number: int) -> str:
    """Name a shard by its number."""
    return f"{number:05d}"


def _sources(storage: Storage) -> list[dict[str, Any]] | None:
    """What stands for the inputs in ingest's fingerprint: nothing, as a run may grow. A run made before runs could says
    it of its first inputs, so that its shards stay done."""
    try:
        values = json.loads(storage.read("run:run.json"))
        if "sources" in values:
            sources: list[dict[str, Any]] | None = values["sources"]
            return sources
        text = storage.read("run:manifest.yaml").decode()
        first = manifests.parse(text, "manifest.yaml of the run", frozen=True).inputs
    except (OSError, ValueError, TypeError):
        return None  # no run yet, or one whose damage is told elsewhere
    return [entry.model_dump(mode="json", include=SOURCE_FIELDS) for entry in first]


def _lenders(storage: Storage) -> list[str]:
    try:
        return list(json.loads(storage.read("run:run.json")).get("answers_from", ()))
    except (OSError, ValueError, AttributeError):
        return []  # no run yet, or one whose damage is told elsewhere


def _within_reach(root: str | os.PathLike[str]) -> Storage:
    """The storage of a run. Raises RunError for a bucket that does not answer, instead of asking it again and again."""
    storage = Storage(root)
    if problem := storage.unreachable():
        raise RunError(problem)
    return storage


def _check_format(storage: Storage) -> None:
    try:
        found = json.loads(storage.read("run:run.json")).get("format")
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise RunError(f"{storage.root} is a file, not a run folder") from None
    except (ValueError, AttributeError) as error:
        raise RunError(f"run.json in {storage.root} is damaged: {error}") from error
    if found != shards.FORMAT:
        raise RunError(f"{storage.root} is a run of format {found}; this version of asid works on {shards.FORMAT}")
