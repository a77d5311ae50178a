"""Whether two frames show the same view."""

from __future__ import annotations

import numpy as np
import pytest

from asid.pipeline.vision.likeness import (
    Look,
    change,
    colour_distance,
    differ,
    difference,
    found_again,
    step,
    stood_still,
)
from tests.kits.shotkit import HEIGHT, WIDTH, look, view

ONE, OTHER, TURNED = look(view(1), 0), look(view(2), 1), look(view(1, right=12), 2)
DIMMED = look((view(1) * 0.8).astype(np.uint8), 3)


def plain(gray: int, blue: int = 128, red: int = 128) -> Look:
    small = np.full((45, 80), blue, np.uint8), np.full((45, 80), red, np.uint8)
    return Look(0, 0.0, np.full((90, 160), gray, np.uint8), *small)


@pytest.mark.parametrize("same", [TURNED, DIMMED, ONE])
def test_a_turn_of_the_camera_and_less_light_are_the_same_view(same: Look) -> None:
    assert difference(ONE, same) < 0
    assert not differ(ONE, same, 0.0)


def test_another_view_differs_whichever_comes_first() -> None:
    assert difference(ONE, OTHER) > 0.3
    assert difference(ONE, OTHER) == difference(OTHER, ONE)
    assert differ(ONE, OTHER, 0.3)
    assert not differ(ONE, OTHER, 1.1)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_parts_of_the_difference_are_shares(seed: int) -> None:
    other = look(view(seed), 0)
    for part in (colour_distance, found_again, stood_still):
        assert 0 <= part(ONE, other) <= 1
    assert colour_distance(ONE, ONE) == 0
    assert found_again(ONE, ONE) == stood_still(ONE, ONE) == 1


def test_what_turned_is_found_again_though_it_did_not_stand_still() -> None:
    assert found_again(ONE, TURNED) > 0.9
    assert stood_still(ONE, TURNED) < 0.2


def test_words_laid_over_a_picture_leave_the_rest_where_it_was() -> None:
    picture = view(1).copy()
    picture[HEIGHT // 2 - 10 : HEIGHT // 2 + 10, WIDTH // 4 : 3 * WIDTH // 4] = 255
    assert stood_still(ONE, look(picture, 0)) > 0.8
    assert difference(ONE, look(picture, 0)) < 0


def test_black_stands_still_in_every_cut_and_tells_nothing() -> None:
    assert stood_still(plain(16), plain(16)) == 0
    assert found_again(plain(16), plain(16)) == 0
    assert plain(16).spread == 0
    assert not differ(plain(16), plain(16), 0.01)


def test_change_is_of_gray_alone_and_a_step_is_of_colour_too() -> None:
    assert change(plain(100), plain(110)) == 10
    assert step(plain(100), plain(110)) == pytest.approx(10 / 3)
    assert change(plain(100, blue=128), plain(100, blue=140)) == 0
    assert step(plain(100, blue=128), plain(100, blue=140)) == pytest.approx(12 / 3)


def test_colours_are_shares_of_the_whole_picture() -> None:
    assert ONE.colours.sum() == pytest.approx(1)
    assert plain(120).colours.max() == pytest.approx(1)
    assert colour_distance(plain(16), plain(235)) == pytest.approx(1)


def test_a_picture_too_small_to_part_has_nothing_to_find() -> None:
    tiny = Look(0, 0.0, np.zeros((16, 16), np.uint8), np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8))
    assert found_again(tiny, tiny) == 0
