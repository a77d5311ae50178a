"""Captions by one model alone, as a file that `asid eval` and published scorers read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asid.pipeline.errors import UserError
from asid.pipeline.evaluation import prompted
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.judges import model_of
from asid.pipeline.prompts import Prompts
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.run.folder import Run
from asid.pipeline.storage import display_name

NAME = "captioner"
ASKED = "caption/asked"  # the prompt of prompts: each video's own words


class CaptioningError(UserError):
    """Captions that cannot be asked for as the command line says."""


def manifest(
    spec: str,
    videos: Sequence[str],
    prompt: str,
    sees: Sequence[str] = ("video",),
    settings: Sequence[str] = (),
    budget: float | None = None,
    samples: int = 1,
) -> Manifest:
    """The manifest of one annotator alone. `prompt`: a name under prompts/, a .txt file, or a .jsonl file with a prompt
    for each video. `samples`: captions of each, with a seed each and temperature 1 unless `settings` say otherwise.
    Raises ManifestError, JudgeError, CaptioningError or DataError."""
    model = model_of(spec)
    if model.get("provider") == "embedded":
        raise CaptioningError("embedded annotators need what other stages see and hear: use `asid run` with a manifest")
    asked = prompts_of(prompt) if prompted.is_prompts(prompt) else []
    folder, name = ("", ASKED) if asked else prompt_of(prompt)
    values: dict[str, Any] = {
        "version": 1,
        "title": "captions",
        "max_failure_rate": 1.0,  # what has no caption is counted by whoever scores the file
        "inputs": [{"path": path} for path in videos],
        "models": {NAME: model},
        "recipe": [
            {"stage": "ingest"},
            {"stage": "whole", "prompts": [one.model_dump() for one in asked]},
            *(
                {"stage": "caption", "name": one, "model": NAME, "prompt": name, "sees": list(sees), **own}
                for one, own in _samples(samples)
            ),
        ],
    }
    if folder:
        values["prompts"] = folder
    if budget:
        values["budget"] = {"usd": budget}
    return manifests.parse(json.dumps(values), "asid caption", settings)


def _samples(count: int) -> list[tuple[str, dict[str, Any]]]:
    """The annotator's name and settings of each sample. One alone is asked as the model's settings have it."""
    if count == 1:
        return [(NAME, {})]
    return [(f"{NAME}-{number}", {"settings": {"seed": number, "temperature": 1.0}}) for number in range(1, count + 1)]


def steps(run: Run) -> list[str]:
    """The steps that caption, one for each sample."""
    return [step for step in run.steps if step.startswith(f"caption-{NAME}")]


def prompt_of(prompt: str) -> tuple[str, str]:
    """Folder and name of a prompt: of a .txt file its own folder, "" of one that is shipped. Raises PromptError."""
    file = Path(prompt)
    if prompt.endswith(".txt"):
        if not file.is_file():
            raise CaptioningError(f"there is no prompt {prompt}: name a .txt file, or a shipped one, caption/general")
        return str(file.absolute().parent), file.stem
    Prompts().text(prompt)
    return "", prompt


def prompts_of(file: str) -> list[prompted.AskedPrompt]:
    """The prompts in a file. Raises DataError, for any record that is none too: its captions would be missing."""
    intake = DataIntake()
    if not Path(file).is_file():
        raise CaptioningError(f"there is no file of prompts {file}")
    found = prompted.load(Path(file), intake)
    if intake.faults:
        fault = intake.faults[0]
        raise CaptioningError(f"{len(intake.faults)} records of {file} are no prompts; {fault.name}: {fault.reason}")
    return found


@dataclass(frozen=True)
class Written:
    """Count the captions that were written, and those that failed."""

    captions: int
    failed: int


def write(run: Run, target: Path) -> Written:
    """Write a line for each video that has a caption, under each name that it is listed by."""
    lines = list(_lines(run))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode("utf-8", "backslashreplace"))
    failed = sum(len(mark.failed) for mark in run.survey().footers.values())
    return Written(len(lines), failed)


def _lines(run: Run) -> Iterator[dict[str, Any]]:
    videos = {row.id: row for row in run.all_rows("ingest")}
    clips = {row.id: (videos[row.video], row.tags) for row in run.all_rows("whole")}
    several = len(steps(run)) > 1
    for sample, candidate in ((n, row) for n, step in enumerate(steps(run), 1) for row in run.all_rows(step)):
        video, tags = clips[candidate.id]
        for uri, name in ((video.uri, video.name), *((uri, display_name(uri)) for uri in video.duplicates)):
            asked = prompted.said_of(tags, name)
            if asked is not None:
                numbered = {"sample": sample} if several else {}
                counted = {prompted.GENERATED: candidate.tokens} if candidate.tokens else {}
                yield {"video_id": name, **asked, **numbered, **counted, "caption": candidate.caption, "path": uri,
                       "model": candidate.by.model, "provider": candidate.by.provider,
                       "prompt_hash": candidate.by.prompt}  # fmt: skip
