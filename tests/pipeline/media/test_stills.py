"""Candidates for stills become JPEGs or go, as the picture comes; all that shots need are kept."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from asid.pipeline.media.process import MediaError
from asid.pipeline.media.stills import Album, Still

SIZE = 64, 48


def candidates(folder: Path, times: list[float]) -> list[Still]:
    """Grey pictures, each as bright as its place among them."""
    made = []
    for place, time in enumerate(times):
        file = folder / f"{round(time * 1000)}.yuv"
        planes = np.full(SIZE[0] * SIZE[1] * 3 // 2, 128, np.uint8)
        planes[: SIZE[0] * SIZE[1]] = 40 + 5 * place
        file.write_bytes(planes.tobytes())
        made.append((time, file))
    return made


def folder(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


def opening(time: float) -> float:
    """One shot of twenty seconds, then short ones."""
    return 0.0 if time < 20 else float(int(time))


def test_a_long_shot_keeps_few_and_short_ones_all(tmp_path: Path) -> None:
    album = Album(folder(tmp_path), SIZE, per_shot=3, apart=4.0)
    album.settle(candidates(tmp_path, [float(n) for n in range(25)]), math.inf, opening)
    assert [time for time, _ in album.kept] == [0, 1, 2, 6, 10, 14, 18, 20, 21, 22, 23, 24]
    assert not list(tmp_path.glob("*.yuv"))
    assert sorted((tmp_path / "kept").iterdir()) == sorted(file for _, file in album.kept)


def test_what_is_too_late_to_judge_waits(tmp_path: Path) -> None:
    album = Album(folder(tmp_path), SIZE, per_shot=3, apart=4.0)
    waiting = candidates(tmp_path, [0.0, 1.0, 2.0])
    album.settle(waiting, 2.0, opening)
    assert [time for time, _ in album.kept] == [0, 1]
    assert waiting[2][1].exists()
    album.settle(waiting[2:], math.inf, opening)
    assert [time for time, _ in album.kept] == [0, 1, 2]


def test_light_is_of_full_range(tmp_path: Path) -> None:
    album = Album(folder(tmp_path), SIZE, per_shot=3, apart=4.0)
    album.settle(candidates(tmp_path, [0.0]), math.inf, opening)
    picture = cv2.imread(str(album.kept[0][1]))
    assert picture is not None and picture.shape == (SIZE[1], SIZE[0], 3)
    assert picture.mean() == pytest.approx((40 - 16) * 255 / 219, abs=1.5)


def test_a_candidate_that_is_not_whole_is_an_error(tmp_path: Path) -> None:
    (_, file), *_ = some = candidates(tmp_path, [0.5])
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(MediaError, match=r"0\.500 s is not whole"):
        Album(folder(tmp_path), SIZE, per_shot=3, apart=4.0).settle(some, math.inf, opening)
