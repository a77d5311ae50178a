"""WhisperX's words, turns and voices on the picture's clock, and what is said where a part of it is missing. With its
packages it is tried in `tests/whisperx`."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from asid.pipeline.speech.base import RATE, Block, MissingPart, Tongue
from asid.pipeline.speech.recognisers import make
from asid.pipeline.speech.whisperx import aligned, alone, heard_turns, voiced


def test_whisperx_that_is_not_installed_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "whisperx", None)
    with pytest.raises(MissingPart, match=r"packages: \[whisperx==3.8.6\].*faster_whisper"):
        make("whisperx").open()


def test_gated_speakers_without_a_token_say_where_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: False)))
    monkeypatch.setitem(sys.modules, "whisperx", SimpleNamespace())
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(MissingPart) as told:
        make("whisperx").open()
    message = str(told.value)
    assert "huggingface.co/pyannote/speaker-diarization-community-1" in message
    assert "HF_TOKEN" in message
    assert "diarizer: embedded" in message
    assert "\n" not in message


def test_words_that_alignment_cannot_place_stand_between_their_neighbours() -> None:
    block = Block(50, np.zeros(10 * RATE, np.float32), ())
    found = {"segments": [{"words": [
        {"word": "in", "start": 1.0, "end": 1.2, "score": 0.9}, {"word": "1984"},
        {"word": "it", "start": 2.0, "end": 2.1, "score": 0.8}, {"word": "%"},
    ]}]}  # fmt: skip
    segment = aligned(found, {"start": 0.9, "end": 3.0, "text": " in 1984 it %", "avg_logprob": -0.4}, block)
    assert segment is not None
    assert [(w.text, w.start, w.end, w.score) for w in segment.words] == [
        ("in", 51.0, 51.2, 0.9), ("1984", 51.2, 52.0, 0.0), ("it", 52.0, 52.1, 0.8), ("%", 52.1, 53.0, 0.0),
    ]  # fmt: skip
    assert segment.logprob == -0.4
    assert aligned({"segments": [{"words": []}]}, {"start": 0, "end": 1}, block) is None


def test_what_is_said_in_another_language_is_silent_where_this_one_is_read() -> None:
    block = Block(50, np.ones(4 * RATE, np.float32), ((50.0, 51.0), (52.0, 53.0)))
    sound = alone(block, Tongue("en", 0.9, ((52.0, 53.0),)))
    assert len(sound) == 4 * RATE
    assert not sound[: 2 * RATE].any() and sound[2 * RATE : 3 * RATE].all() and not sound[3 * RATE :].any()
    assert alone(block, Tongue("en", 0.9, block.speech)) is block.samples
    assert block.samples.all(), "the block is heard again, in the other language"


def test_turns_end_with_the_recording() -> None:
    rows = [(0.5, 2.0, "SPEAKER_00"), (9.0, 11.0, "SPEAKER_01"), (10.2, 10.9, "SPEAKER_00")]
    table: Any = SimpleNamespace(
        itertuples=lambda: (SimpleNamespace(start=start, end=end, speaker=who) for start, end, who in rows)
    )
    found = list(heard_turns(table, 10.0))
    assert [(turn.start, turn.end, turn.speaker) for turn in found] == [
        (0.5, 2.0, "SPEAKER_00"), (9.0, 10.0, "SPEAKER_01"),
    ]  # fmt: skip


def test_voices_have_unit_length_and_who_is_never_heard_alone_has_none() -> None:
    (voice,) = voiced({"A": [3.0, 4.0], "B": [0.0, 0.0]})
    assert (voice.speaker, voice.embedding) == ("A", (0.6, 0.8))
    assert voiced(None) == ()
