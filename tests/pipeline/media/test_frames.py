"""The picture of a file in one decode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.media.frames import SMALL_AREA, STILL_SIDE, between, decode, small_size, still_size
from asid.pipeline.media.process import MediaError
from asid.pipeline.media.timeline import Timeline, timeline_of
from tests.kits.mediakit import ffmpeg

SIDES = st.integers(1, 10_000)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey that grows brighter from frame to frame: each tells its place."""
    path = tmp_path_factory.mktemp("frames") / "film.mkv"
    source = ("-f", "lavfi", "-t", 0.8, "-i", "color=black:s=64x48:r=25,format=gray,geq=lum='16+10*N'")
    shape = ("-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", 5, "-qp", 4)
    ffmpeg(*source, "-c:v", "libx264", *shape, path)
    return path


def told(path: Path) -> Timeline:
    return timeline_of(path, 0, 0.0)


@given(SIDES, SIDES)
def test_a_small_frame_is_even_keeps_its_shape_and_is_never_larger_than_needed(width: int, height: int) -> None:
    wide, high = small_size(width, height)
    assert wide % 2 == high % 2 == 0
    assert min(wide, high) >= 16
    if min(wide, high) > 16:
        assert wide * high <= SMALL_AREA * 1.2
        assert wide <= width + 1
        assert wide / high == pytest.approx(width / height, rel=0.15)


@given(SIDES, SIDES)
def test_a_still_is_even_and_no_longer_than_its_side(width: int, height: int) -> None:
    size = still_size(width, height)
    assert all(side % 2 == 0 and 2 <= side <= STILL_SIDE for side in size)
    assert still_size(1920, 1080) == (1280, 720)
    assert still_size(640, 360) == (640, 360)


def test_frames_come_in_order_with_times_from_the_first(film: Path) -> None:
    decoding = decode(film, 64, 48, 60)
    frames = list(decoding.frames)
    assert [frame.index for frame in frames] == list(range(20))
    assert [frame.time for frame in frames] == pytest.approx([n / 25 for n in range(20)], abs=0.001)
    assert decoding.timeline is None
    assert (np.diff([frame.gray.mean() for frame in frames]) > 5).all()
    assert frames[0].gray.shape == (decoding.height, decoding.width) == (48, 64)
    assert frames[0].blue.shape == frames[0].red.shape == (24, 32)


def test_frames_of_a_gap_are_decoded_apart(film: Path) -> None:
    decoding = decode(film, 64, 48, 60, timeline=lambda: told(film))
    means = [float(frame.gray.mean()) for frame in decoding.frames]
    one, other = between(decoding, [(7, 8), (12, 14)], 60)
    assert (len(one), len(other)) == (2, 3)
    found = [float(gray.mean()) for gray in (*one, *other)]
    full = [(means[n] - 16) * 255 / 219 for n in (7, 8, 12, 13, 14)]  # small frames are of video range
    assert found == pytest.approx(full, abs=2)


def test_stills_have_the_exact_times_of_their_frames(film: Path, tmp_path: Path) -> None:
    decoding = decode(film, 64, 48, 60, stills=tmp_path, still_every=0.4)
    times = [frame.time for frame in decoding.frames]
    found = decoding.stills(tmp_path)
    assert found[0][0] == 0
    assert all(time in times for time, _ in found)
    assert len(found) >= 2


def test_sparing_without_a_timeline_is_a_mistake_of_the_caller(film: Path) -> None:
    with pytest.raises(ValueError, match="timeline"):
        decode(film, 64, 48, 60, sparing=True)


def test_what_holds_no_picture_is_an_error(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-t", 0.2, "-i", "anullsrc=r=16000", tmp_path / "sound.wav")
    with pytest.raises(MediaError):
        list(decode(tmp_path / "sound.wav", 64, 48, 60).frames)
