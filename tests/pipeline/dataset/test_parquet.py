"""The dataset folder of a run, loaded as people load it: by the README's own lines, in a cache that others share."""

from __future__ import annotations

import os
import random
import re
import shutil
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest

from asid.pipeline.dataset import parquet
from asid.pipeline.media import process
from asid.pipeline.run.folder import Run
from tests import samples
from tests.servers.s3 import buckets

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that all loads of one test share, and nobody else."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf")
    return tmp_path / "hf"


def snippet(text: str) -> str:
    """The README's lines of Python that load a dataset."""
    found = re.search(r"^    from datasets import .*\n(?:    .*\n)*", text, re.MULTILINE)
    assert found
    return re.sub("^    ", "", found[0], flags=re.MULTILINE)


def load(folder: Path, monkeypatch: pytest.MonkeyPatch) -> datasets.Dataset:
    """What the README's lines give where `folder` is the run `RUN`."""
    assert folder.name == "RUN"
    monkeypatch.chdir(folder.parent)
    space: dict[str, Any] = {}
    exec(snippet(README.read_text("utf-8")), space)
    clips: datasets.Dataset = space["clips"]
    return clips


def rows(found: datasets.Dataset) -> list[tuple[str, str]]:
    return sorted(zip(found["id"], found["caption"], strict=True))


def wanted(run: Run) -> list[tuple[str, str]]:
    return sorted((row.id, row.caption) for row in run.all_rows("finish") if row.kept)


def make(folder: Path, **how: Any) -> Run:
    run = samples.make(folder / "RUN", **how)
    parquet.write(run)
    return run


def test_each_run_is_itself_in_one_cache_in_both_orders_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = {
        "small": make(tmp_path / "small", videos=2),
        "large": make(tmp_path / "large", videos=4),
        "other words": make(tmp_path / "other", videos=2, caption="At 0s, a dog sits."),
    }  # fmt: skip
    folders = {name: Path(run.storage.root.removeprefix("file://")) for name, run in runs.items()}
    for name in (*runs, *reversed(runs), *runs):
        assert rows(load(folders[name], monkeypatch)) == wanted(runs[name]), name


def test_a_run_that_has_grown_shrunk_and_grown_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(tmp_path, videos=4, clips=3)
    last = run.storage.read(run.uri("finish", "00001"))
    for _ in range(2):
        run.storage.delete(run.uri("finish", "00001"))
        assert parquet.write(run) == 6
        assert rows(load(tmp_path / "RUN", monkeypatch)) == wanted(run)
        run.storage.write(run.uri("finish", "00001"), last)
        assert parquet.write(run) == 12
        assert rows(load(tmp_path / "RUN", monkeypatch)) == wanted(run)


