"""The verdict has its reasons, and dropped clips stay."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.models.base import Transient
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Decision, Formatted, Judged, Refined, grow, joined
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage
from asid.stages.filter import Filter, FilterConfig
from tests.kits.asking_kit import CAPTION, PARTS, Scripted, audited, drafted


def formatted(tmp_path: Path, **changes: Any) -> Formatted:
    values: dict[str, Any] = {
        "caption": CAPTION,
        "captions": PARTS,
        "edits": (),
        "mends": (),
        "quotes": (),
        "remaining": (),
    }
    return grow(audited(tmp_path), joined(Refined, Formatted), **(values | changes))


def judged(row: Formatted, tmp_path: Path, model: Any = None, decisions: Any = None, **settings: Any) -> Judged:
    config = FilterConfig(model="m" if model else "", **settings)
    assert Filter.models(config) == (["m"] if model else [])
    stage = Filter(config, Context(Storage(tmp_path), Prompts(), {"m": model} if model else {}))
    stage.open()
    if decisions is not None:
        stage.with_decisions(decisions)
    return asyncio.run(stage.process(row))


def test_without_a_judge_nobody_is_asked(tmp_path: Path) -> None:
    row = judged(formatted(tmp_path), tmp_path)
    assert (row.kept, row.reasons, row.completeness) == (True, (), 0)
    assert Filter.prompts(FilterConfig()) == []


def test_a_dropped_clip_stays_with_its_reasons(tmp_path: Path) -> None:
    row = judged(formatted(tmp_path, caption="no"), tmp_path, languages=("de",))
    assert not row.kept
    assert [reason.rule for reason in row.reasons] == ["length", "language"]
    assert row.caption == "no"


@pytest.mark.parametrize(("grade", "kept"), [(5, True), (4, True), (3, False)])
def test_the_judge_grades_completeness(tmp_path: Path, grade: int, kept: bool) -> None:
    model = Scripted({"completeness": grade, "why": "x"})
    row = judged(formatted(tmp_path), tmp_path, model)
    assert (row.kept, row.completeness) == (kept, grade)
    (request,) = model.requests
    assert request.task == "judge"
    assert f'<evidence kind="caption">\n{CAPTION}\n</evidence>' in request.prompt
    assert "At 0s, a kettle hums." in request.prompt


def test_an_answer_that_is_no_grade_is_asked_for_again_and_then_fails_the_row(tmp_path: Path) -> None:
    model = Scripted({"completeness": 9, "why": "x"}, {"completeness": 5, "why": "x"})
    assert judged(formatted(tmp_path), tmp_path, model).completeness == 5
    with pytest.raises(Unprocessable) as failure:
        judged(formatted(tmp_path), tmp_path, Scripted(*["five"] * 3))
    assert failure.value.kind == "invalid_answer"
    with pytest.raises(Unprocessable) as failure:
        judged(formatted(tmp_path), tmp_path, Scripted(Transient("busy")))
    assert failure.value.kind == "unavailable"


def test_an_empty_caption_is_graded_without_asking(tmp_path: Path) -> None:
    row = judged(formatted(tmp_path, caption=" "), tmp_path, Scripted())
    assert row.completeness == 1
    assert [reason.rule for reason in row.reasons] == ["length", "completeness"]


def test_decisions_of_corpus_passes_drop_the_clips_they_name(tmp_path: Path) -> None:
    row = formatted(tmp_path)
    copy = Decision(id=row.id, value="duplicate_of:other", detail="stills differ by 1.0 of 64 bits")
    other = Decision(id="elsewhere", value="duplicate_of:other", detail="")
    assert judged(row, tmp_path, decisions={"near_duplicates": (other,)}).kept
    dropped = judged(row, tmp_path, decisions={"near_duplicates": (other, copy), "quota": ()})
    assert [(reason.rule, reason.detail) for reason in dropped.reasons] == [
        ("duplicate_of", "other stills differ by 1.0 of 64 bits")
    ]


def test_a_clip_that_nobody_audited_is_judged_by_the_other_rules(tmp_path: Path) -> None:
    new = {"caption": CAPTION, "mends": (), "quotes": (), "remaining": ()}
    row = judged(grow(drafted(tmp_path), Formatted, **new), tmp_path)
    assert row.kept and type(row) is Judged
    short = judged(grow(drafted(tmp_path), Formatted, **(new | {"caption": "At 0s, a cup."})), tmp_path)
    assert [reason.rule for reason in short.reasons] == ["length"]
