"""Whisper reads chunks once, no longer than it needs, and hears a short sentence once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from asid.pipeline.speech.embedded import Embedded
from asid.pipeline.speech.layout import Layout
from asid.pipeline.speech.reading import VECTORS, BriefReading, Encoded, padded
from asid.pipeline.speech.transcript import transcribe
from tests.kits.speechkit import FIRST, MAN, SECOND, THIRD, WOMAN, missing, track


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


def test_a_stretch_is_cut_out_of_its_chunk() -> None:
    chunk = Encoded((100.0, 104.0), np.arange(6 * VECTORS)[:, None])
    assert chunk.within((101.0, 102.5))[:, 0].tolist() == list(range(VECTORS, round(2.5 * VECTORS)))
    assert len(chunk.within((99.0, 200.0))) == 4 * VECTORS, "the silence after it is not of the stretch"
    assert len(chunk.within((90.0, 99.0))) == len(chunk.within((104.0, 106.0))) == 0


@pytest.fixture(scope="module")
def backend() -> Embedded:
    made = Embedded(diarize=False)
    made.open()
    return made


@pytest.mark.models
def test_speech_is_encoded_once_for_its_language_and_its_words(
    backend: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    from faster_whisper import WhisperModel

    read: list[tuple[int, ...]] = []
    encode = WhisperModel.encode
    monkeypatch.setattr(WhisperModel, "encode", lambda model, some: (read.append(some.shape), encode(model, some))[1])
    sound = track(23, (0.5, FIRST, WOMAN), (4, SECOND, MAN), (8, THIRD, WOMAN), (12, FIRST, MAN), (16, SECOND, WOMAN))
    heard = transcribe(backend, [sound], Layout())
    assert heard.language == "en"
    assert len(heard.utterances) >= 4
    together = [shape for shape in read if len(shape) == 3]  # a stretch of which too little is known is read alone
    assert len(together) == 1
    assert together[0][-1] < 3000
    assert transcribe(backend, [sound], Layout()) == heard
    assert len(read) % 2 == 0, "what is known of a recording is forgotten with the next"


@pytest.mark.models
def test_a_stretch_of_which_its_chunk_says_little_is_listened_to_alone(
    backend: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BriefReading, "odds", lambda *_: {"yi": 0.3, "de": 0.2})
    assert transcribe(backend, [track(6, (0.5, FIRST, WOMAN), (3, THIRD, MAN))], Layout()).language == "en"


@pytest.mark.models
@pytest.mark.parametrize("language", ["", "en"])
def test_a_short_sentence_is_heard_once(backend: Embedded, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of less than it needs, Whisper says the sentence again and again."""
    monkeypatch.setattr(backend, "language", language)
    noise = 0.02 * np.random.default_rng(0).normal(0, 1, 4 * 16000).astype(np.float32)
    for sentence, voice in ((SECOND, WOMAN), (THIRD, MAN)):
        heard = transcribe(backend, [track(4, (0.5, sentence, voice)) + noise], Layout())
        text = " ".join(one.text for one in heard.utterances)
        assert missing(sentence, text) <= 2
        assert len(text.split()) <= len(sentence.split()) + 2
        assert all(0 <= word.start <= word.end <= 4 for one in heard.utterances for word in one.words)


@pytest.mark.models
def test_tiny_en_reads_thirty_seconds_of_which_it_needs_more(monkeypatch: pytest.MonkeyPatch) -> None:
    from faster_whisper import WhisperModel

    read: list[tuple[int, ...]] = []
    encode = WhisperModel.encode
    monkeypatch.setattr(WhisperModel, "encode", lambda model, some: (read.append(some.shape), encode(model, some))[1])
    backend = Embedded("tiny.en", diarize=False)
    backend.open()
    heard = transcribe(backend, [track(4, (0.5, FIRST, WOMAN))], Layout())
    assert missing(FIRST, " ".join(one.text for one in heard.utterances)) <= 2
    assert read == [(1, 80, 3000)]
