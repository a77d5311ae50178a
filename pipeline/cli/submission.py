"""What a job is going to find on its cluster, checked on this machine before anything is sent.

A job runs in a copy of the working directory, on machines that see neither this disk nor this home. So a manifest has
to lie in that directory, and what it reads has to be in a bucket, on the Hub, or on a disk that all nodes share.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from asid.pipeline.api import no_inputs
from asid.pipeline.inputs.base import InputConfig
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.inputs.lists import is_list
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.recipe.manifest import ManifestError
from asid.pipeline.rows import Failure
from asid.pipeline.run.folder import Run
from asid.pipeline.storage import Storage, to_path

ROWS = 1000  # of a list are looked at: enough to see how it names its videos
INSTEAD = (
    "which no node sees: copy it to a bucket and name that (s3://bucket/videos), or give the absolute path of a disk "
    "that all nodes share"
)
UNSENT = "nothing was sent; --no-check leaves it to the cluster to look"


class Named(NamedTuple):
    """Paths as they are written: inputs, each with the folder it counts from, and the folder of prompts."""

    inputs: list[tuple[InputConfig, Path]]
    prompts: str


def check(
    name: str, inputs: Sequence[str], folder: str, settings: Sequence[str], working_dir: Path
) -> tuple[str, list[str]]:
    """Find what would end the job of `asid run NAME INPUTS…` on the run `folder` at once. Gives the manifest's name as
    the job has to say it, and notes on what only nodes can tell. Raises ManifestError, InputError or PromptError."""
    home = Path(os.path.abspath(working_dir))
    file = _sent(name, home)
    try:
        with _importable(home):
            chosen = manifests.load(file or name, settings)
            Run(folder, chosen)  # reads its prompts
            named = _named(file, inputs, settings, home)
    except ManifestError as error:
        raise ManifestError([*error.problems, UNSENT]) from error
    if not inputs and not chosen.inputs:
        raise ManifestError([no_inputs(name, "submit", folder)])
    if problems := list(_unseen(named, file, home)):
        raise ManifestError([*(f"{name}: {problem}" for problem in problems), UNSENT])
    there = filter(_is_absolute, [*(entry.path for entry, _ in named.inputs), named.prompts])
    notes = [f"{path}: taken for a path that every node has, as it is not looked at from here" for path in there]
    return (str(file.relative_to(home)) if file else name), notes


def _sent(name: str, home: Path) -> Path | None:
    """The manifest in the working directory; None where it may be a shipped one. One that lies elsewhere is refused."""
    file = Path(os.path.abspath(home / name))
    if not file.is_file():
        file = Path(os.path.abspath(name))
    if not file.is_file():
        return None
    if not file.is_relative_to(home):
        where = f"{file} lies outside the working directory {home}, which is all that is sent"
        raise ManifestError([f"{where}: add --working-dir {file.parent}, and name it as {file.name}"])
    return file


def _named(file: Path | None, inputs: Sequence[str], settings: Sequence[str], home: Path) -> Named:
    """The paths of a command line and of the manifest `file`; those in a shipped one are on every node."""
    given = [(InputConfig(path=path), home) for path in inputs]
    if file is None:
        return Named(given, "")
    written = manifests.parse(file.read_text("utf-8"), file.name, settings, folder=file.parent)
    return Named(given or [(entry, file.parent) for entry in written.inputs], written.prompts)


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Import stages of one's own as a job does, for which its working directory is on the path."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "~", "file://"))


def _unseen(named: Named, file: Path | None, home: Path) -> Iterator[str]:
    """What nodes cannot read of what is named."""
    for entry, base in named.inputs:
        if said := _unseen_input(entry, base, home):
            yield said
    if file and named.prompts and not _is_absolute(named.prompts) and not _within(file.parent / named.prompts, home):
        yield f"`prompts: {named.prompts}` lies outside the working directory {home}, which is all that is sent"


def _unseen_input(entry: InputConfig, base: Path, home: Path) -> str:
    """What is wrong with an input; nothing where nodes can read it, or where only they can tell. A list of addresses is
    sent with the working directory. A video in there is no input: its address is another one in each job, so that a run
    that goes on would take it for another video."""
    if "://" in entry.path or _is_absolute(entry.path):
        return ""
    file = Path(os.path.abspath(base / entry.path))
    if not (is_list(entry.path) and file.is_file() and _within(file, home)):
        return f"the input {entry.path!r} is a path on this machine, {INSTEAD}"
    rows = list_inputs([entry.model_copy(update={"path": str(file)})], Storage(home))
    for row in islice(rows, ROWS):
        if not isinstance(row, Failure) and row.uri.startswith("file://") and _within(to_path(row.uri), home):
            return f"the list {entry.path!r} names {row.name!r} by a path on this machine, {INSTEAD}"
    return ""


def _within(path: Path, home: Path) -> bool:
    return Path(os.path.abspath(path)).is_relative_to(home)
