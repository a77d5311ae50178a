"""Gradual transitions, found frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.vision.gradual import GradualFinder, Transition, apart
from asid.pipeline.vision.likeness import step
from tests.kits.shotkit import dissolve, fade, looks, scene, view

BLACK = np.zeros_like(view(1))


def found(pictures: Sequence[np.ndarray]) -> list[Transition]:
    finder, last = GradualFinder(), None
    for look in looks(pictures):
        finder.add(look, step(last, look) if last else 0.0)
        last = look
    return finder.finish()


def still(seed: int, count: int) -> list[np.ndarray]:
    return [view(seed)] * count


@pytest.mark.parametrize("pan", [0.0, 0.5])
def test_a_dissolve_lies_around_its_middle_within_its_ends(pan: float) -> None:
    (one,) = found([*scene(1, 40, pan), *dissolve(1, 2, 20), *scene(2, 40, pan)])
    assert one.kind == "dissolve"
    assert 1.6 - 0.1 <= one.start < one.time < one.end <= 2.4 + 0.1
    assert one.index / 25 == pytest.approx(one.time)
    assert abs(one.time - 2.0) <= 0.12


def test_a_wipe_is_found_as_a_dissolve_is() -> None:
    a, b = view(1), view(2)
    width = a.shape[1]
    wiped = [np.concatenate([b[:, :at], a[:, at:]], axis=1) for at in range(0, width, width // 20)]
    (one,) = found([*still(1, 40), *wiped, *still(2, 40)])
    assert one.kind == "dissolve"
    assert abs(one.time - 2.0) <= 0.2


def test_a_fade_lies_where_the_picture_is_empty() -> None:
    (one,) = found([*still(1, 40), *fade(1, 15), *[BLACK] * 10, *fade(2, 15)[::-1], *still(2, 40)])
    assert one.kind == "fade"
    assert 1.5 < one.start < one.time < one.end < 3.3
    assert abs(one.time - 2.4) <= 0.15


@pytest.mark.parametrize(
    "pictures",
    [[], still(1, 1), still(1, 80), [*still(1, 40), *still(2, 40)], scene(1, 80, pan=3.0)],
    ids=["nothing", "one frame", "a still view", "a cut", "a moving camera"],
)  # fmt: skip
def test_what_is_none_is_not_taken_for_one(pictures: list[np.ndarray]) -> None:
    assert found(pictures) == []


def test_black_between_two_views_is_one_boundary() -> None:
    (one,) = found([*still(1, 40), *[BLACK] * 20, *still(2, 40)])
    assert one.kind == "fade" and one.start <= 1.6 < one.time < 2.4 <= one.end


def test_memory_does_not_grow_with_the_film() -> None:
    finder = GradualFinder()
    for look in looks(still(1, 600)):
        finder.add(look, 0.0)
    assert len(finder._kept) == len(finder._patches) == len(finder._jumps) < 50


def transition(start: float, end: float, doubt: float = 0.0, kind: str = "dissolve") -> Transition:
    middle = (start + end) / 2
    return Transition("fade" if kind == "fade" else "dissolve", round(25 * middle), middle, start, end, doubt)


def test_of_those_that_overlap_a_fade_stays_then_the_best_explained() -> None:
    good, poor, later = transition(1, 2, 0.01), transition(1.5, 2.5, 0.05), transition(4, 5, 0.07)
    assert apart([later, poor, good]) == [good, later]
    black = transition(1.8, 2.2, kind="fade")
    assert apart([good, poor, black, later]) == [black, later]


SPANS = st.tuples(st.floats(0, 20), st.floats(0.1, 2), st.floats(0, 0.08), st.sampled_from(["fade", "dissolve"]))


@given(st.lists(SPANS, max_size=8))
def test_what_is_kept_is_in_order_and_overlaps_nowhere(spans: list[tuple[float, float, float, str]]) -> None:
    given_ = [transition(start, start + length, doubt, kind) for start, length, doubt, kind in spans]
    kept = apart(given_)
    assert kept == sorted(kept, key=lambda one: one.time)
    assert all(a.end <= b.start for a, b in pairwise(kept))
    assert bool(kept) == bool(given_)
