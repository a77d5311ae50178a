"""The dataset folder of a run: Parquet that `datasets.load_dataset` reads, one file per shard, kept clips only."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from asid.pipeline.captions.latest import by_attribute
from asid.pipeline.captions.proof import Remark, proof
from asid.pipeline.dataset.identity import described
from asid.pipeline.rows import Decomposed, FormattedByAttribute, Judged, Preferred, Record, Refined, Row, Verified
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.run.shards import Footer
from asid.pipeline.schema import schema
from asid.pipeline.storage import to_path

if TYPE_CHECKING:
    from datasets import Features

SHAPE = "3"  # of the files: raised when samples are written otherwise, so that those of old runs are written again
TYPES = b"huggingface"  # metadata in which `datasets` finds the types of columns
READ_THROUGH = 256 << 20  # bytes of files that are held against their checksums before they are left as they are
CARD = """---
configs:
- config_name: all_attributes
  default: true
  description: {rows}
  data_files:
  - split: train
    path: data/*.parquet
---

`video` is where a clip's file is, seen from this folder, or its address. The clip begins `video_offset` seconds into it
and lasts `duration` seconds. Rows are read without a decoder; with torchcodec a clip plays:

```python
import os
from datasets import Video, load_dataset

FOLDER = "RUN/dataset"

def found(video):
    place = video["path"]
    return {{"video": video | {{"path": place if "://" in place else os.path.join(FOLDER, place)}}}}

clips = load_dataset(FOLDER, split="train").map(found, input_columns="video").cast_column("video", Video())
clip = clips[0]
frame = clip["video"].get_frame_played_at(clip["video_offset"])
```
"""


class Speech(Record):
    """Hold what one speaker says, in s of the clip."""

    start: float
    end: float
    speaker: str
    text: str


class Sample(Record):
    """One finished clip, flat enough for a data viewer. Times are seconds of the clip, but for `source_*`."""

    id: str
    video: str  # where its file is, of a virtual clip that of its source: see `place`
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
    tags: dict[str, str]  # the columns carried from the inputs
    written_by: tuple[str, ...]  # models, in the order of the pipeline
    heard_by: str
    completeness: int
    quote_exact: float  # share of the quoted speech that was said word for word
    word_score: float  # least score of the recogniser among the quoted words
    lines_told: float  # share of the transcript's lines that the caption tells
    remarks: tuple[Remark, ...]  # problems left and mended, and what audits found


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
    shown = proof(row)
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
        tags=dict(sorted(row.tags.items())),
        written_by=tuple(dict.fromkeys(writers(row))),
        heard_by=row.hearing,
        completeness=row.completeness,
        **{name: getattr(shown, name) for name in ("quote_exact", "word_score", "lines_told", "remarks")},
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
    """Say where a file is in the dataset of the run at `root`. A file of the run has its path from `RUN/dataset`, so
    that a run can be moved; another its path from the root of the disk, as the run itself knows it. A bucket has no
    `..`: what lies in one has its address. So has a file whose name is not UTF-8, which no text can be the path of."""
    if uri.startswith("run:"):
        relative = uri.removeprefix("run:")
        return f"../{relative}" if root.startswith("file://") else f"{root}/{relative}"
    if not uri.startswith("file://"):
        return uri
    path = os.fspath(to_path(uri))
    try:
        path.encode()
    except UnicodeEncodeError:
        return uri
    return path


def samples(rows: Sequence[Judged], root: str) -> Iterator[Sample]:
    """Make samples of the clips that were kept."""
    return (sample(row, root) for row in rows if row.kept)


def ends_judged(run: Run) -> bool:
    """Whether the recipe ends in judged clips, of which a dataset is made."""
    return issubclass(run.types(list(run.steps)[-1])[1], Judged)


# --- files -------------------------------------------------------------------------------------------------------


def features(kind: type[Sample]) -> Features:
    """The columns of samples with the types of `datasets`, which knows no Arrow map: its `Json` loads as a dictionary.
    A video is not decoded unless asked for, so that rows can be read where no decoder is installed."""
    import datasets  # takes seconds, and most commands write no samples

    typed = {"video": datasets.Video(decode=False), "tags": datasets.Json()}
    columns = schema(kind)
    known = datasets.Features.from_arrow_schema(pa.schema([field for field in columns if field.name not in typed]))
    return datasets.Features({name: typed[name] if name in typed else known[name] for name in columns.names})


def values(made: Sample) -> dict[str, Any]:
    """A sample as Arrow takes it for its `features`."""
    tags = json.dumps(made.tags, sort_keys=True, ensure_ascii=False)
    return made.model_dump() | {"video": {"bytes": None, "path": made.video}, "tags": tags}


def encode(kind: type[Sample], rows: Sequence[Sample], footer: Footer) -> bytes:
    """A Parquet file that says itself what types its columns have and what it was made from."""
    schema = features(kind).arrow_schema
    schema = schema.with_metadata({**schema.metadata, **shards.metadata(footer)})
    sink = BytesIO()
    table = pa.Table.from_pylist([values(row) for row in rows], schema=schema)
    pq.write_table(table, sink, compression="zstd", row_group_size=256, write_page_checksum=True)
    return sink.getvalue()


def write(run: Run) -> int:
    """Write `RUN/dataset` from the shards that are done, and drop what is no longer made by them. Files that are
    already right are left alone. Gives the number of samples."""
    survey = run.survey()
    step = list(run.steps)[-1]
    kind, shape = sample_type(run.types(step)[1]), _shape(run.storage.root)
    folder, count = _Files(run, features(kind).arrow_schema), 0
    for shard in survey.shards:
        if not survey.done(step, shard):
            continue
        inputs = {step: survey.footers[step, shard].digest}
        footer = folder.footer(shard)
        if footer is None or (footer.fingerprint, footer.inputs) != (shape, inputs):
            rows = list(samples(run.rows(step, shard), run.storage.root))
            outcomes = [(row.id, 1) for row in rows]
            footer = Footer(fingerprint=shape, digest=shards.digest(rows), inputs=inputs, outcomes=outcomes,
                            rows=len(rows))  # fmt: skip
            if rows:
                folder.put(shard, encode(kind, rows, footer))
        if footer.rows:
            folder.wanted[shard] = f"{footer.fingerprint} {footer.digest}"
            count += footer.rows
    folder.finish()
    return count


def _shape(root: str) -> str:
    """What, beside its rows, decides what is in a file. Of a run in a bucket its address, which its samples hold."""
    return hashlib.sha256(f"{SHAPE} {'' if root.startswith('file://') else root}".encode()).hexdigest()


class _Files:
    """The files of `RUN/dataset`. While they change there is no card: a reader then knows the folder by its files, and
    never keeps a part of them under the name of the whole."""

    def __init__(self, run: Run, schema: pa.Schema):
        self.storage, self.schema = run.storage, schema
        self.wanted: dict[str, str] = {}  # shard -> what identifies its rows as they are written
        self.room = READ_THROUGH

    def footer(self, shard: str) -> Footer | None:
        """What a file was made from; None for one that is not there or damaged. Large datasets are not read through."""
        uri = f"run:dataset/data/{shard}.parquet"
        try:
            found = shards.footer(self.storage, uri)
            self.room -= self.storage.size(uri) if found else 0
            if found and self.room >= 0:
                shards.verify(self.storage, uri)
                with self.storage.open(uri) as file:
                    said = pq.read_schema(file)
                if not said.equals(self.schema) or said.metadata.get(TYPES) != self.schema.metadata[TYPES]:
                    return None  # the names of columns have no checksum
            return found
        except shards.DamagedShard:
            return None

    def put(self, shard: str, data: bytes) -> None:
        self._uncard()
        self.storage.write(f"run:dataset/data/{shard}.parquet", data)

    def finish(self) -> None:
        """Drop what is not wanted, and say in the card what is."""
        names = {f"{shard}.parquet" for shard in self.wanted}
        for name in self.storage.list("run:dataset/data"):
            if name not in names:
                self._uncard()
                self.storage.delete(f"run:dataset/data/{name}")
        if not self.wanted:
            self._uncard()
            return
        card = CARD.format(rows=described(self.wanted)).encode()
        if not self.storage.exists("run:dataset/README.md") or self.storage.read("run:dataset/README.md") != card:
            self.storage.write("run:dataset/README.md", card)

    def _uncard(self) -> None:
        if self.storage.exists("run:dataset/README.md"):
            self.storage.delete("run:dataset/README.md")
