"""Rewards for trainers: see `asid.pipeline.rewards`, whose public names these are."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asid.pipeline.rewards import *  # noqa: F403
else:
    from asid.pipeline import rewards as _rewards

    __all__ = _rewards.__all__

    def __getattr__(name: str) -> object:
        return getattr(_rewards, name)
