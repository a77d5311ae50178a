"""When a cheap auditor's word is enough: thresholds that are proved, held against arithmetic and simulation."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.asking.screening import SampledAudit, choose, is_sampled, positives_needed, tail, upper_bound


def audits(suspicion: float, faulty: bool, count: int) -> list[SampledAudit]:
    return [SampledAudit(suspicion, faulty)] * count


@pytest.mark.parametrize(
    ("recall", "confidence", "needed"), [(0.9, 0.95, 29), (0.95, 0.95, 59), (0.5, 0.5, 1), (0.8, 0.9, 11)]
)
def test_so_many_faults_without_a_miss_are_the_least_proof(recall: float, confidence: float, needed: int) -> None:
    assert positives_needed(recall, confidence) == needed
    assert recall**needed <= 1 - confidence < recall ** (needed - 1) or needed == 1


@pytest.mark.parametrize(
    ("misses", "trials", "rate", "chance"),
    [(0, 2, 0.5, 0.25), (1, 2, 0.5, 0.75), (2, 2, 0.5, 1.0), (0, 10, 0.1, 0.9**10), (3, 5, 0.0, 1.0), (0, 0, 0.5, 1.0)],
)
def test_the_tail_of_the_binomial_is_exact(misses: int, trials: int, rate: float, chance: float) -> None:
    assert tail(misses, trials, rate) == pytest.approx(chance)


def test_large_samples_neither_overflow_nor_vanish() -> None:
    assert tail(5_000, 10_000, 0.5) == pytest.approx(0.5, abs=0.01)
    assert 0 <= tail(0, 10_000, 0.5) < 1e-300


@given(st.integers(0, 40), st.integers(1, 60), st.floats(0.5, 0.99))
def test_the_bound_on_misses_is_the_rate_that_is_just_not_spoken_against(
    misses: int, more: int, confidence: float
) -> None:
    bound = upper_bound(misses, misses + more, confidence)
    assert misses / (misses + more) < bound <= 1
    assert tail(misses, misses + more, bound) == pytest.approx(1 - confidence, abs=1e-6)


def test_without_misses_the_bound_is_known_in_closed_form() -> None:
    assert upper_bound(0, 29, 0.95) == pytest.approx(1 - 0.05 ** (1 / 29))
    assert upper_bound(3, 3, 0.95) == 1.0


def test_a_screen_that_tells_faults_apart_saves_all_that_is_clean() -> None:
    found = choose(audits(80, True, 29) + audits(10, False, 71), recall=0.9, confidence=0.95)
    assert found.is_useful
    assert (found.value, found.saved, found.sample, found.faulty) == (80, 0.71, 100, 29)
    assert found.bound == pytest.approx(0.05 ** (1 / 29))
    assert found.bound >= 0.9


@pytest.mark.parametrize(
    ("sample", "why"),
    [
        ([], "0 of the sample, and 29 are needed"),
        (audits(80, True, 28) + audits(10, False, 99), "28 of the sample, and 29 are needed"),
        (audits(50, True, 40) + audits(50, False, 60), "save 0% of the calls"),
        (audits(5, True, 5) + audits(80, True, 24) + audits(10, False, 71), "save 0% of the calls"),
    ],
)
def test_where_nothing_is_proved_all_is_sent_and_the_reason_told(sample: list[SampledAudit], why: str) -> None:
    found = choose(sample, recall=0.9, confidence=0.95)
    assert not found.is_useful
    assert (found.value, found.bound, found.saved) == (-math.inf, 1.0, 0.0)
    assert why in found.why


def test_the_threshold_holds_its_recall_as_often_as_it_says() -> None:
    """Of screens drawn anew, the share whose true recall is below the target stays within 1 - confidence."""
    random, wrong = Random(7), 0
    for _ in range(200):
        sample = [SampledAudit(random.gauss(60, 20), True) for _ in range(80)]
        sample += [SampledAudit(random.gauss(30, 20), False) for _ in range(160)]
        found = choose(sample, recall=0.85, confidence=0.9)
        recall = 0.5 * math.erfc((found.value - 60) / (20 * math.sqrt(2)))  # of the distribution itself
        wrong += recall < 0.85
    assert wrong <= 200 * 0.1 + 3 * math.sqrt(200 * 0.1 * 0.9)


def test_the_draw_hangs_on_the_ids_alone_and_a_larger_share_holds_the_smaller() -> None:
    clips = [f"clip{n}" for n in range(2000)]
    drawn = [{clip for clip in clips if is_sampled(clip, "speech", share)} for share in (0.0, 0.1, 0.3, 1.0)]
    assert [len(one) for one in (drawn[0], drawn[3])] == [0, 2000]
    assert all(small <= large for small, large in pairwise(drawn))
    assert 150 <= len(drawn[1]) <= 250
    assert drawn[1] == {clip for clip in reversed(clips) if is_sampled(clip, "speech", 0.1)}
    assert drawn[1] != {clip for clip in clips if is_sampled(clip, "speech", 0.1, seed=1)}
    assert drawn[1] != {clip for clip in clips if is_sampled(clip, "camera", 0.1)}
