"""What a budget sets aside for a call is never less than what the call can cost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.models.base import TRANSCRIBE, Media, Misconfigured, Usage
from asid.pipeline.models.budget import Sent
from asid.pipeline.models.ceiling import answer_tokens, ceiling, media_tokens
from asid.pipeline.models.config import ModelConfig, Prices
from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.spend import cost
from tests.kits.modelkit import request

TINY = ModelConfig(provider="openai", model="tiny")
GEMINI = ModelConfig(provider="gemini", model="gemini-2.5-pro")
FULL = Prices(input=1.0, output=10.0, cached=0.1, audio=3.0, video=0.5)


@given(
    prompt=st.text(max_size=300),
    weight=st.integers(0, 400_000),
    cap=st.integers(1, 9000),
    share=st.floats(0, 1),
    tiered=st.booleans(),
)
def test_no_answer_within_its_cap_costs_more(prompt: str, weight: int, cap: int, share: float, tiered: bool) -> None:
    prices = prices_of(GEMINI) if tiered else FULL
    asked = request(prompt, settings={"max_tokens": cap}, weight=weight)
    thoughts = int(cap * share)
    usage = Usage(
        input_tokens=len(prompt.encode("utf-8", "surrogatepass")) + weight, audio_tokens=int(weight * share),
        video_tokens=weight - int(weight * share), output_tokens=cap - thoughts, thought_tokens=thoughts,
    )  # fmt: skip
    assert (cost(usage, prices) or 0.0) <= ceiling(asked, TINY, prices)


def test_an_answer_is_bound_by_its_cap_else_by_what_its_model_can_write() -> None:
    assert answer_tokens(request(settings={"max_completion_tokens": 7}), TINY) == 7
    assert answer_tokens(request(), TINY) == 131_072
    assert answer_tokens(request(), GEMINI) == 65_536
    assert answer_tokens(request(), TINY.model_copy(update={"context": 8192})) == 8192


@pytest.mark.parametrize(("fps", "least"), [(None, 60 * 290), (4, 60 * (4 * 258 + 32))])
def test_videos_are_counted_as_their_model_counts_them(fps: float | None, least: int) -> None:
    settings: dict[str, Any] = {"fps": fps} if fps else {}
    look = Sent(1280, 720, video=60.0, sound=60.0)
    assert media_tokens(GEMINI, settings, look) == least
    assert media_tokens(TINY, settings, look) > least  # nobody knows how it counts


def test_transcription_is_bound_by_its_seconds() -> None:
    sound = Media(kind="audio", uri="file:///a.wav", sha256="0" * 64)
    asked = request("", task=TRANSCRIBE, settings={"seconds": 600.0}, media=(sound,))
    assert 0.06 <= ceiling(asked, TINY, Prices(audio_hour=0.36)) < 0.0603
    by_tokens = ceiling(asked, TINY, Prices(input=2.5, output=10.0, audio=6.0))
    assert (cost(Usage(input_tokens=6000, audio_tokens=6000, output_tokens=3000), FULL) or 0.0) < by_tokens < 1.0


def test_a_price_that_nobody_knows_is_no_zero() -> None:
    with pytest.raises(Misconfigured, match=r"set its prices\.input and prices\.output"):
        ceiling(request(), TINY, Prices(audio_hour=0.36))
