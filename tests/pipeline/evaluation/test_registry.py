"""Benchmarks and their steps by name, and refusals that say what there is."""

from __future__ import annotations

import pytest

from asid.pipeline.evaluation.benchmark import Benchmark
from asid.pipeline.evaluation.registry import BenchmarkError, benchmarks, contract, find
from asid.pipeline.registry import METRICS, UnknownName


def test_every_benchmark_is_found_by_the_name_that_it_has() -> None:
    names = benchmarks()
    assert {
        "avocado",
        "diadem",
        "dream",
        "elo",
        "following",
        "grounding",
        "qa",
        "salmonn2",
        "ugc",
        "vdc",
        "vidcap",
    } <= set(names)
    assert all(find(name).name == name and isinstance(find(name), Benchmark) for name in names)


def test_a_metric_that_is_no_judged_benchmark_is_refused_with_those_there_are() -> None:
    others = sorted(set(METRICS.names()) - set(benchmarks()))
    assert others
    with pytest.raises(BenchmarkError, match=rf"{others[0]} is no judged benchmark; there are .*qa"):
        find(others[0])


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownName):
        find("qaa")


def test_a_step_is_found_by_benchmark_and_name() -> None:
    assert contract("vdc.grade") is find("vdc").steps["grade"]
    with pytest.raises(BenchmarkError, match=r"vdc has no step 'graded'; it has answer, grade"):
        contract("vdc.graded")
