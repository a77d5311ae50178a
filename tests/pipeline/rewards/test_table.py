"""The rewards that asid brings are all there by their own names, and without a judge where they may be."""

from __future__ import annotations

import pytest

from asid.pipeline.registry import UnknownName
from asid.pipeline.rewards.kinds import Reward, WeightedReward, reward
from asid.pipeline.rewards.table import REWARDS


@pytest.mark.parametrize("name", REWARDS)
def test_each_name_gives_the_reward_that_calls_itself_so(name: str) -> None:
    made = reward(name)
    assert isinstance(made, Reward) and made.name == name


def test_no_shipped_reward_is_left_out() -> None:
    shipped = {kind.name for kind in Reward.__subclasses__() if kind.__module__ == "asid.pipeline.rewards.kinds"}
    assert shipped - {WeightedReward.name} == set(REWARDS)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="dialogue"):
        reward("dialog")
