"""UGC-VideoCap's marks of 1 to 5 as percent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.figure import Absent
from asid.pipeline.metrics.ugc import Marks, figures


def test_marks_are_averaged_in_percent() -> None:
    made = figures([Marks(5, 1, 3), Marks(3, 1, 4)])
    assert [made[name].value for name in ("visual", "audio", "details")] == pytest.approx([80, 20, 70])
    assert made["average"].value == pytest.approx((80 + 20 + 70) / 3)


def test_a_missing_clip_lies_below_the_lowest_mark() -> None:
    made = figures([Marks(1, 1, 1), Absent("refused")])
    assert all(figure.value == pytest.approx(10) and figure.missing == {"refused": 1} for figure in made.values())


def test_no_clips_give_no_figure() -> None:
    assert {figure.value for figure in figures([]).values()} == {None}


@pytest.mark.parametrize("mark", [0, 6, -1, 3.0, True, "4", None])
def test_another_mark_is_refused_by_the_name_of_what_it_is_for(mark: Any) -> None:
    with pytest.raises(ValueError, match=r"audio has the mark .* none of 1 to 5"):
        Marks(3, mark, 3)


@given(st.lists(st.builds(Marks, *[st.integers(1, 5)] * 3), min_size=1, max_size=6))
def test_judged_captions_lie_between_20_and_100(clips: list[Marks]) -> None:
    assert all(20 - 1e-9 <= (figure.value or 0) <= 100 + 1e-9 for figure in figures(clips).values())
