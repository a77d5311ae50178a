"""Taking inputs out of a run: their rows in every step go, with the media that nothing else names; answers stay.

Nothing else is made again. Each shard that loses rows is written anew without them, and says of its inputs what these
are now, so that it stays done. A corpus pass keeps its decisions on other rows and is stale: the next run decides anew,
and only clips whose decision changes are worked again. The addresses stay known, so that the next listing does not take
the same files up again; changed files are new ones. Steps are gone through in order: one that is cut short leaves later
steps stale, and doing it again ends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from asid.pipeline.rows import Row, Video
from asid.pipeline.run import shards
from asid.pipeline.run.folder import ALL, Run, RunError
from asid.pipeline.run.gc import ADDRESSES, named
from asid.pipeline.run.shards import Footer
from asid.pipeline.run.workshop import write_failures
from asid.pipeline.storage import to_uri

MEDIA = "run:media/"
Key = tuple[str, str]  # step, shard


@dataclass
class Forgotten:
    """What went: `videos` by id with their names, `rows` of all steps, `media` addresses of files."""

    videos: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    media: list[str] = field(default_factory=list)


def find(run: Run, names: Sequence[str]) -> dict[str, Video]:
    """The videos that are meant by ids, file names or addresses. Raises RunError for a word that means none."""
    first = next(iter(run.steps))
    wanted = {name: {name, to_uri(name)} for name in names}
    found: dict[str, Video] = {}
    meant: set[str] = set()
    for shard in run.survey().shards:
        for row in run.rows(first, shard):
            words = {row.id, row.name, row.uri, *row.duplicates}
            if hits := [name for name, forms in wanted.items() if forms & words]:
                found[row.id] = row
                meant.update(hits)
    if missing := [name for name in names if name not in meant]:
        raise RunError(f"no video of the run is meant by {', '.join(missing)}: name an id, a file name or an address")
    return found


def forget(run: Run, videos: dict[str, Video], dry_run: bool = False) -> Forgotten:
    """Remove videos and all that was made of them. The run must be locked. With `dry_run`, only say what would go."""
    result = Forgotten(videos={id: video.name for id, video in videos.items()})
    gone = set(videos)  # ids of rows, of whatever step
    digests: dict[Key, dict[str, str]] = {}  # of a shard of a step: what its digest was -> what it is
    media: set[str] = set()
    for number, step in enumerate(run.steps):
        for shard in run.shard_names(step):
            footer = shards.footer(run.storage, run.uri(step, shard))
            assert footer is not None
            rows = run.rows(step, shard)
            kept, lost = _parted(rows, footer, gone)
            media.update(uri for row in lost for uri in _media(row))
            result.rows += len(lost)
            after = _after(run, step, shard, footer, kept, gone, digests)
            if number == 0:
                after = after.model_copy(
                    update={"listed": [(at, "" if id in gone else id) for at, id in footer.listed]}
                )
            if after != footer:
                digests[step, shard] = _digests(footer, after)
                if not dry_run:
                    failures = [failure for failure in run.failures(step, shard) if failure.id not in gone]
                    write_failures(run, step, shard, failures, after)
                    shards.write(run.storage, run.uri(step, shard), run.types(step)[1], kept, after)
    if media:
        still = set() if dry_run else {run.storage.resolve(uri) for uri in named(run)}
        result.media = sorted(uri for uri in media if run.storage.resolve(uri) not in still)
        for uri in () if dry_run else result.media:
            run.storage.delete(uri)
    return result


def _parted(rows: Sequence[Row], footer: Footer, gone: set[str]) -> tuple[list[Row], list[Row]]:
    """The rows that stay and those that go with their inputs; `gone` learns the ids of the latter."""
    kept: list[Row] = []
    lost: list[Row] = []
    rest = iter(rows)
    for id, count in footer.outcomes:
        here = [next(rest) for _ in range(count)]
        (lost if id in gone else kept).extend(here)
    gone.update(row.id for row in lost)
    return kept, lost


def _after(
    run: Run, step: str, shard: str, footer: Footer, kept: Sequence[Row], gone: set[str],
    digests: dict[Key, dict[str, str]],
) -> Footer:  # fmt: skip
    """The footer of a shard without what is gone."""
    changes: dict[str, object] = {
        "outcomes": [(id, count) for id, count in footer.outcomes if id not in gone],
        "failed": [id for id in footer.failed if id not in gone],
        "rows": len(kept),
        "digest": shards.digest(kept),
    }
    if run.steps[step].is_corpus_pass:
        changes["parts"] = _parts(run, step, footer, kept)
    else:
        at = {name: ALL if run.steps[name].is_corpus_pass else shard for name in footer.inputs if name in run.steps}
        changes["inputs"] = {
            name: digests.get((name, at.get(name, shard)), {}).get(digest, digest)
            for name, digest in footer.inputs.items()
        }
    return footer.model_copy(update=changes)


def _parts(run: Run, step: str, footer: Footer, kept: Sequence[Row]) -> dict[str, str]:
    """What a corpus pass says of each shard that it has read, without the decisions that are gone."""
    of_all: list[Row] = []
    by_part: dict[str, list[Row]] = {part: [] for part in footer.parts}
    home: dict[str, str] = {}
    for part in footer.parts:
        for row in shards.read_columns(run.storage, run.uri(run.steps[step].inputs[0], part), ["id"]):
            home[row["id"]] = part
    for decision in kept:
        (by_part[home[decision.id]] if decision.id in home else of_all).append(decision)
    return {part: shards.digest([*of_all, *found]) for part, found in by_part.items()}


def _digests(before: Footer, after: Footer) -> dict[str, str]:
    """What later steps know a shard by, before and after."""
    parts = {digest: after.parts[part] for part, digest in before.parts.items()}
    return parts or {before.digest: after.digest}


def _media(row: Row) -> Iterator[str]:
    """Files of the run that a row names."""
    for name in ADDRESSES:
        value = getattr(row, name, "")
        for one in value if isinstance(value, tuple) else (value,):
            uri = one if isinstance(one, str) else one.uri
            if uri.startswith(MEDIA):
                yield uri
