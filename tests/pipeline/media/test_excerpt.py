"""A span of a file as bytes for a model."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest

from asid.pipeline.media import excerpt
from asid.pipeline.media.probe import probe
from asid.pipeline.media.process import MediaError
from tests.kits.mediakit import ffmpeg


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, black then white, with a tone in the second one alone."""
    path = tmp_path_factory.mktemp("excerpt") / "clip.mp4"
    picture = "color=black:s=65x48:r=10:d=1[a];color=white:s=65x48:r=10:d=1[b];[a][b]concat=n=2,setsar=1,format=yuv444p"
    tone = "aevalsrc='gt(t,1)*0.5*sin(2*PI*440*t)':s=16000:d=2"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-c:v", "libx264", "-c:a", "aac", path)
    return path


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("excerpt") / "silent.mp4"
    ffmpeg("-f", "lavfi", "-t", 1, "-i", "testsrc2=s=64x48:r=10", "-c:v", "libx264", path)
    return path


def samples(data: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


@pytest.mark.parametrize(("start", "end", "seconds"), [(0.0, None, 2.0), (0.5, 1.5, 1.0), (1.2, None, 0.8)])
def test_a_span_is_a_video_of_its_own_with_its_sound(
    clip: Path, tmp_path: Path, start: float, end: float | None, seconds: float
) -> None:
    (tmp_path / "part.mp4").write_bytes(excerpt.video(clip, start, end, 60))
    found = probe(tmp_path / "part.mp4")
    assert found.duration == pytest.approx(seconds, abs=0.1)
    assert (found.width, found.height, found.codec, len(found.audio)) == (64, 48, "h264", 1)


def test_a_video_without_sound_stays_without(silent: Path, tmp_path: Path) -> None:
    (tmp_path / "part.mp4").write_bytes(excerpt.video(silent, 0.0, None, 60))
    assert probe(tmp_path / "part.mp4").audio == ()
    with pytest.raises(MediaError):
        excerpt.sound(silent, 0.0, None, 60)


def test_the_sound_of_a_span_is_that_of_its_seconds(clip: Path) -> None:
    quiet, loud = samples(excerpt.sound(clip, 0.0, 0.9, 60)), samples(excerpt.sound(clip, 1.1, 2.0, 60))
    assert len(quiet) == pytest.approx(0.9 * 16000, abs=20)
    assert np.abs(quiet[:-800]).max() < 200
    assert np.abs(loud).max() > 8000


def test_stills_are_dated_from_the_spans_start(clip: Path) -> None:
    whole = excerpt.stills(clip, 0.0, None, 2.0, 99, 64, 60)
    assert [time for time, _ in whole] == [0.0, 0.5, 1.0, 1.5]
    levels = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE).mean() for _, data in whole]
    assert [level > 128 for level in levels] == [False, False, True, True]
    part = excerpt.stills(clip, 1.0, 1.6, 5.0, 99, 64, 60)
    assert [time for time, _ in part] == pytest.approx([0.0, 0.2, 0.4])


@pytest.mark.parametrize(("most", "times"), [(1, [0.0]), (2, [0.0, 1.9]), (3, [0.0, 1.0, 1.9]), (20, None)])
def test_no_more_than_so_many_evenly_from_first_to_last(clip: Path, most: int, times: list[float] | None) -> None:
    found = [time for time, _ in excerpt.stills(clip, 0.0, None, 10.0, most, 64, 60)]
    assert len(found) == most
    assert times is None or found == pytest.approx(times, abs=0.1)


def test_stills_stay_within_side_and_pixels_and_are_never_made_larger(clip: Path) -> None:
    def size(**limits: int) -> tuple[int, int]:
        ((_, data),) = excerpt.stills(clip, 0.0, None, 1.0, 1, limits.pop("side"), 60, **limits)
        return excerpt.jpeg_size(data)

    assert max(size(side=32)) <= 32
    assert size(side=4000) in ((64, 48), (66, 48))
    wide, high = size(side=4000, max_pixels=1000)
    assert wide * high <= 1000
    assert len(excerpt.stills(clip, 0.0, None, 10.0, 99, 64, 60, total_pixels=3 * 64 * 48)) == 3


def test_the_size_of_a_jpeg_is_read_from_its_header() -> None:
    data = cv2.imencode(".jpg", np.zeros((30, 50, 3), np.uint8))[1].tobytes()
    assert excerpt.jpeg_size(data) == (50, 30)
    for odd in (b"", b"\xff\xd8", b"not a picture at all"):
        with pytest.raises(ValueError, match="no JPEG"):
            excerpt.jpeg_size(odd)


def test_a_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"nothing")
    for work in (excerpt.video, excerpt.sound):
        with pytest.raises(MediaError):
            work(tmp_path / "x.mp4", 0.0, None, 30)
