"""The rewards that asid brings, by name."""

from __future__ import annotations

from collections.abc import Mapping

REWARDS: Mapping[str, str] = {
    "dialogue": "asid.pipeline.rewards.kinds:DialogueReward",
    "checklist": "asid.pipeline.rewards.kinds:ChecklistReward",
    "length": "asid.pipeline.rewards.kinds:LengthReward",
    "repetition": "asid.pipeline.rewards.kinds:RepetitionReward",
    "events": "asid.pipeline.rewards.kinds:EventsReward",
    "following": "asid.pipeline.rewards.kinds:FollowingReward",
}
