"""Names of colours, of flat pictures whose name nobody would dispute."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.embedded import colours

Colour = tuple[int, int, int]


def flat(*rgb: int, rows: int = 10) -> np.ndarray:
    return np.full((rows, 10, 3), rgb, np.uint8)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"), ((255, 255, 255), "white"), ((128, 128, 128), "grey"), ((255, 0, 0), "red"),
        ((255, 128, 0), "orange"), ((120, 60, 0), "brown"), ((255, 255, 0), "yellow"), ((0, 200, 0), "green"),
        ((0, 200, 200), "turquoise"), ((0, 0, 255), "blue"), ((140, 0, 255), "purple"), ((255, 105, 180), "pink"),
        ((255, 150, 150), "pink"), ((30, 0, 0), "black"), ((255, 0, 30), "red"),
    ],
)  # fmt: skip
def test_a_colour_has_its_name(rgb: Colour, name: str) -> None:
    assert colours.main(flat(*rgb), 1.0) == name


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_has_a_name(rgb: Colour) -> None:
    assert set(colours.names(flat(*rgb)).ravel().tolist()) <= set(range(len(colours.NAMES)))
    assert colours.main(flat(*rgb), 1.0) in colours.NAMES


def test_a_part_is_of_a_colour_only_where_it_has_its_share() -> None:
    part = np.concatenate([flat(255, 0, 0, rows=6), flat(0, 0, 255, rows=4)])
    assert colours.main(part, 0.6) == "red"
    assert colours.main(part, 0.7) == ""
    assert colours.main(part[:0], 0.1) == ""


@pytest.mark.parametrize(
    ("rows", "name"),
    [((6, 4, 0), "red"), ((5, 5, 0), ""), ((3, 0, 7), "grey"), ((4, 0, 6), ""), ((0, 0, 10), "grey"), ((4, 2, 4), "")],
)
def test_a_hue_rules_from_more_than_half_on_and_without_hues_grey(rows: Colour, name: str) -> None:
    red, blue, grey = rows
    picture = np.concatenate([flat(255, 0, 0, rows=red), flat(0, 0, 255, rows=blue), flat(128, 128, 128, rows=grey)])
    assert colours.ruling([picture]) == name


def test_several_pictures_rule_together() -> None:
    assert colours.ruling([flat(0, 200, 0), flat(0, 200, 0), flat(255, 0, 0)]) == "green"
    assert colours.ruling([flat(0, 200, 0), flat(255, 0, 0)]) == ""


def test_black_and_white_may_have_a_faint_tint_and_a_spot_of_dust() -> None:
    grey = np.repeat(np.linspace(0, 255, 100, dtype=np.uint8).reshape(10, 10, 1), 3, axis=2)
    assert colours.monochrome(grey)
    assert colours.monochrome((grey * (1.0, 0.97, 0.93)).astype(np.uint8))
    assert not colours.monochrome(flat(200, 120, 80))
    spotted = grey.copy()
    spotted[0, :2] = (255, 0, 0)
    assert colours.monochrome(spotted)
    spotted[0] = (255, 0, 0)
    assert not colours.monochrome(spotted)
