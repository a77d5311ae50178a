"""What is done to a row, one file per verb, in the order of the paper's pipeline."""

from __future__ import annotations

import importlib
from typing import Any

# name in a recipe -> module:class
STAGES = {
    "ingest": "stages.ingest:Ingest",
    "split": "stages.split:Splitter",
    "transcribe": "stages.transcribe:Transcribe",
    "cut": "stages.cut:Cut",
    "caption": "stages.caption:Caption",
    "correct": "stages.correct:Correct",
    "tally": "stages.tally:Tally",
    "grade": "stages.grade:Grader",
    "prefer": "stages.prefer:Prefer",
    "ensemble": "stages.ensemble:Ensemble",
    "verify": "stages.verify:Verify",
    "decompose": "stages.decompose:Decompose",
    "audit": "stages.audit:Auditor",
    "refine": "stages.refine:Refine",
    "format": "stages.format:Format",
    "near_duplicates": "stages.near_duplicates:NearDuplicates",
    "filter": "stages.filter:Filter",
}


def names() -> list[str]:
    return list(STAGES)


def load(name: str) -> Any:
    """The stage's class. Raises KeyError for a name that is not here."""
    module, _, attribute = STAGES[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
