"""TRL: `messages` with `images`. It has no column for video or sound: stills stand for the video, and what is heard is
only in the answers. The JPEGs are inside the Parquet, so that the file is all a trainer needs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features, Image, List, Value

from asid.pipeline.dataset.export.folder import ExportError
from asid.pipeline.dataset.export.items import Item, Kept
from asid.pipeline.dataset.export.tools import Exporter, Tools

MOST_IMAGES = 8  # a clip, evenly chosen from its stills
BATCH = 64  # items in memory, each with its stills
CONTENT = {"type": Value("string"), "text": Value("string")}
TURNS = List({"role": Value("string"), "content": List(CONTENT)})
FEATURES = Features({"messages": TURNS, "images": List(Image()), "id": Value("string")})
PAIRS = Features({"prompt": TURNS, "chosen": TURNS, "rejected": TURNS, "images": List(Image()), "id": Value("string"),
                  "reference": Value("string")})  # fmt: skip


def write(clips: Iterable[Kept], tools: Tools) -> None:
    """Write Parquet as TRL reads it, with stills in place of the video."""
    sinks: dict[str, Sink] = {}
    try:
        for clip in clips:
            images = stills(clip, tools)
            name = f"{'pairs_' if clip.rejected else ''}{clip.split}.parquet"
            if name not in sinks:
                sinks[name] = Sink(tools.folder.file(name), PAIRS if clip.rejected else FEATURES)
            for item in tools.items(clip):
                known = {"reference": clip.reference} if clip.rejected else {}
                sinks[name].add({**row(item, len(images)), "images": images, "id": clip.id, **known})
                tools.folder.lines[name] += 1
    finally:
        for sink in sinks.values():
            sink.close()


class Sink:
    """A Parquet file that is written a batch at a time."""

    def __init__(self, file: os.PathLike[str], features: Features):
        schema = features.arrow_schema
        self.writer = pq.ParquetWriter(file, schema, compression="zstd")
        self.schema: pa.Schema = schema
        self.rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        """Take one row; rows are written in batches."""
        self.rows.append(row)
        if len(self.rows) >= BATCH:
            self._flush()

    def close(self) -> None:
        self._flush()
        self.writer.close()

    def _flush(self) -> None:
        if self.rows:
            self.writer.write_table(pa.Table.from_pylist(self.rows, schema=self.schema))
            self.rows = []


def stills(clip: Kept, tools: Tools) -> list[dict[str, Any]]:
    """Some of the clip's stills, in order of time."""
    if not clip.frames:
        raise ExportError(f"{clip.id} has no stills, and TRL takes no video: split with stills, or export another way")
    count = min(MOST_IMAGES, len(clip.frames))
    chosen = [clip.frames[number * len(clip.frames) // count] for number in range(count)]
    return [{"bytes": tools.storage.read(frame["uri"]), "path": None} for frame in chosen]


def row(item: Item, images: int) -> dict[str, list[dict[str, Any]]]:
    """A conversation; of a preference pair its question and both answers apart, as the DPO trainer takes them."""
    asked = [{"type": "image", "text": None} for _ in range(images)] + [{"type": "text", "text": item.prompt}]
    question = {"role": "user", "content": asked}
    if item.rejected:
        return {"prompt": [question], "chosen": [_said(item.answer)], "rejected": [_said(item.rejected)]}
    return {"messages": [question, _said(item.answer)]}


def _said(answer: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": answer}]}


EXPORTER = Exporter(write, pairs=True, frames=True)
