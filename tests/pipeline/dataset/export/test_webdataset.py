"""WebDataset shards: a video and its JSON side by side, tars of bounded size, the same bytes every time."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from asid.pipeline.dataset.export.folder import ExportError
from asid.pipeline.dataset.export.items import Kept
from asid.pipeline.dataset.export.webdataset import EXPORTER
from tests.kits.exportkit import clip, place, written


def clips(run: Path, count: int, **changed: object) -> list[Kept]:
    for number in range(count):
        place(run, f"run:media/{number}.mp4", b"video %d" % number)
    return [clip(number, **changed) for number in range(count)]


def members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert all((one.mtime, one.uid, one.gid, one.uname) == (0, 0, 0, "") for one in tar)
        return {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]


def test_each_clip_is_a_video_and_a_description_of_one_name(tmp_path: Path) -> None:
    found = written(EXPORTER, clips(tmp_path / "run", 2), tmp_path, kinds=("all", "single"))
    inside = members(found["train-000000.tar"])
    assert list(inside) == ["c000.mp4", "c000.json", "c001.mp4", "c001.json"]
    assert inside["c001.mp4"] == b"video 1"
    told = json.loads(inside["c001.json"])
    assert (told["caption"], told["scene"], told["licence"]) == (clip(1).caption, "At 0s, a room.", "CC-BY")
    assert [item["attributes"] for item in told["items"]] == [[], ["scene"], ["camera"]]
    assert told["items"][0]["answer"] == clip(1).caption


def test_a_tar_that_is_full_is_followed_by_another(tmp_path: Path) -> None:
    found = written(EXPORTER, clips(tmp_path / "run", 3), tmp_path, tar_bytes=1)
    assert sorted(found) == ["train-000000.tar", "train-000001.tar", "train-000002.tar"]
    assert [next(iter(members(found[name]))) for name in sorted(found)] == ["c000.mp4", "c001.mp4", "c002.mp4"]


def test_splits_are_counted_each_for_itself(tmp_path: Path) -> None:
    one, _ = clips(tmp_path / "run", 2)
    held = clip(1, split="test")
    found = written(EXPORTER, [one, held], tmp_path)
    assert sorted(found) == ["test-000000.tar", "train-000000.tar"]
    assert list(members(found["test-000000.tar"])) == ["c001.mp4", "c001.json"]


def test_the_same_clips_are_the_same_bytes(tmp_path: Path) -> None:
    one, two = (written(EXPORTER, clips(tmp_path / name / "run", 2), tmp_path / name) for name in ("a", "b"))
    assert one == two


def test_a_video_that_is_gone_is_told_and_no_tar_is_left(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="c005"):
        written(EXPORTER, [*clips(tmp_path / "run", 1), clip(5)], tmp_path)
    assert list((tmp_path / "out").iterdir()) == []
