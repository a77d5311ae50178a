"""What is heard: the words, and the measured course of the sound."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.embedded import sound
from asid.pipeline.embedded.sound import SoundSettings
from asid.pipeline.rows import Fact, Sound, Turn
from tests.kits.embedded_kit import utterance

LIMITS = SoundSettings()


def span(start: float, end: float, kind: str, level: float = -20.0, **more: Any) -> Sound:
    return Sound.model_validate({"start": start, "end": end, "kind": kind, "level": level, **more})


def texts(facts: Any) -> list[str]:
    return [fact.text for fact in facts]


def test_each_line_has_its_voice_and_the_very_words() -> None:
    said = [
        utterance(0, 1, "A", "hi there"),
        utterance(1, 2, "A", "why?"),
        utterance(2, 3, "B", 'he said "no"'),
        utterance(3, 4, "A", "..."),
        utterance(4, 5, "A", "ok"),
    ]
    found: list[Fact] = list(sound.lines(said))
    assert texts(found) == [
        'the first voice says, "hi there"',
        'the first voice asks, "why?"',
        "the second voice says, \"he said 'no'\"",
        'the first voice says, "ok"',
    ]
    assert [fact.start for fact in found] == [0, 1, 2, 4]


def test_one_voice_or_none_that_is_known_is_a_voice() -> None:
    assert set(sound.names([utterance(0, 1, "A", "x"), utterance(1, 2, "", "y")]).values()) == {"a voice"}
    assert sound.names([]) == {"": "a voice"}
    assert sound.names([utterance(0, 1, "B", "x"), utterance(1, 2, "A", "y")])["B"] == "the first voice"


def test_who_speaks_over_another_is_told_so() -> None:
    (found,) = sound.lines([utterance(0, 1, "A", "hi").model_copy(update={"overlap": True})])
    assert found.text == 'a voice says over another voice, "hi"'


def test_long_speech_is_parted_where_a_sentence_ends_and_no_word_is_lost() -> None:
    said = utterance(0, 8, "A", "One two three four. Five six seven eight.")
    assert [(start, end, text) for start, end, text, _ in sound.passages(said)] == [
        (0.0, 4.0, "One two three four."),
        (4.0, 8.0, "Five six seven eight."),
    ]
    assert [text for *_, text, _ in sound.passages(utterance(0, 2, "A", "One. Two."))] == ["One. Two."]
    wordless = said.model_copy(update={"words": ()})
    assert list(sound.passages(wordless)) == [(0.0, 8.0, said.text, 0.5)]


@given(st.lists(st.sampled_from(["a", "b.", "c?", "d"]), min_size=1, max_size=20))
def test_pieces_of_an_utterance_are_the_utterance(said: list[str]) -> None:
    whole = utterance(0.0, float(len(said)), "A", " ".join(said))
    pieces = list(sound.passages(whole))
    assert " ".join(text for _, _, text, _ in pieces) == whole.text
    assert pieces[0][0] == whole.start
    assert pieces[-1][1] == pytest.approx(whole.end)


@pytest.mark.parametrize(
    ("language", "said", "told"),
    [
        ("en", ["", ""], []),
        ("de", [""], ["the speech is in German"]),
        ("de", ["en", ""], ["the speech is in English", "the speech goes on in German"]),
        ("", [""], []),
    ],
)
def test_a_language_is_named_where_it_is_not_english_alone(language: str, said: list[str], told: list[str]) -> None:
    spoken = [utterance(n, n + 1, "A", "x", language=one) for n, one in enumerate(said)]
    assert texts(sound.tongues(language, spoken)) == told


def test_speech_that_nobody_understood_is_told_with_who_and_when() -> None:
    turns = [Turn(start=5.0, end=9.0, speaker="A"), Turn(start=6.0, end=8.0, speaker="B")]
    found = list(sound.unheard([span(0, 10, "speech", label="fr")], turns, [utterance(2, 4, "A", "a b")], "en"))
    assert [(fact.start, fact.end) for fact in found] == [(0.0, 1.5), (4.5, 10.0)]
    assert texts(found) == [
        "a voice speaks French without words that were made out",
        "two voices speak French without words that were made out",
    ]
    assert list(sound.unheard([span(0, 0.9, "speech")], [], [], "")) == []


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ([], [(0.0, 10.0)]),
        ([(2, 4)], [(0.0, 1.5), (4.5, 10.0)]),
        ([(0, 10)], []),
        ([(0.3, 3), (3.5, 9.8)], []),
        ([(20, 30)], [(0.0, 10.0)]),
    ],
)
def test_what_was_understood_is_taken_off(said: list[tuple[float, float]], left: list[tuple[float, float]]) -> None:
    assert list(sound.without(span(0, 10, "speech"), [utterance(a, b, "A", "x y") for a, b in said])) == left


def test_loudness_is_weighed_by_what_lies_under_the_words() -> None:
    parts = [span(0, 1, "speech", -10), span(1, 9, "speech", -30), span(0, 9, "music", 0)]
    assert sound.loudness(utterance(0, 2, "A", "x"), parts) == -20
    assert sound.loudness(utterance(0, 2, "A", "x"), []) is None


def test_delivery_is_told_once_for_each_voice_where_it_stands_out() -> None:
    fast, slow = utterance(0, 2, "A", "a b c d e f g h i j"), utterance(4, 9, "A", "a b c d e f")
    found = texts(sound.delivery([fast, slow, fast], [span(0, 9, "speech", -20)], LIMITS))
    assert found == [
        "the voice speaks quickly, at about five words a second",
        "the voice speaks slowly, at about one word a second",
    ]
    assert texts(sound.delivery([fast.model_copy(update={"cut": True})], [], LIMITS)) == []
    assert texts(sound.delivery([slow], [span(0, 9, "speech", -50)], LIMITS))[0].startswith(
        "the voice speaks slowly and quietly"
    )


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        ([span(0, 5, "silence")], ["the sound track is silent throughout"]),
        ([span(0, 5, "sound")], ["sound without speech accompanies the whole clip"]),
        (
            [span(0, 2, "silence"), span(2, 6, "speech"), span(6, 9, "sound")],
            ["no sound is heard at first", "the speech gives way to other sound"],
        ),
        ([span(0, 3, "sound"), span(3, 6, "speech")], ["the clip opens with sound before any speech"]),
        ([span(0, 4, "speech"), span(4, 6, "silence")], ["the sound falls silent"]),
        ([span(0, 4, "speech"), span(4, 4.5, "silence"), span(4.5, 9, "speech")], []),
        ([], []),
    ],
)
def test_the_course_of_the_sound(spans: list[Sound], told: list[str]) -> None:
    assert texts(sound.course(spans, 9.0, LIMITS)) == told


def test_a_jump_of_the_level_is_told_and_named_music_takes_the_place_of_sound() -> None:
    jump = [span(0, 4, "sound", -30), span(4, 8, "sound", -10)]
    assert "the sound grows much louder" in texts(sound.course(jump, 8.0, LIMITS))
    music = [span(0, 8, "music", score=0.9)]
    assert texts(sound.course([span(0, 8, "sound")], 8.0, LIMITS, music)) == []


@pytest.mark.parametrize(
    ("start", "end", "score", "told"),
    [
        (0, 10, 1.0, ["music plays throughout"]),
        (0, 5, 1.0, ["music plays at first", "the music ends"]),
        (6, 10, 1.0, ["music plays from here on"]),
        (3, 5, 1.0, ["music plays", "the music ends"]),
        (0, 10, 0.5, []),
    ],
)
def test_music_is_told_with_its_ends_where_it_is_sure(start: float, end: float, score: float, told: list[str]) -> None:
    assert texts(sound.played([span(start, end, "music", score=score)], 10.0, LIMITS)) == told
