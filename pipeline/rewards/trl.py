"""Rewards in TRL's GRPOTrainer: `GRPOTrainer(reward_funcs=[trl.function(reward)], …)`.

TRL skips a function's None for that completion, so a reward that nobody could give is None. A batch in which every
reward is lost teaches nothing and says so only in a log: after `patience` such batches in a row it is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from asid.pipeline.rewards import loop
from asid.pipeline.rewards.batch import Scores, raise_lost, rollouts_of, score_all
from asid.pipeline.rewards.kinds import Reward

PATIENCE = 3  # batches without a single reward


def function(
    reward: Reward, name: str = "", patience: int = PATIENCE, asynchronous: bool = False
) -> Callable[..., Any]:
    """Make a reward function as TRL takes them, named `name` in its logs. `asynchronous`: a coroutine function, which
    TRL runs beside others of its kind."""
    barren = 0

    def give(scores: Scores) -> list[float | None]:
        nonlocal barren
        barren = barren + 1 if scores.values and len(scores.lost) == len(scores.values) else 0
        if barren >= patience:
            raise_lost(reward, scores, f"nothing came of {barren} batches in a row")
        return scores.values

    def score(
        prompts: Sequence[Any], completions: Sequence[Any], completion_ids: Sequence[Sequence[int]], **columns: Any
    ) -> list[float | None]:
        return give(loop.run(score_all(reward, rollouts_of(completions, completion_ids, columns))))

    async def score_async(
        prompts: Sequence[Any], completions: Sequence[Any], completion_ids: Sequence[Sequence[int]], **columns: Any
    ) -> list[float | None]:
        work = score_all(reward, rollouts_of(completions, completion_ids, columns))
        return give(await asyncio.wrap_future(loop.submit(work)))

    made: Callable[..., Any] = score_async if asynchronous else score
    made.__name__ = name or reward.name
    return made
