"""Figures of hearing, each worked out by hand for a conversation of eight words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asid.pipeline.metrics.speech import NUMBERED, eval_speech, normal
from asid.pipeline.rows import Transcribed, Turn, Utterance, grow
from tests.kits.speechkit import row, turn, word

TRUTH = {
    "file": "talk.mp4",
    "duration": 10.0,
    "utterances": [
        {"speaker": "ann", "start": 0.0, "end": 4.0, "text": "The cat sat down.", "language": "en"},
        {"speaker": "ben", "start": 5.0, "end": 9.0, "text": "A dog ran off.", "language": "en"},
    ],
}


def said(start: float, text: str, speaker: str) -> Utterance:
    words = tuple(word(start + n, start + n + 1, one, speaker) for n, one in enumerate(text.split()))
    return Utterance(start=start, end=words[-1].end, speaker=speaker, text=text, words=words, overlap=False)


RIGHT = (said(0, "the cat sat down", "S1"), said(5, "a dog ran off", "S2"))


def figures(folder: Path, utterances: tuple[Utterance, ...], *turns: Turn) -> dict[str, float | None]:
    (folder / "talk.truth.json").write_text(json.dumps(TRUTH))
    heard = grow(
        row(folder / "talk.mp4", 10), Transcribed, language="en", language_score=1.0, utterances=utterances,
        turns=turns, voices=(), sounds=(), hearing="test", guards=(),
    )  # fmt: skip
    found = eval_speech(folder, [heard])
    assert found["talk.mp4"] == found["pooled"]
    return found["pooled"]


def test_what_is_right_has_no_errors(tmp_path: Path) -> None:
    found = figures(tmp_path, RIGHT, turn(0, 4, "S1"), turn(5, 9, "S2"))
    assert (found["wer"], found["cpwer"], found["tcpwer"], found["der"], found["count_error"]) == (0, 0, 0, 0, 0)
    assert (found["right_speaker"], found["count_right"]) == (1, 1)


def test_wrong_words_and_words_of_the_wrong_speaker_are_counted_apart(tmp_path: Path) -> None:
    heard = (said(0, "the cat sat up", "S1"), said(5, "a dog", "S2"), said(7, "ran off", "S1"))
    found = figures(tmp_path, heard, turn(0, 4, "S1"), turn(5, 9, "S2"))
    assert found["wer"] == pytest.approx(1 / 8)
    assert found["cpwer"] == pytest.approx(5 / 8), "one wrong, two missing from one, two too many at the other"
    assert found["right_speaker"] == pytest.approx(5 / 7)
    assert found["der"] == 0


def test_words_at_a_wrong_time_count_only_where_time_does(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    late = (said(0, "the cat sat down", "S1"), said(30, "a dog ran off", "S2"))
    found = figures(tmp_path / "far", late, turn(0, 4, "S1"), turn(5, 9, "S2"))
    assert found["cpwer"] == 0
    assert found["tcpwer"] == pytest.approx(1.0), "four missing where they were said, four too many elsewhere"


@pytest.mark.parametrize(
    ("turns", "wrong"),
    [
        ([turn(0, 4, "S1"), turn(5, 7, "S2")], {"missed": 2 / 8}),
        ([turn(0, 5, "S1"), turn(5, 9, "S2")], {"false_alarm": 1 / 8}),
        ([turn(0, 4, "S1"), turn(5, 6, "S1"), turn(6, 9, "S2")], {"confusion": 1 / 8}),
    ],
)
def test_who_spoke_when_is_scored_by_turns_and_by_second(
    tmp_path: Path, turns: list[Turn], wrong: dict[str, float]
) -> None:
    found = figures(tmp_path, RIGHT, *turns)
    assert found["der"] == pytest.approx(sum(wrong.values()))
    for part in ("missed", "false_alarm", "confusion"):
        assert found[part] == pytest.approx(wrong.get(part, 0))


def test_without_turns_the_words_tell_who_spoke_when(tmp_path: Path) -> None:
    found = figures(tmp_path, RIGHT[:1])
    assert found["der"] == pytest.approx(1 / 2)
    assert (found["count_right"], found["count_error"]) == (0, 1)


def test_finer_turns_lie_beside_the_truth(tmp_path: Path) -> None:
    (tmp_path / "talk.rttm").write_text(
        "SPEAKER talk 1 0.000 2.000 <NA> <NA> ann <NA> <NA>\nSPEAKER talk 1 5.000 2.000 <NA> <NA> ben <NA> <NA>\n"
    )
    assert figures(tmp_path, RIGHT, turn(0, 2, "S1"), turn(5, 7, "S2"))["der"] == 0


def test_truth_without_words_is_scored_for_speakers_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRUTH["utterances"][1], "text", None)  # type: ignore[index, arg-type]
    found = figures(tmp_path, RIGHT, turn(0, 4, "S1"), turn(5, 9, "S2"))
    assert (found["wer"], found["right_speaker"], found["der"]) == (None, None, 0)


@pytest.mark.parametrize(
    ("language", "digits", "spelled"),
    [
        ("de", "Er schläft seit 9 Stunden.", "er schläft seit neun stunden"),
        ("nl", "21 katten en 2 honden", "Eenentwintig katten en twee honden!"),
        ("fr", "97 chiens", "Quatre-vingt-dix-sept chiens"),
        ("es", "2 perros, 21 gatos", "dos perros, veintiuno gatos"),
        ("it", "2 cani", "due cani"),
        ("pt", "2 casas", "duas casas"),
        ("en", "21 cats", "twenty-one cats"),
    ],
)
def test_a_number_is_the_same_word_in_digits_and_spelled(language: str, digits: str, spelled: str) -> None:
    assert normal(digits, language) == normal(spelled, language)
    assert normal(digits, language) != normal(digits.replace("2", "3").replace("9", "8"), language)
    assert language == "en" or language in NUMBERED


def test_a_language_whose_numbers_nobody_reads_is_scored_as_it_is_written() -> None:
    assert normal("9 котов", "ru") != normal("девять котов", "ru")
