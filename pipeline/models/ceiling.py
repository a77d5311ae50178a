"""The most that one call can cost, before it is sent: what a budget sets aside for it.

No tokeniser makes more tokens of a text than it has bytes. Media are counted by the model's own arithmetic, or, where
nobody knows it, by more than known ones take. An answer has at most its `max_tokens`, thoughts included; without one,
at most what any model writes.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

from asid.pipeline.models.base import TRANSCRIBE, Misconfigured, Request
from asid.pipeline.models.budget import Sent
from asid.pipeline.models.config import ModelConfig, Prices
from asid.pipeline.models.prices import Rates
from asid.pipeline.models.provider import find_provider

MILLION = 1_000_000
FRAME = 256  # tokens that a chat adds of its own
PER_SECOND = 1500  # tokens of a second of video at one frame a second
PER_STILL = 1500
SOUND = 100  # tokens of a second of sound
UNTOLD = 60.0  # s of a file whose length the request does not tell
CAPS = ("max_tokens", "max_completion_tokens")
LONGEST_CACHE = 3600.0  # s, where the manifest does not say
SAID = (2000, 30)  # most tokens of a transcript: always, and for each second


def media_tokens(config: ModelConfig, settings: Mapping[str, Any], look: Sent) -> int:
    """Bound the tokens of what is sent of a clip. A file that it counts as nothing is unknown."""
    weigh = find_provider(config.provider).weigh
    stills = look.stills * PER_STILL
    known = weigh(settings, dataclasses.replace(look, stills=0)) if weigh else 0
    if known or not (look.video or look.sound):
        return known + stills
    fps = max(1.0, float(settings.get("fps") or 1.0))
    return stills + math.ceil(look.video * fps * PER_SECOND + look.sound * SOUND)


def answer_tokens(request: Request, config: ModelConfig) -> int:
    """Bound the tokens of an answer, with its thoughts."""
    if request.task == TRANSCRIBE:
        return SAID[0] + math.ceil(SAID[1] * float(request.settings.get("seconds", 0.0)))
    caps = [int(request.settings[name]) for name in CAPS if request.settings.get(name)]
    return min(caps, default=min(find_provider(config.provider).longest, config.context or MILLION))


def ceiling(request: Request, config: ModelConfig, prices: Prices) -> float:
    """USD that a call costs at the most, none of it from a cache. Raises Misconfigured when a price is missing."""
    if prices.audio_hour is not None and request.task == TRANSCRIBE:
        return math.ceil(float(request.settings.get("seconds", 0.0)) + 1) / 3600 * prices.audio_hour
    schema = json.dumps(request.answer_schema) if request.answer_schema else ""
    text = len(request.prompt.encode("utf-8", "surrogatepass")) + len(schema.encode()) + FRAME
    media = request.weight or _unweighed(request)
    prices = prices.of(text + media) if isinstance(prices, Rates) else prices
    if prices.input is None or prices.output is None:
        raise Misconfigured(
            f"a budget needs prices, and {config.model} has none for tokens: set its prices.input and prices.output"
        )
    shown = max(price for price in (prices.input, prices.audio, prices.video) if price is not None)
    if config.settings.get("cache") == "explicit" and request.alike:
        seconds = float(config.settings.get("cache_seconds") or LONGEST_CACHE)
        shown += prices.input + (prices.storage or 0.0) * seconds / 3600  # it may be the one that fills the cache
    return (text * prices.input + media * shown + answer_tokens(request, config) * prices.output) / MILLION


def _unweighed(request: Request) -> int:
    """Bound the tokens of media that nobody has weighed."""
    total = 0.0
    for medium in request.media:
        seconds = (medium.end or medium.start + UNTOLD) - medium.start
        told = float(request.settings.get("seconds", seconds))
        total += {"image": PER_STILL, "audio": told * SOUND, "video": seconds * PER_SECOND}[medium.kind]
    return math.ceil(total)
