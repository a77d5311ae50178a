"""Kept clips and the tools of an exporter, without a run: what an exporter is given, at its own door."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from asid.pipeline.dataset.export.folder import Folder
from asid.pipeline.dataset.export.items import ItemKind, Kept
from asid.pipeline.dataset.export.media import ExportedMedia, Where
from asid.pipeline.dataset.export.tools import Exporter, Tools
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.prompts import Prompts
from asid.pipeline.storage import Storage


def clip(number: int = 0, **changed: Any) -> Kept:
    """A clip of ten seconds with sound, whose file is its own, and captions of two attributes."""
    values: dict[str, Any] = {
        "id": f"c{number:03d}", "video": f"{number:016x}", "split": "train", "uri": f"run:media/{number}.mp4",
        "source_uri": "file:///videos/long.mp4", "offset": 0.0, "duration": 10.0, "sound": True, "language": "en",
        "licence": "CC-BY", "source": "Film", "caption": f"At 0s, a cat sits. At 4s, it leaves {number}.",
        "captions": {"scene": "At 0s, a room.", "camera": "At 4s, a pan.", "speech": ""}, "frames": (),
    }  # fmt: skip
    return Kept(**(values | changed))


def tools(folder: Folder, run: Path, media: Where = "absolute", kinds: Sequence[ItemKind] = ("all",),
          audio: str = "video", tar_bytes: int = 1 << 30) -> Tools:  # fmt: skip
    """What an exporter writes with; `run` is the folder that `run:` addresses lie in."""
    storage = Storage(run)
    return Tools(
        folder=folder, media=ExportedMedia(storage, folder, media), wordings=Wordings(Prompts()), storage=storage,
        kinds=kinds, audio=audio, tar_bytes=tar_bytes,
    )  # fmt: skip


def written(exporter: Exporter, clips: Iterable[Kept], tmp_path: Path, **how: Any) -> dict[str, Any]:
    """Every file that an exporter makes of these clips: lists of rows of JSON lines, bytes of the others."""
    out = tmp_path / "out"
    with Folder(out) as folder:
        exporter.write(clips, tools(folder, tmp_path / "run", **how))
    found: dict[str, Any] = {}
    for file in sorted(path for path in out.rglob("*") if path.is_file() and path.name != "export.json"):
        name = file.relative_to(out).as_posix()
        data = file.read_bytes()
        found[name] = [json.loads(line) for line in data.splitlines()] if file.suffix == ".jsonl" else data
    return found


def place(run: Path, uri: str, data: bytes) -> None:
    """Put a file where a `run:` address of the run says that it is."""
    Storage(run).write(uri, data)
