"""Clips that a pass over the corpus decided against are set aside with its reasons."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Clip, Decision
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage
from asid.pipeline.testing import example
from asid.stages.take import Take, TakeConfig

ROW = example(Clip, id="a", duration=3.0)


def taken(folder: Path, decisions: Mapping[str, Sequence[Decision]] | None = None) -> Clip:
    stage = Take(TakeConfig(), Context(Storage(folder), Prompts(), {}))
    if decisions is not None:
        stage.with_decisions(decisions)
    return asyncio.run(stage.process(ROW))


def test_a_clip_that_nobody_decided_against_goes_on(tmp_path: Path) -> None:
    other = Decision(id="b", value="over_quota", detail="x")
    assert taken(tmp_path) == ROW and taken(tmp_path, {}) == ROW and taken(tmp_path, {"select": [other]}) == ROW


def test_one_that_a_pass_decided_against_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(Unprocessable, match=r"over_quota \(40 of 52 are taken\)") as raised:
        taken(tmp_path, {"select": [Decision(id="a", value="over_quota", detail="40 of 52 are taken")]})
    assert raised.value.kind == "set_aside"


def test_reasons_of_several_passes_stand_in_the_order_of_their_names(tmp_path: Path) -> None:
    with pytest.raises(Unprocessable, match=r"^copy \(y\); over_quota \(x\); again \(z\)"):
        taken(tmp_path, {
            "select": [Decision(id="a", value="over_quota", detail="x"), Decision(id="a", value="again", detail="z")],
            "against": [Decision(id="a", value="copy", detail="y"), Decision(id="b", value="copy", detail="y")],
        })  # fmt: skip


def test_all_clips_may_be_set_aside_unless_told_otherwise() -> None:
    assert TakeConfig().max_failure_rate == 1.0 and TakeConfig(max_failure_rate=0.5).max_failure_rate == 0.5
    with pytest.raises(ValueError, match="less than or equal to 1"):
        TakeConfig(max_failure_rate=1.5)
