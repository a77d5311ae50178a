"""A finished run as a dataset on the Hub: Parquet with the Hub's feature types, the videos, and a card.

The folder is built the same, byte for byte, from the same run; uploading sends what the Hub does not have, so that an
interrupted upload goes on where it was and a second one changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features, Value
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError

from asid.pipeline import figures as counting
from asid.pipeline.captions.latest import by_attribute
from asid.pipeline.dataset import parquet
from asid.pipeline.dataset.card import card
from asid.pipeline.dataset.export.folder import NOTE, PARTIAL, ExportError, Folder
from asid.pipeline.dataset.export.items import Kept
from asid.pipeline.dataset.export.media import ExportedMedia, own_file, suffix
from asid.pipeline.dataset.export.splits import Splits
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.dataset.identity import CARD
from asid.pipeline.dataset.parquet import Sample, sample, sample_type, values
from asid.pipeline.rows import Judged, Preferred
from asid.pipeline.run.completeness import finished_shards
from asid.pipeline.run.folder import Run
from asid.pipeline.storage import to_path

Videos = Literal["reference", "embed", "none"]
HELD = {"reference": "`video` is a file of this repository.", "embed": "`video` holds the clip's bytes.",
        "none": "The videos themselves are not here: `source`, `source_start` and `source_end` say where they come "
                "from."}  # fmt: skip
DECODING = ' `cast_column("video", Video())` decodes it.'
OURS = ["data/*", "videos/*", CARD]  # what a later upload may remove from the repository
GROUP_BYTES = 64 << 20  # of one row group: the viewer reads it whole
GROUP_ROWS = 1000
# What the client raises when the Hub does not answer, refuses, or a file does not get through (a RuntimeError).
HUB_ERRORS = (HfHubHTTPError, httpx2.HTTPError, HFValidationError, LocalTokenNotFoundError, RuntimeError)


@dataclass(frozen=True)
class PublishSettings:
    """Say what is published: how videos are named, the splits, whether a run may be unfinished, bytes of a file."""

    videos: Videos = "reference"
    splits: Splits = field(default_factory=Splits)
    unfinished: bool = False
    shard_bytes: int = 400 << 20


def settings(videos: str, splits: Splits, unfinished: bool) -> PublishSettings:
    """Settings as typed by a person. Raises ExportError for a word that is none of the choices."""
    if videos not in get_args(Videos):
        raise ExportError(f"{videos!r} is none of {', '.join(get_args(Videos))}")
    return PublishSettings(cast(Videos, videos), splits, unfinished)


def place(run: Run, given: str) -> Path:
    """Where to build. Raises ExportError for a run in a bucket when nothing is given."""
    if given:
        return Path(given)
    if not run.storage.is_local:
        raise ExportError("the run is in a bucket: name a folder to build in, with --out")
    return to_path(run.storage.root) / "publish"


def build(run: Run, repo: str, out: Path, how: PublishSettings) -> dict[str, int]:
    """Write the folder that is the dataset repository. Gives the number of rows in each of its Parquet files."""
    names = finished_shards(run, how.unfinished)
    wordings = Wordings(run.prompts, how.splits.seed)
    with Folder(out) as folder:
        tables = Tables(folder, how.shard_bytes, features(sample_type(run.types(list(run.steps)[-1])[1])))
        media = ExportedMedia(run.storage, folder, "copy")
        for row in _kept(run, names):
            split, made = how.splits.of(row.video), sample(row, run.storage.root)
            video = _video(run, row, repo, folder, media, how.videos)
            question = wordings.general(row.id) if isinstance(row, Preferred) else wordings.ask(row.id)
            whole = values(made) | {"video": video, "video_offset": _offset(row), "prompt": question}
            tables.add("all_attributes", split, whole)
            for name, caption in by_attribute(row).items():
                if not caption:
                    continue
                asked = {"attribute": name, "prompt": wordings.ask(row.id, (name,)), "caption": caption}
                kept = {key: whole[key] for key in SINGLE if key not in asked and key != "video"}
                shown = None if how.videos == "embed" else video  # eight times the same bytes help nobody
                tables.add("single_attribute", split, kept | asked | {"video": shown})
        tables.close()
        if not folder.lines:
            raise ExportError("no clip is kept in the shards that are up to date: see asid status")
        held = f" Clips of one video are in one split; seed {how.splits.seed}." if len(tables.splits) > 1 else ""
        told = HELD[how.videos] + (DECODING if how.videos != "none" else "")
        title = run.manifest.title or repo
        files = {name.removeprefix("data/"): folder.digest(name) for name in folder.lines}
        folder.text(CARD, card(title, counting.gather(run), files, videos=told, held_back=held)
                    .replace("REPOSITORY", f'"{repo}"'))  # fmt: skip
    return dict(sorted(folder.lines.items()))


def upload(folder: Path, repo: str, public: bool = False) -> str:
    """Send a built folder to the Hub, into a private repository unless it exists or `public` says otherwise. The token
    comes from HF_TOKEN, or from `hf auth login`. Gives the address. Raises ExportError; what has been sent by then need
    not be sent again."""
    hub = HfApi()
    try:
        address = hub.create_repo(repo, repo_type="dataset", private=not public, exist_ok=True)
        hub.upload_folder(
            repo_id=repo,
            repo_type="dataset",
            folder_path=folder,
            commit_message="Publish with asid",
            ignore_patterns=[NOTE, f"{PARTIAL}/*"],
            delete_patterns=OURS,
        )
    except HUB_ERRORS as error:
        raise ExportError(f"the Hub did not take it; the same command goes on from here: {_said(error)}") from error
    return str(address)


def _said(error: BaseException) -> str:
    cause = f": {error.__cause__}" if error.__cause__ else ""
    return f"{error}{cause}"


def _kept(run: Run, names: list[str]) -> Iterator[Judged]:
    step = list(run.steps)[-1]
    for shard in names:
        yield from (row for row in run.rows(step, shard) if row.kept)


# --- tables ------------------------------------------------------------------------------------------------------

SINGLE = (
    "id", "source_id", "duration", "sound", "language", "video", "attribute", "prompt", "caption", "licence", "source"
)  # fmt: skip


def features(kind: type[Sample]) -> dict[str, Features]:
    """The columns of each config, with the Hub's types."""
    whole = {**parquet.features(kind), "prompt": Value("string")}
    single = {name: whole.get(name, Value("string")) for name in SINGLE}
    return {"all_attributes": Features(whole), "single_attribute": Features(single)}


