"""The check values of the benchmarks, and what becomes of what is missing or makes no sense."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.metrics import autodq, checklist, elo, events, following, grounding, qa, repetition, ugc, vdc, vidcap
from asid.pipeline.metrics.figure import Absent, Figure, combined, f1, join, mean, weighted

GONE = Absent("judge failed")


def values(made: dict[str, Figure]) -> dict[str, float | None]:
    return {name: figure.value for name, figure in made.items()}


def near(*numbers: float) -> Any:
    return pytest.approx(numbers if len(numbers) > 1 else numbers[0], abs=5e-7)


# --- figures -----------------------------------------------------------------------------------------------------


def test_what_is_missing_is_worst_and_named() -> None:
    assert mean([1.0, 0.5, GONE]) == Figure(0.5, 2, 3, {"judge failed": 1})
    assert mean([1.0, 0.5, GONE], worst=None) == Figure(0.75, 2, 3, {"judge failed": 1}, "left out")
    assert mean([]) == Figure(None, 0, 0)
    assert mean([GONE]).line() == {
        "value": 0.0, "scored": 0, "expected": 1, "missing": {"judge failed": 1}, "counted": "worst",
    }  # fmt: skip


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_number_moves_a_mean_silently(value: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        mean([1.0, value])


def test_predictions_are_joined_to_what_is_asked() -> None:
    found, unknown = join({"a": 1, "x": 2}, ["a", "b", "a"])
    assert found == {"a": 1, "b": Absent("no prediction")}
    assert unknown == ["x"]


def test_f1_of_nothing_is_nothing() -> None:
    assert f1(0, 0) == 0
    assert combined(mean([]), mean([1.0]), f1).value is None
    with pytest.raises(ValueError, match="not all 0"):
        weighted([1.0], [0.0])


# --- events ------------------------------------------------------------------------------------------------------

CLIPS = [events.EventCounts(10, 2, 1, 0), events.EventCounts(20, 10, 2, 3), events.EventCounts(40, 4, 4, 2)]


def test_events_by_sums_and_by_clips() -> None:
    assert tuple(values(events.figures(CLIPS)).values()) == pytest.approx((16 / 70, 12 / 70, 0.4))
    made = events.figures(CLIPS, "mean_of_ratios")
    assert tuple(values(made).values()) == near(0.2666666667, 0.1666666667, 0.4333333333)


def test_a_clip_without_a_verdict_is_missed_whole_and_leaves_hall() -> None:
    made = events.figures([*CLIPS, events.Unjudged(30, "judge failed")])
    assert made["miss"] == Figure(46 / 100, 3, 4, {"judge failed": 1})
    assert made["hall"] == Figure(12 / 70, 3, 4, {"judge failed": 1}, "left out")
    assert made["total"].value == pytest.approx(46 / 100 + 12 / 70)


def test_references_without_events_are_named_and_divide_nothing() -> None:
    made = events.figures([*CLIPS, events.EventCounts(0, 0, 0, 2)])
    assert made["total"].value == pytest.approx(0.4)
    assert made["total"].missing == {"no reference": 1}
    assert events.figures([events.EventCounts(0, 0, 0, 0)])["miss"].value is None


@pytest.mark.parametrize("counts", [(5, 4, 2, 0), (5, -1, 0, 0)])
def test_counts_that_do_not_add_up_are_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"more than the 5 events|negative"):
        events.figures([events.EventCounts(*counts)])


def run(total: float, miss: float) -> dict[str, Figure]:
    return {"miss": Figure(miss, 1, 1), "hall": Figure(total - miss, 1, 1), "total": Figure(total, 1, 1)}


def test_the_middle_run_is_reported_whole() -> None:
    runs = [run(*pair) for pair in [(0.40, 0.23), (0.38, 0.20), (0.42, 0.22), (0.39, 0.24), (0.41, 0.21),
                                    (0.37, 0.19), (0.43, 0.25)]]  # fmt: skip
    chosen = events.median_run(runs)
    assert (chosen["total"].value, chosen["miss"].value) == (0.40, 0.23)
    with pytest.raises(ValueError, match="6 runs have no middle one"):
        events.median_run(runs[:6])


UNIT = "A man in a red coat opens the door and looks at the dog again. "  # 50 to 99 characters


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("so so so so so end", "so end"),
        ("so so so so end", "so so so so end"),
        (UNIT * 4, UNIT),
        (UNIT * 3, UNIT * 3),
        ("aaaaa", "a"),
        ("a\nb\na\nb\na\nb\na\nb\na\nb\nc", "a\nb\nc"),
        ("", ""),
    ],
)
def test_loops_collapse_to_one_copy(text: str, left: str) -> None:
    assert events.collapse_loops(text) == left


# --- checklist, length, repetition -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "reward"),
    [(0, 1), (2048, 1), (2049, 0.99951171875), (3072, 0.5), (4096, 0), (5000, 0)],
)
def test_length_reward(tokens: int, reward: float) -> None:
    assert checklist.length_reward(tokens) == reward


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_longer_caption_never_earns_more(one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert 0 <= checklist.length_reward(more) <= checklist.length_reward(less) <= 1


def test_length_reward_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        checklist.length_reward(-1)
    with pytest.raises(ValueError, match="soft below hard"):
        checklist.length_reward(1, 5, 5)


def test_points_are_weighed_one_by_one_and_not_by_category() -> None:
    made = checklist.figures([("auditory elements", True), ("static entities", False), ("static entities", False),
                              ("static entities", GONE)])  # fmt: skip
    assert values(made) == {"auditory elements": 1.0, "static entities": 0.0, "all": 0.25}
    assert made["all"].missing == {"judge failed": 1}


def test_three_gram_repetition() -> None:
    assert repetition.ngram_rate("the cat sat the cat sat the cat sat") == near(0.571429)
    assert repetition.ngram_rate("two words") == 0.0


@given(st.integers(1, 110), st.integers(2, 6), st.text("ab c", max_size=30), st.randoms(use_true_random=False),
       st.sampled_from(["abcdefgh \n", "ab", "漢字é😀 \ud800"]))  # fmt: skip
def test_loops_are_found_as_the_published_rule_has_them(
    unit: int, times: int, around: str, chance: random.Random, letters: str
) -> None:
    text = around + "".join(chance.choices(letters, k=unit)) * times + around[::-1]
    assert repetition.loops(text) == any(loop.search(text) for loop in events.LOOPS)


def test_rep_col_counts_captions_and_not_copies() -> None:
    made = repetition.rep_col(["fine", "la la la la la la", "ha" * 50, GONE])
    assert made == Figure(75.0, 3, 4, {"judge failed": 1})


# --- Elo ---------------------------------------------------------------------------------------------------------

VOTES = [elo.read_vote(*row) for row in [("A", "B", "a"), ("A", "C", "a"), ("B", "C", "a"), ("C", "A", "a")]]


def test_elo_vote_by_vote() -> None:
    assert elo.rate(VOTES[:1]) == {"A": 1004.0, "B": 996.0}
    after = elo.rate(VOTES[:2])
    assert (round(after["A"], 4), round(after["C"], 4)) == (1007.9540, 996.0460)
    after = elo.rate(VOTES[:3])
    assert (round(after["B"], 4), round(after["C"], 4)) == (1000.0005, 992.0455)
    after = elo.rate(VOTES)
    assert (round(after["C"], 4), round(after["A"], 4)) == (996.2285, 1003.7709)
    assert elo.expected(1004, 1000) == near(0.505756)
    assert elo.expected(992.0455, 1007.9540) == near(0.477122)


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("DEF"), st.sampled_from([0.0, 0.5, 1.0])), min_size=1)
)
def test_ratings_sum_to_a_thousand_for_each_system(rows: list[tuple[str, str, float]]) -> None:
    rated = elo.rate([elo.Vote(*row) for row in rows])
    assert sum(rated.values()) == pytest.approx(1000 * len(rated))


def test_shuffled_orders_do_not_depend_on_the_order_given() -> None:
    turned = elo.rate_shuffled(VOTES[::-1], orders=50, seed=3)
    assert elo.rate_shuffled(VOTES, orders=50, seed=3) == turned
    assert elo.rate_shuffled(VOTES, orders=50, seed=4) != turned
    assert sum(one.rating for one in turned.values()) == pytest.approx(3000)
    assert turned["A"].spread > 0 and turned["A"].votes == 3


@pytest.mark.parametrize("row", [("A", "B", "C"), ("A", "A", "a"), ("A", "B", "")])
def test_votes_that_mean_nothing_are_refused(row: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match=r"must be a, b or tie|against itself"):
        elo.read_vote(*row)


# --- grounding ---------------------------------------------------------------------------------------------------

QUERIES: Sequence[tuple[Any, grounding.Span]] = [
    ((2, 8), (2, 8)), ((0, 10), (5, 15)), ((12, 4), (4, 10)), (Absent("abstained"), (3, 6)), ((20, 30), (0, 5)),
]  # fmt: skip


def test_grounding_keeps_na_in_the_denominator() -> None:
    made = grounding.figures(QUERIES)
    assert tuple(values(made).values()) == near(0.4166666667, 0.6, 0.4, 0.4)
    assert made["miou"].missing == {"abstained": 1}
    dropped = grounding.figures([pair for pair in QUERIES if not isinstance(pair[0], Absent)])
    assert dropped["miou"].value == near(0.5208333333)


@given(st.tuples(st.floats(0, 99), st.floats(0, 99)), st.tuples(st.floats(0, 99), st.floats(0, 99)))
def test_iou_is_symmetric_bounded_and_blind_to_direction(one: tuple[float, float], other: tuple[float, float]) -> None:
    value = grounding.iou(one, other)
    assert 0 <= value <= 1
    assert value == grounding.iou(other, one) == grounding.iou(one[::-1], other)
    assert grounding.iou(one, one) == 1


@given(st.lists(st.tuples(st.tuples(st.floats(0, 30), st.floats(0, 30)), st.tuples(st.floats(0, 30), st.floats(0, 30))),
                min_size=1, max_size=30))  # fmt: skip
def test_every_set_lies_within_its_bounds(pairs: list[tuple[Any, Any]]) -> None:
    made = values(grounding.figures(pairs))
    low, high = grounding.bounds(made["r1@0.3"] or 0, made["r1@0.5"] or 0, made["r1@0.7"] or 0)
    assert low - 1e-9 <= (made["miou"] or 0) <= high + 1e-9


@pytest.mark.parametrize(
    ("reply", "wide", "published"),
    [
        ("24 to 31", (24, 31), (24, 31)),
        ("from 1 to 2, or rather 3.5 and 4", (3.5, 4), (3.5, 4)),
        ("1.2-10.8", (1.2, 10.8), None),
        ("1.2s to 10.8s", (1.2, 10.8), None),
        ("00:05 - 1:12.5", (5, 72.5), None),
        ("0:05 to 0:12.", (5, 12), (5, 0)),
        ("1:00:05 to 1:00:12", (3605, 3612), (5, 1)),
        ("1,200 to 1,300", None, (200, 1)),
        ("-3 to 5", None, (3, 5)),
        ("from 5.0 to 12.", (5, 12), (5, 12)),
        ("N/A", Absent("abstained"), Absent("abstained")),
        ("no idea", None, None),
    ],
)
def test_spans_are_read_as_judges_write_them(reply: str, wide: Any, published: Any) -> None:
    assert grounding.read_span(reply) == wide
    assert grounding.read_span(reply, "published") == published


def test_the_whole_clip_is_an_answer_that_needs_no_caption() -> None:
    made = values(grounding.whole_clip([(10.0, (0.0, 10.0)), (20.0, (5.0, 10.0))]))
    assert made == {"miou": 0.625, "r1@0.3": 0.5, "r1@0.5": 0.5, "r1@0.7": 0.5}


# --- questions ---------------------------------------------------------------------------------------------------


def test_right_abstained_and_failed_are_three_counts() -> None:
    made = qa.figures(["right"] * 5 + ["abstained"] * 2 + ["wrong"] * 3)
    assert values(made) == {"accuracy": 0.5, "of_answered": 0.625, "abstained": 0.2, "failed": 0.0}
    made = qa.figures(["right"] * 5 + ["failed"] * 2, asked=10)
    assert made["accuracy"] == Figure(0.5, 5, 10, {"failed": 2, "no prediction": 3})
    with pytest.raises(ValueError, match="2 outcomes for 1 questions"):
        qa.figures(["right", "right"], asked=1)


@pytest.mark.parametrize(
    ("reply", "graded"),
    [("B", "right"), (" (b). ", "right"), ("C", "wrong"), ("N/A", "abstained"), ("E", "failed"), (None, "failed"),
     ("The answer is B because", "failed"), ("", "failed")],
)  # fmt: skip
def test_replies_are_graded(reply: str | None, graded: str) -> None:
    assert qa.outcome(reply, "B") == graded


def test_questions_by_type() -> None:
    made = qa.by_type([("Inference", "right"), ("Inference", "wrong")], {"Inference": 2, "Reasoning": 1})
    assert made["Inference"]["accuracy"].value == 0.5
    assert made["Reasoning"]["accuracy"] == Figure(0.0, 0, 1, {"no prediction": 1})
    with pytest.raises(ValueError, match="'Odd'"):
        qa.by_type([("Odd", "right")], {})


# --- following ---------------------------------------------------------------------------------------------------

ALL = dict.fromkeys(("scene", "characters", "objects", "actions", "narrative elements", "speech", "camera", "emotions"),
                    "none")  # fmt: skip


def test_following_is_computed_from_levels() -> None:
    levels = following.read_levels(ALL | {"scene": "Explicit", "actions": "minor", "narrative elements": "explicit"})
    one = following.Following(frozenset({"scene", "narrative"}), levels)
    assert one.followed
    other = following.Following(frozenset({"scene", "actions"}), levels)
    assert (other.followed, other.unexplicit, other.extra) == (False, ["actions"], ["narrative"])


@pytest.mark.parametrize(
    "levels", [{"scene": "none"}, ALL | {"scene": "very"}, ALL | {"mood": "none"}, ALL | {"narrative_elements": "none"}]
)
def test_levels_must_be_whole(levels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"no level of|unknown level|unknown attribute|two levels"):
        following.read_levels(levels)


def test_following_by_number_of_attributes() -> None:
    made = following.figures([(1, True), (1, False), (3, True), (3, GONE)])
    assert values(made) == {"k=1": 0.5, "k=3": 0.5, "all": 0.5}
    assert made["k=3"].missing == {"judge failed": 1}


# --- marks -------------------------------------------------------------------------------------------------------


def test_ugc_marks_become_percent() -> None:
    made = ugc.figures([ugc.Marks(4, 3, 5), ugc.Marks(2, 1, 3), ugc.Marks(5, 4, 4)])
    assert [round(value or 0, 2) for value in values(made).values()] == [73.33, 53.33, 80.00, 68.89]
    assert ugc.figures([ugc.Marks(1, 1, 1)])["average"].value == 20.0
    assert ugc.figures([ugc.Marks(5, 5, 5), GONE])["average"] == Figure(50.0, 1, 2, {"judge failed": 1})
    for mark in (0, 6, True, 3.5):
        with pytest.raises(ValueError, match="none of 1 to 5"):
            ugc.Marks(mark, 1, 1)  # type: ignore[arg-type]


def graded(*pairs: tuple[float, int]) -> list[vdc.VDCGrade | Absent]:
    return [vdc.VDCGrade(score, bool(right)) for score, right in pairs]


def test_vdc_keeps_videos_that_score_nothing() -> None:
    videos = {"a": graded((5, 1), (3, 1), (0, 0), (2, 0)), "b": graded((0, 0), (0, 0)), "c": graded((1, 0), (2, 0))}
    made = vdc.figures(videos)
    assert (made["score"].value, made["accuracy"].value) == near(1.3333333333, 16.6666666667)
    published = vdc.figures(videos, "published")
    assert (published["score"].value, published["accuracy"].value) == (2.5, 50.0)
    missing = vdc.figures(videos | {"d": [Absent("no prediction")]})
    assert missing["score"] == Figure(1.0, 8, 9, {"no prediction": 1})
    assert [vdc.read_verdict(reply) for reply in ("Yes", "no.", " YES ")] == [True, False, True]
    with pytest.raises(ValueError, match="neither yes nor no"):
        vdc.read_verdict("maybe")
    with pytest.raises(ValueError, match="not in 0 to 5"):
        vdc.VDCGrade(7, True)


def test_vidcap_grades() -> None:
    grades: list[Any] = ["A"] * 20 + ["B"] * 30 + ["C"] * 10 + ["D"] * 40
    made = values(vidcap.figures(grades, tokens=250))
    assert tuple(made.values()) == pytest.approx((20, 55.556, 90, 8.0), abs=5e-4)
    gone = vidcap.figures([*grades, *[GONE] * 100], tokens=250)
    assert values(gone) == pytest.approx({"accuracy": 10, "precision": 500 / 9, "coverage": 45, "conciseness": 4})
    assert gone["precision"].counted == "left out" and gone["accuracy"].counted == "worst"
    by = vidcap.by_dimension([("color", "A"), ("Body-Movements", "D"), ("color", GONE)])
    assert by["aesthetics"]["accuracy"].value == 50 and by["overall"]["accuracy"].value == near(100 / 3)
    with pytest.raises(ValueError, match="unknown sub-category"):
        vidcap.dimension("taste")


def test_autodq_has_means_per_subset_first() -> None:
    def clip(recall: float, precision: float) -> autodq.EntailedShares:
        return autodq.EntailedShares(recall, precision)

    made = autodq.figures({"t1": [clip(3 / 5, 2 / 4), clip(1, 1 / 2)], "t2": [clip(0, 1)]})
    assert tuple(values(made).values()) == near(0.4, 0.75, 0.5217391304)
    pooled = autodq.figures({"all": [clip(3 / 5, 2 / 4), clip(1, 1 / 2), clip(0, 1)]})
    assert pooled["f1"].value == near(0.592593)  # without subsets: another number
    assert autodq.clip(["entailment", "neutral", "contradiction", "entailment"], ["neutral"]) == clip(0.5, 0)
    assert autodq.clip(["entailment"], []) == clip(1, 0)
    assert autodq.clip(["neutral"], [], "published") == clip(0, 1)
    assert autodq.clip([], []) == clip(1, 1)
    assert autodq.figures({"t": [clip(0, 0)]})["f1"].value == 0
    assert autodq.figures({"t": [clip(1, 1), GONE]})["f1"] == Figure(0.5, 1, 2, {"judge failed": 1})


# --- bounds, and what is not there -------------------------------------------------------------------------------

SHARES = st.floats(0, 1)
MARK = st.integers(1, 5)


@given(st.lists(st.tuples(MARK, MARK, MARK), min_size=1, max_size=12), st.integers(0, 4))
def test_marks_lie_between_their_floor_and_100_and_missing_ones_only_lower_them(
    marks: list[tuple[int, int, int]], gone: int
) -> None:
    made = ugc.figures([ugc.Marks(*one) for one in marks])
    assert all(20 - 1e-9 <= (figure.value or 0) <= 100 + 1e-9 for figure in made.values())
    parts = [made[name].value or 0 for name in ("visual", "audio", "details")]
    assert made["average"].value == pytest.approx(sum(parts) / 3)
    with_gone = ugc.figures([*(ugc.Marks(*one) for one in marks), *[GONE] * gone])
    share = len(marks) / (len(marks) + gone)
    assert with_gone["average"].value == pytest.approx((made["average"].value or 0) * share)


@given(st.lists(st.tuples(st.sampled_from("xyz"), SHARES, SHARES), min_size=1, max_size=20), st.randoms())
def test_autodq_is_bounded_blind_to_order_and_pulled_by_no_large_subset(
    clips: list[tuple[str, float, float]], chance: random.Random
) -> None:
    def subsets(found: list[tuple[str, float, float]]) -> dict[str, list[Any]]:
        made: dict[str, list[Any]] = {}
        for name, recall, precision in found:
            made.setdefault(name, []).append(autodq.EntailedShares(recall, precision))
        return made

    made = values(autodq.figures(subsets(clips)))
    assert all(0 <= (value or 0) <= 1 + 1e-9 for value in made.values())
    assert (made["f1"] or 0) <= max(made["recall"] or 0, made["precision"] or 0) + 1e-9
    turned = list(clips)
    chance.shuffle(turned)
    assert values(autodq.figures(subsets(turned))) == pytest.approx(made)
    doubled = values(autodq.figures(subsets([*clips, *(one for one in clips if one[0] == clips[0][0])])))
    assert doubled == pytest.approx(made)  # a subset has one voice, however many clips it has


@given(st.lists(st.sampled_from("ABCD"), min_size=1, max_size=40))
def test_vidcap_covers_what_is_right_and_answers_only_what_it_covers(grades: list[Any]) -> None:
    made = values(vidcap.figures(grades))
    accuracy, coverage = made["accuracy"] or 0, made["coverage"] or 0
    assert 0 <= accuracy <= coverage <= 100
    assert accuracy <= (made["precision"] or 0) <= 100 or made["precision"] is None


@given(st.lists(st.sampled_from(["right", "wrong", "abstained", "failed"]), min_size=1, max_size=30))
def test_accuracy_is_never_above_that_of_the_answered(ends: list[Any]) -> None:
    made = values(qa.figures(ends))
    assert 0 <= (made["accuracy"] or 0) <= 1
    if made["of_answered"] is not None:
        assert (made["accuracy"] or 0) <= made["of_answered"] + 1e-9
    assert values(qa.figures(ends[::-1])) == made


# --- any order ---------------------------------------------------------------------------------------------------


def test_figures_do_not_depend_on_order() -> None:
    chance = random.Random(5)
    queries, clips = list(QUERIES), [*CLIPS, events.Unjudged(7, "judge failed")]
    for _ in range(20):
        chance.shuffle(queries)
        chance.shuffle(clips)
        assert values(grounding.figures(queries)) == pytest.approx(values(grounding.figures(QUERIES)))
        assert events.figures(clips)["total"].value == pytest.approx(23 / 77 + 12 / 70)
