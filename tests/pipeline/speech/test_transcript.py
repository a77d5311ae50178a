"""From what a recogniser heard to the transcript of a row. A backend of the test's own stands for the recogniser."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from pydantic import ValidationError

from asid.pipeline.rows import Sound
from asid.pipeline.speech.base import RATE, Block, Heard, Segment, Tongue
from asid.pipeline.speech.layout import Layout
from asid.pipeline.speech.transcript import said, said_in, told, transcribe, unsure
from tests.kits.speechkit import turn, word

NOTHING = Heard((), (), "", 0.0)


class Backend:
    """Hears what it is told to."""

    name = "told"

    def __init__(self, heard: Heard):
        self.heard = heard
        self.seconds = 0.0

    def open(self) -> None: ...

    def hear(self, blocks: Iterable[Block]) -> Heard:
        self.seconds = sum(block.end - block.start for block in blocks)
        return self.heard


def test_a_stream_without_a_sample_says_so_and_has_no_sounds() -> None:
    found = transcribe(Backend(NOTHING), [], Layout())
    assert found.notes == ("the sound stream is empty",)
    assert (found.language, found.sounds, found.utterances) == ("", (), ())


def test_silence_is_heard_whole_and_nobody_speaks_in_it() -> None:
    backend = Backend(NOTHING)
    found = transcribe(backend, [np.zeros(RATE, np.float32)] * 2, Layout())
    assert backend.seconds == 2.0
    assert [(one.start, one.end, one.kind) for one in found.sounds] == [(0.0, 2.0, "silence")]
    assert found.notes == ("nobody speaks",)
    assert found.guards == ()


def test_words_where_nobody_speaks_are_not_believed_and_no_language_is_claimed() -> None:
    heard = Heard((Segment((word(0.2, 0.5, "thanks"), word(0.5, 0.9, "bye")), -2.0, 0.95),), (), "en", 0.9)
    found = transcribe(Backend(heard), [np.zeros(2 * RATE, np.float32)], Layout())
    assert found.utterances == ()
    assert (found.language, found.language_score) == ("", 0.0)
    assert any("thanks" in line for line in found.guards)


def test_each_utterance_is_in_one_language() -> None:
    words = [word(0, 0.5, "good"), word(0.5, 1, "day"), word(1.1, 1.5, "bon"), word(1.5, 2, "jour")]
    heard = Heard((), (), "en", 0.9, tongues=(Tongue("en", 0.9, ((0.0, 1.05),)), Tongue("fr", 0.8, ((1.05, 2.0),))))
    found = list(said_in(words, (), heard, Layout()))
    assert [(one.language, one.text) for one in found] == [("en", "good day"), ("fr", "bon jour")]


def test_words_of_a_language_without_spaces_stand_together() -> None:
    heard = Heard((), (), "ja", 0.9)
    (found,) = said_in([word(0, 0.5, "今日"), word(0.5, 1, "は")], [turn(0, 1, "S1")], heard, Layout())
    assert (found.text, found.language) == ("今日は", "ja")


@pytest.mark.parametrize(("kind", "label"), [("speech", "fr"), ("sound", ""), ("silence", "")])
def test_only_speech_has_a_language(kind: str, label: str) -> None:
    heard = Heard((), (), "en", 0.9, tongues=(Tongue("fr", 0.8, ((0.0, 5.0),)),))
    sound = Sound.model_validate({"start": 1.0, "end": 2.0, "kind": kind, "level": -20.0})
    assert told(sound, heard).label == label
    assert told(sound, NOTHING).label == ""


@pytest.mark.parametrize(
    ("speech", "words", "why"),
    [(True, True, []), (False, True, []), (True, False, ["there is speech, but no words to believe"]),
     (False, False, ["nobody speaks"])],
)  # fmt: skip
def test_that_there_are_no_words_is_explained(speech: bool, words: bool, why: list[str]) -> None:
    assert said(speech, words) == why


@pytest.mark.parametrize(("score", "words", "told_so"), [(0.69, True, True), (0.7, True, False), (0.1, False, False)])
def test_a_language_that_hardly_fits_is_named_with_its_score(score: float, words: bool, told_so: bool) -> None:
    found = unsure(Heard((), (), "xh", score), words)
    assert bool(found) is told_so
    assert all(f"xh fits with {score:.2f}" in line for line in found)


@pytest.mark.parametrize(
    "wrong", [{"gap": 0}, {"longest": -1}, {"silence_db": 3}, {"shortest_sound": -0.1}, {"gpa": 1}]
)
def test_a_layout_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Layout(**wrong)
