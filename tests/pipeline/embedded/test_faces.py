"""Faces followed through a shot, and what is said of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.embedded.faces import Face, Track, detect, follow


def face(time: float, x: float = 0.5, height: float = 0.2, score: float = 0.9, below: str = "", y: float = 0.5) -> Face:
    return Face(time, x, y, 0.15, height, score, below)


def times(tracks: list[Track]) -> list[list[float]]:
    return [[one.time for one in track.faces] for track in tracks]


def test_a_face_that_moves_a_little_is_one_and_another_place_is_another() -> None:
    seen = [[face(0, 0.2), face(0, 0.8)], [face(1, 0.25), face(1, 0.75)], [face(2, 0.3), face(2, 0.7)]]
    found = follow(seen, 0.8)
    assert times(found) == [[0, 1, 2], [0, 1, 2]]
    assert [[round(one.x, 2) for one in track.faces] for track in found] == [[0.2, 0.25, 0.3], [0.8, 0.75, 0.7]]


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([[face(0)], [], [face(2)]], [[0, 2]]), ([[face(0)], [], [], [face(3)]], [[0], [3]]), ([], []), ([[], []], []),
        ([[face(0)], [face(1, height=0.5)]], [[0], [1]]), ([[face(0)], [face(1, x=0.95)]], [[0], [1]]),
    ],
)  # fmt: skip
def test_a_face_may_be_missed_in_one_still(seen: list[list[Face]], found: list[list[float]]) -> None:
    assert times(follow(seen, 0.8)) == found


def test_one_that_is_seen_once_must_be_sure() -> None:
    assert follow([[face(0, score=0.79)]], 0.8) == []
    assert times(follow([[face(0, score=0.8)]], 0.8)) == [[0]]
    assert times(follow([[face(0, score=0.7)], [face(1, score=0.7)]], 0.8)) == [[0, 1]]


@given(st.lists(st.lists(st.floats(0, 1), max_size=3), max_size=6))
def test_every_face_is_in_one_track_at_most_once_a_still(places: list[list[float]]) -> None:
    seen = [[face(float(n), x) for x in xs] for n, xs in enumerate(places)]
    found = follow(seen, 0.0)
    assert sum(len(track.faces) for track in found) == sum(map(len, seen))
    assert all(len(set(one)) == len(one) and one == sorted(one) for one in times(found))


def test_a_track_begins_and_ends_with_its_faces() -> None:
    track = Track([face(1, score=0.6), face(2, score=0.8)])
    assert (track.start, track.end) == (1, 2)
    assert track.score == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("colours", "below"),
    [(["red", "red", ""], "red"), (["red", "blue"], ""), (["", "", "red"], ""), (["", ""], ""), (["blue"], "blue")],
)
def test_a_colour_below_is_told_only_where_more_than_half_agree(colours: list[str], below: str) -> None:
    assert Track([face(n, below=one) for n, one in enumerate(colours)]).below == below


@pytest.mark.parametrize("shape", [(90, 160, 3), (1, 1, 3)])
def test_a_plain_picture_holds_no_face(shape: tuple[int, int, int]) -> None:
    assert detect(np.full(shape, 120, np.uint8), 0.0, 0.5) == []
