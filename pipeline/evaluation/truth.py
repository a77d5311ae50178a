"""A run held against truth: shots, speech, and what the captions say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from asid.pipeline.metrics import captions, shots, speech
from asid.pipeline.rows import Judged, Split, Transcribed
from asid.pipeline.run.folder import Run, RunError

Line = dict[str, Any]  # one video, or all of them; "name" and figures, None where there is nothing to measure


def of_shots(run: Run, truth: Path) -> list[Line]:
    """Precision, recall and F1 of cuts at one frame (0.1 s at a varying rate); gradual transitions apart."""
    found = {row.name: row.shots for row in run.all_rows(_step(run, Split))}
    lines = []
    for score in shots.eval_shots(truth, found):
        line: Line = {"name": score.name}
        for kind, counts in (("cut", score.cuts), ("gradual", score.gradual)):
            line |= {f"{kind}_hits": counts.hits, f"{kind}_missed": counts.missed, f"{kind}_false": counts.false}
            line[f"{kind}_f1"] = counts.f1
        lines.append(line)
    return lines


def of_speech(run: Run, truth: Path) -> list[Line]:
    """WER, cpWER, DER, speakers."""
    figures = speech.eval_speech(truth, run.all_rows(_step(run, Transcribed)))
    return [{"name": name, **line} for name, line in figures.items()]


def of_captions(run: Run, truth: Path) -> list[Line]:
    """Quoted speech, on-screen text, anchors."""
    return captions.table(run.all_rows(_step(run, Judged)), truth)


KINDS: dict[str, Callable[[Run, Path], list[Line]]] = {
    "shots": of_shots,
    "speech": of_speech,
    "captions": of_captions,
}


def _step(run: Run, kind: type) -> str:
    """The first step that makes rows of this type."""
    for name in run.steps:
        if issubclass(run.types(name)[1], kind):
            return name
    raise RunError(f"the run has no step that gives {kind.__name__} rows")
