"""Rewards for trainers: see `asid.pipeline.rewards`, whose public names these are."""

from asid.pipeline.rewards import *  # noqa: F403
from asid.pipeline.rewards import __all__

__all__ = [*__all__]
