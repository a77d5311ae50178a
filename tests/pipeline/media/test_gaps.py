"""Cuts among frames that were left out are found to the frame, while the picture is decoded."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asid.pipeline.media.frames import Decoding, between, decode
from asid.pipeline.media.gaps import Gaps, sharpest
from asid.pipeline.media.probe import picture_start
from asid.pipeline.media.timeline import timeline_of
from tests.films import CUTS, FRAMES, SIZE, X264, film

KEYS = ("-bf", "3", "-x264-params", "scenecut=0:keyint=50:min-keyint=50:b-adapt=0")  # at 0, 50 and 100
Gap = tuple[int, int]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film") / "film.mp4", *X264, *KEYS)


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> list[list[Gap]]:
    """The gaps that were filled, process by process."""
    asked: list[list[Gap]] = []

    def watched(decoding: Decoding, gaps: list[Gap], timeout: float) -> Any:
        asked.append(gaps)
        return between(decoding, gaps, timeout)

    monkeypatch.setattr("asid.pipeline.media.gaps.between", watched)
    return asked


def spared(path: Path) -> tuple[Decoding, list[int]]:
    """A sparing decoding that is over, and the frames at which its cuts are seen."""
    decoding = decode(path, *SIZE, 60, timeline=lambda: timeline_of(path, *picture_start(path)), sparing=True)
    indexes = [frame.index for frame in decoding.frames]
    return decoding, [next(index for index in indexes if index >= cut) for cut in CUTS]


def test_gaps_of_one_keyframe_are_filled_together(path: Path) -> None:
    whole = decode(path, *SIZE, 60)
    frames, gaps = np.stack([frame.gray for frame in whole.frames]).reshape(FRAMES, -1), [(57, 60), (89, 91)]
    decoding, _ = spared(path)
    for (first, last), found in zip(gaps, between(decoding, gaps, 60), strict=True):
        alike = np.corrcoef(found.reshape(len(found), -1), frames)[: len(found), len(found) :]
        assert alike.argmax(1).tolist() == list(range(first, last + 1))
    assert decoding.timeline
    decoding.timeline = replace(decoding.timeline, ticks=decoding.timeline.ticks + 1)  # there is no frame to begin with
    assert between(decoding, gaps, 60) == []


def test_they_are_filled_while_the_picture_is_decoded(path: Path, filled: list[list[Gap]]) -> None:
    decoding, seen = spared(path)
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


def test_the_gaps_of_a_long_stretch_are_filled_some_at_a_time(
    path: Path, filled: list[list[Gap]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asid.pipeline.media.gaps.TOGETHER", 1)
    decoding, seen = spared(path)
    with Gaps(decoding, 60) as gaps:
        assert gaps.places(seen) == {index: (cut, cut / 25) for index, cut in zip(seen, CUTS, strict=True)}
    assert filled == [[(22, 24)], [(60, 62)], [(88, 90)]]


def test_gaps_that_do_not_decode_leave_their_cuts_where_they_were_seen(path: Path) -> None:
    decoding, seen = spared(path)
    assert decoding.timeline
    decoding.timeline = replace(decoding.timeline, ticks=decoding.timeline.ticks + 1)
    with Gaps(decoding, 60) as gaps:
        assert gaps.places(seen) == {}


def test_where_nothing_was_left_out_there_is_nothing_to_fill(path: Path) -> None:
    decoding = decode(path, *SIZE, 60)
    for _ in decoding.frames:
        pass
    with Gaps(decoding, 60) as gaps:
        gaps.fill(CUTS, 119)
        assert gaps.places(CUTS) == {}


def test_a_cut_is_sharp_and_a_fade_is_not() -> None:
    assert sharpest(np.array([1.0, 1.5, 40.0, 2.0])) == 2
    assert sharpest(np.array([12.0, 14.0, 13.0])) is None
