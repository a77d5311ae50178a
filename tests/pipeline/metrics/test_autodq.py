"""AutoDQ by hand: shares of one clip, means per subset, then over subsets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics.autodq import EntailedShares, by_subset, clip, figures
from asid.pipeline.metrics.figure import Absent

RELATIONS = st.lists(st.sampled_from(["entailment", "neutral", "contradiction"]), max_size=8)


def test_only_what_is_entailed_counts() -> None:
    made = clip(["entailment", "neutral", "contradiction", "entailment"], ["contradiction", "entailment"])
    assert made == EntailedShares(recall=0.5, precision=0.5)


def test_a_silent_caption_has_no_precision_unless_it_is_scored_as_published() -> None:
    assert clip(["neutral"], []).precision == 0.0
    assert clip(["neutral"], [], "published").precision == 1.0
    assert clip([], []) == EntailedShares(1.0, 1.0)


@given(RELATIONS, RELATIONS)
def test_shares_lie_between_0_and_1(reference: list, predicted: list) -> None:
    made = clip(reference, predicted)
    assert 0 <= made.recall <= 1 and 0 <= made.precision <= 1


def test_each_subset_has_one_voice_however_many_clips_it_has() -> None:
    many, one = [EntailedShares(1.0, 1.0)] * 9, [EntailedShares(0.0, 0.5)]
    made = figures({"live": many, "drawn": one})
    assert made["recall"].value == 0.5 and made["precision"].value == 0.75
    assert made["f1"].value == pytest.approx(2 * 0.5 * 0.75 / 1.25)
    assert (made["recall"].scored, made["recall"].expected) == (10, 10)


def test_a_clip_without_verdicts_counts_nothing_and_is_named_over_all_subsets() -> None:
    made = figures({"a": [EntailedShares(1.0, 1.0), Absent("out")], "b": [Absent("out")]})
    assert made["recall"].value == 0.25 and made["recall"].missing == {"out": 2}
    assert (made["recall"].scored, made["recall"].expected) == (1, 3)


def test_a_subset_without_clips_has_no_figure_and_no_voice() -> None:
    assert by_subset({"a": []})["a"]["recall"].value is None
    assert figures({"a": [EntailedShares(0.5, 0.5)], "b": []})["f1"].value == 0.5
    assert figures({})["f1"].value is None
