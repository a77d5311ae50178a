"""VDCscore by hand: questions within videos, videos within a set, and the published scorer's loss."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline.metrics.figure import Absent
from asid.pipeline.metrics.vdc import VDCGrade, figures, read_verdict

GOOD, POOR, BAD = VDCGrade(4, True), VDCGrade(1, False), VDCGrade(0, False)


def test_questions_are_averaged_within_a_video_and_videos_within_the_set() -> None:
    made = figures({"a": [GOOD, POOR], "b": [GOOD]})
    assert made["score"].value == pytest.approx((2.5 + 4) / 2)
    assert made["accuracy"].value == pytest.approx((50 + 100) / 2)
    assert (made["score"].scored, made["score"].expected) == (3, 3)


def test_a_question_without_a_grade_counts_nothing_and_is_named() -> None:
    made = figures({"a": [GOOD, Absent("failed")]})
    assert made["score"].value == 2.0 and made["accuracy"].value == 50.0 and made["score"].missing == {"failed": 1}


def test_as_published_videos_of_no_score_or_no_yes_are_dropped() -> None:
    videos = {"a": [GOOD], "b": [BAD], "c": [POOR]}
    assert figures(videos)["score"].value == pytest.approx(5 / 3)
    published = figures(videos, kept="published")
    assert published["score"].value == 4.0 and published["accuracy"].value == 100.0
    assert published["score"].counted == "left out" and published["score"].expected == 3


def test_videos_without_questions_have_no_voice() -> None:
    assert figures({"a": [GOOD], "b": []})["score"].value == 4.0
    assert figures({})["score"].value is None and figures({"a": []})["accuracy"].value is None


@pytest.mark.parametrize("score", [-0.1, 5.1, True, float("nan")])
def test_a_score_outside_its_range_is_refused(score: Any) -> None:
    with pytest.raises(ValueError, match="not in 0 to 5"):
        VDCGrade(score, True)


@pytest.mark.parametrize(("reply", "right"), [("yes", True), (" No. ", False), ("'YES'", True), ('"no"', False)])
def test_a_verdict_is_read_with_its_signs(reply: str, right: bool) -> None:
    assert read_verdict(reply) is right


@pytest.mark.parametrize("reply", ["", "yes and no", "maybe", "true"])
def test_another_word_is_no_verdict(reply: str) -> None:
    with pytest.raises(ValueError, match="neither yes nor no"):
        read_verdict(reply)
