"""A caption taken apart: blocks, sentences, and what in these a fact says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.embedded import claims
from asid.pipeline.embedded.claims import (
    covered,
    covers,
    cut_out,
    loose,
    matched,
    passages,
    read,
    sentences,
    where,
    whole,
)
from tests.kits.embedded_kit import candidate, fact, plain, utterance

PAN = fact(1.0, "camera", "the camera pans to the left", end=3.0)
SIGN = fact(5.0, "objects", 'the text "GARDEN SHOW" appears at the top')
LINE = fact(8.0, "speech", 'a voice says, "where is the ladder"')
CAPTION = 'At 0s, the camera pans to the left. A man waits. At 5s, a sign reads "GARDEN SHOW." He says "go on".'


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A man sits. He waits!", ["A man sits.", "He waits!"]),
        ("", []),
        ("no stop", ["no stop"]),
        ('He says "one. Two." and leaves.', ['He says "one. Two." and leaves.']),
        ('He says "Stop." She leaves.', ['He says "Stop."', "She leaves."]),
        ('A man sits. "Go!" he shouts. He runs.', ["A man sits.", '"Go!" he shouts.', "He runs."]),
        ("It is 3.5 m long. 4 men carry it.", ["It is 3.5 m long.", "4 men carry it."]),
        ("He waits… Élodie comes.", ["He waits…", "Élodie comes."]),
        ("One. two.", ["One. two."]),
    ],
)
def test_a_text_is_parted_where_sentences_end_and_never_in_a_quotation(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@given(st.text(alphabet='aB1 .!?"…,', max_size=40))
def test_no_letter_of_a_text_is_lost_between_its_sentences(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_passages_last_until_the_next_anchor_and_the_last_until_the_end() -> None:
    first, last = passages(CAPTION, 12.0)
    assert (first.start, first.until, last.start, last.until) == (0.0, 5.0, 5.0, 12.0)
    assert first.sentences == ["the camera pans to the left.", "A man waits."]
    assert whole([first, last]) == CAPTION
    assert passages("", 12.0) == []


@pytest.mark.parametrize(
    ("start", "end", "near"),
    [(0.0, 1.0, False), (0.0, 3.0, True), (6.0, 7.0, True), (12.0, 13.0, True), (13.0, 14.0, False)],
)
def test_a_passage_is_near_what_touches_it_give_or_take(start: float, end: float, near: bool) -> None:
    assert passages("At 5s, a dog. At 10s, a cat.", 20.0)[0].near(start, end) is near


@pytest.mark.parametrize(
    ("sentence", "span"),
    [
        ("The camera  pans\nto the LEFT, slowly", (0, 28)),
        ("Then the camera pans to the left.", (5, 32)),
        ("the camera pans to the leftmost door", None),
        ("the camera pans to the right", None),
        ("", None),
        ("the camera pans, to the left", None),
    ],
)
def test_a_fact_is_found_in_its_own_words(sentence: str, span: tuple[int, int] | None) -> None:
    assert where(PAN, sentence) == span


@pytest.mark.parametrize(
    ("text", "told", "said"),
    [
        ("the camera pans to the left", PAN, True),
        ("the camera pans", PAN, False),
        ('a banner with "Garden Show" hangs there', SIGN, True),
        ("a garden show goes on", SIGN, True),
        ("a show", SIGN, False),
        ('a man asks "Where is the ladder?"', LINE, True),
        ("a man asks where the ladder is", LINE, False),
        ('a man asks "where"', LINE, False),
        ("", PAN, False),
    ],
)
def test_a_fact_that_quotes_is_told_by_its_quotation(text: str, told: Any, said: bool) -> None:
    assert covers(text, told) is said


def test_a_fact_is_told_only_near_its_time() -> None:
    text = "At 0s, a dog. At 14s, the camera pans to the left."
    assert not covered(PAN, passages(text, 20.0))
    assert covered(PAN, passages("At 0s, the camera pans to the left. At 14s, a dog.", 20.0))


def test_of_two_facts_at_one_place_the_longer_is_meant_and_the_rest_is_loose() -> None:
    short = fact(1.0, "camera", "the camera pans")
    sentence = "The camera pans to the left, while a dog barks loudly."
    found = matched(sentence, [short, PAN])
    assert [one for one, _ in found] == [PAN]
    assert [sentence[a:b] for a, b in loose(sentence, [span for _, span in found])] == ["a dog barks loudly"]
    assert list(loose("The camera pans.", [(0, 15)])) == []


@pytest.mark.parametrize(
    ("sentence", "part", "left"),
    [
        ("the dog runs, and the cat sits.", "the dog runs", "the cat sits."),
        ("the dog runs, and the cat sits.", "the cat sits", "the dog runs."),
        ("the dog runs", "the dog runs", ""),
        ("A cat, while a dog barks.", "a dog barks", "A cat."),
        ("Then the dog runs.", "the dog runs", ""),
    ],
)
def test_a_part_goes_with_the_joint_that_held_it(sentence: str, part: str, left: str) -> None:
    at = sentence.index(part)
    assert cut_out(sentence, at, at + len(part)) == left


def test_evidence_has_each_fact_once_and_the_lines_of_the_transcript() -> None:
    said = (utterance(8.0, 9.0, "A", "where is the ladder"),)
    found = read({"candidates": [candidate("a", PAN), candidate("b", PAN, SIGN)], "utterances": plain(said)})
    assert [one.text for one in found.facts] == [PAN.text, SIGN.text, 'a voice says, "where is the ladder"']
    assert found.duration == 9.0
    assert found.closed
    again = read({"candidates": [candidate("a", LINE)], "utterances": plain(said), "duration": 30})
    assert len(again.facts) == 1
    assert again.duration == 30


@pytest.mark.parametrize(
    ("candidates", "closed"),
    [
        ([], False),
        ([candidate("a", PAN)], True),
        ([candidate("a", PAN), candidate("b", caption="written")], False),
        ([candidate("b", caption="")], True),
    ],
)
def test_what_a_writer_saw_may_be_more_than_the_facts(candidates: list[dict[str, Any]], closed: bool) -> None:
    assert read({"candidates": candidates}).closed is closed
    assert claims.read({}).facts == ()
