"""Camera and editing by arithmetic."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.embedded import camera
from asid.pipeline.embedded.base import ClipEvidence
from asid.pipeline.embedded.camera import CameraSettings
from asid.pipeline.rows import Frame, Signal
from tests.kits.embedded_kit import clip, sample, shot

LIMITS = CameraSettings()


def moving(seconds: float, start: float = 0.0, **values: float) -> list[Signal]:
    return [sample(start + n / 5, **values) for n in range(round(seconds * 5))]


@pytest.mark.parametrize(
    ("motion", "kinds"),
    [
        ((0.1, 0.0, 0.0), ("pans to the right",)),
        ((-0.1, 0.1, 0.0), ("pans to the left", "tilts up")),
        ((0.0, -0.1, -0.1), ("tilts down", "zooms out")),
        ((0.034, 0.034, 0.039), ()),
        ((0.0, 0.0, 0.04), ("zooms in",)),
    ],
)
def test_a_movement_has_the_names_of_its_directions(motion: tuple[float, float, float], kinds: tuple[str, ...]) -> None:
    assert camera.course(motion, LIMITS) == kinds


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (moving(2, pan=0.1), [(0.0, 2.0, "the camera pans to the right")]),
        (moving(2, pan=-0.5), [(0.0, 2.0, "the camera pans to the left")]),
        (moving(2), []),
        ([*moving(2), *moving(2, 2.0, zoom=0.1), *moving(2, 4.0)], [(2.0, 4.0, "the camera zooms in")]),
        ([*moving(3), *moving(0.4, 3.0, pan=0.2), *moving(3, 3.4)], []),
        (moving(0.2, pan=1.0), []),
    ],
)
def test_movements_are_told_with_their_times_and_short_ones_are_not(samples: list[Signal], told: list[Any]) -> None:
    end = samples[-1].time + 0.2
    found = [(fact.start, fact.end, fact.text) for fact in camera.movements(samples, shot(0.0, end), LIMITS)]
    assert [text for *_, text in found] == [text for *_, text in told]
    for (start, last, _), (begins, ends, _) in zip(found, told, strict=True):
        assert (start, last) == pytest.approx((begins, ends), abs=0.21)


def test_a_movement_that_rests_for_a_moment_is_one() -> None:
    assert camera.runs([("a",), ("a",), (), ("a",), ("b",), ()], 1) == [(("a",), 0, 3), (("b",), 4, 4)]
    assert camera.runs([("a",), (), (), ("a",)], 1) == [(("a",), 0, 0), (("a",), 3, 3)]
    assert camera.runs([], 3) == []


@given(st.lists(st.sampled_from([(), ("a",), ("b",)]), max_size=20), st.integers(0, 3))
def test_runs_are_in_order_and_begin_and_end_in_their_own_kind(kinds: list[tuple[str, ...]], pause: int) -> None:
    found = camera.runs(kinds, pause)
    assert all(kinds[first] == kinds[last] == kind for kind, first, last in found)
    assert all(a[2] < b[1] for a, b in pairwise(found))


def test_a_shaking_hand_goes_to_and_fro_and_a_lost_camera_jumps_between_nothing_and_something() -> None:
    assert camera.shaky([sample(n / 5, pan=0.2 * (-1) ** n) for n in range(12)], LIMITS)
    assert not camera.shaky(moving(3, pan=0.2), LIMITS)
    assert not camera.shaky([sample(n / 5, pan=0.2 * (n % 2)) for n in range(12)], LIMITS)
    assert not camera.shaky([sample(n / 5, pan=0.2 * (-1) ** n) for n in range(7)], LIMITS)


def test_one_wrong_measurement_is_dropped() -> None:
    assert camera.smoothed([sample(0), sample(0.2, pan=9.0), sample(0.4)], 0)[1] == (0, 0, 0)


def test_of_a_camera_that_cannot_be_followed_nothing_is_known() -> None:
    lost = sample(0.0, residual=0.0, change=0.1)
    assert not camera.followed([])
    assert not camera.followed([lost, lost, sample(0.4)])
    assert camera.followed([lost, *moving(2)])
    assert camera.followed([sample(0.0, residual=0.0, change=0.0)])


def test_shots_that_last_within_the_clip_are_seen_and_a_clip_without_shots_is_one() -> None:
    shots = [shot(-1.0, 0.01), shot(0.01, 5.0), shot(5.0, 9.0)]
    assert camera.visible(shots, 5.0) == [shots[1]]
    (whole,) = camera.visible([], 4.0)
    assert (whole.start, whole.end, whole.opens_with) == (0.0, 4.0, "start")


def test_openings_are_named_and_a_view_that_comes_back_is_counted_by_its_first_shot() -> None:
    shots = [shot(0, 2, "fade"), shot(2, 4, "fade"), shot(4, 6), shot(6, 8, "dissolve")]
    assert [fact.text for fact in camera.transitions(shots, [0, 1, 0, 3])] == [
        "the picture fades in",
        "the picture fades to the second shot",
        "the picture cuts back to the view of the first shot for the third shot",
        "the picture dissolves into the fourth and last shot",
    ]
    assert list(camera.transitions([shot(0, 2, "start")], [0])) == []


def test_views_are_compared_by_their_stills() -> None:
    hashes = ("00000000000000ff", "ffffffff00000000", "00000000000000fe", "ffffffffffffffff")
    frames = tuple(Frame(time=2.0 * n, uri=f"run:{n}.jpg", phash=hash_) for n, hash_ in enumerate(hashes))
    shots = tuple(shot(2.0 * n, 2.0 * n + 2) for n in range(4))
    evidence = ClipEvidence.model_validate(clip(8.0, shots=shots, frames=frames))
    assert camera.views(evidence, shots, 8) == [0, 1, 0, 3]
    assert camera.views(evidence, shots, 0) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("count", "text"), [(0, None), (1, "the clip is a single shot without a cut"), (3, "the clip has three shots")]
)
def test_shots_are_counted_where_they_were_found(count: int, text: str | None) -> None:
    found = [fact.text for fact in camera.structure([shot(0, 1)] * count, 5.0)]
    assert found == ([text] if text else [])
