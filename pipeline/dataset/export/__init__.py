"""What trainers read, made from a finished run. One file for each format."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast, get_args

from asid.pipeline.dataset.export.folder import ExportError, Folder
from asid.pipeline.dataset.export.items import ItemKind, kept
from asid.pipeline.dataset.export.media import Media, Where
from asid.pipeline.dataset.export.splits import Splits
from asid.pipeline.dataset.export.tools import Tools
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.recipe.mistakes import nearest
from asid.pipeline.rows import Preferred
from asid.pipeline.run.completeness import finished_shards
from asid.pipeline.run.folder import Run

FORMATS = ("asid-1m", "ms-swift", "llama-factory", "trl", "webdataset")
PAIRED = ("ms-swift", "llama-factory", "trl")  # take preference pairs

__all__ = ["FORMATS", "ExportError", "Settings", "Splits", "export", "settings"]


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


def export(run: Run, to: str, out: Path, how: Settings) -> dict[str, int]:
    """Write `run` into the folder `out` in one of FORMATS. Gives the number of items in each file. Raises ExportError,
    and RunError for a run that is not finished."""
    if to not in FORMATS:
        raise ExportError(f"no format {to!r}{nearest(to, FORMATS)}")
    shards = finished_shards(run, how.unfinished)
    row = run.types(list(run.steps)[-1])[1]
    if "all" not in how.kinds and "captions" not in row.model_fields:
        raise ExportError("the recipe takes no captions apart by attribute: there is only the kind 'all'")
    if to not in PAIRED and issubclass(row, Preferred):
        raise ExportError(f"{to} has no form for preference pairs; these have: {', '.join(PAIRED)}")
    writer = importlib.import_module(f"asid.pipeline.dataset.export.{to.replace('-', '_')}")
    with Folder(out) as folder:
        folder.note = {"format": to, "seed": how.splits.seed, "media": how.media}
        tools = Tools(
            folder=folder,
            media=Media(run.storage, folder, how.media),
            wordings=Wordings(run.prompts, how.splits.seed),
            storage=run.storage,
            kinds=how.kinds,
            audio=how.audio,
            tar_bytes=how.tar_bytes,
        )
        writer.write(kept(run, shards, how.splits, frames=to == "trl"), tools)
        if not folder.lines:
            raise ExportError("no clip is kept in the shards that are up to date: see asid status")
    return dict(sorted(folder.lines.items()))
