"""Elo by hand: what a vote moves, who is expected to win, and what the order does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.elo import Rating, Vote, expected, rate, rate_shuffled, read_vote


def test_the_expected_share_is_ten_to_one_at_400_points() -> None:
    assert expected(1000, 1000) == 0.5
    assert expected(1400, 1000) == pytest.approx(10 / 11) and expected(1000, 1400) == pytest.approx(1 / 11)


@given(st.floats(0, 3000), st.floats(0, 3000))
def test_both_shares_make_one(a: float, b: float) -> None:
    assert expected(a, b) + expected(b, a) == pytest.approx(1)


def test_a_win_among_equals_moves_half_of_k_and_a_tie_nothing() -> None:
    assert rate([Vote("x", "y", 1)]) == {"x": 1004.0, "y": 996.0}
    assert rate([Vote("x", "y", 0)]) == {"x": 996.0, "y": 1004.0}
    assert rate([Vote("x", "y", 0.5)]) == {"x": 1000.0, "y": 1000.0}
    assert rate([Vote("x", "y", 1)], k=32, start=1500) == {"x": 1516.0, "y": 1484.0}


def test_a_favourites_second_win_moves_less() -> None:
    made = rate([Vote("x", "y", 1)] * 2)
    assert made["x"] == pytest.approx(1004 + 8 * (1 - expected(1004, 996))) and made["x"] < 1008


@pytest.mark.parametrize(("winner", "score"), [("a", 1.0), (" B ", 0.0), ("Tie", 0.5)])
def test_votes_are_read_in_any_case(winner: str, score: float) -> None:
    assert read_vote("x", "y", winner) == Vote("x", "y", score)


@pytest.mark.parametrize("winner", ["", "c", "both", "1"])
def test_another_winner_is_refused_with_what_it_must_be(winner: str) -> None:
    with pytest.raises(ValueError, match="must be a, b or tie"):
        read_vote("x", "y", winner)


def test_a_vote_against_itself_or_of_another_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="against itself"):
        Vote("x", "x", 1)
    with pytest.raises(ValueError, match=r"0\.7"):
        Vote("x", "y", 0.7)


def test_over_orders_a_rating_has_its_votes_and_its_spread() -> None:
    votes = [Vote("x", "y", 1), Vote("y", "z", 1), Vote("z", "x", 1), Vote("x", "y", 0)]
    made = rate_shuffled(votes, orders=50, seed=3)
    assert {name: one.votes for name, one in made.items()} == {"x": 3, "y": 3, "z": 2}
    assert all(one.spread > 0 for one in made.values())
    assert sum(one.rating for one in made.values()) == pytest.approx(3000)
    assert made == rate_shuffled(votes, orders=50, seed=3) != rate_shuffled(votes, orders=50, seed=4)


def test_one_vote_has_one_order_and_no_votes_no_ratings() -> None:
    assert rate_shuffled([Vote("x", "y", 1)])["x"] == Rating(1004.0, 0.0, 1)
    assert rate([]) == {} and rate_shuffled([]) == {}
    with pytest.raises(ValueError, match="0 orders"):
        rate_shuffled([], orders=0)
