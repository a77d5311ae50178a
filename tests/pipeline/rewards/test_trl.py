"""Reward functions as TRL calls them."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from asid.pipeline.rewards import trl
from asid.pipeline.rewards.kinds import Reward
from asid.pipeline.rewards.rollout import RewardUnavailable, Rollout


class Tokens(Reward):
    """The number of tokens; nothing for a caption "skip", an outage for "out"."""

    name = "tokens"

    async def score(self, rollout: Rollout) -> float | None:
        if rollout.caption == "out":
            raise RewardUnavailable("no judge")
        return None if rollout.caption == "skip" else float(rollout.tokens or 0)


def call(function: Any, *captions: str) -> list[float | None]:
    ids = [list(range(len(one))) for one in captions]
    return function(prompts=["?"] * len(captions), completions=list(captions), completion_ids=ids, trainer_state=None)


def test_a_function_scores_in_order_and_has_a_name_for_the_logs() -> None:
    made = trl.function(Tokens())
    assert made.__name__ == "tokens" and trl.function(Tokens(), "mine").__name__ == "mine"
    assert call(made, "abc", "skip", "a") == [3.0, None, 1.0]


def test_turns_are_read_as_trl_gives_them() -> None:
    turns = [[{"role": "assistant", "content": "abc"}]]
    assert trl.function(Tokens())([None], turns, [[1, 2]]) == [2.0]


def test_a_lost_reward_is_none() -> None:
    assert call(trl.function(Tokens()), "abc", "out") == [3.0, None]


def test_batches_of_which_nothing_comes_are_raised_after_some() -> None:
    made = trl.function(Tokens(), patience=2)
    assert call(made, "out", "out") == [None, None]
    assert call(made, "out", "abc") == [None, 3.0]  # something came: the count begins again
    assert call(made, "out") == [None]
    with pytest.raises(RewardUnavailable, match="nothing came of 2 batches in a row"):
        call(made, "out", "out")


def test_rows_with_nothing_to_score_are_no_outage() -> None:
    made = trl.function(Tokens(), patience=1)
    assert call(made, "skip", "skip") == [None, None] and call(made) == []


def test_it_may_be_a_coroutine_function() -> None:
    made = trl.function(Tokens(), asynchronous=True)
    assert inspect.iscoroutinefunction(made) and asyncio.run(call(made, "abc", "out")) == [3.0, None]  # type: ignore[arg-type]
