"""Several requests that begin alike: the first goes out alone where that makes the others cheaper.

Providers charge less for the start of a request that they have read a moment ago: OpenAI, Gemini and vLLM reuse the
longest equal start. It is there to be reused once a first request has been read; those that go out together with it pay
in full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from asid.pipeline.asking.stage import Result, together
from asid.pipeline.models.base import Model
from asid.pipeline.models.layers.replay import Replaying
from asid.pipeline.models.prices import prices_of
from asid.pipeline.stage import Unprocessable


class Sharing(BaseModel):
    """Settings of a stage whose requests about a row begin alike."""

    HOW: ClassVar[frozenset[str]] = frozenset({"first"})

    first: Literal["auto", "alone", "along"] = Field(
        "auto",
        description="a clip's first request: alone, along with the others, or auto: alone if that is cheaper",
    )

    def goes_alone(self, model: Model) -> bool:
        """Whether the first request is to go out before the others."""
        return self.first == "alone" or (self.first == "auto" and caches(model))


def caches(model: Model) -> bool:
    """Whether a model's provider charges less for what it has read already, or saves its own time by it."""
    if not isinstance(model, Replaying):
        return False
    if model.config.settings.get("cache") == "explicit":
        return False  # the first that comes fills the cache, and the others wait for it by themselves
    prices = prices_of(model.config)
    cheaper = prices.cached is not None and prices.input is not None and prices.cached < prices.input
    return cheaper or model.config.provider == "vllm"


async def leading(calls: Iterable[Awaitable[Result]], alone: bool) -> list[Result]:
    """All results in order, as `together`; with `alone`, the first call ends before the others begin. When it fails,
    they are made all the same: their answers will be replayed."""
    calls = list(calls)
    if not alone or len(calls) < 2:
        return await together(calls)
    first, *others = calls
    try:
        result = await first
    except Exception as error:
        found = await asyncio.gather(*others, return_exceptions=True)
        errors = [error, *(one for one in found if isinstance(one, BaseException))]
        raise min(errors, key=lambda one: isinstance(one, Unprocessable)) from None
    return [result, *await together(others)]
