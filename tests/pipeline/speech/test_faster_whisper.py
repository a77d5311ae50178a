"""Whisper's chunks and words, laid onto the picture's clock."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.speech.base import RATE, Block, Span
from asid.pipeline.speech.faster_whisper import CHUNK, chunks, spelled

BLOCK = Block(100.0, np.zeros(10 * RATE, np.float32), ())


def heard(*words: tuple[str, float, float]) -> Any:
    return [SimpleNamespace(word=text, start=start, end=end, probability=0.5) for text, start, end in words]


@pytest.mark.parametrize(
    ("speech", "read"),
    [
        ([], []), ([(0, 10)], [(0, 10)]), ([(0, 5), (6, 9)], [(0, 9)]), ([(0, 5), (8, 9)], [(0, 5), (8, 9)]),
        ([(0, 20), (21, 29)], [(0, 20), (21, 29)]), ([(0, 56)], [(0, 28), (28, 56)]), ([(0, 28)], [(0, 28)]),
        ([(0, 30)], [(0, 15), (15, 30)]),
    ],
)  # fmt: skip
def test_speech_is_read_across_short_pauses_and_cut_evenly_where_it_is_long(
    speech: list[Span], read: list[Span]
) -> None:
    assert chunks(speech) == read


@given(st.lists(st.tuples(st.floats(0.1, 90), st.floats(0.01, 9)), max_size=8))
def test_no_chunk_is_longer_than_the_model_reads_and_all_speech_is_in_one(parts: list[tuple[float, float]]) -> None:
    speech: list[Span] = []
    at = 0.0
    for length, pause in parts:
        speech.append((at, at + length))
        at += length + pause
    found = chunks(speech)
    assert all(end - start <= CHUNK + 1e-6 for start, end in found)
    assert all(
        any(a - 1e-6 <= middle <= b + 1e-6 for a, b in found)
        for start, end in speech
        for middle in (start, (start + end) / 2, end)
    )


def test_pieces_without_a_space_belong_to_the_word_before() -> None:
    (one, other) = spelled(heard((" Sci", 0, 1), ("-Fi", 1, 1.5), (" now", 2, 3)), BLOCK, spaced=True)
    assert (one.text, one.start, one.end) == ("Sci-Fi", 100.0, 101.5)
    assert (other.text, other.start) == ("now", 102.0)


def test_where_a_language_has_no_spaces_each_piece_is_a_word() -> None:
    assert [one.text for one in spelled(heard(("今日", 0, 1), ("は", 1, 2)), BLOCK, spaced=False)] == ["今日", "は"]


@pytest.mark.parametrize(
    ("times", "placed"), [((-1, 1), (100, 101)), ((9, 99), (109, 110)), ((50, 60), (110, 110)), ((3, 2), (103, 103))]
)
def test_words_lie_within_their_block(times: tuple[float, float], placed: tuple[float, float]) -> None:
    (one,) = spelled(heard((" x", *times)), BLOCK, spaced=True)
    assert (one.start, one.end) == placed


def test_a_word_of_nothing_is_left_out_and_the_least_sure_piece_counts() -> None:
    assert spelled(heard((" ", 0, 1), ("", 1, 2)), BLOCK, spaced=True) == ()
    pieces = heard((" a", 0, 1), ("b", 1, 2))
    pieces[1].probability = 0.2
    assert spelled(pieces, BLOCK, spaced=True)[0].score == 0.2
