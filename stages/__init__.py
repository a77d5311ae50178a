"""What is done to a row, one file per verb, in the order of the paper's pipeline."""

from __future__ import annotations

from collections.abc import Mapping

# Names in a recipe, and where their classes are.
STAGES: Mapping[str, str] = {
    "ingest": "asid.stages.ingest:Ingest",
    "split": "asid.stages.split:Splitter",
    "transcribe": "asid.stages.transcribe:Transcribe",
    "cut": "asid.stages.cut:Cut",
    "whole": "asid.stages.whole:Whole",
    "select": "asid.stages.select:Select",
    "against": "asid.stages.against:Against",
    "take": "asid.stages.take:Take",
    "caption": "asid.stages.caption:Caption",
    "correct": "asid.stages.correct:Correct",
    "tally": "asid.stages.tally:Tally",
    "grade": "asid.stages.grade:Grader",
    "prefer": "asid.stages.prefer:Prefer",
    "ensemble": "asid.stages.ensemble:Ensemble",
    "verify": "asid.stages.verify:Verify",
    "decompose": "asid.stages.decompose:Decompose",
    "audit": "asid.stages.audit:Auditor",
    "refine": "asid.stages.refine:Refine",
    "format": "asid.stages.format:Format",
    "near_duplicates": "asid.stages.near_duplicates:NearDuplicates",
    "filter": "asid.stages.filter:Filter",
    "cases": "asid.stages.cases:Cases",
    "judge": "asid.stages.judge:CaseJudge",
}
