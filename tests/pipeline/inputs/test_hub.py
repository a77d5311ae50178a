"""Datasets in the Hub's layout: which column has the videos, what of a row becomes tags, and what is told of a wrong
address. The folders here lie on disk; the Hub itself is in the tests of inputs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.inputs.base import InputConfig, InputError, Listed
from asid.pipeline.inputs.hub import PREFIX, fetch, is_hub, read_dataset, taken_uri
from asid.pipeline.rows import Failure
from asid.pipeline.storage import Storage


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def read(tmp_path: Path, rows: list[dict[str, Any]], query: str = "", **config: str) -> list[Listed | Failure]:
    folder = tmp_path / "set"
    folder.mkdir(exist_ok=True)
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    entry = InputConfig(path=f"{PREFIX}{folder}{query}", **config)  # type: ignore[arg-type]
    return list(read_dataset(entry, Storage(tmp_path / "run"), Counter()))


def test_a_path_is_relative_to_the_dataset_and_other_columns_are_tags(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/a b.mp4").write_bytes(b"x")
    (row,) = read(tmp_path, [{"video": "a b.mp4", "title": "A", "year": 1999, "licence": "MIT"}])
    assert isinstance(row, Listed)
    assert row.uri == "file://" + str(tmp_path / "set/a%20b.mp4")
    assert (row.licence, row.tags) == ("MIT", {"split": "train", "title": "A", "year": "1999"})


def test_the_column_may_be_named_and_must_be_there(tmp_path: Path) -> None:
    (row,) = read(tmp_path, [{"clip": "https://x/y.mp4", "url": "z"}], column="clip")
    assert row.name == "y.mp4" or "y.mp4" in getattr(row, "uri", "")
    with pytest.raises(InputError, match="has no column 'film'; it has clip, url"):
        read(tmp_path, [{"clip": "a", "url": "b"}], column="film")
    with pytest.raises(InputError, match="no column of videos, only title: set `column`"):
        read(tmp_path, [{"title": "a"}])


def test_a_row_without_a_video_is_a_failure_with_its_place(tmp_path: Path) -> None:
    one, two = read(tmp_path, [{"path": "", "n": 1}, {"path": "s3://b/a.mp4", "n": 2}])
    assert isinstance(one, Failure) and (one.kind, one.reason) == ("bad_row", "neither a path nor bytes")
    assert isinstance(two, Listed) and two.uri == "s3://b/a.mp4"


@pytest.mark.parametrize(
    ("query", "told"),
    [("?split=dev", "has no split 'dev'; it has train"), ("?spilt=train", "spilt means nothing here")],
)
def test_a_wrong_query_is_told(tmp_path: Path, query: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read(tmp_path, [{"path": "a.mp4"}], query)


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.MP4", ".mp4"), ("a", ".bin"), ("a.m p", ".bin"), ("a.mp4/..", ".bin"), ("a.é", ".bin"), (".mp4", ".bin")],
)
def test_bytes_without_a_file_are_kept_under_their_hash(name: str, ending: str) -> None:
    assert taken_uri("00ff", name) == f"run:media/inputs/00ff{ending}"


def test_addresses_of_the_hub(tmp_path: Path) -> None:
    assert is_hub("hf://datasets/org/name") and not is_hub("hf://models/org/name") and not is_hub("org/name")
    with pytest.raises(OSError, match="names no revision and file"):
        fetch("hf://datasets/org/name/film.mp4", tmp_path)
