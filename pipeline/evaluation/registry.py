"""The benchmarks by name: the shipped ones, or any other as `module:attribute`."""

from __future__ import annotations

import importlib

from asid.pipeline.errors import UserError
from asid.pipeline.evaluation.benchmark import Benchmark
from asid.pipeline.evaluation.contracts import Contract

# name -> module:attribute, in the order in which they are listed
BENCHMARKS = {
    "diadem": "asid.pipeline.evaluation.benchmarks.diadem:DIADEM",
    "salmonn2": "asid.pipeline.evaluation.benchmarks.salmonn2:SALMONN2",
    "avocado": "asid.pipeline.evaluation.benchmarks.avocado:AVOCADO",
    "following": "asid.pipeline.evaluation.benchmarks.following:FOLLOWING",
    "qa": "asid.pipeline.evaluation.benchmarks.qa:QA",
    "grounding": "asid.pipeline.evaluation.benchmarks.grounding:GROUNDING",
    "ugc": "asid.pipeline.evaluation.benchmarks.ugc:UGC",
    "vdc": "asid.pipeline.evaluation.benchmarks.vdc:VDC",
    "vidcap": "asid.pipeline.evaluation.benchmarks.vidcap:VIDCAP",
    "dream": "asid.pipeline.evaluation.benchmarks.dream:DREAM",
    "elo": "asid.pipeline.evaluation.benchmarks.elo:ELO",
}


class BenchmarkError(UserError):
    """There is no such benchmark, or no such step in it."""


def find(name: str) -> Benchmark:
    """The benchmark of a name. Raises BenchmarkError."""
    place = name if ":" in name else BENCHMARKS.get(name, "")
    module, _, attribute = place.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute) if place else None
    except (ImportError, AttributeError) as error:
        raise BenchmarkError(f"the benchmark {name} cannot be loaded: {error}") from error
    if not isinstance(found, Benchmark):
        raise BenchmarkError(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}, or module:attribute")
    return found


def contract(path: str) -> Contract:
    """The contract of one step, named as NAME.STEP. Raises BenchmarkError."""
    name, _, step = path.rpartition(".")
    steps = find(name).steps
    if step not in steps:
        raise BenchmarkError(f"{name} has no step {step!r}; it has {', '.join(steps)}")
    return steps[step]
