"""What stages do about problems that rules see: what is new is told, and nothing passes in silence."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.asking.writing import FATAL, WritingConfig, marks, new
from asid.pipeline.rows import Mark, Problem


def problems(words: str) -> list[Problem]:
    """`quote:a date:b` as two problems."""
    parts = [word.partition(":") for word in words.split()]
    return [Problem(kind=kind, snippet=snippet, why="because") for kind, _, snippet in parts]


@pytest.mark.parametrize(
    ("after", "before", "told"),
    [
        ("", "", ""), ("q:a", "", "q:a"), ("", "q:a", ""), ("q:a", "q:a", ""), ("q:a q:a", "q:a", "q:a"),
        ("q:a d:a", "q:a", "d:a"), ("q:a q:b", "q:a", "q:b"), ("q:b q:a", "q:a", "q:b"),  # in whichever order
        ("q:b", "q:a", ""),  # the same one, worded anew
        ("q:b q:c", "q:a", "q:c"), ("q:b q:c d:x", "q:a q:d", "d:x"), ("q:c q:b q:a", "q:a q:b", "q:c"),
    ],
)  # fmt: skip
def test_a_problem_that_stood_there_before_is_not_the_writers_doing(after: str, before: str, told: str) -> None:
    assert new(problems(after), problems(before)) == problems(told)


WORDS = st.lists(st.sampled_from(["q:a", "q:b", "q:c", "d:a", "d:b"]), max_size=6).map(" ".join)


@given(WORDS, WORDS)
def test_as_many_of_each_kind_are_told_as_there_are_more(after: str, before: str) -> None:
    def kinds(found: list[Problem]) -> Counter[str]:
        return Counter(one.kind for one in found)

    told = new(problems(after), problems(before))
    assert kinds(told) == kinds(problems(after)) - kinds(problems(before))
    assert all(one in problems(after) for one in told)


def test_problems_stay_on_the_row_with_the_stage_that_left_them() -> None:
    assert marks("refine", problems("q:a d:b"), mended=True) == tuple(
        Mark(stage="refine", kind=kind, snippet=snippet, why="because", mended=True)
        for kind, snippet in (("q", "a"), ("d", "b"))
    )
    assert marks("refine", ()) == ()
    assert not marks("x", problems("q:a"))[0].mended


def test_what_makes_a_caption_useless_fails_the_row_unless_the_manifest_says_otherwise() -> None:
    assert WritingConfig(model="m", prompt="p").fails == FATAL
    assert "empty" in FATAL
    assert WritingConfig(model="m", prompt="p", fails=()).fails == ()
