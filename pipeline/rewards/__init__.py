"""Rewards for trainers: what the papers reward captions for, by the code of the benchmarks, with a judge or without.

from asid.rewards import RewardJudge, DialogueReward, avocado, ms_swift, trl, verl
"""

from typing import TYPE_CHECKING

from asid.pipeline.rewards import gdpo, ms_swift, trl, verl
from asid.pipeline.rewards.difficulty import DifficultyBounds, Partition, advantages, partition
from asid.pipeline.rewards.kinds import (
    ChecklistReward,
    DialogueReward,
    EventsReward,
    FollowingReward,
    LengthReward,
    RepetitionReward,
    Reward,
    WeightedReward,
    avocado,
    reward,
)
from asid.pipeline.rewards.rollout import RewardUnavailable, Rollout
from asid.pipeline.rewards.rounds import PairThresholds, RatedCaption, gdpo_loss, pairs, thresholds

if TYPE_CHECKING:
    from asid.pipeline.rewards.judge import RewardJudge

__all__ = [
    "ChecklistReward",
    "DialogueReward",
    "DifficultyBounds",
    "EventsReward",
    "FollowingReward",
    "LengthReward",
    "PairThresholds",
    "Partition",
    "RatedCaption",
    "RepetitionReward",
    "Reward",
    "RewardJudge",
    "RewardUnavailable",
    "Rollout",
    "WeightedReward",
    "advantages",
    "avocado",
    "gdpo",
    "gdpo_loss",
    "ms_swift",
    "pairs",
    "partition",
    "reward",
    "thresholds",
    "trl",
    "verl",
]


def __getattr__(name: str) -> object:
    """Give `RewardJudge`, whose clients are imported only by those that have one."""
    if name == "RewardJudge":
        from asid.pipeline.rewards.judge import RewardJudge

        return RewardJudge
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
