"""Datasets of the Hugging Face Hub, or in its layout on disk: `hf://datasets/ORG/NAME[@REVISION][?split=S&config=C]`.

They are streamed by the `datasets` library. A video that is a file of the repository keeps its address and is fetched
when its turn comes; one that is stored inside a table has no address, so it is written to the run while listing."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from asid.pipeline.inputs.base import COLUMNS, InputConfig, InputError, Listed, ending, listed, refused
from asid.pipeline.inputs.lists import entry
from asid.pipeline.rows import Failure
from asid.pipeline.storage import Storage, to_uri

PREFIX = "hf://datasets/"
FILE = re.compile(r"hf://datasets/(?P<name>[^@]+)@(?P<revision>[^/]+)/(?P<path>.+)", re.DOTALL)
TAKEN = "run:media/inputs"


def is_hub(address: str) -> bool:
    """Whether an address is of the Hugging Face Hub."""
    return address.startswith(PREFIX)


def taken_uri(sha256: str, name: str) -> str:
    """Where the run keeps the bytes of a video that has no file of its own."""
    kind = ending(name)
    return f"{TAKEN}/{sha256}{kind if kind[1:].isalnum() and kind.isascii() else '.bin'}"


def read_dataset(config: InputConfig, storage: Storage, skipped: Counter[str]) -> Iterator[Listed | Failure]:
    """The videos of every split, or of the one asked for; other columns become tags, `split` among them."""
    import datasets

    name, _, query = config.path.removeprefix(PREFIX).partition("?")
    name, _, revision = name.partition("@")
    asked = dict(parse_qsl(query))
    if unknown := asked.keys() - {"split", "config"}:
        raise InputError(f"{config.path}: {', '.join(sorted(unknown))} means nothing here; `split` and `config` do")
    try:
        found = datasets.load_dataset(name, asked.get("config"), revision=revision or None, streaming=True)
    except (OSError, ValueError) as error:  # the library's own errors, and the network's, are kinds of these
        raise InputError(f"{config.path}: {error}") from error
    folder = to_uri(name if os.path.isdir(name) else ".")
    splits = [asked["split"]] if "split" in asked else list(found)
    for split in splits:
        if split not in found:
            raise InputError(f"{config.path} has no split {split!r}; it has {', '.join(found)}")
        rows = found[split].decode(False)  # before all else: what follows would decode
        features = rows.features or {name: datasets.Value("string") for name in next(iter(rows), {})}  # JSONL says none
        column = _column(features, config)
        rows = rows.select_columns([column, *_plain(features, column)])
        for number, row in enumerate(rows):
            at, cell = f"{config.path}#{split}-{number}", row.pop(column)
            yield _entry(at, cell, {"split": split} | row, folder, config, storage)


def fetch(uri: str, folder: Path) -> Path:
    """Download a file of a dataset repository into `folder`. Raises OSError."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    match = FILE.fullmatch(uri)
    if match is None:
        raise OSError(f"{uri} names no revision and file of a dataset")
    name, revision, path = match["name"], unquote(match["revision"]), match["path"]
    try:
        return Path(hf_hub_download(name, path, repo_type="dataset", revision=revision, local_dir=folder))
    except LocalEntryNotFoundError as error:  # a FileNotFoundError, but what is missing is the network
        raise OSError(f"the Hub cannot be reached: {error}") from error


def _entry(
    at: str, cell: Any, row: dict[str, Any], folder: str, config: InputConfig, storage: Storage
) -> Listed | Failure:
    """A row for one cell of the column of videos: bytes, or a path, which is relative to the dataset's folder."""
    data, path = (cell.get("bytes"), cell.get("path")) if isinstance(cell, dict) else (None, cell)
    if isinstance(data, bytes):
        name = os.path.basename(path or "") or at.rpartition("/")[2]
        uri = taken_uri(hashlib.sha256(data).hexdigest(), name)
        if not storage.exists(uri):
            storage.write(uri, data)
        return listed(uri, config, row, name)
    if not isinstance(path, str) or not path:
        return refused(at, "bad_row", "neither a path nor bytes")
    return listed(path, config, row) if is_hub(path) else entry(path, folder, config, row)


def _column(features: Mapping[str, Any], config: InputConfig) -> str:
    import datasets

    if config.column:
        if config.column in features:
            return config.column
        raise InputError(f"{config.path} has no column {config.column!r}; it has {', '.join(features)}")
    videos = [name for name, kind in features.items() if isinstance(kind, datasets.Video)]
    named = [name for name in COLUMNS if name in features]
    if not videos and not named:
        raise InputError(f"{config.path} has no column of videos, only {', '.join(features)}: set `column`")
    return (videos + named)[0]


def _plain(features: Mapping[str, Any], column: str) -> list[str]:
    """Columns that can be tags: text, numbers, and lists or records of them; no pictures, sounds or bytes."""
    import datasets

    def plain(kind: Any) -> bool:
        if isinstance(kind, datasets.Value):
            return "binary" not in kind.dtype
        if isinstance(kind, dict):
            return all(plain(part) for part in kind.values())
        if isinstance(kind, (list, tuple)):
            return all(plain(part) for part in kind)
        if isinstance(kind, datasets.List):
            return plain(kind.feature)
        return isinstance(kind, (datasets.ClassLabel, datasets.Json))

    return [name for name, kind in features.items() if name != column and plain(kind)]
