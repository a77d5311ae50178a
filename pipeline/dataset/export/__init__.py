"""What trainers read, made from a finished run. One file for each format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast, get_args

from asid.pipeline.dataset.export.folder import ExportError, Folder
from asid.pipeline.dataset.export.grpo import GrpoSet, clips_of
from asid.pipeline.dataset.export.items import ItemKind, kept
from asid.pipeline.dataset.export.media import ExportedMedia, Where
from asid.pipeline.dataset.export.splits import Splits
from asid.pipeline.dataset.export.stages import Amounts, amounts, draw_stages
from asid.pipeline.dataset.export.tools import Exporter, Tools
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.registry import EXPORTERS, UnknownName
from asid.pipeline.rewards.rounds import BETA, LAMBDA
from asid.pipeline.rows import Candidate, Preferred
from asid.pipeline.run.completeness import finished_shards
from asid.pipeline.run.folder import Run
from asid.pipeline.stage import Stage

__all__ = ["Amounts", "ExportError", "GrpoSet", "Settings", "Splits", "amounts", "clips_of", "export", "settings"]

STAGED = ("asid-1m", "ms-swift", "llama-factory")  # formats with files for each training stage


@dataclass(frozen=True)
class Settings:
    """How to export. `kinds`: captions of all attributes, of one, of two to four. `audio`: see ms_swift; "none"
    for models that only see."""

    splits: Splits = field(default_factory=Splits)
    media: Where = "absolute"
    kinds: Sequence[ItemKind] = ("all", "single")
    audio: str = "video"
    unfinished: bool = False
    tar_bytes: int = 1 << 30
    draws: Amounts | None = None  # draw the paper's training stages
    grpo: GrpoSet | None = None  # write a set for GRPO, of the captions of all attributes


def settings(splits: Splits, media: str, kinds: Sequence[str], audio: str, unfinished: bool = False) -> Settings:
    """Settings as typed by a person. Raises ExportError for a word that is none of the choices."""
    for given, choices in (
        ((media,), get_args(Where)),
        (kinds, get_args(ItemKind)),
        ((audio,), ("video", "file", "none")),
    ):
        if wrong := [word for word in given if word not in choices]:
            raise ExportError(f"{wrong[0]!r} is none of {', '.join(choices)}")
    return Settings(splits, cast(Where, media), cast(Sequence[ItemKind], kinds), audio, unfinished)


def _of_pairs(run: Run) -> dict[str, float | None]:
    """What a loss and the next round want to know of the pairs: their round, the thresholds that they passed, and
    gDPO's β and λ."""
    made: dict[str, float | None] = {}
    for name in ("min_margin", "min_repetition_gain"):
        given = (getattr(step.config, name, None) for step in run.steps.values())
        made[name] = next((value for value in given if value is not None), None)
    return {**made, "round": run.manifest.round, "beta": BETA, "lambda": LAMBDA}


def export(run: Run, to: str, out: Path, how: Settings) -> dict[str, int]:
    """Write `run` into the folder `out` in the format `to`. Gives the number of items in each file. Raises ExportError,
    UnknownName for a format that nobody brings, and RunError for a run that is not finished."""
    exporter = EXPORTERS.find(to)
    if not isinstance(exporter, Exporter):
        raise UnknownName(f"{to} is no format: it must name an Exporter")
    shards = finished_shards(run, how.unfinished)
    row = run.types(list(run.steps)[-1])[1]
    if "all" not in how.kinds and "captions" not in row.model_fields:
        raise ExportError("the recipe takes no captions apart by attribute: there is only the kind 'all'")
    if not exporter.pairs and issubclass(row, Preferred):
        paired = [name for name in EXPORTERS.names() if EXPORTERS.find(name).pairs]
        raise ExportError(f"{to} has no form for preference pairs; these have: {', '.join(paired)}")
    if how.draws is not None and (to not in STAGED or issubclass(row, Preferred)):
        raise ExportError(f"training stages are drawn of captions for {', '.join(STAGED)}, not for {to} of this run")
    if how.grpo is not None and (to != "ms-swift" or how.draws is not None or issubclass(row, Preferred)):
        raise ExportError("a set for GRPO is of captions, for ms-swift, and without training stages")
    with Folder(out) as folder:
        folder.note = {"format": to, "seed": how.splits.seed, "media": how.media}
        if issubclass(row, Preferred):
            folder.note["pairs"] = _of_pairs(run)
        wordings, drawn = Wordings(run.prompts, how.splits.seed, _questions(run)), None
        if how.draws is not None:
            drawn = draw_stages(kept(run, shards, how.splits), wordings, how.kinds, how.draws, how.splits.seed)
            folder.note["stages"] = drawn.note()
        chosen = how.grpo.choose(kept(run, shards, how.splits), how.splits.seed) if how.grpo else None
        tools = Tools(
            folder=folder,
            media=ExportedMedia(run.storage, folder, how.media),
            wordings=wordings,
            storage=run.storage,
            kinds=("all",) if how.grpo else how.kinds,
            audio=how.audio,
            tar_bytes=how.tar_bytes,
            drawn=drawn,
            grpo=chosen,
        )
        exporter.write(kept(run, shards, how.splits, frames=exporter.frames), tools)
        if drawn and not folder.lines:
            raise ExportError(f"no item of the training stages can be drawn: {json.dumps(drawn.note())}")
        if not folder.lines:
            raise ExportError("no clip is kept in the shards that are up to date: see asid status")
    return dict(sorted(folder.lines.items()))


def _questions(run: Run) -> list[str]:
    """Names of the prompts that the run's annotators were asked."""
    asking = [step for step in run.steps.values() if issubclass(step.kind, Stage) and step.kind.types()[1] is Candidate]
    return [name for step in asking for name in step.kind.prompts(step.config)]
