"""What a card says of its rows: another text for other rows, the same for the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.dataset.identity import described

digests = st.dictionaries(
    st.text("abc/.", min_size=1, max_size=4), st.text("0123456789abcdef", min_size=4, max_size=4), max_size=4
)


@given(digests, digests)
def test_two_sets_of_rows_are_told_apart_and_the_order_is_nothing(one: dict[str, str], two: dict[str, str]) -> None:
    assert (described(one) == described(two)) == (one == two)
    assert described(dict(reversed(one.items()))) == described(one)


def test_it_fits_in_one_line_of_yaml() -> None:
    said = described({"a.jsonl": "00", "b.jsonl": "11"})
    assert said.startswith("rows ") and said.isascii() and "\n" not in said and ":" not in said


def test_a_file_that_takes_the_name_of_another_counts() -> None:
    assert described({"a": "1", "b": "2"}) != described({"a": "2", "b": "1"})
