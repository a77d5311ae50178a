"""Rewards as verl calls them, row by row and batch by batch."""

from __future__ import annotations

import asyncio
import inspect
import math

import pytest

from asid.pipeline.errors import UserError
from asid.pipeline.rewards import verl
from asid.pipeline.rewards.kinds import ChecklistReward, EventsReward, LengthReward, Reward, WeightedReward
from asid.pipeline.rewards.rollout import RewardUnavailable, Rollout

INFO = {"points": ["A dog runs", "A cat sleeps"]}


class Gone(Reward):
    name = "gone"

    async def score(self, rollout: Rollout) -> float | None:
        raise RewardUnavailable("no judge")


class Truth(Reward):
    """How long the reference caption is."""

    name = "truth"

    async def score(self, rollout: Rollout) -> float | None:
        truth = rollout.row.get("solution")
        return None if truth is None else float(len(truth))


def test_a_row_is_scored_by_its_extra_info() -> None:
    score = verl.scoring(ChecklistReward(), asynchronous=False)
    assert score("data", "A dog runs by.", None, INFO, unknown=1) == 0.5


def test_a_row_with_nothing_to_score_is_nothing() -> None:
    score = verl.scoring(ChecklistReward(), asynchronous=False)
    assert score("data", "A dog runs by.") == 0.0 and score("data", "x", None, "no mapping") == 0.0


def test_the_ground_truth_is_the_reference_or_holds_columns() -> None:
    score = verl.scoring(Truth(), asynchronous=False)
    assert score("data", "x", "four") == 4.0
    assert score("data", "x", {"solution": "five!"}) == 5.0
    assert score("data", "x", {"solution": "five!"}, {"solution": "of extra_info"}) == 13.0
    assert score("data", "x", "four", {"solution": "of extra_info"}) == 13.0


def test_parts_stand_beside_the_score_and_what_a_row_lacks_is_nan() -> None:
    both = WeightedReward([(ChecklistReward(), 2.0), (EventsReward(), 1.0)])
    found = verl.scoring(both, parts=True, asynchronous=False)("data", "A dog runs by.", None, INFO)
    assert found["score"] == 1.0 and found["checklist"] == 0.5 and math.isnan(found["events"])
    assert verl.scoring(both, parts=True, asynchronous=False)("data", "x")["score"] == 0.0


def test_it_is_a_coroutine_function_unless_told_otherwise() -> None:
    score = verl.scoring(ChecklistReward())
    assert inspect.iscoroutinefunction(score)
    assert asyncio.run(score("data", "A dog runs by.", None, INFO)) == 0.5


def test_length_needs_a_count_of_tokens_before_training() -> None:
    for make in (verl.scoring, verl.batch_scoring):
        with pytest.raises(UserError, match="give `count_tokens`"):
            make(LengthReward())
    score = verl.scoring(LengthReward(soft=2, hard=4), count_tokens=len, asynchronous=False)
    assert [score("data", "x" * size) for size in (2, 3, 4)] == [1.0, 0.5, 0.0]


def test_an_outage_ends_the_training() -> None:
    with pytest.raises(RewardUnavailable):
        verl.scoring(Gone(), asynchronous=False)("data", "x")
    with pytest.raises(RewardUnavailable, match="2 of 2"):
        verl.batch_scoring(Gone())(["d"] * 2, ["a", "b"], [None] * 2, [None] * 2)


def test_a_batch_is_scored_in_order_and_must_align() -> None:
    score = verl.batch_scoring(ChecklistReward())
    assert score(["d"] * 3, ["A cat sleeps.", "x", "y"], [None] * 3, [INFO, INFO, None]) == [0.5, 0.0, 0.0]
    with pytest.raises(ValueError, match="shorter"):
        score(["d"] * 2, ["a", "b"], [None], [None, None])
