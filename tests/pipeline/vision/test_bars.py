"""Black bars are told where they are, and nothing else that is dark is taken for one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from asid.pipeline.rows import Bars, Shot
from asid.pipeline.vision.bars import BarMeter
from tests.kits.shotkit import HEIGHT, WIDTH, dissolve, fade, looks, scene, view

NONE = (0.0, 0.0, 0.0, 0.0)
LETTERBOX, PILLARBOX = (0.12, 0.12, 0.0, 0.0), (0.0, 0.0, 0.125, 0.125)


def shot(start: float, end: float) -> Shot:
    return Shot(start=start, end=end, first_frame=0, last_frame=0, opens_with="cut")


def barred(pictures: Iterable[np.ndarray], bars: tuple[float, float, float, float]) -> list[np.ndarray]:
    top, bottom, left, right = (round(share * side) for share, side in zip(bars, (180, 180, 320, 320), strict=True))
    made = []
    for picture in pictures:
        framed = np.zeros_like(picture)
        inside = slice(top, HEIGHT - bottom), slice(left, WIDTH - right)
        framed[inside] = picture[inside]
        made.append(framed)
    return made


def seen(pictures: list[np.ndarray], *shots: Shot) -> list[Bars | None]:
    meter = BarMeter()
    for one in looks(pictures):
        meter.add(one)
    return [found.bars for found in meter.of(shots or (shot(0.0, len(pictures) / 25),))]


def values(bars: Bars | None) -> tuple[float, ...]:
    assert bars
    return bars.top, bars.bottom, bars.left, bars.right


@pytest.mark.parametrize("bars", [NONE, LETTERBOX, PILLARBOX, (0.1, 0.1, 0.1, 0.1), (0.2, 0.0, 0.0, 0.0)])
def test_bars_are_measured_on_each_side(bars: tuple[float, float, float, float]) -> None:
    (found,) = seen(barred(scene(1, 50), bars))
    assert values(found) == pytest.approx(bars, abs=0.012)  # a line of the reduced picture


def test_each_shot_has_its_own() -> None:
    film = [*barred(scene(1, 50), LETTERBOX), *scene(2, 50), *barred(scene(3, 50), PILLARBOX)]
    found = seen(film, shot(0, 2), shot(2, 4), shot(4, 6))
    for one, meant in zip(found, (LETTERBOX, NONE, PILLARBOX), strict=True):
        assert values(one) == pytest.approx(meant, abs=0.012)


def test_a_shot_that_dissolves_into_one_without_keeps_its_bars() -> None:
    fading = [np.maximum(a, b // 4) for a, b in zip(barred(scene(1, 5), LETTERBOX), scene(2, 5), strict=True)]
    (found,) = seen([*barred(scene(1, 95), LETTERBOX), *fading])
    assert values(found) == pytest.approx(LETTERBOX, abs=0.012)


def test_a_line_in_which_subtitles_stand_is_no_bar() -> None:
    film = barred(scene(1, 100), LETTERBOX)
    for picture in film[:60]:
        picture[HEIGHT - 15 : HEIGHT - 7, 100:220] = 230
    (found,) = seen(film)
    assert found and found.top == pytest.approx(0.12, abs=0.012) and found.bottom < 0.05


def test_the_black_sky_over_a_skyline_is_no_bar() -> None:
    night = view(1) // 2
    heights = np.abs(np.random.default_rng(3).normal(0, 30, WIDTH)).astype(int)
    for column, height in enumerate(heights):
        night[: max(0, 100 - height), column] = 0
    assert values(seen([night] * 50)[0]) == NONE


def test_dust_in_a_bar_is_not_the_picture() -> None:
    film = barred(scene(1, 50), LETTERBOX)
    for picture in film:
        picture[6, 160] = 255
    assert values(seen(film)[0]) == pytest.approx(LETTERBOX, abs=0.012)


def test_of_a_black_shot_nothing_is_known() -> None:
    black = [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 50
    assert seen([*black, *scene(1, 50)], shot(0, 2), shot(2, 4)) == [None, Bars(top=0, bottom=0, left=0, right=0)]


def test_a_fade_to_black_widens_no_bar() -> None:
    film = [*barred(scene(1, 50), LETTERBOX), *barred(fade(1, 50), LETTERBOX)]
    assert values(seen(film)[0]) == pytest.approx(LETTERBOX, abs=0.012)


def test_a_dissolve_between_full_pictures_makes_no_bar() -> None:
    assert values(seen([*scene(1, 25), *dissolve(1, 2, 25), *scene(2, 25)])[0]) == NONE
