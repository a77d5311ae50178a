"""A recipe of toy stages, for tests of the engine: no media, no models, and faults on demand.

A toy video is a line in a file; its name says what goes wrong with it: `bad…` is unprocessable, `crash…` raises,
`kill…` takes its worker with it every time, `once…` takes it with it the first time, `down…` cannot be worked until
there is a file `up` in the folder of marks. Where there is one, rows that are worked are noted in its file `worked`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from asid.pipeline.inputs.base import Listed
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.rows import Decision, Row, Video, grow
from asid.pipeline.stage import CorpusPass, Stage, StageConfig, Unprocessable


class ToyIngestConfig(StageConfig):
    shard_minutes: float = 1.0
    shard_rows: int = 4
    max_failure_rate: float | None = 1.0


class ToyIngest(Stage[Listed, Video, ToyIngestConfig]):
    name = "ingest"

    async def process(self, row: Listed) -> Video:
        if row.name.startswith("unreadable"):
            raise Unprocessable("it says so", "no_video")
        data = self.context.storage.read(row.uri)
        digest = hashlib.sha256(data).hexdigest()
        return Video(
            id=digest[:16], uri=row.uri, name=row.name, sha256=digest, size=len(data), duration=10.0,
            width=64, height=64, fps=25.0, video_codec="toy", audio_codec="", audio_streams=0,
            licence=row.licence, source=row.source, tags=row.tags, duplicates=(),
        )  # fmt: skip


class ToyRow(Row):
    name: str
    text: str
    number: int


class ToyConfig(StageConfig):
    word: str = "toy"
    seconds: float = 0.0
    marks: str = Field("", description="folder where `once` rows leave a mark")


def noted(config: ToyConfig, stage: str, row: Any) -> None:
    """Note that a row is being worked."""
    if config.marks:
        with open(Path(config.marks) / "worked", "a") as file:
            file.write(f"{stage} {row.name}\n")


class ToyWork(Stage[Video, ToyRow, ToyConfig]):
    name = "work"

    async def process(self, row: Video) -> list[ToyRow]:
        await asyncio.sleep(self.config.seconds)
        noted(self.config, "work", row)
        if row.name.startswith("down") and not (Path(self.config.marks) / "up").exists():
            raise Unprocessable("nobody answers", "unavailable")
        if row.name.startswith("bad"):
            raise Unprocessable("a bad one")
        if row.name.startswith("crash"):
            raise ZeroDivisionError("a crash")
        if row.name.startswith("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        if row.name.startswith("once"):
            mark = Path(self.config.marks) / row.id
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        parts = range(2)
        return [ToyRow(id=f"{row.id}-{part}", name=row.name, text=self.config.word, number=part) for part in parts]


class ToySeen(Video):
    text: str


class ToySee(Stage[Video, ToySeen, ToyConfig]):
    """Rows that grow, as the product's do."""

    name = "see"

    async def process(self, row: Video) -> ToySeen:
        return grow(row, ToySeen, text=self.config.word)


class ToyNext(Stage[ToyRow, ToyRow, ToyConfig]):
    name = "next"

    async def process(self, row: ToyRow) -> ToyRow:
        await asyncio.sleep(self.config.seconds)
        noted(self.config, "next", row)
        return row.model_copy(update={"text": f"{row.text} {self.config.word}"})


class ToyClosed(Stage[ToyRow, ToyRow, ToyConfig]):
    name = "closed"

    def open(self) -> None:
        raise FileNotFoundError("no weights here")

    async def process(self, row: ToyRow) -> ToyRow:
        return row


class ToyPass(CorpusPass[ToyRow, ToyConfig]):
    name = "corpus"
    columns = ("id", "number")

    def decide(self, rows: Iterable[dict[str, Any]]) -> Iterator[Decision]:
        total = 0
        for row in rows:
            total += 1
            if row["number"] == 1:
                yield Decision(id=row["id"], value="odd", detail="")
        yield Decision(id="total", value=str(total), detail="")


class ToyRepeats(CorpusPass[ToyRow, ToyConfig]):
    """Says of each row alone that it is odd; nothing of the corpus as a whole."""

    name = "repeats"
    columns = ("number",)

    def decide(self, rows: Iterable[dict[str, Any]]) -> Iterator[Decision]:
        return (Decision(id=row["id"], value="odd", detail="") for row in rows if row["number"] == 1)


class ToyFilter(Stage[ToyRow, ToyRow, ToyConfig]):
    name = "filter"

    def with_decisions(self, decisions: Mapping[str, Sequence[Decision]]) -> None:
        self.odd = {decision.id for found in decisions.values() for decision in found}

    async def process(self, row: ToyRow) -> ToyRow:
        return row.model_copy(update={"text": f"{row.text} {'odd' if row.id in self.odd else 'even'}"})


def videos(folder: Path, names: Iterable[str]) -> Path:
    """A folder of toy videos, no two the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.mp4").write_text(name)
    return folder


def recipe(source: Path, *steps: dict[str, Any], **ingest: Any) -> Manifest:
    """A manifest over `source`: ingest, then `steps`, whose `stage` is a class name of this module."""
    named = [{"stage": "ToyIngest", **ingest}, *steps]
    return Manifest.model_validate(
        {
            "inputs": [{"path": str(source)}],
            "recipe": [{**step, "stage": f"tests.toys:{step['stage']}"} for step in named],
            "max_failure_rate": 1.0,
        }
    )
