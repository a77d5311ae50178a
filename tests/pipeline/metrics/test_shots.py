"""Found shot boundaries against truth, cuts and gradual transitions apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asid.pipeline.metrics.shots import BoundaryCounts, ShotTruth, eval_shots, pooled, read_truth, score_shots
from asid.pipeline.rows import Shot


def shots(*opened: tuple[int, str]) -> list[Shot]:
    """Shots that open at these frames of a 10 fps video, after a first one from 0."""
    return [Shot(start=frame / 10, end=frame / 10 + 1, first_frame=frame, last_frame=frame, opens_with=kind)
            for frame, kind in [(0, "start"), *opened]]  # fmt: skip


TRUTH = ShotTruth("a.mp4", False, (50.0, 120.0), ((80.0, 90.0),))


def test_what_is_found_to_the_frame_is_all_right() -> None:
    made = score_shots(TRUTH, shots((50, "cut"), (85, "dissolve"), (120, "cut")))
    assert made.cuts == BoundaryCounts(2, 0, 0) and made.gradual == BoundaryCounts(1, 0, 0)
    assert made.cuts.f1 == made.gradual.f1 == 1.0


@pytest.mark.parametrize(("frame", "hit"), [(48, False), (49, True), (51, True), (52, False)])
def test_a_cut_may_be_one_frame_off(frame: int, hit: bool) -> None:
    made = score_shots(ShotTruth("a", False, (50.0,), ()), shots((frame, "cut")))
    assert made.cuts == (BoundaryCounts(1, 0, 0) if hit else BoundaryCounts(0, 1, 1))


@pytest.mark.parametrize(("second", "hit"), [(4.89, False), (4.91, True), (5.09, True), (5.11, False)])
def test_where_times_are_true_a_cut_may_be_a_tenth_of_a_second_off(second: float, hit: bool) -> None:
    found = [shots()[0], Shot(start=second, end=9, first_frame=999, last_frame=999, opens_with="cut")]
    assert score_shots(ShotTruth("a", True, (5.0,), ()), found).cuts.hits == hit


def test_a_cut_within_a_transition_finds_it_and_is_no_false_cut() -> None:
    made = score_shots(TRUTH, shots((50, "cut"), (84, "cut"), (120, "cut")))
    assert made.cuts == BoundaryCounts(2, 0, 0) and made.cuts_in_gradual == 1
    assert made.gradual == BoundaryCounts(1, 0, 0)


def test_a_fade_where_none_is_is_false_and_a_missed_one_missed() -> None:
    made = score_shots(TRUTH, shots((50, "cut"), (100, "fade"), (120, "cut")))
    assert made.gradual == BoundaryCounts(0, 1, 1)


def test_a_true_cut_is_hit_once() -> None:
    made = score_shots(ShotTruth("a", False, (50.0,), ()), shots((49, "cut"), (51, "cut")))
    assert made.cuts == BoundaryCounts(1, 0, 1) and made.cuts.precision == 0.5 and made.cuts.recall == 1.0


def test_shares_of_nothing_are_whole() -> None:
    nothing = BoundaryCounts(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (1.0, 1.0, 1.0)
    assert BoundaryCounts(0, 1, 0).f1 == 0.0 and BoundaryCounts(1, 1, 1).f1 == 0.5


def test_truth_files_of_both_forms_say_the_same(tmp_path: Path) -> None:
    listed = {"file": "a.mp4", "cuts": [50, 120], "gradual": [{"first": 80, "last": 90}]}
    typed = {"file": "a.mp4", "transitions": [
        {"type": "cut", "frame": 50}, {"type": "dissolve", "frame": 85, "first_frame": 80, "last_frame": 90},
        {"type": "cut", "frame": 120}]}  # fmt: skip
    for number, data in enumerate((listed, typed)):
        path = tmp_path / f"{number}.truth.json"
        path.write_text(json.dumps(data))
        assert read_truth(path) == TRUTH
    (tmp_path / "none.json").write_text('{"file": "b.mp4"}')
    with pytest.raises(KeyError):
        read_truth(tmp_path / "none.json")


def test_a_folder_is_scored_and_pooled_and_other_videos_are_left_out(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.truth.json").write_text(json.dumps({"file": f"{name}.mp4", "cuts": [50]}))
    made = eval_shots(tmp_path, {"a.mp4": shots((50, "cut")), "b.mp4": shots(), "z.mp4": shots()})
    assert [one.name for one in made] == ["a.mp4", "b.mp4", "all"]
    assert made[-1].cuts == BoundaryCounts(1, 1, 0)
    assert [one.name for one in pooled([])] == ["all"]
