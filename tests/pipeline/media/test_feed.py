"""What ffmpeg gives of a picture: each small frame with its time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.media.feed import EARLIER, FLICKS, Order, parted, seek, ticks_of, whole
from asid.pipeline.media.process import MediaError
from asid.pipeline.media.timeline import timeline_of
from tests.kits.mediakit import ffmpeg


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("feed") / "film.mp4"
    source = ("-f", "lavfi", "-t", 2, "-i", "testsrc2=s=64x48:r=25")
    ffmpeg(*source, "-c:v", "libx264", "-preset", "ultrafast", "-g", 5, path)
    return path


def order(path: Path, **changed: Any) -> Order:
    usual: dict[str, Any] = {
        "index": 0, "small": (32, 24), "still": (64, 48), "folder": None, "every": 1.0, "threads": 1, "sparing": False,
        "timeout": 60.0,
    }  # fmt: skip
    return Order(path, **(usual | changed))


@given(
    st.integers(0, 10**9),
    st.sampled_from(
        [Fraction(1, 25), Fraction(1, 90000), Fraction(1001, 30000), Fraction(1, 12800), Fraction(1, 1000)]
    ),
)
def test_a_tick_survives_being_counted_in_flicks(tick: int, base: Fraction) -> None:
    assert ticks_of(round(tick * base * FLICKS), base) == tick


def test_each_frame_comes_with_its_planes_and_its_time(film: Path) -> None:
    frames = list(whole(order(film)))
    assert [stamp for _, stamp in frames] == [n * FLICKS // 25 for n in range(50)]
    assert {len(data) for data, _ in frames} == {32 * 24 * 3 // 2}
    assert len({data for data, _ in frames}) > 25


@pytest.mark.parametrize("threads", [2, 3])
def test_parts_decoded_apart_are_the_whole(film: Path, threads: int) -> None:
    timeline = timeline_of(film, 0, 0.0)
    assert list(parted(order(film, threads=threads), timeline)) == list(whole(order(film)))


def test_stills_lie_in_their_folder_by_milliseconds(film: Path, tmp_path: Path) -> None:
    for _ in whole(order(film, folder=tmp_path, every=0.5)):
        pass
    files = sorted(tmp_path.iterdir(), key=lambda file: int(file.stem))
    times = [int(file.stem) for file in files]
    assert times[0] == 0
    assert np.diff(times).max() <= 540
    assert {file.stat().st_size for file in files} == {64 * 48 * 3 // 2}


def test_an_index_is_sought_by_what_is_shown_and_a_stream_without_one_earlier(film: Path, tmp_path: Path) -> None:
    ffmpeg("-i", film, "-c", "copy", tmp_path / "film.ts")
    assert seek(film, 1.5)[-1] == "1.500000"
    assert seek(tmp_path / "film.ts", 1.5)[-1] == f"{1.5 - EARLIER:.6f}"


def test_leaving_early_leaves_nothing_behind(film: Path) -> None:
    feed = whole(order(film))
    next(feed)
    feed.close()
    assert list(feed) == []


def test_a_stream_that_is_not_there_is_an_error(film: Path) -> None:
    with pytest.raises(MediaError):
        list(whole(order(film, index=3)))
