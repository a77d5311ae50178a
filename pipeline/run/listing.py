"""From inputs to shards: list, probe in pieces on the workers, fold exact duplicates, pack shards.

A run grows: each listing takes up what the shards do not hold yet, and puts it into new shards. A video stays in the
shard that it is in, so nothing that was done for it is done again.

A piece is a small shard of its own, so that a run that is killed while it reads a million files goes on where it was.
The shards of one listing are written when all its pieces are there, each saying how many shards there are then: a part
of them counts as none.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from asid.pipeline.inputs import InputError, Listed, fold_duplicates, list_inputs, pack
from asid.pipeline.inputs.base import address_id
from asid.pipeline.rows import Failure, Video
from asid.pipeline.run import shards
from asid.pipeline.run.folder import SHARD, Run, Survey, shard_name
from asid.pipeline.run.shards import Footer
from asid.pipeline.run.workshop import Task, write_failures

PIECE = "scan-"
FILES = 16  # in a piece, at least: many pieces keep many workers busy
SHARE = 256  # a piece holds no less than this part of what was listed before it: a million files make few pieces
MOST = 512  # files in a piece


def is_piece(shard: str) -> bool:
    return shard.startswith(PIECE)


@dataclass
class Taken:
    """What the shards of a run hold already. Ids are kept as numbers: there may be millions."""

    shards: list[str] = field(default_factory=list)
    address: dict[int, int] = field(default_factory=dict)  # of a listed file -> number of its shard
    video: dict[int, int] = field(default_factory=dict)  # id of a video -> number of its shard
    passing: set[int] = field(default_factory=set)  # addresses whose failure may have passed

    @classmethod
    def read(cls, run: Run, step: str, names: Sequence[str]) -> Taken:
        taken = cls(list(names))
        for number, name in enumerate(names):
            footer = shards.footer(run.storage, run.uri(step, name))
            if footer is None:
                continue
            failed = set(footer.failed)
            for id, count in footer.outcomes:
                if count:
                    taken.video[int(id, 16)] = number
            for address, _ in footer.listed or _addresses(run, step, name, footer):
                taken.address[int(address, 16)] = number
            if failed:
                found = run.failures(step, name)
                taken.passing.update(int(failure.id, 16) for failure in found if failure.may_pass)
        return taken


def _addresses(run: Run, step: str, name: str, footer: Footer) -> list[tuple[str, str]]:
    """What a shard lists, where its footer does not say: it was written before runs could grow."""
    found = [(address_id(uri), row.id) for row in run.rows(step, name) for uri in (row.uri, *row.duplicates)]
    return found + [(id, "") for id in footer.failed]


class Listing:
    """The inputs of a run. `found` counts what `pieces` has listed so far, `known` what the shards hold already. With
    `everything`, what the shards hold is probed anew; with `only`, the addresses and videos of these ids alone."""

    def __init__(
        self, run: Run, step: str, survey: Survey, everything: bool = False, only: frozenset[str] | None = None
    ):
        self.run = run
        self.step = step
        self.everything = everything
        self.taken = Taken.read(run, step, survey.shards)
        self.only = None if only is None else {int(id, 16) for id in only}
        self.found = 0
        self.known = 0
        self.again: set[int] = set()  # addresses that the shards hold and that are probed anew
        self.skipped: Counter[str] = Counter()  # what lies beside videos, by kind
        self.lost: list[str] = []  # inputs that were there once and are out of reach now, each with the reason
        self.names: list[str] = []  # of all pieces, in listing order
        self.unlisted: list[Failure] = []  # what the listing itself could not take

    def pieces(self) -> Iterator[Task]:
        """Tasks of a few files each, in listing order; a file that is listed twice is taken once."""
        seen: set[int] = set()
        batch: list[Listed] = []
        for entry in self._entries():
            if (number := int(entry.id, 16)) in seen:
                continue
            seen.add(number)
            if not self._is_due(number):
                self.known += 1
                continue
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

    def _entries(self) -> Iterator[Listed | Failure]:
        """Everything that is listed. An input that is out of reach is no reason to leave what was made of it: it ends
        the listing only where the run holds nothing yet."""
        for entry in self.run.manifest.inputs:
            try:
                yield from list_inputs([entry], self.run.storage, self.skipped)
            except InputError as error:
                if not self.taken.shards:
                    raise
                self.lost.append(str(error))

    def _is_due(self, address: int) -> bool:
        if address not in self.taken.address:
            return self.only is None
        again = self.everything or address in self.taken.passing if self.only is None else address in self.only
        if again:
            self.again.add(address)
        return again

    def _piece(self, batch: Sequence[Listed]) -> Task:
        name = hashlib.sha256("\n".join(entry.model_dump_json() for entry in batch).encode()).hexdigest()[:20]
        self.names.append(PIECE + name)
        return Task(self.step, PIECE + name, listed=tuple(batch))

    def footer(self, piece: Task) -> Footer | None:
        """Of a piece that has been probed already, with these settings."""
        footer = shards.footer(self.run.storage, self.run.uri(self.step, piece.shard))
        return footer if footer and footer.fingerprint == self.run.fingerprints[self.step] else None

    # --- from pieces to shards -----------------------------------------------------------------------------------

    def pack(self) -> int:
        """Write shards from the pieces. Gives the number of videos that are new."""
        run, step = self.run, self.step
        probed, failures = self._probed()
        addresses: dict[str, list[str]] = defaultdict(list)  # of each video, by its id
        for address, video in probed:
            addresses[video.id].append(address)
        videos = fold_duplicates([video for _, video in probed])
        old = [video for video in videos if int(video.id, 16) in self.taken.video]
        fresh = [video for video in videos if int(video.id, 16) not in self.taken.video]
        self._renew(old, [failure for failure in failures if int(failure.id, 16) in self.taken.address])
        failures = [failure for failure in failures if int(failure.id, 16) not in self.taken.address]
        copies = [(address, video.id) for video in old for address in addresses[video.id]
                  if int(address, 16) not in self.taken.address]  # fmt: skip
        first = len(self.taken.shards)
        if fresh or failures or copies or not first:
            config = run.steps[step].config
            packed = pack(fresh, config.shard_minutes, config.shard_rows) or [[]]
            names = [shard_name(first + number) for number in range(len(packed))]
            self._clear(set(self.taken.shards))
            for name, batch in zip(names, packed, strict=True):
                mine = failures if name == names[0] else []
                listed = [(address, video.id) for video in batch for address in addresses[video.id]]
                listed += [*((failure.id, "") for failure in mine), *(copies if name == names[0] else ())]
                self._write(name, batch, mine, listed, first + len(packed))
        for piece in self.names:
            run.storage.delete(run.uri(step, piece))
            run.storage.delete(run.failures_uri(step, piece))
        return len(fresh)

    def _probed(self) -> tuple[list[tuple[str, Video]], list[Failure]]:
        """What the pieces hold: each video with the id of its address, in listing order, and what failed."""
        run, step = self.run, self.step
        probed: list[tuple[str, Video]] = []
        failures = list(self.unlisted)
        for piece in self.names:
            footer = shards.footer(run.storage, run.uri(step, piece))
            assert footer is not None
            through = [id for id, count in footer.outcomes if count]
            probed.extend(zip(through, run.rows(step, piece), strict=True))
            failures.extend(run.failures(step, piece))
        if len(probed) + len(failures) != self.found + len(self.unlisted):
            raise shards.ShardError(f"{step}: rows in are not rows out plus failures")
        return probed, failures

    def _renew(self, videos: Sequence[Video], failures: Sequence[Failure]) -> None:
        """Put what was probed anew in its old places. Old shards come before new ones: a file that moves from the
        failures to the videos is then in no shard for a moment, never in two."""
        made = {video.id: video for video in videos}
        told = {failure.id: failure for failure in failures}
        numbers = {self.taken.address[address] for address in self.again}
        for number in range(len(self.taken.shards)) if self.everything else sorted(numbers):
            name = self.taken.shards[number]
            footer = shards.footer(self.run.storage, self.run.uri(self.step, name))
            assert footer is not None
            listed = footer.listed or _addresses(self.run, self.step, name, footer)
            redone = {address: id for address, id in listed if int(address, 16) in self.again}
            rows: list[Video] = self.run.rows(self.step, name)
            failed = self.run.failures(self.step, name)
            anew = [made.get(row.id) if row.id in redone.values() else row for row in rows]
            here = [video for video in anew if video is not None]
            told_here = [failure for failure in failed if failure.id not in redone]
            told_here += [told[address] for address in redone if address in told]
            pairs = [(address, "" if address in told else id) for address, id in listed]
            pairs = [pair for pair in pairs if pair[0] not in redone or pair[0] in told or pair[1] in made]
            fits = footer.fingerprint == self.run.fingerprints[self.step]
            if not fits or (here, told_here, pairs) != (rows, failed, listed):
                self._write(name, here, told_here, pairs, footer.total)

    def _write(
        self, name: str, videos: Sequence[Video], failures: Sequence[Failure], listed: list[tuple[str, str]], total: int
    ) -> None:
        footer = Footer(
            fingerprint=self.run.fingerprints[self.step],
            digest=shards.digest(videos),
            outcomes=[(video.id, 1) for video in videos] + [(failure.id, 0) for failure in failures],
            failed=[failure.id for failure in failures],
            rows=len(videos),
            total=total,
            listed=listed,
        )
        write_failures(self.run, self.step, name, failures, footer)
        shards.write(self.run.storage, self.run.uri(self.step, name), Video, videos, footer)

    def _clear(self, names: set[str]) -> None:
        """Remove what a listing that was killed has left, before its shards are written again."""
        for step in self.run.steps:
            for name in self.run.storage.list(f"run:{step}"):
                match = SHARD.match(name)
                if match and match[1].isdigit() and match[1] not in names:
                    self.run.storage.delete(f"run:{step}/{name}")
                    self.run.storage.delete(self.run.failures_uri(step, match[1]))
