from __future__ import annotations

import math

import numpy as np
import pytest

from asid.pipeline.models.forecast import Spread, forecast, quantile, spread_of


def test_the_quantiles_are_those_of_the_tables() -> None:
    for freedom, value in ((1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1000, 1.962)):
        assert quantile(0.975, freedom) == pytest.approx(value, rel=0.01)


def test_a_bill_on_a_line_is_told_exactly() -> None:
    found = forecast([1.0, 5.0, 9.0, 20.0], [3.0, 11.0, 19.0, 41.0], count=100, seconds=1000.0)
    assert found.point == pytest.approx(100 + 2 * 1000)
    assert found.high - found.low == pytest.approx(0.0, abs=1e-6)


def test_the_interval_holds_the_bill_as_often_as_it_says() -> None:
    chance = np.random.default_rng(3)
    inside = 0
    for _ in range(400):
        lengths = chance.lognormal(2, 0.7, 400)
        costs = (0.5 + 0.1 * lengths) * chance.lognormal(0, 0.4, 400)
        order = np.argsort(lengths)[np.arange(5, 400, 10)]
        found = forecast(lengths[order].tolist(), costs[order].tolist(), 400, float(lengths.sum()))
        inside += found.low <= costs.sum() <= found.high
    assert inside >= 370


def test_shards_that_differ_widen_it_and_few_widen_it_more() -> None:
    even = spread_of([(10.0, 100.0)] * 4, 20)
    uneven = spread_of([(10.0, 100.0), (2.0, 100.0), (18.0, 100.0), (9.0, 100.0)], 20)
    assert even.error == pytest.approx(0.0) and uneven.error > 0.1
    assert spread_of([(1.0, 2.0)], 1) == Spread(), "all of them were looked at"
    lengths, costs = [1.0, 2.0, 3.0, 4.0], [1.0, 2.1, 2.9, 4.0]
    found = [forecast(lengths, costs, 100, 250.0, spread) for spread in (even, uneven, Spread(uneven.error, 2))]
    widths = [one.high - one.low for one in found]
    assert widths[0] < widths[1] < widths[2]


def test_too_few_clips_for_a_line_still_give_an_interval() -> None:
    found = forecast([5.0, 5.0], [1.0, 3.0], 10, 50.0)
    assert found.point == pytest.approx(20.0) and found.low == pytest.approx(4.0) and math.isfinite(found.high)
