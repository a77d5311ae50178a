"""What can be told before a run begins, in seconds and without touching it: tools, inputs, where the run is to lie."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from asid.pipeline.errors import UserError
from asid.pipeline.inputs.base import InputConfig, InputError, Listed
from asid.pipeline.inputs.hub import is_hub
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.media.probe import probe
from asid.pipeline.media.process import MediaError
from asid.pipeline.recipe.steps import Step
from asid.pipeline.rows import Failure
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.storage import REMOTE, Storage, to_path

LOOKED_AT = 20  # files: a folder of more is not looked through, the run finds out
SECONDS = 2.0  # for looking at them


def preflight(run: Run, steps: Sequence[str]) -> None:
    """Raise UserError with everything that stands in the way of these steps, one line each."""
    found = [*missing_tools(run.steps[step] for step in steps)]
    problem = unwritable(run.storage)
    found += [problem] if problem else []
    found += [line for step in steps for line in missing_files(run.steps[step], run.storage)]
    first = next(iter(run.steps))
    if not problem and first in steps and not run.storage.exists(f"run:{first}"):
        found += input_problems(run.manifest.inputs, run.storage, opens_media(run.steps[first]))
    if found:
        raise UserError("\n".join(found))


def opens_media(step: Step) -> bool:
    """Whether a step that takes files up looks into them as videos: a stage of somebody's own may take others."""
    return "ffprobe" in getattr(step.kind, "tools", ())


def missing_tools(steps: Iterator[Step] | Sequence[Step]) -> Iterator[str]:
    """A line for each program that a step needs and that is not on the path."""
    for tool in dict.fromkeys(tool for step in steps for tool in getattr(step.kind, "tools", ())):
        if shutil.which(tool) is None:
            yield f"{tool} is not installed, or not on the PATH: install ffmpeg (Debian and Ubuntu: apt install ffmpeg)"


def unwritable(storage: Storage) -> str:
    """Why nothing can be written to a folder or bucket, in one line; "" when it can. Nothing is created."""
    return unwritable_folder(to_path(storage.root)) if storage.is_local else storage.unreachable()


def unwritable_folder(folder: Path) -> str:
    """Why a folder on disk cannot be written, in one line; "" when it can."""
    there = folder
    try:
        while not there.exists() and there != there.parent:
            there = there.parent
    except OSError as error:
        return f"cannot write to {folder}: {error.strerror}"
    if not there.is_dir():
        return f"cannot write to {folder}: {there} is a file; name another folder"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"cannot write to {folder}: permission denied in {there}; name another folder, or change its permissions"
    return ""


def input_problems(inputs: Sequence[InputConfig], storage: Storage, looks_inside: bool = True) -> list[str]:
    """A line for each input that is not there or out of reach, or one that says why there is no video in them. Files
    are looked into when ingest does (`opens_media`)."""
    found = [problem for entry in inputs if (problem := _out_of_reach(entry, storage))]
    if found or any(entry.path.startswith(REMOTE) or is_hub(entry.path) for entry in inputs):
        return found
    return _without_video(inputs, storage, looks_inside)


def missing_files(step: Step, storage: Storage) -> Iterator[str]:
    """A line for each file, folder or list that a step's settings name and that is not there or out of reach."""
    for name in sorted(step.config.FILES):
        for path in getattr(step.config, name):
            if problem := _out_of_reach(InputConfig(path=path), storage):
                yield f"{step.name}: {problem}"


def _out_of_reach(entry: InputConfig, storage: Storage) -> str:
    """Why an input is not there; "" when it is, or when only asking the Hub could tell, which may take minutes."""
    if entry.path.startswith(REMOTE):
        return Storage("/".join(entry.path.split("/")[:3])).unreachable()
    return "" if is_hub(entry.path) else _not_there(entry, storage)


def _not_there(entry: InputConfig, storage: Storage) -> str:
    try:
        next(list_inputs([entry], storage), None)
    except InputError as error:
        return str(error)
    except OSError as error:
        return f"{entry.path}: {error.strerror or error}"
    return ""


def _without_video(inputs: Sequence[InputConfig], storage: Storage, opens_media: bool) -> list[str]:
    """Why none of a few files is a video; nothing when one is, or when there are too many to look."""
    began, skipped, reasons = time.monotonic(), Counter[str](), list[str]()
    for number, row in enumerate(list_inputs(inputs, storage, skipped)):
        if number >= LOOKED_AT or time.monotonic() - began > SECONDS:
            return []
        if not (reason := _no_video(row, opens_media)):
            return []
        reasons.append(f"{row.name}: {reason}")
    passed = ", ".join(f"{count} {kind}" for kind, count in skipped.most_common(5))
    where = ", ".join(entry.path for entry in inputs)
    if not reasons:
        beside = f"; passed over: {passed}" if passed else ""
        return [f"there is no video in {where}{beside}. Name a folder, file, glob or list of videos"]
    return [f"none of the files in {where} is a video:", *(f"  {reason}" for reason in reasons)]


def _no_video(row: Listed | Failure, opens_media: bool) -> str:
    """Why a listed file is certainly no video; "" when it is one, or cannot be told from here."""
    if isinstance(row, Failure):
        return row.reason
    if not opens_media or not row.uri.startswith("file://"):
        return ""
    path = to_path(row.uri)
    try:
        if not path.stat().st_size:
            return "the file is empty"
        probe(path, SECONDS)
    except MediaError as error:
        return "" if error.kind in ("no_tool", "timeout") else str(error)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def writable_or_refuse(*folders: Path) -> None:
    """Raise RunError for the first folder that cannot be written."""
    for folder in folders:
        if problem := unwritable_folder(folder):
            raise RunError(problem)
