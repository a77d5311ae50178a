"""The dataset folder of a run: Parquet that `datasets.load_dataset` reads, one file per shard, kept clips only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence

from asid.pipeline import shards
from asid.pipeline.rows import (
    Decomposed,
    FormattedByAttribute,
    Judged,
    Preferred,
    Record,
    Refined,
    Row,
    Verified,
)
from asid.pipeline.run import Run
from asid.pipeline.shards import Footer
from asid.pipeline.storage import to_path
from asid.pipeline.written import by_attribute

CARD = """---
configs:
- config_name: all_attributes
  default: true
  data_files:
  - split: train
    path: data/*.parquet
---
"""


class Speech(Record):
    start: float
    end: float
    speaker: str
    text: str


class Sample(Record):
    """One finished clip, flat enough for a data viewer. Times are seconds of the clip, but for `source_*`."""

    id: str
    video: str  # path relative to the run folder; of a virtual clip that of its source, or the address of a remote one
    video_offset: float
    source_id: str  # the same for all clips of one video
    source_name: str
    source_start: float
    source_end: float
    duration: float
    width: int
    height: int
    fps: float
    sound: bool
    shots: int
    language: str
    speakers: int
    caption: str
    transcript: tuple[Speech, ...]
    licence: str
    source: str
    tags: str  # JSON of the columns carried from the inputs
    written_by: tuple[str, ...]  # models, in the order of the pipeline
    heard_by: str
    completeness: int


class AttributeSample(Sample):
    """One of a recipe that takes captions apart by attribute; "" says that the clip gives nothing for it."""

    scene: str
    characters: str
    objects: str
    actions: str
    narrative: str
    speech: str
    camera: str
    emotions: str


class PairSample(Sample):
    """A preference pair: `caption` is the chosen one."""

    rejected: str
    chosen_from: str  # annotator
    rejected_from: str
    margin: float
    repetition_gain: float
    reference: str  # the caption that both were compared with; "" when they were graded without


PAIR = PairSample.model_fields.keys() - Sample.model_fields.keys()


def sample(row: Judged, root: str) -> Sample:
    """A judged clip as the dataset of the run at `root` shows it."""
    return sample_type(type(row))(
        id=row.id,
        video=place(row.uri, root),
        video_offset=row.offset,
        source_id=row.video,
        source_name=row.name,
        source_start=row.source_start,
        source_end=row.source_end,
        duration=row.duration,
        width=row.width,
        height=row.height,
        fps=row.fps,
        sound=row.sound,
        shots=len(row.shots),
        language=row.language,
        speakers=len({utterance.speaker for utterance in row.utterances if utterance.speaker}),
        caption=row.caption,
        **by_attribute(row),
        **({name: getattr(row, name) for name in PAIR} if isinstance(row, Preferred) else {}),
        transcript=tuple(
            Speech(start=said.start, end=said.end, speaker=said.speaker, text=said.text) for said in row.utterances
        ),
        licence=row.licence,
        source=row.source,
        tags=json.dumps(row.tags, sort_keys=True, ensure_ascii=False),
        written_by=tuple(dict.fromkeys(writers(row))),
        heard_by=row.hearing,
        completeness=row.completeness,
    )


def sample_type(row: type[Row]) -> type[Sample]:
    """What `sample` makes of rows of this type."""
    if issubclass(row, FormattedByAttribute):
        return AttributeSample
    return PairSample if issubclass(row, Preferred) else Sample


def writers(row: Judged) -> Iterator[str]:
    """The models that wrote something of it, in the order of the pipeline."""
    for candidate in row.candidates:
        yield from (by.model for by in (candidate.by, candidate.corrected_by) if by)
    yield row.draft_by.model
    if isinstance(row, Verified):
        yield row.verified_by.model
    if isinstance(row, Decomposed):
        yield row.decomposed_by.model
    if isinstance(row, Refined):
        yield from (edit.by.model for edit in row.edits)


def place(uri: str, root: str) -> str:
    """Where a file is, seen from the run folder `root`, so that both can move together. Bytes of a name that are not
    UTF-8 are escaped."""
    if uri.startswith("run:"):
        return uri.removeprefix("run:")
    if not (uri.startswith("file://") and root.startswith("file://")):
        return uri
    path = os.path.relpath(to_path(uri), to_path(root))
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def samples(rows: Sequence[Judged], root: str) -> Iterator[Sample]:
    return (sample(row, root) for row in rows if row.kept)


def ends_judged(run: Run) -> bool:
    """Whether the recipe ends in judged clips, of which a dataset is made."""
    return issubclass(run.types(list(run.steps)[-1])[1], Judged)


def write(run: Run) -> int:
    """Write `RUN/dataset` from the shards that are done, and drop what is no longer made by them. Files that are
    already right are left alone. Gives the number of samples."""
    survey = run.survey()
    step = list(run.steps)[-1]
    count, wanted = 0, set()
    for shard in survey.shards:
        if not survey.done(step, shard):
            continue
        source = survey.footers[step, shard].digest
        uri = f"run:dataset/data/{shard}.parquet"
        footer = shards.footer(run.storage, uri)
        if footer is None or footer.inputs != {step: source}:
            rows = list(samples(run.rows(step, shard), run.storage.root))
            footer = Footer(
                fingerprint=run.fingerprints[step],
                digest=shards.digest(rows),
                inputs={step: source},
                outcomes=[(row.id, 1) for row in rows],
                rows=len(rows),
            )
            if rows:
                shards.write(run.storage, uri, sample_type(run.types(step)[1]), rows, footer)
            else:
                run.storage.delete(uri)
        if footer.rows:
            wanted.add(f"{shard}.parquet")
        count += footer.rows
    for name in run.storage.list("run:dataset/data"):
        if name not in wanted:
            run.storage.delete(f"run:dataset/data/{name}")
    if wanted:
        run.storage.write("run:dataset/README.md", CARD.encode())
    return count
