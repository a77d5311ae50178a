"""When each frame begins, to the tick."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.media.probe import probe
from asid.pipeline.media.process import MediaError
from asid.pipeline.media.timeline import Timeline, read_timeline, timeline_of
from tests.kits.mediakit import ffmpeg

SOME = Timeline(
    np.array([1000, 1512, 2024, 2536], np.int64), np.array([True, False, True, False]), 3048, Fraction(1, 12800)
)


def film(path: Path, *more: object, source: str = "testsrc2=s=32x32:r=25") -> Path:
    ffmpeg("-f", "lavfi", "-t", 0.4, "-i", source, "-c:v", "libx264", "-preset", "ultrafast", "-g", 4, *more, path)
    return path


def test_times_count_from_the_first_frame() -> None:
    assert SOME.times.tolist() == [0, 0.04, 0.08, 0.12]
    assert SOME.duration == 0.16
    assert SOME.seconds(1512) == 0.04


@pytest.mark.parametrize(("place", "key"), [(0, 0), (1, 0), (2, 2), (3, 2)])
def test_a_decoder_starts_at_the_keyframe_before(place: int, key: int) -> None:
    assert SOME.key(place) == key


def test_without_a_known_keyframe_it_starts_at_the_first_frame() -> None:
    none = Timeline(SOME.ticks, np.zeros(4, bool), SOME.end, SOME.base)
    assert none.key(3) == 0


@given(st.integers(0, 10**9))
def test_a_tick_and_its_seconds_are_one(tick: int) -> None:
    assert SOME.tick(SOME.seconds(1000 + tick)) == 1000 + tick


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_every_frame_has_its_time_whatever_the_container(tmp_path: Path, name: str) -> None:
    path = film(tmp_path / name, "-bf", 2)
    found = read_timeline(path, probe(path))
    assert np.allclose(found.times, np.arange(10) / 25, atol=0.001)
    assert found.duration == pytest.approx(0.4, abs=0.001)
    assert found.keys[[0, 4, 8]].all()
    assert (np.diff(found.ticks) > 0).all()


def test_frames_at_uneven_times_keep_them(tmp_path: Path) -> None:
    path = film(
        tmp_path / "a.mkv", "-fps_mode", "passthrough", source="testsrc2=s=32x32:r=25,select='not(eq(n,3)+eq(n,4))'"
    )
    assert read_timeline(path, probe(path)).times.tolist() == [0, 0.04, 0.08, 0.2, 0.24, 0.28, 0.32, 0.36]


def test_what_is_before_the_first_frame_that_decodes_does_not_count(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv")
    assert len(timeline_of(path, 0, 0.16).ticks) == 6
    with pytest.raises(MediaError, match="no packet of the picture has a time"):
        timeline_of(path, 0, 99.0)


def test_a_stream_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no time base"):
        timeline_of(film(tmp_path / "a.mkv"), 7, 0.0)
    (tmp_path / "b.mkv").write_bytes(b"x" * 99)
    with pytest.raises(MediaError):
        timeline_of(tmp_path / "b.mkv", 0, 0.0)
