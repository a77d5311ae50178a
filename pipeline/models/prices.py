"""What a model's tokens cost: the manifest's own prices, and below them those of the library `genai-prices`.

The library is asked by the model's name and its provider, or by the address of an endpoint of somebody else's. It knows
list prices; whoever pays others writes them into the manifest, field by field. A model that runs inside a worker costs
nothing per token.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from asid.pipeline.models.config import ModelConfig, Prices
from asid.pipeline.models.provider import find_provider

FREE = Prices(input=0.0, output=0.0)
PROVIDERS = {"openai": "openai", "gemini": "google"}  # the library's names
MTOK = {"input": "input_mtok", "output": "output_mtok", "cached": "cache_read_mtok", "audio": "input_audio_mtok",
        "video": "input_video_mtok"}  # fmt: skip
# USD for a million tokens and an hour in an explicit cache, which the library does not have: Gemini's list prices.
STORAGE = {"gemini": {"flash": 1.0, "pro": 4.5}}
HOURS = ("input_audio_hours", "audio_hours")


class Rates(Prices):
    """Prices that rise with the length of a request: `long` holds for one of more than `above` input tokens."""

    above: int = 0
    long: Prices | None = None

    def of(self, input_tokens: int) -> Prices:
        return self.long if self.long is not None and input_tokens > self.above else self


def prices_of(config: ModelConfig) -> Prices:
    """The prices of a model of the manifest: its own above the library's."""
    if find_provider(config.provider).is_free and not config.prices.known:
        return FREE
    listed = _listed(config.model, config.provider, config.base_url)
    own = {name: value for name, value in config.prices.model_dump().items() if value is not None}
    if listed is None or not own:
        return config.prices if listed is None else listed
    plain = _cheaper_parts(listed.model_dump(include=set(Prices.model_fields)) | own)
    if "input" in own and "output" in own:  # who has prices of their own has no long-request prices of the library's
        return Prices(**plain)
    long = listed.long and Prices(**_cheaper_parts(listed.long.model_dump() | own))
    return Rates(**plain, above=listed.above, long=long)


def _cheaper_parts(values: dict[str, Any]) -> dict[str, Any]:
    """A part of the input that comes from a cache is never dearer than the input."""
    if values["cached"] is not None and values["input"] is not None:
        values["cached"] = min(values["cached"], values["input"])
    return values


@cache
def _listed(model: str, provider: str, base_url: str) -> Rates | None:
    """What the library says of a model; None when it does not know it at this endpoint."""
    if provider not in PROVIDERS:
        return None
    import genai_prices

    where: dict[str, Any] = {"provider_api_url": base_url} if base_url else {"provider_id": PROVIDERS[provider]}
    try:
        found = genai_prices.calc_price(genai_prices.Usage(), model, **where)
    except LookupError:
        return None
    prices = found.model.get_prices(datetime.now(UTC))
    plain, long, above = _tiers(prices)
    if (kept := next((usd for word, usd in STORAGE.get(provider, {}).items() if word in model), None)) is not None:
        plain["storage"] = long["storage"] = kept
    if not Prices(**plain).known:
        return None
    return Rates(**plain, above=above, long=Prices(**long) if above else None)


def _tiers(prices: Any) -> tuple[dict[str, float], dict[str, float], int]:
    """USD per million tokens of ordinary and of long requests, and the input tokens above which one is long."""
    plain: dict[str, float] = {}
    long: dict[str, float] = {}
    above = 0
    for name, key in MTOK.items():
        value = _price(prices, key)
        if value is None:
            continue
        plain[name] = float(getattr(value, "base", value))
        long[name] = plain[name]
        if tiers := getattr(value, "tiers", None):
            above, long[name] = tiers[0].start, float(tiers[0].price)
    if (hourly := _hourly(prices)) is not None:
        plain["audio_hour"] = long["audio_hour"] = hourly
    return plain, long, above


def _hourly(prices: Any) -> float | None:
    """USD for an hour of sound that is transcribed."""
    return next((float(value) for key in HOURS if (value := _price(prices, key)) is not None), None)


def _price(prices: Any, key: str) -> Any:
    try:
        return getattr(prices, key)
    except AttributeError:
        return None
