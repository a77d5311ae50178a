"""What is seen, worded: light and colours, and where faces are, come and go."""

from __future__ import annotations

import numpy as np
import pytest

from asid.pipeline.embedded import sight
from asid.pipeline.embedded.faces import Face, Track
from asid.pipeline.embedded.sight import SightSettings
from tests.kits.embedded_kit import sample, shot

SHOT = shot(0.0, 8.0)
TIMES = [float(n) for n in range(8)]


def flat(*rgb: int) -> np.ndarray:
    return np.full((20, 20, 3), rgb, np.uint8)


def track(*places: tuple[float, float], height: float = 0.2, below: str = "", grown: float = 1.0) -> Track:
    """A face by time and place."""
    last = len(places) - 1
    faces = [
        Face(time, x, 0.5, 0.15, height * (grown if n == last else 1), 0.9, below) for n, (time, x) in enumerate(places)
    ]
    return Track(faces)


def told(*tracks: Track, views: list[str] | None = None) -> list[tuple[float, str]]:
    return [(fact.start, fact.text) for fact in sight.people(SHOT, tracks, TIMES, [] if views is None else views)]


@pytest.mark.parametrize(
    ("brightness", "pictures", "text"),
    [
        (0.1, [flat(0, 0, 120)], "dark and mostly blue"),
        (0.01, [], "dark"),
        (0.8, [flat(250, 250, 250)], "bright and in black and white"),
        (0.5, [], ""),
        (0.5, [flat(0, 160, 0)], "mostly green"),
        (
            0.5,
            [np.concatenate([flat(255, 0, 0), flat(255, 0, 0), flat(0, 0, 255)])],
            "mostly red, with red above and blue below",
        ),
    ],
)
def test_a_shot_looks_as_it_was_measured(brightness: float, pictures: list[np.ndarray], text: str) -> None:
    assert sight.appearance([sample(0, brightness=brightness)], pictures) == text


def test_nothing_measured_is_nothing_told() -> None:
    assert sight.appearance([], []) == ""
    assert told() == []


@pytest.mark.parametrize(
    ("tracks", "text"),
    [
        ([track((0, 0.2))], "one face is in view on the left"),
        ([track((0, 0.5), below="red")], "one face is in view in the centre, with red below it"),
        (
            [track((0, 0.2), below="red"), track((0, 0.8))],
            "two faces are in view, one on the left with red below it and one on the right",
        ),
        ([track((0, 0.1)), track((0, 0.2))], "two faces are in view on the left"),
        ([track((0, 0.1)), track((0, 0.2)), track((0, 0.9))], "three faces are in view, side by side"),
        ([track((0, 0.5))] * 4, "four faces are in view"),
    ],
)
def test_faces_are_counted_and_placed(tracks: list[Track], text: str) -> None:
    assert sight.standing(tracks) == text


def test_who_comes_is_told_and_nobody_is_said_to_be_gone() -> None:
    assert told(track(*((t, 0.2) for t in TIMES)), track((4, 0.9), (5, 0.9))) == [
        (0.0, "one face is in view on the left"),
        (4, "another face comes into view on the right"),
    ]


def test_who_moves_across_and_who_grows() -> None:
    assert told(track(*((t, 0.2 + 0.1 * t) for t in TIMES)))[-1] == (0, "the face on the left moves to the right")
    assert told(track((0, 0.5), (7, 0.5), grown=2.0))[-1] == (0, "the face in the centre grows larger in the picture")
    assert told(track((0, 0.5), (7, 0.5), grown=0.5))[-1] == (0, "the face in the centre grows smaller in the picture")


def test_a_view_that_comes_again_is_told_as_such() -> None:
    views: list[str] = []
    whole = track(*((t, 0.2) for t in TIMES)), track(*((t, 0.8) for t in TIMES))
    first = told(*whole, views=views)[0][1]
    assert told(*whole, views=views)[0][1] == "two faces are again in view, placed as before"
    views.append("something else")
    assert told(*whole, views=views)[0][1] == f"again {first}"


@pytest.mark.parametrize(
    ("height", "size"),
    [(0.5, "an extreme close-up"), (0.3, "a close-up"), (0.15, "a medium shot"), (0.05, "a long shot")],
)
def test_a_shot_is_named_by_its_tallest_face(height: float, size: str) -> None:
    assert sight.size_of([track((0, 0.5), height=0.01), track((0, 0.5), height=height)]) == size


def test_only_stillness_is_news() -> None:
    limits = SightSettings()
    still = [sample(0, change=0.5), *(sample(n / 5, change=0.0001) for n in range(1, 5))]
    assert sight.movement(still, limits) == "nothing moves in the picture"
    assert sight.movement([*still, sample(2, change=0.01)], limits) == ""
    assert sight.movement(still[:2], limits) == ""
