"""Clips of an evaluation benchmark are found by their bytes and by what they show, also trimmed and encoded again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from asid.pipeline.prompts import Prompts
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage
from asid.stages.against import Against, AgainstConfig
from tests.bench import bench_against as films


def judge(folder: Path) -> Against:
    return Against(AgainstConfig(videos=(str(folder / "benchmark"),)), Context(Storage(folder / "run"), Prompts(), {}))


def test_copies_are_found_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "benchmark").mkdir()
    rows = []
    for number in range(3):
        film = tmp_path / "benchmark" / f"film{number}.mp4"
        films.encode(film, number)
        films.copy(film, tmp_path / "copy.mp4", number)
        rows.append(films.row(f"copy{number}", films.shown(tmp_path / "copy.mp4"), 8))
    rows += [films.row(f"other{number}", films.frames(1000 + number), films.RATE) for number in range(6)]
    same = hashlib.sha256((tmp_path / "benchmark" / "film1.mp4").read_bytes()).hexdigest()
    rows.append({"id": "same", "sha256": same, "frames": []})
    found = {decision.id: decision for decision in judge(tmp_path).decide(rows)}
    assert {id: decision.value for id, decision in found.items()} == {
        "copy0": "benchmark:film0.mp4", "copy1": "benchmark:film1.mp4", "copy2": "benchmark:film2.mp4",
        "same": "benchmark:film1.mp4",
    }  # fmt: skip
    assert found["same"].detail == "the same bytes" and "of 64 bits" in found["copy0"].detail
    for file in (tmp_path / "benchmark").iterdir():
        hashes = tmp_path / "run" / "prints" / f"{hashlib.sha256(file.read_bytes()).hexdigest()}-4.json"
        assert hashes.is_file(), "a benchmark is hashed once for a run"


def test_a_black_clip_is_no_copy_of_a_black_film(tmp_path: Path) -> None:
    (tmp_path / "benchmark").mkdir()
    films.encode(tmp_path / "benchmark" / "film.mp4", 1)
    black = {"id": "black", "sha256": "x", "frames": [{"time": float(at), "phash": "0" * 16} for at in range(5)]}
    assert not list(judge(tmp_path).decide([black]))


def test_a_benchmark_that_cannot_be_read_ends_the_pass(tmp_path: Path) -> None:
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark" / "film.mp4").write_bytes(b"no video")
    with pytest.raises(Unprocessable, match=r"film\.mp4 cannot be read"):
        list(judge(tmp_path).decide([]))
