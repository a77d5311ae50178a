"""Light, colour, change and the camera's motion, measured on pictures whose motion is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from asid.pipeline.rows import Signal
from asid.pipeline.vision.motion import EVERY, SignalMeter, ruling_colour
from tests.kits.shotkit import HEIGHT, WIDTH, looks, scene, view

FPS = 20.0


def measured(pictures: list[np.ndarray], every: int = 1) -> list[Signal]:
    meter = SignalMeter()
    for one in looks(pictures, FPS)[::every]:
        meter.add(one)
    return meter.samples


def test_a_few_samples_a_second() -> None:
    times = [sample.time for sample in measured(scene(1, 41))]
    assert times == pytest.approx(np.arange(0, 2.01, EVERY))


@pytest.mark.parametrize(
    ("move", "meant"),
    [
        ({"right": 2.0}, (2 * FPS / WIDTH, 0.0)),
        ({"right": -3.0}, (-3 * FPS / WIDTH, 0.0)),
        ({"down": -1.5}, (0.0, 1.5 * FPS / HEIGHT)),
        ({"down": 1.0}, (0.0, -1 * FPS / HEIGHT)),
        ({}, (0.0, 0.0)),
    ],
)
def test_a_camera_that_turns(move: dict[str, float], meant: tuple[float, float]) -> None:
    samples = measured([view(1, **{way: n * by for way, by in move.items()}) for n in range(30)])
    assert [s.pan for s in samples[1:]] == pytest.approx([meant[0]] * (len(samples) - 1), abs=0.01)
    assert [s.tilt for s in samples[1:]] == pytest.approx([meant[1]] * (len(samples) - 1), abs=0.01)
    assert max(abs(s.zoom) + s.residual for s in samples) < 0.03


def test_a_camera_that_goes_closer() -> None:
    samples = measured([view(1, zoom=1.01**n) for n in range(30)])
    assert np.mean([s.zoom for s in samples[1:]]) == pytest.approx(1.01**FPS - 1, abs=0.03)
    assert max(abs(s.pan) + abs(s.tilt) for s in samples) < 0.03


def test_what_moves_before_a_still_camera_is_residual_motion() -> None:
    pictures = []
    for n in range(30):
        picture = view(1)
        picture[60:140, 20 + 4 * n : 100 + 4 * n] = view(2)[60:140, 20:100]
        pictures.append(picture)
    samples = measured(pictures)[1:]
    assert max(abs(s.pan) + abs(s.tilt) for s in samples) < 0.03
    assert np.median([s.residual for s in samples]) > 0.005


def test_no_motion_is_claimed_across_a_cut() -> None:
    samples = measured([*scene(1, 10, pan=2.0), *scene(7, 10, pan=2.0)])
    across = next(s for s in samples if s.time == 0.5)
    assert (across.pan, across.tilt, across.zoom, across.residual) == (0.0, 0.0, 0.0, 0.0)
    assert across.change > 2 * samples[1].change


def test_light_and_contrast() -> None:
    def one(value: int) -> Signal:
        return measured([np.full((HEIGHT, WIDTH, 3), value, np.uint8)] * 2)[0]

    assert (one(0).brightness, one(255).brightness, one(0).contrast) == (0.0, 1.0, 0.0)
    assert one(128).brightness == pytest.approx(0.5, abs=0.01)
    assert measured([view(1)])[0].contrast > 0.05


def test_change_is_from_frame_to_frame_also_where_frames_are_left_out() -> None:
    pictures = [np.full((HEIGHT, WIDTH, 3), 50 + 3 * n, np.uint8) for n in range(31)]
    every, second = measured(pictures), measured(pictures, every=2)
    assert every[3].change == pytest.approx(3 / 255, abs=0.002)
    assert second[2].change == pytest.approx(every[3].change, abs=0.002)
    assert {s.change for s in measured([view(1)] * 20)} == {0.0}


def hsv(bgr: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV)


@pytest.mark.parametrize(
    ("bgr", "name"),
    [((0, 0, 220), "red"), ((220, 30, 30), "blue"), ((40, 200, 40), "green"), ((0, 220, 230), "yellow"),
     ((128, 128, 128), "grey"), ((0, 0, 0), "grey")],
)  # fmt: skip
def test_the_ruling_colour(bgr: tuple[int, int, int], name: str) -> None:
    assert ruling_colour(hsv(np.full((90, 160, 3), bgr, np.uint8))) == name


def test_a_little_colour_does_not_rule() -> None:
    picture = np.full((90, 160, 3), 128, np.uint8)
    picture[:10, :40] = (0, 0, 255)
    assert ruling_colour(hsv(picture)) == "grey"