class Tables:
    """Parquet files that grow row by row and are begun anew when they are large."""

    def __init__(self, folder: Folder, limit: int, features: Mapping[str, Features]):
        self.folder, self.limit, self.features = folder, limit, features
        self.open: dict[tuple[str, str], Growing] = {}
        self.numbers: dict[tuple[str, str], int] = {}

    @property
    def splits(self) -> set[str]:
        """The splits that have a row."""
        return {split for _, split in self.numbers}

    def add(self, config: str, split: str, row: dict[str, Any]) -> None:
        """Take one row; a file that has grown to its limit is closed, and another begun."""
        key = config, split
        if key in self.open and self.open[key].size >= self.limit:
            self.open.pop(key).close()
        if key not in self.open:
            number = self.numbers.get(key, 0)
            self.numbers[key] = number + 1
            name = f"data/{config}/{split}-{number:05d}.parquet"
            self.open[key] = Growing(self.folder.file(name), self.features[config].arrow_schema, name)
        self.open[key].add(row)
        self.folder.lines[self.open[key].name] += 1

    def close(self) -> None:
        for table in self.open.values():
            table.close()


class Growing:
    """One Parquet file. `size`: bytes of its rows, before compression."""

    def __init__(self, path: Path, schema: pa.Schema, name: str):
        self.name = name
        self.schema = schema
        self.writer = pq.ParquetWriter(path, schema, compression="zstd")
        self.rows: list[dict[str, Any]] = []
        self.size = self.waiting = 0

    def add(self, row: dict[str, Any]) -> None:
        """Take one row; rows are written in groups."""
        self.rows.append(row)
        self.size += _size(row)
        self.waiting += _size(row)
        if self.waiting >= GROUP_BYTES or len(self.rows) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        self.writer.close()

    def _flush(self) -> None:
        if self.rows:
            self.writer.write_table(pa.Table.from_pylist(self.rows, schema=self.schema))
        self.waiting, self.rows = 0, []


def _size(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, (list, tuple)):
        return sum(map(_size, value))
    return 8


# --- videos ------------------------------------------------------------------------------------------------------


def _video(
    run: Run, row: Judged, repo: str, folder: Folder, media: ExportedMedia, how: Videos
) -> dict[str, Any] | None:
    """The video column of a row; a referenced video is put into the folder."""
    if how == "none":
        return None
    clip = _clip(row)
    name = f"videos/{row.video[:2]}/{row.id}{suffix(clip)}"
    if how == "embed":
        return {"bytes": media.content(clip), "path": os.path.basename(name)}
    target = folder.file(name)
    if not (own_file(clip) and run.storage.is_local and _linked(to_path(run.storage.resolve(row.uri)), target)):
        target.write_bytes(media.content(clip))
    return {"bytes": None, "path": f"hf://datasets/{repo}/{name}"}


def _offset(row: Judged) -> float:
    """Where the clip begins in its published file: a span of a longer file is cut out of it."""
    return row.offset if own_file(_clip(row)) else 0.0


def _clip(row: Judged) -> Kept:
    return Kept(split="", caption=row.caption, captions={}, frames=(),
                **{name: getattr(row, name) for name in ("id", "video", "uri", "source_uri", "offset", "duration",
                                                         "sound", "language", "licence", "source")})  # fmt: skip


def _linked(source: Path, target: Path) -> bool:
    """A second name for the file, so that publishing does not double the space; False where that cannot be."""
    try:
        target.unlink(missing_ok=True)
        os.link(source, target)
    except OSError:
        return False
    return True
