"""`asid gc`: files of a run that no row speaks of, such as a killed worker leaves behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.storage import to_path, to_uri

MEDIA, SCRATCH, PARTIAL = "run:media", "run:scratch", ".partial-"
ADDRESSES = ("uri", "source_uri", "duplicates", "frames")  # columns that name files of the run


@dataclass(frozen=True)
class Orphan:
    """Name a file that no row of the run needs."""

    uri: str
    size: int  # bytes


def orphans(run: Run) -> list[Orphan]:
    """Media that no row of any step names, unfinished writes, and what is left in the scratch folder. The run must be
    locked: what a stage is making has no row yet. Raises ShardError for a shard that cannot be read: nothing is known
    to be an orphan then."""
    spoken_of = {run.storage.resolve(uri) for uri in named(run)}
    return [
        Orphan(uri, run.storage.size(uri))
        for uri in _files(run)
        if uri not in spoken_of or PARTIAL in uri.rsplit("/", 1)[-1]
    ]


def remove(run: Run, found: list[Orphan]) -> None:
    """Delete what nothing needs, and what was left of work that broke off."""
    for orphan in found:
        run.storage.delete(orphan.uri)
    if run.storage.is_local:
        shutil.rmtree(to_path(run.storage.resolve(SCRATCH)), ignore_errors=True)
        for folder, _, _ in os.walk(to_path(run.storage.resolve(MEDIA)), topdown=False):
            if not os.listdir(folder):
                os.rmdir(folder)


def named(run: Run) -> Iterator[str]:
    """Addresses of all files that rows of the run name."""
    for step in run.steps:
        columns = [name for name in ADDRESSES if name in run.types(step)[1].model_fields]
        for name in run.storage.list(f"run:{step}"):
            uri = f"run:{step}/{name}"
            if columns and name.endswith(".parquet") and shards.footer(run.storage, uri):
                for row in shards.read_columns(run.storage, uri, columns):
                    for value in row.values():
                        for one in value if isinstance(value, list) else [value]:
                            yield one["uri"] if isinstance(one, dict) else one


def _files(run: Run) -> Iterator[str]:
    """Addresses of all files under the run's media and scratch."""
    for place in (MEDIA, SCRATCH):
        address = run.storage.resolve(place)
        if run.storage.is_local:
            for folder, _, names in os.walk(to_path(address)):
                yield from sorted(to_uri(os.path.join(folder, name)) for name in names)
        else:
            yield from run.storage.walk(address)
