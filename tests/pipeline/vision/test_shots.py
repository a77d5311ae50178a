"""Shots are found where they change, whoever proposes; flashes, fast cameras and words on the picture change none."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.rows import Shot
from asid.pipeline.vision.gradual import Transition, apart
from asid.pipeline.vision.likeness import Look
from asid.pipeline.vision.shots import (
    Boundary,
    ShotFinder,
    ShotSettings,
    find_shots,
    merged,
    moved,
    shots_between,
    spaced,
)
from tests.kits.shotkit import dissolve, fade, looks, scene, view


def opened(pictures: list[np.ndarray], **settings: object) -> list[tuple[str, int]]:
    shots = find_shots(looks(pictures), len(pictures) / 25, ShotSettings(**settings))  # type: ignore[arg-type]
    assert_whole(shots, len(pictures), len(pictures) / 25)
    return [(shot.opens_with, shot.first_frame) for shot in shots[1:]]


def assert_whole(shots: tuple[Shot, ...], frames: int, end: float) -> None:
    assert (shots[0].start, shots[0].first_frame, shots[0].opens_with) == (0.0, 0, "start")
    assert (shots[-1].end, shots[-1].last_frame) == (end, frames - 1)
    for one, after in pairwise(shots):
        assert (one.end, one.last_frame + 1) == (after.start, after.first_frame)
        assert one.start < one.end


@pytest.mark.parametrize("detector", ["adaptive", "content", "histogram", "hash"])
def test_cuts_are_found_to_the_frame(detector: str) -> None:
    pictures = [*scene(1, 31), *scene(2, 20), *scene(3, 17), *scene(1, 40)]
    assert opened(pictures, detector=detector) == [("cut", 31), ("cut", 51), ("cut", 68)]


def test_one_shot_has_no_cut() -> None:
    assert opened(scene(1, 60, pan=3.0)) == []


def test_a_flash_is_no_cut() -> None:
    pictures = scene(1, 60)
    for at in (30, 31):
        pictures[at] = np.full_like(pictures[at], 250)
    assert opened(pictures) == []


def test_a_sudden_turn_of_the_camera_is_no_cut() -> None:
    turn = [view(1, right=min(max(0, n - 25), 5) * 22.0) for n in range(60)]
    assert opened(turn) == []


def test_one_step_of_colour_in_a_dark_picture_is_no_cut() -> None:
    gray, blue, red = (np.full((64, 64), value, np.uint8) for value in (31, 128, 130))
    frames = [Look(n, n / 25, gray, blue - (n >= 30), red) for n in range(60)]
    assert [shot.opens_with for shot in find_shots(frames, 60 / 25)] == ["start"]


def test_words_that_appear_are_no_cut() -> None:
    pictures = scene(1, 60)
    for at in range(30, 60):
        cv2.putText(pictures[at], "WORDS", (20, 120), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (255, 255, 255), 6)
    assert opened(pictures) == []


def test_a_dissolve_is_one_boundary_in_its_middle() -> None:
    (found,) = opened([*scene(1, 40, pan=0), *dissolve(1, 2, 20), *scene(2, 40, pan=0)])
    assert found[0] == "dissolve"
    assert 45 <= found[1] <= 55


def test_where_a_shot_began_is_known_while_it_lasts() -> None:
    finder = ShotFinder(ShotSettings())
    for one in looks([*scene(1, 40, pan=0), *scene(3, 40, pan=0), *dissolve(3, 2, 20), *scene(2, 100, pan=0)]):
        finder.add(one)
    assert finder.opening(1.5) == 0.0
    assert finder.opening(2.0) == pytest.approx(1.6)
    assert finder.opening(5.0) == pytest.approx(3.6, abs=0.3)


def test_a_wipe_is_gradual_too() -> None:
    a, b = view(1), view(2)
    wipe = [np.where(np.arange(a.shape[1])[None, :, None] < n * 16, b, a) for n in range(1, 20)]
    (found,) = opened([*[a] * 40, *wipe, *[b] * 40])
    assert found[0] == "dissolve"
    assert 44 <= found[1] <= 56


def test_a_fade_through_black() -> None:
    (found,) = opened([*scene(1, 40, pan=0), *fade(1, 12), *fade(2, 12)[::-1], *scene(2, 40, pan=0)])
    assert found[0] == "fade"
    assert 46 <= found[1] <= 58


@pytest.mark.parametrize("long", [8, 25, 40])
def test_however_slowly_a_picture_goes_and_another_comes_it_is_one_fade(long: int) -> None:
    pictures = [*scene(1, 40), *fade(1, long), *fade(2, long)[::-1], *scene(2, 40)]
    (found,) = opened(pictures)
    assert found[0] == "fade"
    assert 40 + long // 2 <= found[1] <= 40 + 2 * long


def test_light_that_comes_up_over_the_first_shot_or_goes_down_over_the_last_parts_nothing() -> None:
    assert opened([*fade(1, 25)[::-1], *scene(1, 60)]) == []
    assert opened([*scene(1, 60, pan=0), *fade(1, 25), *[view(1) * 0] * 10]) == []


def test_a_view_that_grows_dark_and_bright_again_is_one_shot() -> None:
    assert opened([*scene(1, 40, pan=0), *fade(1, 20), *fade(1, 20)[::-1], *scene(1, 40, pan=0)]) == []


def test_words_on_black_after_a_fade_are_a_shot() -> None:
    title = np.zeros_like(view(1))
    cv2.putText(title, "THE END", (90, 95), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2)
    (found,) = opened([*scene(1, 40), *fade(1, 25), *[title * 0] * 5, *[title] * 40])
    assert found[0] in ("fade", "cut")
    assert 52 <= found[1] <= 70


def test_words_that_change_by_degrees_on_one_page_part_no_shots() -> None:
    page, other = np.full_like(view(1), 250), np.full_like(view(1), 250)
    cv2.putText(page, "ONE", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 160), 2)
    cv2.putText(other, "OTHER", (160, 150), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (160, 0, 0), 2)
    shares = [n / 10 for n in range(10)]
    gone = [cv2.addWeighted(page, 1 - n, np.full_like(page, 250), n, 0) for n in shares]
    come = [cv2.addWeighted(other, n, np.full_like(page, 250), 1 - n, 0) for n in shares]
    assert opened([*[page] * 40, *gone, *come, *[other] * 40]) == []


def test_a_cut_soon_before_a_fade_stays_a_cut() -> None:
    pictures = [*scene(3, 40), *scene(1, 15), *fade(1, 12), *fade(2, 12)[::-1], *scene(2, 40)]
    assert [(kind, at) for kind, at in opened(pictures) if kind == "cut"] == [("cut", 40)]
    assert [kind for kind, _ in opened(pictures)] == ["cut", "fade"]


def test_brief_shots_that_take_turns_are_parted() -> None:
    pictures = [*scene(1, 40), *scene(2, 5), *scene(1, 6), *scene(2, 40)]
    assert opened(pictures) == [("cut", 40), ("cut", 45), ("cut", 51)]


def test_gradual_transitions_are_looked_for_only_when_asked() -> None:
    pictures = [*scene(1, 40, pan=0), *dissolve(1, 2, 20), *scene(2, 40, pan=0)]
    assert [kind for kind, _ in opened(pictures, gradual=False) if kind != "cut"] == []


def test_frames_that_are_left_out_move_no_cut_by_more_than_the_gap() -> None:
    pictures = [*scene(1, 50), *scene(2, 50), *scene(3, 51)]
    kept = [one for one in looks(pictures) if one.index % 3 == 0]
    finder_shots = find_shots(kept, 151 / 25)
    assert [shot.first_frame for shot in finder_shots] == [0, 51, 102]
    assert [shot.start for shot in finder_shots] == [0.0, 51 / 25, 102 / 25]


def test_nothing_without_frames_and_one_shot_for_one_frame() -> None:
    assert find_shots([], 1.0) == ()
    assert len(find_shots(looks(scene(1, 1)), 0.04)) == 1


# --- boundaries --------------------------------------------------------------------------------------------------


def test_a_cut_inside_a_transition_belongs_to_it() -> None:
    soft = Transition("dissolve", 50, 2.0, 1.8, 2.2)
    hard = [Boundary(52, 2.08, "cut", 0.9), Boundary(60, 2.4, "cut", 0.9)]
    assert [(b.index, b.opens_with) for b in merged(hard, [soft])] == [(50, "dissolve"), (60, "cut")]
    ramps = Transition("fade", 50, 2.0, 1.5, 2.5)
    assert [b.opens_with for b in merged(hard, [ramps])] == ["fade"], "the ramps of a fade belong to it"


def test_of_two_transitions_at_one_place_the_better_explained_stays() -> None:
    found = [Transition("dissolve", 50, 2.0, 1.5, 2.5, 0.05), Transition("dissolve", 55, 2.2, 1.7, 2.7, 0.01),
             Transition("dissolve", 90, 3.6, 3.4, 3.8, 0.07)]  # fmt: skip
    assert [t.index for t in apart(found)] == [55, 90]


marks = st.lists(st.tuples(st.integers(0, 200), st.floats(0, 1)), max_size=30, unique_by=lambda mark: mark[0]).map(
    lambda found: [Boundary(index, index / 25, "cut", weight) for index, weight in sorted(found)]
)


@given(bounds=marks, least=st.floats(0, 1))
def test_shots_follow_each_other_whatever_is_found(bounds: list[Boundary], least: float) -> None:
    kept = spaced(bounds, least, 8.0)
    assert_whole(shots_between(kept, 201, 201 / 25), 201, 201 / 25)
    assert all(b.time - a.time >= least for a, b in pairwise(kept))


@given(bounds=marks, gone=st.sets(st.integers(0, 200)))
def test_shots_that_move_still_follow_each_other(bounds: list[Boundary], gone: set[int]) -> None:
    shots = shots_between(spaced([b for b in bounds if b.index > 1], 0.2, 8.0), 201, 201 / 25)
    places = {s.first_frame: None if s.first_frame in gone else (s.first_frame - 1, (s.first_frame - 1) / 25)
              for s in shots[1:]}  # fmt: skip
    after = moved(shots, places)
    assert_whole(after, 201, 201 / 25)
    assert [s.first_frame for s in after[1:]] == [at - 1 for at in places if at not in gone]
