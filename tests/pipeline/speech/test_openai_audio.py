"""A served recogniser's answers, laid onto the picture's clock. The server is a function of the test."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.speech.base import RATE, Block
from asid.pipeline.speech.openai_audio import (
    SPREAD,
    UNLINKED,
    UNRATED,
    OpenAIAudio,
    OpenAIAudioSettings,
    code,
    diarized,
    placed,
    spread,
    verbose,
    wav,
)

BLOCK = Block(100.0, np.zeros(10 * RATE, np.float32), ((101.0, 104.0),))
MUTE = Block(110.0, np.zeros(RATE, np.float32), ())


class Server:
    """Gives listed answers, and remembers what it was asked."""

    def __init__(self, *answers: dict[str, Any]):
        self.answers = list(answers)
        self.asked: list[tuple[int, str, bool]] = []

    def transcribe(self, wav: bytes, language: str, diarized: bool) -> dict[str, Any]:
        self.asked.append((len(wav), language, diarized))
        return self.answers.pop(0)


def hear(server: Server, *blocks: Block, **settings: Any) -> Any:
    backend = OpenAIAudio(OpenAIAudioSettings(**{"diarize": False, **settings}), 1, server)
    backend.open()
    return backend.hear(blocks)


@pytest.mark.parametrize(
    ("language", "short"),
    [("english", "en"), (" Hebrew ", "he"), ("DE", "de"), ("yue", "yue"), ("klingon", ""), ("", ""), ("pt-br", "")],
)
def test_a_language_by_name_or_code_is_a_code(language: str, short: str) -> None:
    assert code(language) == short


def test_sound_is_sent_as_sixteen_bits_and_too_loud_samples_are_clipped() -> None:
    with wave.open(io.BytesIO(wav(np.array([0.0, 1.0, -1.0, 7.0, -7.0], np.float32)))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, RATE)
        assert np.frombuffer(sound.readframes(9), "<i2").tolist() == [0, 32767, -32767, 32767, -32767]


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_span_lies_in_its_block_whatever_the_server_says(start: float, end: float) -> None:
    begins, ends = placed({"start": start, "end": end}, BLOCK)
    assert BLOCK.start <= begins <= ends <= BLOCK.end


def test_words_are_spread_by_their_letters_without_a_gap() -> None:
    words = spread("a bcd  ef", 10.0, 19.0, "1:A")
    assert [(one.text, one.start, one.end) for one in words] == [
        ("a", 10.0, 12.0), ("bcd", 12.0, 16.0), ("ef", 16.0, 19.0)
    ]  # fmt: skip
    assert {one.speaker for one in words} == {"1:A"}
    assert spread("  ", 0.0, 1.0) == []


def test_words_go_to_the_segment_in_which_their_middle_lies_and_none_is_lost() -> None:
    words = [(" a ", 0, 1), ("b", 1.8, 2.4), ("", 2, 2), ("c", 8, 9)]
    answer = {
        "words": [{"word": text, "start": start, "end": end} for text, start, end in words],
        "segments": [{"start": 0, "end": 2, "text": "a"}, {"start": 2, "end": 3, "text": "b", "avg_logprob": -0.5}],
    }
    first, second = verbose(answer, BLOCK)
    assert [one.text for one in first.words] == ["a"]
    assert [(one.text, one.start) for one in second.words] == [("b", 101.8), ("c", 108.0)]
    assert (first.logprob, second.logprob, second.compression) == (0.0, -0.5, 1.0)


def test_without_words_a_segment_is_spread_and_without_segments_the_whole_text() -> None:
    (one,) = verbose({"segments": [{"start": 1, "end": 3, "text": "ab cd"}]}, BLOCK)
    assert [(word.start, word.end) for word in one.words] == [(101.0, 102.0), (102.0, 103.0)]
    (whole,) = verbose({"text": "ab cd"}, BLOCK)
    assert (whole.start, whole.end, whole.text) == (100.0, 110.0, "ab cd")
    assert verbose({"text": " "}, BLOCK) == []


def test_speakers_of_two_requests_are_not_taken_for_one() -> None:
    parts = [{"start": 0, "end": 1, "text": "hi", "speaker": "A"}, {"start": 1, "end": 2, "text": "", "speaker": "B"}]
    found = [segment for number in (1, 2) for segment in diarized({"segments": parts}, BLOCK, number)]
    assert [one.words[0].speaker for one in found] == ["1:A", "2:A"]


def test_only_blocks_with_speech_are_paid_for_and_the_language_that_was_told_is_asked_for_then() -> None:
    server = Server({"text": "hi", "language": "german"}, {"text": "ho", "language": "french"})
    heard = hear(server, BLOCK, MUTE, BLOCK)
    assert [language for _, language, _ in server.asked] == ["", "de"]
    assert (heard.language, heard.language_score) == ("de", 1.0)
    assert heard.notes == (UNRATED,)


def test_a_server_that_tells_speakers_says_what_that_costs() -> None:
    answer = {"segments": [{"start": 0, "end": 1, "text": "hi", "speaker": "A"}]}
    server = Server(answer, answer)
    heard = hear(server, BLOCK, BLOCK, weights="gpt-4o-transcribe-diarize")
    assert heard.notes == (SPREAD, UNLINKED, UNRATED)
    assert [own for _, _, own in server.asked] == [True, True]
    assert SPREAD in hear(Server(answer), BLOCK, weights="gpt-4o-transcribe-diarize").notes


def test_nothing_heard_has_no_language() -> None:
    assert hear(Server({"text": "", "language": "english"}), BLOCK).language == ""
    assert hear(Server(), MUTE).segments == ()
