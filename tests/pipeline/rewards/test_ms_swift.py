"""Rewards as ms-swift takes them, with a module that stands where ms-swift's table does."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from asid.pipeline.errors import UserError
from asid.pipeline.rewards import ms_swift
from asid.pipeline.rewards.kinds import LengthReward, Reward
from asid.pipeline.rewards.rollout import RewardUnavailable, Rollout


class Share(Reward):
    name = "word_share"

    async def score(self, rollout: Rollout) -> float | None:
        if rollout.caption == "out":
            raise RewardUnavailable("no judge")
        known = rollout.texts("events")
        return None if known is None else sum(one in rollout.caption for one in known) / len(known)


class Orm:
    """The base class of ms-swift's rewards."""


@pytest.fixture(params=["swift.rewards", "swift.plugin"])
def swift(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """ms-swift 4.x and 3.x, as far as the adapter looks at it."""
    for name in ("swift", "swift.rewards", "swift.plugin"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not there
    place: Any = ModuleType(request.param)
    place.orms, place.ORM = {"accuracy": object}, Orm
    parent: Any = ModuleType("swift")
    parent.__path__ = []
    monkeypatch.setitem(sys.modules, "swift", parent)
    monkeypatch.setitem(sys.modules, request.param, place)
    return place


def test_a_reward_is_registered_in_either_version_and_scores_batches(swift: Any) -> None:
    made = ms_swift.register(Share())
    assert swift.orms["word_share"] is made and issubclass(made, Orm) and made.__name__ == "AsidWordShare"
    scores = made(args=None)(["a dog", "a cat"], events=[["dog", "cat"], None])
    assert scores == [0.5, None]


def test_it_may_have_another_name_and_none_that_is_taken(swift: Any) -> None:
    ms_swift.register(Share(), "mine")
    assert "mine" in swift.orms and "word_share" not in swift.orms
    with pytest.raises(UserError, match=r"'accuracy' already.*asid_accuracy"):
        ms_swift.register(Share(), "accuracy")


def test_without_ms_swift_it_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("swift", "swift.rewards", "swift.plugin"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match="pip install ms-swift"):
        ms_swift.register(Share())


def test_a_lost_reward_ends_the_step_for_a_none_would_be_a_zero() -> None:
    with pytest.raises(RewardUnavailable, match="1 of 2 word_share"):
        ms_swift.orm(Share())()(["out", "a"], events=[["a"], ["a"]])


def test_tokens_are_those_of_the_trainer_or_counted() -> None:
    reward = LengthReward(soft=1, hard=3)
    assert ms_swift.orm(reward)()(["a", "b"], response_token_ids=[[1], [1, 2]]) == [1.0, 0.5]
    assert ms_swift.orm(reward, count_tokens=len)()(["a", "bb", "ccc"]) == [1.0, 0.5, 0.0]
    with pytest.raises(ValueError, match="count_tokens"):
        ms_swift.orm(reward)()(["a"])
