"""Random choices that can be made again: on any machine, in any order."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.chance import draw

parts = st.lists(
    st.one_of(st.integers(), st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))), max_size=4
)


@given(parts)
def test_a_number_is_in_range_and_always_the_same(given_parts: list[object]) -> None:
    number = draw(*given_parts)
    assert 0 <= number < 1
    assert draw(*given_parts) == number


def test_it_is_what_sha_256_says() -> None:
    first = int(hashlib.sha256(b"split\x000\x00film").hexdigest()[:14], 16)
    assert draw("split", 0, "film") == first / 16**14


def test_where_one_part_ends_and_the_next_begins_counts() -> None:
    assert len({draw("ab", "c"), draw("a", "bc"), draw("abc"), draw("c", "ab")}) == 4


def test_numbers_are_spread_evenly() -> None:
    numbers = [draw("even", number) for number in range(4000)]
    assert sum(numbers) / 4000 == pytest.approx(0.5, abs=0.03)
    for tenth in range(10):
        assert sum(tenth / 10 <= number < (tenth + 1) / 10 for number in numbers) == pytest.approx(400, abs=80)
