"""The judged benchmarks among the metrics, by name."""

from __future__ import annotations

from asid.pipeline.errors import UserError
from asid.pipeline.evaluation.benchmark import Benchmark
from asid.pipeline.evaluation.contracts import Contract
from asid.pipeline.registry import METRICS


class BenchmarkError(UserError):
    """There is no such benchmark, or no such step in it."""


def benchmarks() -> list[str]:
    """Name the judged benchmarks that there are."""
    return [name for name in METRICS.names() if isinstance(METRICS.find(name), Benchmark)]


def find(name: str) -> Benchmark:
    """The benchmark of a name. Raises UnknownName and BenchmarkError."""
    found = METRICS.find(name)
    if not isinstance(found, Benchmark):
        raise BenchmarkError(f"{name} is no judged benchmark; there are {', '.join(benchmarks())}")
    return found


def contract(path: str) -> Contract:
    """The contract of one step, named as NAME.STEP. Raises BenchmarkError."""
    name, _, step = path.rpartition(".")
    steps = find(name).steps
    if step not in steps:
        raise BenchmarkError(f"{name} has no step {step!r}; it has {', '.join(steps)}")
    return steps[step]
