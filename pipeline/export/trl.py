"""TRL: `messages` with `images`. It has no column for video or sound: stills stand for the video, and what is heard is
only in the answers. The JPEGs are inside the Parquet, so that the file is all a trainer needs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features, Image, List, Value

from pipeline.export.folder import ExportError
from pipeline.export.items import Item, Kept
from pipeline.export.tools import Tools

MOST_IMAGES = 8  # a clip, evenly chosen from its stills
BATCH = 64  # items in memory, each with its stills
CONTENT = {"type": Value("string"), "text": Value("string")}
FEATURES = Features(
    {
        "messages": List({"role": Value("string"), "content": List(CONTENT)}),
        "images": List(Image()),
        "id": Value("string"),
    }
)


def write(clips: Iterable[Kept], tools: Tools) -> None:
    sinks: dict[str, Sink] = {}
    try:
        for clip in clips:
            images = stills(clip, tools)
            if clip.split not in sinks:
                sinks[clip.split] = Sink(tools.folder.file(f"{clip.split}.parquet"))
            for item in tools.items(clip):
                sinks[clip.split].add({"messages": turns(item, len(images)), "images": images, "id": clip.id})
                tools.folder.lines[f"{clip.split}.parquet"] += 1
    finally:
        for sink in sinks.values():
            sink.close()


class Sink:
    """A Parquet file that is written a batch at a time."""

    def __init__(self, file: os.PathLike[str]):
        schema = FEATURES.arrow_schema
        self.writer = pq.ParquetWriter(file, schema, compression="zstd")
        self.schema: pa.Schema = schema
        self.rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
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


def turns(item: Item, images: int) -> list[dict[str, Any]]:
    asked = [{"type": "image", "text": None} for _ in range(images)] + [{"type": "text", "text": item.prompt}]
    return [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": [{"type": "text", "text": item.answer}]},
    ]
