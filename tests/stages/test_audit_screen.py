"""A cheap auditor is asked first, and the strong one where it may be wrong."""

from __future__ import annotations

import asyncio
import math
import random
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking.screening import SampledAudit, choose, positives_needed, tail, upper_bound
from asid.pipeline.models.base import Request
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Audited
from asid.pipeline.stage import Context
from asid.pipeline.storage import Storage
from asid.stages.audit import AuditConfig, Auditor
from tests.kits.asking_kit import Scripted, decomposed

FAULT = {"errors": [{"snippet": "pans", "why": "it does not"}], "missing": [], "expressiveness": []}


def audited(tmp_path: Path, **settings: Any) -> tuple[Audited, Scripted, Scripted]:
    def suspicion(request: Request) -> dict[str, float]:
        return {"suspicion": 80 if request.attribute in ("camera", "speech") else 5}

    strong, cheap = Scripted(lambda _: FAULT), Scripted(suspicion)
    config = AuditConfig(model="strong", screen="cheap", settings={"temperature": 0.5}, **settings)
    stage = Auditor(config, Context(Storage(tmp_path), Prompts(), {"strong": strong, "cheap": cheap}))
    stage.open()
    return asyncio.run(stage.process(decomposed(tmp_path))), strong, cheap


def test_below_the_threshold_the_strong_one_is_not_asked(tmp_path: Path) -> None:
    row, strong, cheap = audited(tmp_path, threshold=50)
    assert {request.attribute for request in strong.requests} == {"camera", "speech"}
    assert len(cheap.requests) == 8 and all(request.settings == {} for request in cheap.requests)
    found = {audit.attribute: audit for audit in row.audits}
    assert found["camera"].errors and found["camera"].suspicion == 80
    assert not found["scene"].errors and found["scene"].suspicion == 5


def test_without_a_threshold_both_are_asked_about_everything(tmp_path: Path) -> None:
    row, strong, cheap = audited(tmp_path)
    assert len(strong.requests) == len(cheap.requests) == 8
    assert all(audit.errors and audit.suspicion is not None for audit in row.audits)


def test_the_tail_and_the_bound_are_the_exact_ones() -> None:
    by_hand = sum(math.comb(20, k) * 0.1**k * 0.9 ** (20 - k) for k in range(3))
    assert tail(2, 20, 0.1) == pytest.approx(by_hand)
    assert upper_bound(0, 59, 0.95) == pytest.approx(1 - 0.05 ** (1 / 59), rel=1e-6)
    assert upper_bound(3, 100, 0.95) == pytest.approx(0.0757, abs=5e-4)  # Clopper-Pearson, as tables have it
    assert positives_needed(0.95, 0.95) == 59


def test_a_threshold_holds_the_recall_with_the_confidence_and_a_useless_screen_saves_nothing() -> None:
    broken, saved = 0, []
    for seed in range(200):
        chance = random.Random(seed)
        faulty = [chance.random() < 0.3 for _ in range(700)]
        sample = [SampledAudit(chance.gauss(3.0 if bad else 0.0, 1.0), bad) for bad in faulty]
        found = choose(sample, 0.9, 0.9)
        assert found.is_useful and found.bound >= 0.9
        saved.append(found.saved)
        recall = 0.5 * math.erfc((found.value - 3.0) / math.sqrt(2))
        broken += recall < 0.9
    assert broken <= 0.1 * 200 and min(saved) > 0.4
    chance = random.Random(0)
    useless = choose([SampledAudit(chance.random(), chance.random() < 0.3) for _ in range(700)], 0.95, 0.95)
    assert not useless.is_useful and "too badly" in useless.why
    few = choose([SampledAudit(1.0, True)] * 20 + [SampledAudit(0.0, False)] * 100, 0.95, 0.95)
    assert not few.is_useful and "59 are needed" in few.why
