"""What ingest wrote, made again when it is damaged or gone: from the rows of the steps after it, which have all that a
video's row has, and from the files themselves.

A shard says in its footer which videos each of its rows came from, and the digest of the shard that it was made from.
So the rows that are put together here are proved by that digest, and nothing after them becomes stale. Where it does
not fit, the shard is marked as one of other settings, and the listing that follows looks at all its files anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from asid.pipeline.inputs.base import InputError, Listed, address_id
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.inputs.packing import fold_duplicates
from asid.pipeline.recipe.steps import Step
from asid.pipeline.rows import Failure, Video
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run, shard_name
from asid.pipeline.run.shards import DamagedShard, Footer, ShardError
from asid.pipeline.run.workshop import Workshop, write_failures

UNPROVED = "unproved"  # in place of a fingerprint


@dataclass
class KnownShard:
    """What is known of one shard of ingest: by its own footer, where that is whole, else by the steps after it."""

    ids: list[str] = field(default_factory=list)  # of its videos, in order
    digest: str = ""  # of its rows
    fits: bool = False  # whether they were made by the settings that there are now
    videos: dict[str, Video] = field(default_factory=dict)
    footer: Footer | None = None  # its own

    def rows(self) -> list[Video]:
        return [self.videos[id] for id in self.ids if id in self.videos]

    def proved(self) -> bool:
        return bool(self.ids) and self.fits and shards.digest(self.rows()) == self.digest


def lost(run: Run) -> dict[str, str]:
    """Shards of ingest that cannot be read, or are gone though later steps have worked their batch, each with the
    reason."""
    first = next(iter(run.steps))
    names = _numbered(run, first)
    with ThreadPoolExecutor(16) as pool:
        read = dict(zip(names, pool.map(lambda shard: _read(run, first, shard), names), strict=True))
    told = {shard: str(found) for shard, found in read.items() if isinstance(found, DamagedShard)}
    there = {shard: found if isinstance(found, Footer) else None for shard, found in read.items()}
    later = {shard for step in run.steps if step != first for shard in _numbered(run, step)}
    worked = {_batch(int(shard), there.values()) for shard in later}
    known = max([-1, *map(int, there), *map(int, later)])
    for number in range(max([known + 1, *worked])):
        name = shard_name(number)
        if name not in there and (name in later or _batch(number, there.values()) in worked - {0}):
            told[name] = f"{run.uri(first, name)} is gone"
    return told


def _read(run: Run, step: str, shard: str) -> Footer | DamagedShard | None:
    try:
        return shards.footer(run.storage, run.uri(step, shard))
    except DamagedShard as error:
        return error


def _numbered(run: Run, step: str) -> list[str]:
    return [shard for shard in run.shard_names(step) if shard.isdigit()]


def _batch(number: int, there: Iterable[Footer | None]) -> int:
    """How many shards there were when the batch of this one was whole; 0 where none of them says it."""
    return min((footer.total for footer in there if footer and footer.total > number), default=0)


def restore(run: Run, damaged: dict[str, str], say: Callable[[str], None]) -> None:
    """Write shards of ingest again. The run must be locked."""
    first = next(iter(run.steps))
    footers = [_footer(run, first, shard) for shard in _numbered(run, first) if shard not in damaged]
    last = max(int(shard) for shard in [*damaged, *_numbered(run, first)])
    for shard in sorted(damaged):
        found = _found(run, shard)
        lacking = [id for id in found.ids if id not in found.videos]
        if lacking:
            say(f"{damaged[shard]}: looking for {len(lacking)} of its videos among the inputs")
            found.videos |= _looked_up(run, set(lacking), {id for one in footers for id, _ in one.listed})
        total = found.footer.total if found.footer else _batch(int(shard), footers) or last + 1
        _write(run, shard, found, total)
        how = "made again, as it was" if found.proved() else "made again as far as can be: its files are looked at anew"
        say(f"{damaged[shard].removesuffix(shards.MADE_AGAIN)}: {how}")


def _footer(run: Run, step: str, shard: str) -> Footer:
    footer = shards.footer(run.storage, run.uri(step, shard))
    assert footer is not None
    return footer


def _found(run: Run, shard: str) -> KnownShard:
    """All that is told of ingest's shard: of several steps that read it, by one made with today's settings."""
    first = next(iter(run.steps))
    best = KnownShard()
    with suppress(DamagedShard):
        if own := shards.footer(run.storage, run.uri(first, shard)):
            ids = [id for id, count in own.outcomes if count]
            best = KnownShard(ids, own.digest, own.fingerprint == run.fingerprints[first], footer=own)
    for step in (step for step in run.steps.values() if first in step.inputs[:1]):
        with suppress(DamagedShard):
            footer = shards.footer(run.storage, run.uri(step.name, shard))
            if footer is None or first not in footer.inputs:
                continue
            fits = footer.fingerprint == run.fingerprints[step.name]
            if not best.footer and (not best.ids or (fits and not best.fits)):
                best.ids, best.digest, best.fits = [id for id, _ in footer.outcomes], footer.inputs[first], fits
            best.videos |= {video.id: video for video in _videos(run, step, shard)}
    return best


def _videos(run: Run, step: Step, shard: str) -> Iterator[Video]:
    """The videos that a step's rows have grown from, where these still are videos."""
    if issubclass(run.types(step.name)[1], Video):
        for row in run.rows(step.name, shard):
            yield Video.model_validate(row.model_dump(include=set(Video.model_fields)))


def _looked_up(run: Run, wanted: set[str], known: set[str]) -> dict[str, Video]:
    """Those of the videos that are among the inputs: every file is looked at that no other shard has listed."""
    first = next(iter(run.steps))
    files = [entry for entry in _inputs(run) if isinstance(entry, Listed) and entry.id not in known]

    async def look() -> list[Video]:
        shop = Workshop(run, _no_model)
        outcomes = await shop.attempt(first, list({entry.id: entry for entry in files}.values()))
        await shop.close()
        return [row for outcome in outcomes for row in outcome.rows if isinstance(row, Video) and row.id in wanted]

    return {video.id: video for video in fold_duplicates(asyncio.run(look()))}


def _no_model(*_: object) -> NoReturn:
    raise ShardError("ingest asks no model")


def _inputs(run: Run) -> Iterator[Listed | Failure]:
    for entry in run.manifest.inputs:
        with suppress(InputError, OSError):
            yield from list_inputs([entry], run.storage)


def _write(run: Run, shard: str, found: KnownShard, total: int) -> None:
    """What failed stays where it can still be read; else its files are found as new ones."""
    first = next(iter(run.steps))
    rows = found.rows()
    try:
        failures = run.failures(first, shard)
    except DamagedShard:
        failures = []
    listed = [(address_id(uri), row.id) for row in rows for uri in (row.uri, *row.duplicates)]
    if found.footer:  # it may also know copies of videos in other shards
        here = set(listed)
        listed += [pair for pair in found.footer.listed if pair[1] and pair[1] not in found.ids and pair not in here]
    footer = Footer(
        fingerprint=run.fingerprints[first] if found.proved() else UNPROVED,
        digest=shards.digest(rows),
        outcomes=[(row.id, 1) for row in rows] + [(failure.id, 0) for failure in failures],
        failed=[failure.id for failure in failures],
        rows=len(rows),
        total=total,
        listed=listed + [(failure.id, "") for failure in failures],
    )
    write_failures(run, first, shard, failures, footer)
    shards.write(run.storage, run.uri(first, shard), Video, rows, footer)
