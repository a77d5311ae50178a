import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions.checks import check
from asid.pipeline.captions.mend import mend
from asid.pipeline.captions.repetition import loops
from asid.pipeline.captions.repetition import rate as repetition_rate

COLLAPSED = [
    ("At 0s, he says no no no no no no no no.", "At 0s, he says no."),
    ("At 0s, the man walks off. The man walks off. He is gone.", "At 0s, the man walks off. He is gone."),
    ("At 0s, " + "he walks on and on, " * 40 + "he walks", "At 0s, he walks on and on"),
    ("At 5s, the man walks. " * 9, "At 5s, the man walks."),
    ("At 0s, " + "a" * 500 + " end.", "At 0s, a end."),
    ("At 0s, " + "ha" * 100 + ".", "At 0s, ha."),
    ("At 0s, " + "他走路。" * 50, "At 0s, 他走路。"),
    ("At 0s, " + "他在路上走路" * 50, "At 0s, 他在路上走路"),
    ("At 0s, wow" + "!" * 90, "At 0s, wow!"),
]  # fmt: skip
KEPT = [
    "At 0s, the drum goes left, right, left, right, left.",
    "At 0s, the door opens and the door closes and the man waits.",
    "At 0s, it rings ding ding ding. At 5s, it rings ding ding ding.",
    'At 0s, she shouts "go go go go go go go go go go".',
    "At 0s, he waits. He waits.",
]


@pytest.mark.parametrize(("looped", "once"), COLLAPSED)
def test_a_loop_is_told_once(looped, once):
    assert "repetition" in [problem.kind for problem in check(looped, 60, [])]
    assert mend(looped, 60)[0] == once


@pytest.mark.parametrize("caption", KEPT)
def test_what_people_write_is_no_loop(caption):
    assert "repetition" not in [problem.kind for problem in check(caption, 60, [])]
    assert mend(caption, 60) == (caption, ())


def test_a_loop_that_counts_its_anchors_up_is_reported_only():
    caption = " ".join(f"At {second}s, the man walks on." for second in range(9))
    assert [problem.kind for problem in check(caption, 60, [])] == ["monotony"]
    assert mend(caption, 60) == (caption, ())
    assert check(caption.split(" At 5s")[0], 60, []) == []


def test_a_cut_through_a_quotation_is_not_made():
    caption = "At 0s, " + "“yes yes”" * 20
    assert "repetition" in [problem.kind for problem in check(caption, 60, [])]
    assert mend(caption, 60) == (caption, ())


@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=7),
    st.integers(4, 9),
    st.lists(st.sampled_from("xyz"), max_size=5),
)
def test_loops_are_found_whatever_their_period(period, copies, around):
    items = [*around, *period * copies, "end"]
    found = max(loops(items), key=lambda loop: loop.end - loop.start)
    assert found.end - found.start >= len(period) * (copies - 1) or len(set(period)) < len(period)
    assert all(items[at] == items[at + found.period] for at in range(found.start, found.end - found.period))


@given(st.lists(st.sampled_from("ab"), max_size=60))
def test_every_loop_repeats(items):
    for loop in loops(items):
        assert 0 <= loop.start < loop.end <= len(items)
        assert all(items[at] == items[at + loop.period] for at in range(loop.start, loop.end - loop.period))


def test_rate_is_the_share_of_runs_seen_before():
    assert repetition_rate("a b c d e f") == 0.0
    assert repetition_rate("a b c d a b c d") == pytest.approx(1 / 5)
    assert repetition_rate("no " * 104) == pytest.approx(1 - 1 / 101)
    assert repetition_rate("") == repetition_rate("a b") == 0.0
