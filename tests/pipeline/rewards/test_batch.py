"""Rollouts out of what a trainer hands over, and rewards of a whole batch, lost ones told apart from zeros."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from asid.pipeline.errors import UserError
from asid.pipeline.rewards.batch import Scores, raise_lost, rollouts_of, said, score_all
from asid.pipeline.rewards.kinds import Reward
from asid.pipeline.rewards.rollout import RewardUnavailable, Rollout


class ByCaption(Reward):
    """Gives what the caption says: a number, nothing, or an outage."""

    name = "by_caption"

    async def score(self, rollout: Rollout) -> float | None:
        await asyncio.sleep(0)
        if rollout.caption == "out":
            raise RewardUnavailable("the judge is out")
        if rollout.caption == "broken":
            raise UserError("the column is no list")
        return float(rollout.caption) if rollout.caption else None


def scored(*captions: str) -> Scores:
    return asyncio.run(score_all(ByCaption(), [Rollout(one) for one in captions]))


def test_values_stand_in_the_order_of_the_rollouts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "asid"):
        assert scored("0.5", "", "1", "0") == Scores([0.5, None, 1.0, 0.0], {})
    assert not caplog.records and scored() == Scores([], {})


def test_a_lost_reward_is_no_zero_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "asid"):
        assert scored("1", "out", "", "out") == Scores(
            [1.0, None, None, None], {1: "the judge is out", 3: "the judge is out"}
        )
    assert "2 of 4 by_caption rewards could not be given: the judge is out" in caplog.text


def test_what_is_wrong_with_a_row_is_raised() -> None:
    with pytest.raises(UserError, match="no list"):
        scored("1", "broken", "out")


def test_lost_rewards_are_raised_with_what_to_do_and_none_lost_is_well() -> None:
    raise_lost(ByCaption(), scored("1", ""))
    with pytest.raises(RewardUnavailable, match=r"1 of 2 by_caption.*for 0\. Take the training up again"):
        raise_lost(ByCaption(), scored("1", "out"))
    with pytest.raises(RewardUnavailable, match="and it is late"):
        raise_lost(ByCaption(), scored("out"), "it is late")


@pytest.mark.parametrize(
    ("completion", "text"),
    [
        ("A cat.", "A cat."), ({"role": "assistant", "content": "A cat."}, "A cat."),
        ([{"role": "user", "content": "?"}, {"role": "assistant", "content": "A cat."}], "A cat."),
        ([{"type": "text", "text": "A "}, {"type": "text", "text": "cat."}], "A cat."),
        ([{"role": "assistant", "content": [{"type": "text", "text": "A cat."}]}], "A cat."),
        ({"role": "assistant", "content": None}, ""), ([], ""), (None, ""), ([{"type": "image"}], ""),
    ],
)  # fmt: skip
def test_the_text_of_a_completion_is_read_in_all_its_forms(completion: Any, text: str) -> None:
    assert said(completion) == text


def test_columns_are_laid_beside_their_completions() -> None:
    made = rollouts_of(["a", "b"], [[1, 2], []], {"events": [["x"], None], "solution": ("s", "t"), "unknown": [1]})
    assert [(one.caption, one.tokens) for one in made] == [("a", 2), ("b", 0)]
    assert made[0].row == {"events": ["x"], "solution": "s"} and made[1].row == {"events": None, "solution": "t"}
    assert rollouts_of(["a"], None, {})[0].tokens is None


@pytest.mark.parametrize("values", [["x"], [], "abc", 7])
def test_a_column_that_does_not_align_is_refused_by_name(values: Any) -> None:
    with pytest.raises(UserError, match=r"'events' has .* for 2 completions"):
        rollouts_of(["a", "b"], None, {"events": values})


def test_token_ids_that_do_not_align_are_refused() -> None:
    with pytest.raises(UserError, match="1 lists of token ids came for 2"):
        rollouts_of(["a", "b"], [[1]], {})
