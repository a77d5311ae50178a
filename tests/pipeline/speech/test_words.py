"""From heard words to utterances: speakers, pauses, guards, text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.speech import turns_of
from asid.pipeline.rows import Utterance, Voice
from asid.pipeline.speech.base import Segment
from asid.pipeline.speech.words import (
    SLOWEST,
    clamp,
    guard,
    loop,
    present,
    renumber,
    rttm,
    settle,
    speakers,
    spoken_over,
    srt,
    subtitles,
    utterances,
)
from tests.kits.speechkit import turn, word


def segment(text: str, start: float = 0.0, **doubts: float) -> Segment:
    words = tuple(word(start + i * 0.3, start + i * 0.3 + 0.25, one) for i, one in enumerate(text.split()))
    return Segment(words, **doubts)


# --- speakers


def test_a_word_goes_to_whoever_covers_most_of_it() -> None:
    turns = [turn(0, 1.0, "a"), turn(1.0, 2.0, "b")]
    given = speakers([word(0.2, 0.8, "x"), word(0.9, 1.4, "y"), word(0.7, 1.2, "z")], turns)
    assert [one.speaker for one in given] == ["a", "b", "a"]


def test_a_word_outside_all_turns_goes_to_the_nearest() -> None:
    turns = [turn(0, 1, "a"), turn(5, 6, "b")]
    given = speakers([word(1.5, 1.8, "x"), word(4.0, 4.4, "y"), word(8, 8.2, "z")], turns)
    assert [one.speaker for one in given] == ["a", "b", "b"]


def test_who_is_speaking_goes_on_where_two_speak_at_once() -> None:
    turns = [turn(0, 3, "b"), turn(1, 2, "a")]
    given = speakers([word(0.2, 0.6, "x"), word(1.1, 1.6, "y")], turns)
    assert [one.speaker for one in given] == ["b", "b"]


def test_a_long_turn_that_began_far_back_is_found() -> None:
    turns = [turn(0, 100, "a"), *(turn(n, n + 0.1, "b") for n in range(1, 90, 2))]
    assert speakers([word(90.2, 90.6, "x")], turns)[0].speaker == "a"


def test_words_that_have_a_speaker_keep_it_and_without_turns_nobody_is_named() -> None:
    assert speakers([word(0, 1, "x", "told")], [turn(0, 1, "a")])[0].speaker == "told"
    assert speakers([word(0, 1, "x")], [])[0].speaker == ""


def test_speakers_are_numbered_by_their_first_word() -> None:
    words, turns, voices = renumber(
        [word(1, 2, "x", "zoe"), word(2, 3, "y", "abe"), word(3, 4, "z", "")],
        [turn(0, 1, "mute"), turn(1, 2, "zoe"), turn(2, 3, "abe")],
        [Voice(speaker="abe", embedding=(1.0,)), Voice(speaker="mute", embedding=(0.0,))],
    )
    assert [one.speaker for one in words] == ["S1", "S2", ""]
    assert [one.speaker for one in turns] == ["S3", "S1", "S2"]
    assert [one.speaker for one in voices] == ["S2", "S3"]


def test_a_stray_word_inside_a_sentence_goes_back_to_its_speaker() -> None:
    said = [word(0, 0.3, "wait", "S1"), word(0.3, 0.5, "a", "S1"), word(0.5, 0.9, "minute.", "S2")]
    assert {one.speaker for one in settle(said, 0.8)} == {"S1"}


def test_an_answer_of_one_word_stays_with_who_gave_it() -> None:
    said = [word(0, 0.3, "are", "S1"), word(0.3, 0.5, "you", "S1"), word(0.5, 0.9, "there?", "S1")]
    answer = word(1.0, 1.2, "yes.", "S2")
    assert settle([*said, answer], 0.8)[-1].speaker == "S2"


# --- utterances


def test_an_utterance_ends_with_its_speaker_and_with_a_pause() -> None:
    said = [word(0, 0.4, "a", "S1"), word(0.5, 0.9, "b", "S1"), word(1.0, 1.2, "c", "S2"), word(3.0, 3.2, "d", "S2")]
    parts = utterances(said, [], gap=0.8, longest=12)
    assert [(one.text, one.speaker, one.start, one.end) for one in parts] == [
        ("a b", "S1", 0, 0.9),
        ("c", "S2", 1.0, 1.2),
        ("d", "S2", 3.0, 3.2),
    ]


def test_a_long_speech_is_cut_between_sentences_only() -> None:
    said = [word(n, n + 0.9, f"w{n}." if n % 4 == 3 else f"w{n}", "S1") for n in range(16)]
    assert [one.text.split()[-1] for one in utterances(said, [], gap=0.8, longest=5)] == ["w7.", "w15."]


def test_overlap_is_marked_when_another_turn_covers_a_part() -> None:
    words = [word(0, 0.5, "a", "S1"), word(0.5, 1.0, "b", "S1")]
    assert utterances(words, [turn(0, 1, "S1"), turn(0.7, 2, "S2")], 0.8, 12)[0].overlap
    assert not spoken_over(words, [turn(0, 1, "S1"), turn(0.95, 2, "S2")])


def test_nothing_stands_between_words_of_a_language_without_spaces() -> None:
    assert utterances([word(0, 1, "你", "S1"), word(1, 2, "好", "S1")], [], 0.8, 12, joiner="")[0].text == "你好"


# --- guards


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (segment("Thank you.", no_speech=0.9, logprob=-0.5), "stock phrase"),
        (segment("Thanks for watching!", no_speech=0.5, logprob=-0.2), "stock phrase"),
        (segment("First thing", no_speech=0.7, logprob=-1.2), "nobody speaks"),
        (segment("I can't help but " * 6, compression=4.0, logprob=-0.3), "6 times over"),
        (segment("let's go " * 4, logprob=-0.9), "4 times over"),
        (segment("a b c d e f g", compression=3.0), "repeats itself"),
        (segment("see we're men in this in course", logprob=-1.2), "does not believe"),
    ],
)
def test_what_is_not_to_be_believed_is_set_aside_with_its_text_and_the_reason(one: Segment, why: str) -> None:
    honest = segment("The boat leaves at ten.", start=30, logprob=-0.2)
    result = guard([one, honest])
    assert result.kept == (honest,)
    assert len(result.lines) == 1
    assert one.text in result.lines[0]
    assert why in result.lines[0]
    assert "0.0-" in result.lines[0]


@pytest.mark.parametrize(
    "one",
    [
        segment("Thank you.", no_speech=0.05, logprob=-0.3),
        segment("No, no, no, no!", logprob=-0.2),
        segment("very very good", logprob=-0.9),
        segment("quiet speech in a noisy room", no_speech=0.7, logprob=-0.5),
    ],
)
def test_what_people_do_say_is_kept(one: Segment) -> None:
    assert guard([one]).kept == (one,)


def test_only_what_nobody_said_makes_speech_into_sound() -> None:
    noise, foreign = segment("you", no_speech=0.9, logprob=-1.1), segment("ja dat is", start=9, logprob=-1.4)
    assert guard([noise, foreign]).nobody == ((noise.start, noise.end),)


@pytest.mark.parametrize(
    ("text", "found"),
    [("a b a b a b", (6, 3)), ("x go go go go y", (4, 4)), ("a b c d", (0, 0)), ("a a b b", (0, 0)), ("", (0, 0))],
)
def test_loops_are_counted(text: str, found: tuple[int, int]) -> None:
    assert loop(text.split()) == found


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=4), st.integers(3, 6))
def test_every_phrase_said_often_is_a_loop(phrase: list[str], times: int) -> None:
    run, count = loop(phrase * times)
    assert run == len(phrase) * times
    assert count >= times


def test_a_word_stretched_over_silence_is_cut_to_its_speech() -> None:
    words, lines = clamp([word(1.0, 4.2, "If"), word(4.3, 4.6, "so")], [(0.5, 0.9), (3.8, 5.0)])
    assert [(one.start, one.end) for one in words] == [(3.8, 4.2), (4.3, 4.6)]
    assert lines == ['cut "If" from 1.0-4.2 to 3.8-4.2']


def test_no_word_lasts_longer_than_a_word_can() -> None:
    words, lines = clamp([word(0, 0.5, "a"), word(0.5, 6.0, "slow"), word(20, 27, "late")], [(0, 30)])
    assert [round(one.end - one.start, 3) for one in words] == [0.5, SLOWEST, SLOWEST]
    assert words[1].start == 0.5, "in running speech the end was stretched"
    assert words[2].end == 27, "after a pause the beginning was stretched"
    assert len(lines) == 2


# --- text


def spoken(start: float, end: float, speaker: str, text: str) -> Utterance:
    texts = text.split()
    step = (end - start) / len(texts)
    words = tuple(word(start + i * step, start + (i + 1) * step, one, speaker) for i, one in enumerate(texts))
    return Utterance(start=start, end=end, speaker=speaker, text=text, words=words, overlap=False)


def test_the_subtitle_block_is_one_line_an_utterance() -> None:
    block = subtitles([spoken(12.34, 14.0, "S1", "Hello\nthere"), spoken(15.0, 16.0, "", "Hm")])
    assert block == "[12.3-14.0] SPEAKER_1: Hello there\n[15.0-16.0] SPEAKER_UNKNOWN: Hm"


def test_srt_counts_hours_and_milliseconds() -> None:
    text = srt([spoken(3661.5, 3662.0416, "S2", "Late")])
    assert text == "1\n01:01:01,500 --> 01:01:02,042\n[S2] Late\n"


def test_turns_of_words_leave_out_pauses_inside_an_utterance() -> None:
    one = spoken(0, 1, "S1", "a b")
    apart = one.model_copy(update={"words": (word(0, 0.4, "a", "S1"), word(1.4, 2.0, "b", "S1")), "end": 2.0})
    assert rttm(turns_of([apart]), "clip").splitlines() == [
        "SPEAKER clip 1 0.000 0.400 <NA> <NA> S1 <NA> <NA>",
        "SPEAKER clip 1 1.400 0.600 <NA> <NA> S1 <NA> <NA>",
    ]


def test_a_speaker_who_speaks_only_where_nobody_does_is_none() -> None:
    turns = [turn(0.5, 1.2, "S3"), turn(3, 5, "S1"), turn(6, 8, "S1"), turn(5.0, 5.4, "S2")]
    assert present(turns, [(3.1, 5.2)]) == [turns[1], turns[2], turns[3]]
    assert present(turns, []) == []
