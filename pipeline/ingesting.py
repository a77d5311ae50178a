"""From inputs to shards: list, probe in pieces on the workers, fold exact duplicates, pack shards.

A piece is a small shard of its own, so that a run that is killed while it reads a million files goes on where it was.
The shards are written when all pieces are there, each saying how many there are: a part of them counts as none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from asid.pipeline import shards
from asid.pipeline.inputs import Listed, fold_duplicates, list_inputs, pack
from asid.pipeline.rows import Failure, Video
from asid.pipeline.run import SHARD, Run
from asid.pipeline.shards import Footer
from asid.pipeline.work import Task, write_failures

PIECE = "scan-"
FILES = 16  # in a piece, at least: many pieces keep many workers busy
SHARE = 256  # a piece holds no less than this part of what was listed before it: a million files make few pieces
MOST = 512  # files in a piece


def is_piece(shard: str) -> bool:
    return shard.startswith(PIECE)


class Listing:
    """The inputs of a run. `found` counts what `pieces` has listed so far."""

    def __init__(self, run: Run, step: str):
        self.run = run
        self.step = step
        self.found = 0
        self.names: list[str] = []  # of all pieces, in listing order
        self.unlisted: list[Failure] = []  # what the listing itself could not take

    def pieces(self) -> Iterator[Task]:
        """Tasks of a few files each, in listing order; a file that is listed twice is taken once."""
        seen: set[int] = set()
        batch: list[Listed] = []
        for entry in list_inputs(self.run.manifest.inputs, self.run.storage):
            if (number := int(entry.id, 16)) in seen:
                continue
            seen.add(number)
            if isinstance(entry, Failure):
                self.unlisted.append(entry.model_copy(update={"stage": self.step}))
                continue
            self.found += 1
            batch.append(entry)
            if len(batch) >= min(MOST, max(FILES, self.found // SHARE)):
                yield self._piece(batch)
                batch = []
        if batch:
            yield self._piece(batch)

    def _piece(self, batch: Sequence[Listed]) -> Task:
        name = hashlib.sha256("\n".join(entry.model_dump_json() for entry in batch).encode()).hexdigest()[:20]
        self.names.append(PIECE + name)
        return Task(self.step, PIECE + name, listed=tuple(batch))

    def footer(self, piece: Task) -> Footer | None:
        """Of a piece that has been probed already, with these settings."""
        footer = shards.footer(self.run.storage, self.run.uri(self.step, piece.shard))
        return footer if footer and footer.fingerprint == self.run.fingerprints[self.step] else None

    def pack(self) -> int:
        """Write the shards from the pieces, and remove what other inputs have left behind. Gives their number."""
        run, step = self.run, self.step
        probed: list[Video] = []
        failures = list(self.unlisted)
        for piece in self.names:
            probed.extend(run.rows(step, piece))
            failures.extend(run.failures(step, piece))
        if len(probed) + len(failures) != self.found + len(self.unlisted):
            raise shards.ShardError(f"{step}: rows in are not rows out plus failures")
        config = run.steps[step].config
        packed = pack(fold_duplicates(probed), config.shard_minutes, config.shard_rows) or [[]]
        names = [f"{number:05d}" for number in range(len(packed))]
        self._clear(set(names))
        for name, videos in zip(names, packed, strict=True):
            mine = failures if name == names[0] else []
            footer = Footer(
                fingerprint=run.fingerprints[step],
                digest=shards.digest(videos),
                outcomes=[(video.id, 1) for video in videos] + [(failure.id, 0) for failure in mine],
                failed=[failure.id for failure in mine],
                rows=len(videos),
                total=len(packed),
            )
            write_failures(run, step, name, mine, footer)
            shards.write(run.storage, run.uri(step, name), Video, videos, footer)
        for piece in self.names:
            run.storage.delete(run.uri(step, piece))
            run.storage.delete(run.failures_uri(step, piece))
        return len(packed)

    def _clear(self, names: set[str]) -> None:
        """Before the first new shard: a mixture of old and new ones must never look whole."""
        for step in self.run.steps:
            for name in self.run.storage.list(f"run:{step}"):
                match = SHARD.match(name)
                if match and match[1].isdigit() and (step == self.step or match[1] not in names):
                    self.run.storage.delete(f"run:{step}/{name}")
                    self.run.storage.delete(self.run.failures_uri(step, match[1]))
