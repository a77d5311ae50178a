"""Rewards in ms-swift's GRPO, 3.x and 4.x: `--external_plugins FILE --reward_funcs NAME`.

    # plugin.py
    from asid.rewards import RewardJudge, avocado, ms_swift
    ms_swift.register(avocado(RewardJudge({"provider": "openai", "model": "…"}, "answers")))

ms-swift sums rewards by `nansum`: a None counts as 0. A reward that nobody could give is therefore raised.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

from asid.pipeline.errors import UserError
from asid.pipeline.rewards import loop
from asid.pipeline.rewards.batch import raise_lost, rollouts_of, score_all
from asid.pipeline.rewards.kinds import Reward

PLACES = ("swift.rewards", "swift.plugin")  # of 4.x and of 3.x


def register(reward: Reward, name: str = "", count_tokens: Callable[[str], int] | None = None) -> type[Any]:
    """Make `reward` known to ms-swift as `name` (else its own), and give its class. Raises UserError where ms-swift is
    not installed, or has a reward of that name."""
    place = next((found for one in PLACES if (found := _import(one)) is not None and hasattr(found, "orms")), None)
    if place is None:
        raise UserError("ms-swift is not installed here: pip install ms-swift")
    name = name or reward.name
    if name in place.orms:
        raise UserError(
            f"ms-swift has a reward {name!r} already: give another name, as in register(reward, 'asid_{name}')"
        )
    made = orm(reward, place.ORM, count_tokens)
    place.orms[name] = made
    return made


def orm(reward: Reward, base: type[Any] = object, count_tokens: Callable[[str], int] | None = None) -> type[Any]:
    """Make a class as ms-swift takes them: it is made with or without `args`, and called with `completions` and the
    columns as lists."""

    class AsidReward(base):  # type: ignore[misc]
        def __init__(self, args: Any = None, **_kwargs: Any):
            self.args = args

        def __call__(self, completions: Sequence[Any], **columns: Any) -> list[float | None]:
            """Score completions, in their order. Raises RewardUnavailable."""
            tokens = columns.get("response_token_ids")
            if tokens is None and count_tokens is not None:
                tokens = [range(count_tokens(one)) for one in completions]
            scores = loop.run(score_all(reward, rollouts_of(completions, tokens, columns)))
            raise_lost(reward, scores)
            return scores.values

    AsidReward.__name__ = AsidReward.__qualname__ = f"Asid{reward.name.title().replace('_', '')}"
    return AsidReward


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None
