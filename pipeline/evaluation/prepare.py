"""From the files of a command line to the cases that are judged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asid.pipeline.evaluation.benchmark import Benchmark
from asid.pipeline.evaluation.benchmarks import elo
from asid.pipeline.evaluation.files import DataError, is_run, short_key
from asid.pipeline.evaluation.intake import DataIntake
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
    data: Path | None,
    captions: Sequence[str],
    runs: int,
    intake: DataIntake,
    name: str = "",
    annotator: str = "",
    videos: Path | None = None,
) -> Prepared:
    """Read the files and join captions to the benchmark's cases. Raises DataError."""
    if data is not None and not data.exists():
        raise DataError(f"there is no {data}: --data takes {benchmark.data}")
    if benchmark.pairs:
        return _pairs(benchmark, data, captions, intake, annotator, videos)
    if data is None and len(captions) == 1 and is_run(Path(captions[0])):
        data = Path(captions[0])
    if data is None or len(captions) != 1:
        raise DataError(f"{benchmark.name} needs --data ({benchmark.data}) and one --captions: a file, dataset or run")
    references = benchmark.load(data, intake)
    if is_run(data) and all(reference.is_empty for reference in references):
        raise DataError(f"the input list of {data} has no column that {benchmark.name} reads (docs/benchmarks.md), or "
                        f"of no whole video: name a file with --data ({benchmark.data})")  # fmt: skip
    found = load_predictions(captions[0], benchmark, intake, annotator)
    cases = join(benchmark, references, found, runs, intake)
    if name:
        cases = [case.model_copy(update={"system": name}) for case in cases]
    return Prepared(name or found.system, _with_clips(cases, videos, benchmark, intake), list(benchmark.steps))


def _pairs(
    benchmark: Benchmark,
    data: Path | None,
    captions: Sequence[str],
    intake: DataIntake,
    annotator: str,
    videos: Path | None,
) -> Prepared:
    """Votes of a file, or each pair of systems for a judge."""
    if (data is None) == (not captions):
        raise DataError(f"{benchmark.name} takes either --data ({benchmark.data}) or --captions for each system")
    if data is not None:
        references = benchmark.load(data, intake)
        votes = [elo.case(one.video, f"{one.video}/{one.part}", dict(one.groups)) for one in references]
        return Prepared("", votes, [])
    systems = [load_predictions(source, benchmark, intake, annotator) for source in captions]
    cases = list(elo.pair(systems, intake))
    return Prepared("", _with_clips(cases, videos, benchmark, intake), list(benchmark.steps))


def _with_clips(cases: Sequence[Case], folder: Path | None, benchmark: Benchmark, intake: DataIntake) -> Sequence[Case]:
    """The cases with their clips, where a folder of them is named and a judge looks at them."""
    if folder is None:
        return cases
    if not benchmark.sees:
        raise DataError(f"no judge of {benchmark.name} looks at videos: leave --videos out")
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}")
    files = {short_key(file.name): file for file in sorted(folder.rglob("*")) if short_key(file.name) != file.name}
    made = []
    for case in cases:
        file = files.get(short_key(case.video))
        if file is None:
            intake.note("clips that are not in the folder of videos: their judge is shown the words alone")
        made.append(case if file is None else case.model_copy(update=_clip(file)))
    return made


def _clip(file: Path) -> dict[str, str]:
    with file.open("rb") as stream:
        return {"clip": file.absolute().as_uri(), "clip_sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
