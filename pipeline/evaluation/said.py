"""What figures rest on, in words: who judged, with which prompts, how much of what was expected, what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from asid.pipeline.evaluation.judged import BenchmarkFigures
from asid.pipeline.text import counted, plural


def lines(found: BenchmarkFigures) -> Iterator[str]:
    """The lines that stand below the tables."""
    for step, judges in found.judges.items():
        by = "; ".join(f"{by.model} ({by.provider}), prompt {by.prompt}" for by in judges) or "nobody was asked"
        yield f"{step}: {by}"
    yield f"runs: {found.runs}; scored {found.scored} of {found.expected}"
    if found.missing:
        yield f"missing, {found.means}: {counted(found.missing)}"
    if found.faults:
        yield f"records of the files that count for nothing: {counted(found.faults)} (asid failures names them)"
    for note, count in found.notes.items():
        yield f"{plural(count, 'time')}: {note}"
