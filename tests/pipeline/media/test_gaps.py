"""Cuts among frames that were left out are found to the frame, while the picture is decoded."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mediakit import ffmpeg

from pipeline.media.frames import Decoding, between, decode
from pipeline.media.gaps import Gaps, sharpest
from pipeline.media.probe import picture_start
from pipeline.media.timeline import timeline_of

SIZE = 320, 180
CUTS = (23, 61, 90)  # the first two on frames that no other needs; keyframes are 0, 50 and 100
SCENES = ("mandelbrot=start_scale=0.3:maxiter=300:", "testsrc2=", "life=ratio=0.3:life_color=yellow:", "smptehdbars=")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 frames at 25 a second, of four scenes."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    inputs: list[str] = []
    for scene, frames in zip(SCENES, np.diff([0, *CUTS, 120]), strict=True):
        inputs += ["-f", "lavfi", "-t", str(frames / 25), "-i", f"{scene}s=320x180:r=25"]
    graph = "".join(f"[{n}:v]format=yuv420p,setsar=1[v{n}];" for n in range(4)) + "[v0][v1][v2][v3]concat=n=4"
    x264 = ("-preset", "ultrafast", "-bf", "3", "-x264-params", "scenecut=0:keyint=50:min-keyint=50:b-adapt=0")
    ffmpeg(*inputs, "-filter_complex", graph, "-c:v", "libx264", *x264, path)
    return path


def spared(film: Path) -> tuple[Decoding, list[int]]:
    """A sparing decoding that is over, and the frames at which its cuts are seen."""
    decoding = decode(film, *SIZE, 60, sparing=lambda: timeline_of(film, *picture_start(film)))
    indexes = [frame.index for frame in decoding.frames]
    return decoding, [next(index for index in indexes if index >= cut) for cut in CUTS]


def test_gaps_of_one_keyframe_are_filled_together(film: Path) -> None:
    whole = decode(film, *SIZE, 60)
    frames, gaps = np.stack([frame.gray for frame in whole.frames]).reshape(120, -1), [(57, 60), (89, 91)]
    decoding, _ = spared(film)
    for (first, last), found in zip(gaps, between(decoding, gaps, 60), strict=True):
        alike = np.corrcoef(found.reshape(len(found), -1), frames)[: len(found), len(found) :]
        assert alike.argmax(1).tolist() == list(range(first, last + 1))
    assert decoding.timeline
    decoding.timeline = replace(decoding.timeline, ticks=decoding.timeline.ticks + 1)  # there is no frame to begin with
    assert between(decoding, gaps, 60) == []


def test_they_are_filled_while_the_picture_is_decoded(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[list[tuple[int, int]]] = []

    def watched(decoding: Decoding, gaps: list[tuple[int, int]], timeout: float) -> Any:
        filled.append(gaps)
        return between(decoding, gaps, timeout)

    monkeypatch.setattr("pipeline.media.gaps.between", watched)
    decoding, seen = spared(film)
    assert [index - cut for index, cut in zip(seen, CUTS, strict=True)] == [1, 1, 0]
    with Gaps(decoding, 60) as gaps:
        gaps.fill(seen[:1], 40)
        gaps.fill([12], 45)
        gaps.fill(seen[1:2], 70)
        limit = time.monotonic() + 60
        while not filled and time.monotonic() < limit:
            time.sleep(0.01)
        assert filled == [[(10, 12), (22, 24)]], "those of a keyframe together, when it is over"
        places = gaps.places(seen)
    assert places == {index: (cut, cut / 25) for index, cut in zip(seen, CUTS, strict=True)}
    assert filled[1:] == [[(60, 62), (88, 90)]]


def test_the_gaps_of_a_long_stretch_are_filled_some_at_a_time(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.media.gaps.TOGETHER", 1)
    decoding, seen = spared(film)
    with Gaps(decoding, 60) as gaps:
        assert gaps.places(seen) == {index: (cut, cut / 25) for index, cut in zip(seen, CUTS, strict=True)}


def test_gaps_that_do_not_decode_leave_their_cuts_where_they_were_seen(film: Path) -> None:
    decoding, seen = spared(film)
    assert decoding.timeline
    decoding.timeline = replace(decoding.timeline, ticks=decoding.timeline.ticks + 1)
    with Gaps(decoding, 60) as gaps:
        assert gaps.places(seen) == {}


def test_where_nothing_was_left_out_there_is_nothing_to_fill(film: Path) -> None:
    decoding = decode(film, *SIZE, 60)
    for _ in decoding.frames:
        pass
    with Gaps(decoding, 60) as gaps:
        gaps.fill(CUTS, 119)
        assert gaps.places(CUTS) == {}


def test_a_cut_is_sharp_and_a_fade_is_not() -> None:
    assert sharpest(np.array([1.0, 1.5, 40.0, 2.0])) == 2
    assert sharpest(np.array([12.0, 14.0, 13.0])) is None
