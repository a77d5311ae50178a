"""Rewards of a whole batch of rollouts, all asked for at once: the judge's limiter paces them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asid.pipeline.errors import UserError
from asid.pipeline.rewards.kinds import Reward
from asid.pipeline.rewards.rollout import COLUMNS, RewardUnavailable, Rollout, plain

logger = logging.getLogger("asid")


@dataclass(frozen=True)
class Scores:
    """`values` in the order of the rollouts; None where the row has nothing to score, or, of `lost`, where nobody could
    tell."""

    values: list[float | None]
    lost: dict[int, str]  # place -> why


async def score_all(reward: Reward, rollouts: Sequence[Rollout]) -> Scores:
    """Score rollouts together. Whatever is wrong with the judge or the rows as such is raised; a single reward that
    nobody could give is `lost`."""
    found = await asyncio.gather(*(reward.score(one) for one in rollouts), return_exceptions=True)
    values: list[float | None] = []
    lost: dict[int, str] = {}
    for place, one in enumerate(found):
        if isinstance(one, RewardUnavailable):
            lost[place] = str(one)
            values.append(None)
        elif isinstance(one, BaseException):
            raise one
        else:
            values.append(one)
    if lost:
        logger.warning("%d of %d %s rewards could not be given: %s", len(lost), len(values), reward.name,
                       next(iter(lost.values())))  # fmt: skip
    return Scores(values, lost)


def rollouts_of(
    completions: Sequence[Any], tokens: Sequence[Sequence[int]] | None, columns: Mapping[str, Any]
) -> list[Rollout]:
    """Make rollouts of what a trainer hands over: texts or turns, token ids, and columns aligned with them. Raises
    UserError for a column of another length: a reward would go to the wrong caption."""
    rows: list[dict[str, Any]] = [{} for _ in completions]
    for name in COLUMNS:
        values = plain(columns.get(name))
        if values is None:
            continue
        if not isinstance(values, Sequence) or len(values) != len(rows):
            size = len(values) if isinstance(values, Sequence) else type(values).__name__
            raise UserError(f"column {name!r} has {size} values for {len(rows)} completions: they must align")
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    if tokens is not None and len(tokens) != len(rows):
        raise UserError(f"{len(tokens)} lists of token ids came for {len(rows)} completions")
    counts = [None] * len(rows) if tokens is None else [len(one) for one in tokens]
    return [Rollout(said(one), count, row) for one, count, row in zip(completions, counts, rows, strict=True)]


def said(completion: Any) -> str:
    """Read the text of a completion: a string, or turns whose last one the model wrote."""
    if isinstance(completion, str):
        return completion
    if isinstance(completion, Mapping):
        return said(completion.get("content") or "")
    if isinstance(completion, Sequence) and completion:
        if all(isinstance(one, Mapping) and "role" in one for one in completion):
            return said(completion[-1])
        return "".join(one.get("text") or "" for one in completion if isinstance(one, Mapping))
    return ""


ZERO = "this trainer would take a missing reward for 0"


def raise_lost(reward: Reward, scores: Scores, reason: str = ZERO) -> None:
    """Raise RewardUnavailable, for a `reason`, when a reward was lost."""
    if scores.lost:
        lost, why = f"{len(scores.lost)} of {len(scores.values)}", next(iter(scores.lost.values()))
        raise RewardUnavailable(
            f"{lost} {reward.name} rewards could not be given ({why}), and {reason}. "
            "Take the training up again when the judge is back: its answers are kept"
        )
