"""The recogniser that travels inside packages: which weights, and how well its words fit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from asid.pipeline.speech.base import MissingPart, Segment
from asid.pipeline.speech.embedded import BASE, TINY_EN, Embedded, EmbeddedRecogniserSettings, fit
from asid.pipeline.speech.recognisers import make
from tests.kits.speechkit import word


def segment(words: int, logprob: float) -> Segment:
    return Segment(tuple(word(n, n + 1, "w") for n in range(words)), logprob)


@pytest.mark.parametrize(
    ("segments", "score"),
    [
        ([], 0.0), ([segment(3, 0.0)], 1.0), ([segment(3, math.log(0.5))], 0.5),
        ([segment(1, math.log(0.25)), segment(3, 0.0)], 0.25**0.25), ([segment(2, 0.7)], 1.0),
    ],
)  # fmt: skip
def test_a_fit_is_the_geometric_mean_by_words(segments: list[Segment], score: float) -> None:
    assert fit(segments) == pytest.approx(score)


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(-20, 1)), max_size=6))
def test_it_lies_between_nothing_and_certainty(parts: list[tuple[int, float]]) -> None:
    assert 0 <= fit(segment(*part) for part in parts) <= 1


def test_settings_reach_the_recogniser_and_empty_weights_mean_base() -> None:
    made = make("embedded", 2, weights="", beam=3, min_speakers=2, max_speakers=4)
    assert isinstance(made, Embedded)
    assert (made.recogniser, made.beam, made.threads) == (BASE, 3, 2)
    assert (made.min_speakers, made.max_speakers, made.diarize) == (2, 4, True)
    tiny = make("embedded", weights=TINY_EN, language="en")
    assert isinstance(tiny, Embedded)
    assert (tiny.recogniser, tiny.language) == (TINY_EN, "en")


def test_weights_that_are_not_embedded_are_refused_with_the_way_to_have_them() -> None:
    with pytest.raises(MissingPart, match="backend: faster_whisper"):
        Embedded("large-v3").open()


def test_a_beam_of_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        EmbeddedRecogniserSettings(beam=0)