def files(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_same_rows_are_the_same_bytes_and_right_files_are_left_alone(tmp_path: Path) -> None:
    one, two = make(tmp_path / "one"), make(tmp_path / "two")
    folders = [Path(run.storage.root.removeprefix("file://")) / "dataset" for run in (one, two)]
    assert files(folders[0]) == files(folders[1])
    before = {file: file.stat().st_mtime_ns for file in folders[0].rglob("*")}
    parquet.write(one)
    assert {file: file.stat().st_mtime_ns for file in folders[0].rglob("*")} == before


def test_files_of_an_older_shape_are_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(parquet, "SHAPE", "1")
        run = make(tmp_path)
    old = files(tmp_path / "RUN" / "dataset")
    parquet.write(run)
    new = files(tmp_path / "RUN" / "dataset")
    assert old.keys() == new.keys()
    assert all(old[name] != new[name] for name in old)


def test_a_dataset_without_clips_is_no_folder_that_a_cache_answers_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(tmp_path, videos=2)
    load(tmp_path / "RUN", monkeypatch)
    run.storage.delete(run.uri("finish", "00000"))
    assert parquet.write(run) == 0
    assert files(tmp_path / "RUN" / "dataset") == {}
    with pytest.raises((FileNotFoundError, ValueError)):
        load(tmp_path / "RUN", monkeypatch)


def test_an_interrupted_write_leaves_no_card_for_other_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(tmp_path, videos=4, caption="At 0s, before.")
    assert len(load(tmp_path / "RUN", monkeypatch)) == 24
    samples.make(tmp_path / "RUN", videos=4, caption="At 0s, after.")
    encode, calls = parquet.encode, []

    def break_at_the_second(*given: Any) -> bytes:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return encode(*given)

    monkeypatch.setattr(parquet, "encode", break_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        parquet.write(run)
    monkeypatch.setattr(parquet, "encode", encode)
    assert set(load(tmp_path / "RUN", monkeypatch)["caption"]) == {"At 0s, before.", "At 0s, after."}
    parquet.write(run)
    assert set(load(tmp_path / "RUN", monkeypatch)["caption"]) == {"At 0s, after."}


def test_tags_load_as_a_dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {"title": 'a "quoted" 🎬 \u0000 name', "": "no name", "null": "null"}
    make(tmp_path / "some", videos=1, tags=tags)
    make(tmp_path / "none", videos=1, tags={})
    assert {frozenset(row["tags"].items()) for row in load(tmp_path / "some" / "RUN", monkeypatch)} == {
        frozenset(tags.items())
    }
    assert load(tmp_path / "none" / "RUN", monkeypatch)[0]["tags"] == {}
    streamed = datasets.load_dataset("RUN/dataset", split="train", streaming=True)
    assert next(iter(streamed))["tags"] == {}


def test_the_path_of_a_video_leads_from_the_dataset_wherever_the_run_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(tmp_path, videos=2)
    samples.with_media(run)
    for _ in range(2):
        found = load(tmp_path / "RUN", monkeypatch)
        assert found.features["video"] == datasets.Video(decode=False)
        for row in found:
            file = tmp_path / "RUN" / "dataset" / row["video"]["path"]
            assert file.read_bytes() == b"not a real video" + row["id"].encode()
            assert row["video"]["bytes"] is None
        (tmp_path / "moved").mkdir()
        shutil.move(tmp_path / "RUN", tmp_path / "moved" / "RUN")
        tmp_path = tmp_path / "moved"


@pytest.mark.parametrize(
    ("uri", "root", "path"),
    [
        ("run:media/clips/a/b.mp4", "file:///runs/RUN", "../media/clips/a/b.mp4"),
        ("run:media/clips/a/b.mp4", "s3://bucket/RUN", "s3://bucket/RUN/media/clips/a/b.mp4"),
        ("s3://bucket/videos/%41 b.mp4", "file:///runs/RUN", "s3://bucket/videos/%41 b.mp4"),
        ("hf://datasets/a/b@main/c.mp4", "s3://bucket/RUN", "hf://datasets/a/b@main/c.mp4"),
        ("file:///videos/%F0%9F%8E%AC%20one.mp4", "file:///runs/RUN", "/videos/🎬 one.mp4"),
        ("file:///videos/one.mp4", "s3://bucket/RUN", "/videos/one.mp4"),
        ("file:///videos/%E9t%E9.mp4", "file:///runs/RUN", "file:///videos/%E9t%E9.mp4"),
    ],
)
def test_what_the_path_of_a_video_is(uri: str, root: str, path: str) -> None:
    assert parquet.place(uri, root) == path


def test_rows_of_a_virtual_clip_name_the_source_and_where_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "🎬 long.mp4"
    source.write_bytes(b"the source")
    make(tmp_path, videos=1, clips=1, uri=source.as_uri(), source_uri=source.as_uri(), offset=3.5)
    (row,) = load(tmp_path / "RUN", monkeypatch)
    assert (tmp_path / "RUN" / "dataset" / row["video"]["path"]).read_bytes() == b"the source"
    assert row["video_offset"] == 3.5


def test_a_run_in_a_bucket_says_its_address_even_when_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = tmp_path / "cloud" / "vids"
    samples.make(bucket / "RUN", videos=1)
    with buckets(tmp_path / "cloud", monkeypatch):
        for name in ("RUN", "COPY"):
            for _ in range(2):
                assert parquet.write(Run.open(f"s3://vids/{name}")) == 6
            found = pq.read_table(bucket / name / "dataset" / "data" / "00000.parquet")
            assert found["video"][0].as_py()["path"] == f"s3://vids/{name}/media/0000000000000000/0.mp4"
            if name == "RUN":
                shutil.copytree(bucket / "RUN", bucket / "COPY")


def card_code(folder: Path) -> str:
    """The Python of the dataset's own card."""
    found = re.search(r"```python\n(.*)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.mark.media
def test_a_clip_plays_as_the_card_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(tmp_path, videos=1, clips=1, duration=1.0)
    (row,) = run.all_rows("finish")
    target = tmp_path / "RUN" / row.uri.removeprefix("run:")
    target.parent.mkdir(parents=True)
    picture = ["-f", "lavfi", "-i", "color=red:size=64x48:duration=1"]
    process.run(["ffmpeg", "-v", "error", *picture, str(target)], 60)
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    if find_spec("torchcodec"):
        exec(card_code(tmp_path / "RUN" / "dataset"), space)
        assert tuple(space["frame"].data.shape) == (3, 48, 64)
    else:
        with pytest.raises(ImportError, match="torchcodec"):
            exec(card_code(tmp_path / "RUN" / "dataset"), space)
    assert space["clips"].features["video"] == datasets.Video()
    told = space["clips"].cast_column("video", datasets.Video(decode=False))[0]["video"]["path"]
    assert os.path.samefile(told, target)


def test_readers_of_parquet_see_the_same(tmp_path: Path) -> None:
    make(tmp_path, videos=1, clips=1)
    (row,) = pq.read_table(tmp_path / "RUN" / "dataset" / "data" / "00000.parquet").to_pylist()
    assert row["video"] == {"bytes": None, "path": "../media/0000000000000000/0.mp4"}
    assert row["transcript"][0]["text"] == "hello there"


def test_a_damaged_file_is_written_again(tmp_path: Path) -> None:
    run = make(tmp_path, per_shard=6)  # in a smaller file most bits are statistics, which have no checksum
    file = next((tmp_path / "RUN" / "dataset" / "data").iterdir())
    good = file.read_bytes()
    chance = random.Random(4)
    told = 0
    for _ in range(30):
        place = chance.randrange(8 * len(good))
        bad = bytearray(good)
        bad[place // 8] ^= 1 << place % 8
        file.write_bytes(bad)
        parquet.write(run)
        told += file.read_bytes() == good
        assert pq.read_table(file).equals(pq.read_table(BytesIO(good)))
        file.write_bytes(good)
    assert told > 20, "but for bits that nobody reads"
    file.write_bytes(good[:-9])
    parquet.write(run)
    assert file.read_bytes() == good
