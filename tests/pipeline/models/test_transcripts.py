"""What the audio API is asked for a transcript, and what its answer has used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from asid.pipeline.models.base import Misconfigured, ModelError, Unreadable, Usage
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.transcripts import read_transcript, transcription, usage_of

CONFIG = ModelConfig(provider="openai", model="whisper-1")


def test_words_and_segments_are_asked_for_with_their_times() -> None:
    asked = {"response_format": "verbose_json", "timestamp_granularities": ["word", "segment"]}
    assert transcription("", diarized=False) == asked
    assert transcription("he", diarized=False) == {"language": "he"} | asked


def test_or_speakers_which_come_without_words() -> None:
    asked = {"language": "en", "response_format": "diarized_json", "chunking_strategy": "auto"}
    assert transcription("en", diarized=True) == asked


@pytest.mark.parametrize(
    ("usage", "found"),
    [
        ({"type": "tokens", "input_tokens": 50, "output_tokens": 7, "input_token_details": {"audio_tokens": 40}},
         Usage(input_tokens=50, output_tokens=7, audio_tokens=40)),
        ({"input_tokens": 3}, Usage(input_tokens=3)), ({"type": "duration", "seconds": 9}, Usage(audio_seconds=12.5)),
        (None, Usage(audio_seconds=12.5)), ([], Usage(audio_seconds=12.5)), ({}, Usage(audio_seconds=12.5)),
    ],
)  # fmt: skip
def test_tokens_are_charged_where_they_are_counted_else_the_seconds_that_were_sent(usage: Any, found: Usage) -> None:
    assert usage_of(usage, 12.5) == found


def test_tokens_that_are_no_count_are_not_believed() -> None:
    with pytest.raises(Unreadable):
        usage_of({"input_tokens": -1}, 1.0)


def test_an_answer_is_kept_as_json_with_what_it_took() -> None:
    body = json.dumps({"text": "שלום", "language": "hebrew"}).encode()
    found = read_transcript(body, CONFIG, 4.0, 1.5)
    assert json.loads(found.text) == {"text": "שלום", "language": "hebrew"}
    assert "שלום" in found.text
    assert (found.model, found.provider, found.pause) == ("whisper-1", "openai", 1.5)
    assert found.usage == Usage(audio_seconds=4.0)


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"<html>", Unreadable), (b"[]", Unreadable), (b'{"error": {"code": "invalid_api_key"}}', Misconfigured)],
)
def test_a_reply_that_is_no_transcript_is_what_it_is(body: bytes, error: type[ModelError]) -> None:
    with pytest.raises(error):
        read_transcript(body, CONFIG, 1.0, 0.0)
