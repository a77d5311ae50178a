"""What stands below the tables: who judged, and what is missing."""

from __future__ import annotations

from typing import Any

from asid.pipeline.evaluation.judged import BenchmarkFigures
from asid.pipeline.evaluation.said import lines
from tests.kits.casekit import BY


def figures(**changed: Any) -> BenchmarkFigures:
    values: dict[str, Any] = {
        "benchmark": "qa", "system": "mine", "tables": (), "judges": {"answer": [BY]}, "runs": 1, "expected": 9,
        "scored": 9, "missing": {}, "means": "counted as wrong", "faults": {}, "notes": {},
    }  # fmt: skip
    return BenchmarkFigures(**(values | changed))


def test_a_whole_run_says_who_judged_and_how_much() -> None:
    assert list(lines(figures())) == ["answer: tiny (scripted), prompt 0123", "runs: 1; scored 9 of 9"]


def test_what_is_missing_is_told_with_what_it_counts_as() -> None:
    said = list(lines(figures(scored=6, missing={"no_caption": 2, "refusal": 1})))
    (line,) = [one for one in said if one.startswith("missing")]
    assert "counted as wrong" in line and "2" in line and "no_caption" in line and "refusal" in line
    assert "scored 6 of 9" in said[1]


def test_faults_and_notes_have_their_lines() -> None:
    said = list(lines(figures(faults={"no_id": 3}, notes={"spans turned round": 1, "ids read as text": 2})))
    assert "asid failures" in said[2] and "no_id" in said[2]
    assert said[3:] == ["1 time: spans turned round", "2 times: ids read as text"]


def test_a_step_that_asked_nobody_says_so() -> None:
    assert next(lines(figures(judges={"answer": []}))) == "answer: nobody was asked"
