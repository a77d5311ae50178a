"""Explicit caches: what several requests show alike is stored at the server once, charged by token and hour, and
deleted when the last of them is answered.

Gemini caches by itself what it has read a moment ago, at no charge and without a promise. An explicit cache is a
promise and has its price: its tokens are read once in full, and stored by the hour. It is made where that is less than
what it saves. One that cannot be made, or is gone, costs nothing but itself: the request goes out plain.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx2
from google import genai
from google.genai import errors, types

from asid.pipeline.models.base import ModelError, Request, Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.providers.gemini import CACHE_SECONDS
from asid.pipeline.models.spend import add

logger = logging.getLogger("asid")

LEAST = {"flash": 1024, "": 4096}  # tokens that a cache must have, by a word in the model's name
EARLY = 15.0  # s before its end from which a cache is not used
REMEMBERED = 2000  # media whose cache is done with
ODD = (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError)
FAILED = (ModelError, errors.APIError, httpx2.HTTPError, *ODD)

Parts = Callable[[Request], Awaitable[list[types.Part]]]


@dataclass
class Stored:
    """A cache at the server. `left`: requests that it was made for and that are not answered; times are monotonic."""

    name: str
    tokens: int
    until: float
    counted: float  # until when its hours are in the figures

    def hours(self) -> float:
        """Token-hours since they were last counted."""
        now = time.monotonic()
        since, self.counted = now - self.counted, now
        return self.tokens * since / 3600


class ExplicitCaches:
    """The caches of one open model. `parts` makes of a request what is shown before its prompt."""

    def __init__(self, client: genai.Client, config: ModelConfig, parts: Parts):
        self.client = client
        self.config = config
        self.parts = parts
        self.seconds = float(config.settings.get("cache_seconds", CACHE_SECONDS))
        self.open: dict[str, asyncio.Task[Stored | None]] = {}
        self.left: dict[str, int] = {}
        self.owed: dict[str, Usage] = {}  # what caches took that no answer has told yet
        self.ended: OrderedDict[str, None] = OrderedDict()
        self.deleting: set[asyncio.Task[None]] = set()

    async def find(self, request: Request) -> Stored | None:
        """The cache of what a request shows, made if need be; None where there is none."""
        key = _key(request)
        if self.config.settings.get("cache") != "explicit" or key in self.ended:
            return None
        if key not in self.open:
            if not self._pays(request):
                return None
            self.left[key] = request.alike + 1
            self.open[key] = asyncio.create_task(self._make(request, key))
        stored = await asyncio.shield(self.open[key])
        if stored is not None and time.monotonic() > stored.until - EARLY:
            self.drop(request)
            return None
        return stored

    def answered(self, request: Request, stored: Stored | None) -> Usage:
        """A request has had its turn; after the last one the cache is deleted. Gives what the cache took since then."""
        key = _key(request)
        took = self.owed.pop(key, Usage())
        if stored is not None:
            took = add([took, Usage(stored_token_hours=stored.hours())])
        if key in self.left:
            self.left[key] -= 1
            if self.left[key] <= 0:
                self.drop(request)
        return took

    def drop(self, request: Request, gone: bool = False) -> None:
        """Use a cache no more; `gone`: the server has it no more."""
        key = _key(request)
        if gone and key in self.open:
            self._owe(key, Usage(uncached=1))
        self.left.pop(key, None)
        self.ended[key] = None
        while len(self.ended) > REMEMBERED:
            self.ended.popitem(last=False)
        if (made := self.open.pop(key, None)) is not None:
            task = asyncio.create_task(self._delete(made))
            self.deleting.add(task)
            task.add_done_callback(self.deleting.discard)

    async def close(self) -> None:
        """Delete all that is left."""
        await asyncio.gather(*self.deleting, *(self._delete(made) for made in self.open.values()))
        self.open.clear()

    def _pays(self, request: Request) -> bool:
        """Whether storing its media costs less than it saves the requests that begin alike."""
        tokens, prices = request.weight, prices_of(self.config)
        least = next(count for word, count in LEAST.items() if word in self.config.model)
        if not request.alike or tokens < least:
            return False
        if prices.input is None or prices.cached is None or prices.storage is None:
            return False
        saved = (request.alike + 1) * (prices.input - prices.cached)
        return saved > prices.input + prices.storage * self.seconds / 3600

    def _owe(self, key: str, took: Usage) -> None:
        self.owed[key] = add([self.owed.get(key, Usage()), took])

    async def _make(self, request: Request, key: str) -> Stored | None:
        try:
            start = [types.Part(text=request.prompt[: request.common])] if request.common else []
            content = types.Content(role="user", parts=[*await self.parts(request), *start])
            form = types.CreateCachedContentConfig(contents=[content], ttl=f"{self.seconds:.0f}s")
            began = time.monotonic()
            made = await self.client.aio.caches.create(model=self.config.model, config=form)
        except FAILED as error:
            logger.info("no cache of what %s shows could be made: %s", request.row, type(error).__name__)
            self._owe(key, Usage(uncached=1))  # the requests go out plain, and the figures say so
            return None
        counted = made.usage_metadata.total_token_count if made.usage_metadata else None
        stored = Stored(made.name or "", counted or request.weight, began + self.seconds, time.monotonic())
        self._owe(key, Usage(stored_tokens=stored.tokens))
        return stored

    async def _delete(self, making: asyncio.Task[Stored | None]) -> None:
        """A cache that stays behind after a crash ends by itself."""
        await asyncio.wait([making])
        stored = None if making.cancelled() or making.exception() else making.result()
        if stored is not None:
            try:
                await self.client.aio.caches.delete(name=stored.name)
            except FAILED:
                return


def _key(request: Request) -> str:
    """What decides what is stored: media by their content, how they are shown, and the start of the prompt."""
    media = [medium.model_dump(exclude={"uri"}) for medium in request.media]
    shown = {name: request.settings.get(name) for name in ("fps", "span", "media_resolution")}
    text = json.dumps([media, shown, request.prompt[: request.common]], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
