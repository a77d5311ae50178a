"""A finished run written by hand, for tests of what reads one: no Ray, no media unless asked for, and hostile text.

`make(folder)` gives a Run of two steps, toy videos and judged clips, whose shards and footers are as the engine leaves
them. Its texts hold what must never hurt anybody: markup, an anchor before the beginning, a caption that fell into a
loop, names written from right to left, emoji.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.rows import (
    Answered,
    AttributeCaptions,
    Audit,
    Candidate,
    Edit,
    Error,
    Failure,
    FormattedByAttribute,
    Frame,
    Judged,
    Missing,
    Problem,
    Quote,
    Reason,
    Refined,
    Row,
    Shot,
    Signal,
    Sound,
    Turn,
    Utterance,
    Video,
    Word,
    joined,
)  # fmt: skip
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.run.shards import Footer
from asid.pipeline.stage import Stage, StageConfig
from asid.pipeline.storage import to_path

SCRIPT = "<script>document.title='broken in'</script>"
LOOP = "the wheel turns and turns " * 1600  # more than 40,000 characters
RTL = "\u202eליאור כהן"
HOSTILE = (
    f"At 0s, a sign reads {SCRIPT}. At -3s, somebody waves.",
    f"At 0s, {LOOP}.",
    f'At 0s, {RTL} says "hello there". At 2s, 🎬 begins & "ends" \u0000 | [x](javascript:alert(1)).',
)
NAMES = ("plain.mp4", "🎬 take 2.mp4", f"{RTL}.mp4", "<img src=x onerror=alert(1)>.mp4")
FINISHED = joined(joined(Refined, FormattedByAttribute), Judged)  # of a recipe with all stages
MODEL = Answered(model="toy-writer", provider="scripted", prompt="0123456789abcdef")


class FinishConfig(StageConfig):
    word: str = "finished"


class Finish(Stage[Video, Judged, FinishConfig]):
    """Stands for all stages between the video and the judged clip."""

    name = "finish"

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Row]:
        return FINISHED

    async def process(self, row: Video) -> Judged:
        return judged(row, 0)


def manifest(source: Path) -> Manifest:
    steps = [{"stage": "tests.toys:ToyIngest"}, {"stage": "tests.samples:Finish"}]
    return Manifest.model_validate(
        {"title": "hand made", "inputs": [{"path": str(source)}], "recipe": steps, "max_failure_rate": 1.0}
    )


def video(number: int, **changed: Any) -> Video:
    name = NAMES[number % len(NAMES)]
    values: dict[str, Any] = {
        "id": f"{number:016x}", "uri": f"file:///videos/{number}.mp4", "name": name, "sha256": f"{number:064x}",
        "size": 1000, "duration": 200.0, "width": 64, "height": 48, "fps": 10.0, "video_codec": "h264",
        "audio_codec": "aac", "audio_streams": 1, "licence": "CC-BY", "source": f"Source {number % 2} {SCRIPT}",
        "tags": {"title": name}, "duplicates": (),
    }  # fmt: skip
    return Video(**(values | changed))


def judged(source: Video, number: int, **changed: Any) -> Judged:
    """Clip `number` of a video: ten seconds, two shots, two speakers, an audit with findings in two attributes."""
    start = 10.0 * number
    text = HOSTILE[number] if number < len(HOSTILE) else f"At 0s, a cat sits. At 4s, it jumps off wall {number}."
    captions = {attribute: f"At 0s, the {attribute} of clip {number}." for attribute in ATTRIBUTES}
    captions["emotions"] = ""
    words = (Word(start=1.0, end=1.4, text="hello", score=0.9, speaker="S1"),
             Word(start=1.4, end=1.9, text="there", score=0.9, speaker="S1"))  # fmt: skip
    said = (
        Utterance(start=1.0, end=1.9, speaker="S1", text="hello there", words=words, overlap=False),
        Utterance(start=5.0, end=6.0, speaker=RTL, text=f"{SCRIPT} שלום", words=(), overlap=True),
    )
    audits = [Audit(attribute=name, errors=(), missing=(), expressiveness=(), by=MODEL) for name in ATTRIBUTES]
    audits[0] = audits[0].model_copy(update={"errors": (Error(snippet=SCRIPT, why="not in view"),)})
    if number % 2:
        audits[6] = audits[6].model_copy(update={"missing": (Missing(what="the pan", why="it is plain"),)})
    kept = number % 4 != 3
    values: dict[str, Any] = {
        "id": f"{source.id}-{number * 10000:07d}-{number * 10000 + 10000:07d}", "video": source.id,
        "uri": f"run:media/{source.id}/{number}.mp4", "sha256": f"{number:064x}", "offset": 0.0,
        "source_uri": source.uri, "source_start": start, "source_end": start + 10.0, "name": source.name,
        "duration": 10.0 if number < 6 else 45.0, "width": 64, "height": 48, "fps": 10.0, "sound": number % 3 != 2,
        "licence": source.licence, "source": source.source, "tags": source.tags,
        "shots": (Shot(start=0, end=4, first_frame=0, last_frame=39, opens_with="start"),
                  Shot(start=4, end=10, first_frame=40, last_frame=99, opens_with="cut")),
        "signal": tuple(Signal(time=t, brightness=0.5, contrast=0.2, colour="red", change=0.1, pan=0.0, tilt=0.0,
                               zoom=0.0, residual=0.1) for t in range(0, 10, 5)),
        "frames": tuple(Frame(time=t, uri=f"run:media/{source.id}/{number}-{t}.jpg", phash="0" * 16) for t in (1, 6)),
        "language": "en" if number % 2 else "he", "language_score": 0.9, "utterances": said,
        "turns": tuple(Turn(start=one.start, end=one.end, speaker=one.speaker) for one in said), "voices": (),
        "sounds": (Sound(start=0, end=10, kind="speech", level=-20.0),), "hearing": "toy hearing", "guards": (),
        "candidates": tuple(Candidate(id=f"{source.id}-{number}", annotator=name, caption=f"{name}: {text}", facts=(),
                                      by=MODEL) for name in ("sight", "sound")),
        "draft": text.replace("cat", "dog"), "draft_by": MODEL, "verified": text, "missing_sight": "",
        "missing_speech": "", "problems": (Problem(kind="anchor_range", snippet="At -3s", why="before the clip"),),
        "verified_by": MODEL, "attributes": AttributeCaptions(**captions), "decomposed_by": MODEL,
        "audits": tuple(audits), "caption": text, "captions": AttributeCaptions(**captions),
        "edits": (Edit(attribute="scene", fixed_errors=("the sign",), filled_missing=(), dropped_forbidden=(),
                       timestamp_adjustments=(), by=MODEL),),
        "mends": (), "quotes": (Quote(text="hello there", found=True, score=1.0, start=1.0, end=1.9, speaker="S1"),),
        "remaining": (), "kept": kept, "reasons": () if kept else (Reason(rule="length", detail=f"3 words {SCRIPT}"),),
        "completeness": 4,
    }  # fmt: skip
    clip: Judged = FINISHED(**(values | changed))
    return clip


def make(folder: Path, videos: int = 6, clips: int = 8, per_shard: int = 2, **changed: Any) -> Run:
    """A finished run of `videos` videos with `clips` clips each, `per_shard` videos to a shard."""
    run = Run(folder, manifest(folder.parent / "source"))
    run.freeze()
    rows = [video(number) for number in range(videos)]
    groups = [rows[at : at + per_shard] for at in range(0, videos, per_shard)]
    for shard, group in enumerate(groups):
        write(run, f"{shard:05d}", group, [[judged(row, n, **changed) for n in range(clips)] for row in group],
              len(groups))  # fmt: skip
    return run


def write(run: Run, shard: str, videos: Sequence[Video], clips: Sequence[Sequence[Judged]], total: int) -> None:
    """One shard of both steps. A video without clips has failed."""
    first = Footer(fingerprint=run.fingerprints["ingest"], digest=shards.digest(videos),
                   outcomes=[(row.id, 1) for row in videos], rows=len(videos), total=total)  # fmt: skip
    shards.write(run.storage, run.uri("ingest", shard), Video, videos, first)
    failed = [row for row, group in zip(videos, clips, strict=True) if not group]
    failures = [
        Failure(
            id=row.id, name=row.name, stage="finish", kind="refusal", reason=f"refused {SCRIPT}", attempts=2, raw=SCRIPT
        )
        for row in failed
    ]
    rows = [row for group in clips for row in group]
    footer = Footer(
        fingerprint=run.fingerprints["finish"], digest=shards.digest(rows), inputs={"ingest": first.digest},
        outcomes=[(row.id, len(group)) for row, group in zip(videos, clips, strict=True)],
        failed=[row.id for row in failed], rows=len(rows),
    )  # fmt: skip
    if failures:
        marks = Footer(fingerprint=footer.fingerprint, digest=shards.digest(failures),
                       outcomes=[(failure.id, 1) for failure in failures], rows=len(failures))  # fmt: skip
        shards.write(run.storage, run.failures_uri("finish", shard), Failure, failures, marks)
    shards.write(run.storage, run.uri("finish", shard), FINISHED, rows, footer)


def with_media(run: Run, data: bytes = b"not a real video") -> None:
    """Gives every clip a file, and every still one, so that media can be copied."""
    for row in run.all_rows("finish"):
        for uri in (row.uri, *(frame.uri for frame in row.frames)):
            path = to_path(run.storage.resolve(uri))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data + row.id.encode())


def lines(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text("utf-8").splitlines():
        yield json.loads(line)
