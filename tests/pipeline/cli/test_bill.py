"""The bill of a run: one line each, their sum, and a price that is not known said as such."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from asid.pipeline.cli.bill import NUMBERS, TEXTS, print_estimate, table, total
from asid.pipeline.models.base import Usage
from asid.pipeline.models.forecast import Interval
from asid.pipeline.models.spend import Line
from asid.pipeline.run.estimate import Estimate

ONE = Line(
    stage="caption",
    model="m",
    attribute="",
    answers=5,
    rejected=1,
    calls=8,
    usage=Usage(input_tokens=100, output_tokens=20),
    usd=0.25,
    seconds=9.0,
    saved=0.125,
)
TWO = replace(
    ONE,
    stage="audit",
    attribute="scene",
    answers=2,
    rejected=0,
    calls=2,
    usage=Usage(input_tokens=7),
    usd=0.5,
    saved=0.0,
)


def cells(*lines: Line) -> list[list[str]]:
    drawn = table(lines)
    return [list(row) for row in zip(*(column.cells for column in drawn.columns), strict=True)]  # type: ignore[arg-type]


def told(estimate: Estimate) -> str:
    sink = io.StringIO()
    print_estimate(Console(file=sink, width=300), estimate)
    return sink.getvalue()


def test_the_sum_is_that_of_all_lines() -> None:
    found = total([ONE, TWO])
    assert (found.stage, found.answers, found.rejected, found.calls, found.retries) == ("all", 7, 1, 10, 2)
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usd, found.saved) == (107, 20, 0.75, 0.125)
    assert (total([]).usd, total([]).answers) == (0, 0)


def test_one_price_that_is_not_known_makes_the_sum_unknown() -> None:
    assert total([ONE, replace(TWO, usd=None)]).usd is None


def test_a_line_for_each_and_the_last_for_all() -> None:
    first, second, last = cells(ONE, replace(TWO, usd=None))
    columns = dict(zip((*TEXTS, *NUMBERS), first, strict=True))
    assert columns == {
        "stage": "caption",
        "model": "m",
        "attribute": "",
        "answers": "5",
        "rejected": "1",
        "retries": "2",
        "input": "100",
        "cached": "",
        "audio": "",
        "video": "",
        "output": "20",
        "thoughts": "",
        "USD": "0.2500",
        "saved": "0.1250",
    }
    assert second[-2:] == ["unknown", ""] and last[0] == "all" and last[-2:] == ["unknown", "0.1250"]


@pytest.mark.parametrize(
    ("seconds", "time"),
    [(0, "0 h 0 min"), (1, "0 h 1 min"), (60, "0 h 1 min"), (3599, "1 h 0 min"), (5401, "1 h 31 min")],
)
def test_an_estimate_says_its_bounds_and_its_least_time(seconds: float, time: str) -> None:
    said = told(Estimate(clips=40, sampled=8, lines=[ONE], seconds=seconds, interval=Interval(1.0, 2.0, 3.5)))
    assert "2.0000 USD, and between 1.0000 and 3.5000 in 95 of 100" in said
    assert f"for 40 clips, by 8 of them; the calls take {time} or longer" in said


def test_without_a_price_there_are_no_bounds() -> None:
    assert "in 95 of 100" not in told(Estimate(clips=1, sampled=1, lines=[], seconds=0, interval=None))


def test_explicit_caches_are_told_and_those_that_failed() -> None:
    def printed(**usage: float) -> str:
        console = Console(width=240)
        with console.capture() as found:
            console.print(table([replace(ONE, usage=Usage(input_tokens=1000, output_tokens=10, **usage))]))  # type: ignore[arg-type]
        return " ".join(found.get().split())

    assert "caches" not in printed()
    told = printed(stored_tokens=9000, stored_token_hours=12.5, uncached=2)
    assert "9000 tokens went into explicit caches" in told
    assert "2 explicit caches could not be made or were gone: their requests went out plain" in told
