"""Rewards in verl: `custom_reward_function.path=FILE`, `.name=compute_score`.

    # reward.py
    from asid.rewards import RewardJudge, avocado, verl
    compute_score = verl.scoring(avocado(RewardJudge(…)), count_tokens=lambda text: len(tokenizer.encode(text)))

verl hands over no token ids: what scores length needs `count_tokens`. Columns are read from `extra_info`; the reference
caption may also be `reward_model.ground_truth`. What is raised ends the training, and so it must: verl has no None. Do
not set `compute_score_timeout`: verl gives 0 to what it cuts off.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asid.pipeline.errors import UserError
from asid.pipeline.rewards import loop
from asid.pipeline.rewards.batch import raise_lost, score_all
from asid.pipeline.rewards.kinds import Reward, WeightedReward
from asid.pipeline.rewards.rollout import COLUMNS, SOLUTION, Rollout

NOTHING = 0.0  # of a row that has nothing to be scored: the same for all its rollouts


def scoring(
    reward: Reward, count_tokens: Callable[[str], int] | None = None, parts: bool = False, asynchronous: bool = True
) -> Callable[..., Any]:
    """Make a `compute_score` for verl's managers that take one row at a time. `parts`: a dict with each part of a
    weighted reward beside the score, NaN where the row has nothing for it. `asynchronous`: a coroutine function, so
    that rows are judged beside one another; older managers need False. Raises UserError for a reward of length without
    `count_tokens`."""
    _check(reward, count_tokens)

    async def one(solution_str: str, ground_truth: Any, extra_info: Any) -> Any:
        rollout = _rollout(solution_str, ground_truth, extra_info, count_tokens)
        if not (parts and isinstance(reward, WeightedReward)):
            score = await reward.score(rollout)
            return NOTHING if score is None else score
        found = await reward.scores(rollout)
        total = reward.total(found)
        return {"score": NOTHING if total is None else total} | {
            name: math.nan if value is None else value for name, value in found.items()
        }

    def compute_score(
        data_source: Any, solution_str: str, ground_truth: Any = None, extra_info: Any = None, **_kwargs: Any
    ) -> Any:
        return loop.run(one(solution_str, ground_truth, extra_info))

    async def compute_score_async(
        data_source: Any, solution_str: str, ground_truth: Any = None, extra_info: Any = None, **_kwargs: Any
    ) -> Any:
        return await asyncio.wrap_future(loop.submit(one(solution_str, ground_truth, extra_info)))

    return compute_score_async if asynchronous else compute_score


def batch_scoring(reward: Reward, count_tokens: Callable[[str], int] | None = None) -> Callable[..., list[float]]:
    """Make a `compute_score` for verl's batch manager, which hands over all rows at once, under plural names."""
    _check(reward, count_tokens)

    def compute_score(
        data_sources: Sequence[Any],
        solution_strs: Sequence[str],
        ground_truths: Sequence[Any],
        extra_infos: Sequence[Any],
        **_kwargs: Any,
    ) -> list[float]:
        rows = zip(solution_strs, ground_truths, extra_infos, strict=True)
        scores = loop.run(score_all(reward, [_rollout(*row, count_tokens) for row in rows]))
        raise_lost(reward, scores)
        return [NOTHING if value is None else value for value in scores.values]

    return compute_score


def _check(reward: Reward, count_tokens: Callable[[str], int] | None) -> None:
    if reward.needs_tokens and count_tokens is None:
        raise UserError(
            f"verl hands over no token ids, and {reward.name} scores length: give `count_tokens`, a function from a "
            "text to its number of tokens"
        )


def _rollout(caption: str, truth: Any, extra: Any, count_tokens: Callable[[str], int] | None) -> Rollout:
    row = {name: extra[name] for name in COLUMNS if name in extra} if isinstance(extra, Mapping) else {}
    if isinstance(truth, Mapping):
        row = {name: truth[name] for name in COLUMNS if name in truth} | row
    elif truth is not None:
        row.setdefault(SOLUTION, truth)
    return Rollout(caption, count_tokens(caption) if count_tokens else None, row)
