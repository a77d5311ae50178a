"""What begins at once in the picture is found; what goes on, and cuts, are not."""

from __future__ import annotations

import numpy as np
import pytest

from asid.pipeline.vision.onsets import OnsetMeter
from tests.kits.shotkit import looks


def seen(pictures: list[np.ndarray], cuts: tuple[float, ...] = (), every: int = 1) -> tuple[float, ...]:
    meter = OnsetMeter()
    for one in looks(pictures)[::every]:
        meter.add(one)
    return meter.beside(cuts)


def walls(count: int, *bright: int) -> list[np.ndarray]:
    """Gray pictures; at the given frames a corner is bright, for two frames."""
    made = [np.full((180, 320, 3), 90, np.uint8) for _ in range(count)]
    for at in bright:
        for picture in made[at : at + 2]:
            picture[:60, :80] = 220
    return made


def test_what_begins_is_found_where_it_begins() -> None:
    assert seen(walls(80, 30, 55)) == pytest.approx((29.5 / 25, 54.5 / 25), abs=0.001)


def test_what_moves_all_the_time_begins_nothing() -> None:
    pictures = walls(80)
    for n, picture in enumerate(pictures):
        picture[60:120, 4 * (n % 70) : 4 * (n % 70) + 40] = 220
    assert len(seen(pictures[9:68])) <= 1


def test_a_cut_is_no_onset_nor_is_what_happens_amid_frames_left_out() -> None:
    assert seen(walls(80, 30, 55), cuts=(30 / 25,)) == pytest.approx((54.5 / 25,), abs=0.001)
    assert seen(walls(80, 30, 55), every=2) == ()
