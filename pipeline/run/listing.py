"""From inputs to shards: list, probe in pieces on the workers, fold exact duplicates, pack shards.

A run grows: each listing takes up what the shards do not hold yet, and puts it into new shards. A video stays in the
shard that it is in, so nothing that was done for it is done again. A file that has changed since, by its size and time,
is probed again, and is a new video when its bytes are new; one that has moved is the video that it was, and the run
notes where it lies now. What is gone keeps its rows (see `forgetting`).

A piece is a small shard of its own, so that a run that is killed while it reads a million files goes on where it was.
The shards of one listing are written when all its pieces are there, each saying how many shards there are then: a part
of them counts as none.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from asid.pipeline.inputs.base import InputError, Listed, address_id
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.inputs.packing import fold_duplicates, pack
from asid.pipeline.rows import Failure, Video
from asid.pipeline.run import shards
from asid.pipeline.run.folder import SHARD, Run, Survey, shard_name
from asid.pipeline.run.shards import Footer
from asid.pipeline.run.workshop import Task, write_failures
from asid.pipeline.storage import MOVES

PIECE = "scan-"
FILES = 16  # in a piece, at least: many pieces keep many workers busy
SHARE = 256  # a piece holds no less than this part of what was listed before it: a million files make few pieces
MOST = 512  # files in a piece


def moves(run: Run) -> dict[str, str]:
    """Where videos lay when they were taken up -> where they lie now."""
    try:
        found: dict[str, str] = json.loads(run.storage.read(MOVES))
    except FileNotFoundError:
        return {}
    return found


def is_piece(shard: str) -> bool:
    """Whether a shard holds files that are being probed, and is none of the run's own."""
    return shard.startswith(PIECE)


@dataclass
class Taken:
    """What the shards of a run hold already. Ids are kept as numbers: there may be millions."""

    shards: list[str] = field(default_factory=list)
    address: dict[int, int] = field(default_factory=dict)  # of a listed file -> number of its shard
    video: dict[int, int] = field(default_factory=dict)  # id of a video -> number of its shard
    passing: set[int] = field(default_factory=set)  # addresses whose failure may have passed, or is told no more
    stale: set[int] = field(default_factory=set)  # numbers of shards that were made by other settings
    failed: set[int] = field(default_factory=set)  # addresses of which no video came
    forgotten: set[int] = field(default_factory=set)  # addresses whose rows were asked to go
    stamps: dict[int, int] = field(default_factory=dict)  # address -> hash of its stamp

    @classmethod
    def read(cls, run: Run, step: str, names: Sequence[str]) -> Taken:
        """Read what the shards `names` of a step hold."""
        taken = cls(list(names))
        for number, name in enumerate(names):
            footer = shards.footer(run.storage, run.uri(step, name))
            if footer is None:
                continue
            if footer.fingerprint != run.fingerprints[step]:
                taken.stale.add(number)
            for id, count in footer.outcomes:
                if count:
                    taken.video[int(id, 16)] = number
            failed = set(footer.failed)
            for address, video in footer.listed or _addresses(run, step, name, footer):
                taken._take(int(address, 16), number, bool(video), address in failed, footer.stamps.get(address, ""))
            if footer.failed:
                told = {failure.id: failure for failure in _told(run, step, name)}
                for id in footer.failed:
                    if id not in told or told[id].may_pass:
                        taken.passing.add(int(id, 16))
        return taken

    def _take(self, address: int, number: int, has_video: bool, failed: bool, stamp: str) -> None:
        self.address[address] = number
        if stamp:
            self.stamps[address] = hash(stamp)
        for known, holds in ((self.failed, failed), (self.forgotten, not has_video and not failed)):
            known.add(address) if holds else known.discard(address)

    def has_changed(self, address: int, stamp: str) -> bool:
        """Whether a listing says another stamp of an address than it did when it was taken up."""
        return bool(stamp) and self.stamps.get(address, hash(stamp)) != hash(stamp)


