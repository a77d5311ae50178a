"""Which split a video is in: by chance, but always the same, and about as many as were asked for."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.dataset.export.folder import ExportError
from asid.pipeline.dataset.export.splits import Splits

VIDEOS = [f"video {number}" for number in range(2000)]


def test_nothing_is_held_back_unless_asked() -> None:
    assert {Splits(seed=seed).of(video) for seed in range(3) for video in VIDEOS[:200]} == {"train"}


def test_shares_are_about_as_asked() -> None:
    counts = Counter(Splits(validation=0.2, test=0.1, seed=5).of(video) for video in VIDEOS)
    assert counts["validation"] == pytest.approx(400, abs=60)
    assert counts["test"] == pytest.approx(200, abs=45)
    assert counts["train"] == 2000 - counts["validation"] - counts["test"]


def test_a_larger_share_keeps_the_test_videos_of_a_smaller_one() -> None:
    small, large = (Splits(test=share, seed=1) for share in (0.1, 0.3))
    held = {video for video in VIDEOS if small.of(video) == "test"}
    assert held and held < {video for video in VIDEOS if large.of(video) == "test"}


@given(st.text(), st.integers())
def test_the_same_video_and_seed_are_always_in_the_same_split(video: str, seed: int) -> None:
    one, two = (Splits(validation=0.3, test=0.3, seed=seed) for _ in range(2))
    assert one.of(video) == two.of(video)


@pytest.mark.parametrize(
    "shares", [(-0.1, 0), (0, -0.1), (0.5, 0.5), (1, 0), (float("nan"), 0), (0, float("nan")), (float("inf"), 0)]
)
def test_shares_that_leave_nothing_for_training_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(ExportError, match="leave something for training"):
        Splits(*shares)
