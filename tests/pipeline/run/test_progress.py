"""How the work on a run ended."""

from __future__ import annotations

import pytest

from asid.pipeline.run.progress import Result


@pytest.mark.parametrize(
    ("result", "early"),
    [
        (Result(), False),
        (Result(failures=3, rows=0), False),  # failed rows alone end no run
        (Result(stopped={"cut": "no disk"}), True),
        (Result(out_of_budget="5 USD are spent"), True),
    ],
)
def test_a_run_ended_early_when_a_step_was_given_up_or_the_money_spent(result: Result, early: bool) -> None:
    assert result.ended_early is early


def test_two_results_share_nothing() -> None:
    one, two = Result(), Result()
    one.stopped["cut"] = "no disk"
    assert not two.ended_early and two.samples is None
