"""From the files of a command line to the cases that are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asid.pipeline.evaluation.benchmark import Benchmark
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import Intake
from asid.pipeline.evaluation.predictions import join, load_predictions
from asid.pipeline.evaluation.rows import Case


@dataclass(frozen=True)
class Prepared:
    """`steps`: those that have a model to ask."""

    system: str
    cases: Sequence[Case]
    steps: Sequence[str]


def prepare(
    benchmark: Benchmark,
    data: Path,
    captions: Sequence[str],
    runs: int,
    intake: Intake,
    name: str = "",
    annotator: str = "",
    videos: Path | None = None,
) -> Prepared:
    """Read the files and join captions to the benchmark's cases. Raises DataError."""
    if not data.exists():
        raise DataError(f"there is no {data}: --data takes {benchmark.data}")
    if len(captions) > 1 and not benchmark.pairs:
        raise DataError(f"{benchmark.name} scores one set of captions: name one --captions, and another --run for each")
    references = benchmark.load(data, intake)
    found = load_predictions(captions[0], benchmark, intake, annotator)
    cases = join(benchmark, references, found, runs, intake)
    if name:
        cases = [case.model_copy(update={"system": name}) for case in cases]
    return Prepared(name or found.system, cases, list(benchmark.steps))
