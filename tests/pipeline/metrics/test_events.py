"""Miss, Hall and Total by hand, runs of a judge, loops of a caption."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.events import EventCounts, Unjudged, collapse_loops, figures, median_run
from asid.pipeline.metrics.figure import NO_REFERENCE, Figure

CLIPS = [EventCounts(10, 2, 1, 1), EventCounts(2, 1, 0, 1)]


def values(made: dict[str, Figure]) -> list[float | None]:
    return [made[name].value for name in ("miss", "hall", "total")]


def test_sums_are_divided_or_ratios_are_averaged() -> None:
    assert values(figures(CLIPS)) == pytest.approx([3 / 12, 3 / 12, 6 / 12])
    assert values(figures(CLIPS, "mean_of_ratios")) == pytest.approx([(0.2 + 0.5) / 2, (0.2 + 0.5) / 2, 0.7])


def test_a_clip_without_a_verdict_is_missed_whole_and_makes_nothing_up() -> None:
    made = figures([*CLIPS, Unjudged(12, "refused")])
    assert values(made) == pytest.approx([15 / 24, 3 / 12, 15 / 24 + 3 / 12])
    assert made["miss"].missing == {"refused": 1} and made["hall"].counted == "left out"
    assert (made["total"].scored, made["total"].expected) == (2, 3)


def test_all_clips_unjudged_have_no_hall_and_so_no_total() -> None:
    assert values(figures([Unjudged(3, "refused")])) == [1.0, None, None]


def test_a_reference_without_events_says_nothing_and_is_counted() -> None:
    made = figures([*CLIPS, EventCounts(0, 0, 0, 4)])
    assert values(made) == values(figures(CLIPS)) and made["hall"].missing == {NO_REFERENCE: 1}
    assert values(figures([])) == [None, None, None]


@pytest.mark.parametrize("counts", [(3, 2, 2, 0), (3, -1, 0, 0), (3, 0, 0, -1), (0, 1, 0, 0)])
def test_counts_that_cannot_be_are_told(counts: tuple[int, int, int, int]) -> None:
    assert EventCounts(*counts).faults
    with pytest.raises(ValueError, match="give an Unjudged"):
        figures([EventCounts(*counts)])


def test_the_middle_run_is_by_total_and_runs_without_one_come_last() -> None:
    runs = [figures([EventCounts(10, missed, 0, 0)]) for missed in (9, 1, 4)]
    assert median_run(runs) is runs[2]
    assert median_run([*runs, figures([]), figures([])]) is runs[0]
    for wrong in ([], runs[:2]):
        with pytest.raises(ValueError, match="odd number"):
            median_run(wrong)


@pytest.mark.parametrize(
    ("text", "left"),
    [("ab" * 5, "ab"), ("ab" * 4, "ab" * 4), ("x" + "yes " * 6 + "z", "xyes z"), ("q" * 49 + "w", "qw"), ("", "")],
)
def test_five_copies_in_a_row_are_one(text: str, left: str) -> None:
    assert collapse_loops(text) == left


@given(st.text(alphabet="ab \n", max_size=60))
def test_collapsing_never_lengthens_and_keeps_the_first_sign(text: str) -> None:
    short = collapse_loops(text)
    assert len(short) <= len(text) and short[:1] == text[:1]
