from __future__ import annotations

import pytest

from asid.pipeline.models.base import Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.spend import cost


def model(**more: object) -> ModelConfig:
    return ModelConfig.model_validate({"provider": "openai", "model": "gpt-4o", **more})


def test_a_model_that_the_library_knows_has_a_price_without_the_manifest_saying_one() -> None:
    assert cost(Usage(input_tokens=1_000_000), prices_of(model())) == pytest.approx(2.5)
    assert cost(Usage(output_tokens=1_000_000), prices_of(model())) == pytest.approx(10.0)
    known = prices_of(model(provider="gemini", model="gemini-2.5-flash"))
    assert cost(Usage(input_tokens=1000, audio_tokens=1000), known) == pytest.approx(0.001)


def test_the_manifests_own_prices_come_first_field_by_field() -> None:
    assert cost(Usage(input_tokens=1_000_000), prices_of(model(prices={"input": 7.0}))) == pytest.approx(7.0)
    assert cost(Usage(output_tokens=1_000_000), prices_of(model(prices={"input": 7.0}))) == pytest.approx(10.0)
    cheap = prices_of(model(prices={"input": 0.5, "output": 1.0}))
    assert cost(Usage(input_tokens=1000, cached_tokens=1000), cheap) == pytest.approx(0.0005)


def test_what_nobody_knows_stays_unknown() -> None:
    assert not prices_of(model(model="tiny")).known
    assert not prices_of(model(base_url="http://127.0.0.1:1/v1")).known, "another endpoint has other prices"
    assert prices_of(model(base_url="https://openrouter.ai/api/v1", model="openai/gpt-4o")).known
    assert cost(Usage(input_tokens=1), prices_of(model(model="tiny"))) is None


def test_long_requests_cost_what_the_provider_asks_for_long_ones() -> None:
    prices = prices_of(model(provider="gemini", model="gemini-2.5-pro"))
    assert cost(Usage(input_tokens=200_000), prices) == pytest.approx(0.25)
    assert cost(Usage(input_tokens=400_000), prices) == pytest.approx(1.0)


def test_sound_is_charged_by_the_hour_where_the_provider_does() -> None:
    prices = prices_of(model(model="whisper-1"))
    assert cost(Usage(audio_seconds=1800.0), prices) == pytest.approx(0.18)
    own = prices_of(model(model="tiny", prices={"audio_hour": 1.0}))
    assert cost(Usage(audio_seconds=3600.0), own) == pytest.approx(1.0)


def test_models_inside_the_worker_cost_nothing() -> None:
    assert cost(Usage(input_tokens=10**6), prices_of(ModelConfig(provider="scripted"))) == 0.0
