"""Word error rate by hand, with its normaliser named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.figure import Absent
from asid.pipeline.metrics.wer import WordErrors, figures, word_errors, words_plain

WORDS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("truth", "heard", "counts"),
    [
        ("the cat sat", "the cat sat", (0, 0, 0)), ("the cat sat", "the bat sat", (1, 0, 0)),
        ("the cat sat", "the sat", (0, 1, 0)), ("the cat sat", "the big cat sat", (0, 0, 1)),
        ("the cat sat", "", (0, 3, 0)), ("", "the cat", (0, 0, 2)),
    ],
)  # fmt: skip
def test_words_are_replaced_left_out_and_put_in(truth: str, heard: str, counts: tuple[int, int, int]) -> None:
    made = word_errors(truth, heard)
    assert (made.substitutions, made.deletions, made.insertions) == counts and made.words == len(truth.split())


def test_a_rate_may_pass_one_and_has_none_where_nothing_is_true() -> None:
    assert word_errors("a", "b c d").rate == 3.0
    assert word_errors("", "a").rate is None and word_errors("", "").rate == 0.0


@pytest.mark.parametrize(
    ("text", "plain"),
    [("It's 5 O'Clock!", "its 5 oclock"), ("Ｆｕｌｌ width", "full width"), ("今日は", "今 日 は"), ("a—b", "a b"),
     ("e\u0301te\u0301", "été"), ("", "")],
)  # fmt: skip
def test_plain_words_have_no_case_width_or_signs(text: str, plain: str) -> None:
    assert words_plain(text).split() == plain.split()


def test_the_normaliser_decides() -> None:
    assert word_errors("Hello, you.", "hello you", "none").rate == 1.0
    assert word_errors("Hello, you.", "hello you", "plain").rate == 0.0
    with pytest.raises(ValueError, match=r"'loud'; there are none, plain"):
        word_errors("a", "b", "loud")


def test_counts_are_added_and_never_across_normalisers() -> None:
    both = word_errors("a b", "a c") + word_errors("a", "")
    assert both == WordErrors(1, 1, 0, 3, "plain")
    with pytest.raises(ValueError, match="after plain and none"):
        word_errors("a", "a") + word_errors("a", "a", "none")


def test_a_set_is_pooled_and_a_missing_transcript_is_all_deleted() -> None:
    made = figures([("a b c d", "a b c d"), ("a b", Absent("failed"))])["wer"]
    assert made.value == pytest.approx(2 / 6) and made.missing == {"failed": 1}
    assert figures([])["wer"].value is None


@given(WORDS, WORDS)
def test_errors_are_at_most_the_longer_text_and_swap_sides(truth: str, heard: str) -> None:
    one, other = word_errors(truth, heard), word_errors(heard, truth)
    count = one.substitutions + one.deletions + one.insertions
    assert count <= max(len(truth.split()), len(heard.split()))
    assert count == other.substitutions + other.deletions + other.insertions