def _told(run: Run, step: str, name: str) -> list[Failure]:
    """The failures of a shard; none where their file is damaged."""
    try:
        return run.failures(step, name)
    except shards.DamagedShard:
        return []


def _addresses(run: Run, step: str, name: str, footer: Footer) -> list[tuple[str, str]]:
    """What a shard lists, where its footer does not say: it was written before runs could grow."""
    found = [(address_id(uri), row.id) for row in run.rows(step, name) for uri in (row.uri, *row.duplicates)]
    return found + [(id, "") for id in footer.failed]


class Listing:
    """The inputs of a run. `found` counts what `pieces` has listed so far, `known` what the shards hold already. With
    `everything`, what the shards hold is probed anew, else what is in shards of other settings; with `only`, the
    addresses and videos of these ids alone."""

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
        self.seen: set[int] = set()  # addresses
        self.again: set[int] = set()  # addresses that the shards hold and that are probed anew
        self.changed: dict[int, str] = {}  # addresses of videos whose files have other bytes by now, with their names
        self.stamps: dict[str, str] = {}  # of what is new, by address
        self.moved: dict[str, str] = {}  # where videos lay -> where they lie now
        self.skipped: Counter[str] = Counter()  # what lies beside videos, by kind
        self.lost: list[str] = []  # inputs that were there once and are out of reach now, each with the reason
        self.piece_names: list[str] = []  # in listing order
        self.unlisted: list[Failure] = []  # what the listing itself could not take

    def pieces(self) -> Iterator[Task]:
        """Tasks of a few files each, in listing order; a file that is listed twice is taken once."""
        batch: list[Listed] = []
        for entry in self._entries():
            if (number := int(entry.id, 16)) in self.seen:
                continue
            self.seen.add(number)
            if not self._is_due(number, entry):
                self.known += 1
                continue
            if isinstance(entry, Failure):
                self.unlisted.append(entry.model_copy(update={"stage": self.step}))
                continue
            self.found += 1
            if entry.stamp:
                self.stamps[entry.id] = entry.stamp
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

    def _is_due(self, address: int, entry: Listed | Failure) -> bool:
        if address not in self.taken.address:
            return self.only is None
        if self.only is None and isinstance(entry, Listed) and self.taken.has_changed(address, entry.stamp):
            if address in self.taken.failed:
                self.again.add(address)
            else:
                self.changed[address] = entry.name
            return True
        again = self.everything or address in self.taken.passing or self.taken.address[address] in self.taken.stale
        if self.only is not None:
            again = address in self.only
        if again:
            self.again.add(address)
        return again

    def _piece(self, batch: Sequence[Listed]) -> Task:
        name = hashlib.sha256("\n".join(entry.model_dump_json() for entry in batch).encode()).hexdigest()[:20]
        self.piece_names.append(PIECE + name)
        return Task(self.step, PIECE + name, listed=tuple(batch))

    def _is_known(self, address: str) -> bool:
        """Whether the shards hold what lies at an address now."""
        number = int(address, 16)
        return number in self.taken.address and number not in self.changed

    def gone(self) -> list[str]:
        """Ids of the addresses that the run holds videos of, and that are not listed any more nor have moved. None are
        told while an input is out of reach."""
        if self.only is not None or self.lost:
            return []
        away = self.taken.address.keys() - self.seen - self.taken.failed - self.taken.forgotten
        moved = {address_id(uri) for uri in self.moved} | {address_id(uri) for uri in moves(self.run)}
        return sorted(id for id in (f"{address:016x}" for address in away) if id not in moved)

    def names(self, addresses: Sequence[str]) -> list[str]:
        """The names that files had when they were taken up."""
        found = []
        for address in addresses:
            rows = self.run.rows(self.step, self.taken.shards[self.taken.address[int(address, 16)]])
            at = [row.name for row in rows if address in map(address_id, (row.uri, *row.duplicates))]
            found += at[:1] or [address]
        return found

    def footer(self, piece: Task) -> Footer | None:
        """Of a piece that has been probed already, with these settings, and is whole."""
        uri = self.run.uri(self.step, piece.shard)
        try:
            footer = shards.footer(self.run.storage, uri)
            if footer is None or footer.fingerprint != self.run.fingerprints[self.step]:
                return None
            shards.verify(self.run.storage, uri)
            told = [failure.id for failure in self.run.failures(self.step, piece.shard)]
        except shards.DamagedShard:
            return None
        return footer if told == footer.failed else None

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
        self._renew(old, [failure for failure in failures if self._is_known(failure.id)])
        failures = [failure for failure in failures if not self._is_known(failure.id)]
        copies = [(address, video.id) for video in old for address in addresses[video.id]
                  if not self._is_known(address)]  # fmt: skip
        self._note_moves(old, {address for address, _ in copies})
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
        for piece in self.piece_names:
            run.storage.delete(run.uri(step, piece))
            run.storage.delete(run.failures_uri(step, piece))
        return len(fresh)

    def _note_moves(self, videos: Sequence[Video], new: set[str]) -> None:
        """Write down where videos lie whose files are no longer where they were taken up."""
        for video in videos:
            uris = [uri for uri in (video.uri, *video.duplicates) if address_id(uri) in new]
            shard = self.taken.shards[self.taken.video[int(video.id, 16)]]
            for row in self.run.rows(self.step, shard) if uris else ():
                address = int(address_id(row.uri), 16)
                if row.id == video.id and row.uri in uris:
                    self.changed.pop(address, None)  # written again, with the same bytes
                elif row.id == video.id and (address not in self.seen or address in self.changed):
                    self.moved[row.uri] = uris[0]
        if self.moved:
            self.run.storage.write(MOVES, json.dumps(moves(self.run) | self.moved).encode())

    def _probed(self) -> tuple[list[tuple[str, Video]], list[Failure]]:
        """What the pieces hold: each video with the id of its address, in listing order, and what failed."""
        run, step = self.run, self.step
        probed: list[tuple[str, Video]] = []
        failures = list(self.unlisted)
        for piece in self.piece_names:
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
        numbers = {self.taken.address[address] for address in self.again} | self.taken.stale
        for number in range(len(self.taken.shards)) if self.everything else sorted(numbers):
            name = self.taken.shards[number]
            footer = shards.footer(self.run.storage, self.run.uri(self.step, name))
            assert footer is not None
            listed = footer.listed or _addresses(self.run, self.step, name, footer)
            redone = {address: id for address, id in listed
                      if int(address, 16) in self.again and self.taken.address[int(address, 16)] == number}  # fmt: skip
            rows: list[Video] = self.run.rows(self.step, name)
            failed = _told(self.run, self.step, name)
            anew = [made.get(row.id) if row.id in redone.values() else row for row in rows]
            here = [video for video in anew if video is not None]
            told_here = [failure for failure in failed if failure.id not in redone]
            told_here += [told[address] for address in redone if address in told]
            pairs = [(address, "" if address in told else id) for address, id in listed]
            pairs = [pair for pair in pairs if pair[0] not in redone or pair[0] in told or pair[1] in made]
            fits = footer.fingerprint == self.run.fingerprints[self.step]
            if not fits or (here, told_here, pairs) != (rows, failed, listed):
                self._write(name, here, told_here, pairs, footer.total, footer.stamps)

    def _write(
        self,
        name: str,
        videos: Sequence[Video],
        failures: Sequence[Failure],
        listed: list[tuple[str, str]],
        total: int,
        before: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Write a shard of ingest. `before`: stamps it had."""
        stamps = {address: self.stamps.get(address, before.get(address, "")) for address, _ in listed}
        footer = Footer(
            fingerprint=self.run.fingerprints[self.step],
            digest=shards.digest(videos),
            outcomes=[(video.id, 1) for video in videos] + [(failure.id, 0) for failure in failures],
            failed=[failure.id for failure in failures],
            rows=len(videos),
            total=total,
            listed=listed,
            stamps={address: stamp for address, stamp in stamps.items() if stamp},
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
