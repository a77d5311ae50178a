"""Whisper reads chunks no longer than it needs, and a short sentence once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from asid.pipeline.speech.embedded import Embedded
from asid.pipeline.speech.layout import Layout
from asid.pipeline.speech.reading import BriefReading, padded
from asid.pipeline.speech.transcript import transcribe
from tests.kits.speechkit import FIRST, MAN, SECOND, missing, track


@pytest.mark.parametrize(
    ("durations", "seconds"),
    [([1.0], 15), ([13.0], 15), ([13.1], 16), ([20.0, 3.0], 22), ([27.5], 30), ([28.0], 30), ([30.0], 30)],
)
def test_chunks_are_padded_to_what_is_read_and_a_little_silence(durations: list[float], seconds: int) -> None:
    assert padded(durations) == seconds


def test_the_encoder_reads_no_more_than_that() -> None:
    read: list[tuple[int, ...]] = []

    class Deaf(BriefReading):
        def generate_segment_batched(self, features: Any, tokenizer: Any, options: Any) -> Any:
            read.append(features.shape)
            return None, []

    reader = Deaf(SimpleNamespace(frames_per_second=100))
    features = np.zeros((2, 80, 3000), np.float32)
    chunks = [{"duration": 18.2, "offset": 0.0}, {"duration": 4.0, "offset": 20.0}]
    reader.forward(features, None, chunks, SimpleNamespace(word_timestamps=False))
    assert read == [(2, 80, 2100)]


@pytest.mark.models
@pytest.mark.parametrize("language", ["", "en"])
def test_a_short_sentence_is_heard_once(language: str) -> None:
    """Of less than it needs, Whisper says the sentence again and again."""
    backend = Embedded(language=language, diarize=False)
    backend.open()
    for sentence in (FIRST, SECOND):
        heard = transcribe(backend, [track(4, (0.5, sentence, MAN))], Layout())
        text = " ".join(one.text for one in heard.utterances)
        assert missing(sentence, text) <= 2
        assert len(text.split()) <= len(sentence.split()) + 2
        assert all(0 <= word.start <= word.end <= 4 for one in heard.utterances for word in one.words)
