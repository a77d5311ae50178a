"""Audits and power beside a run: figures are kept under audits/, shards are not touched, mistakes are named."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from asid.pipeline.auditing import side
from asid.pipeline.auditing.power import RULES
from asid.pipeline.run.folder import Run, RunError
from tests.samples import make

SAID = 'At 1s, a man says, "hello there". At 5s, a dog barks at the gate.'


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make(tmp_path / "run", videos=2, clips=2, caption=SAID)


def shards(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(folder.rglob("*.parquet"))}  # fmt: skip


def test_nothing_is_known_of_a_run_that_nobody_audited(run: Run) -> None:
    assert side.measured(run) == [] and side.powers(run) == []


def test_the_power_of_rules_is_measured_kept_and_replaced(run: Run, tmp_path: Path) -> None:
    before = shards(tmp_path / "run")
    found = side.power(run, RULES, each=1, seed=3)
    assert found and {one.model for one in found} == {RULES}
    assert side.powers(run) == found and (tmp_path / "run" / "audits" / "power.json").is_file()
    again = side.power(run, RULES, each=2, seed=4)
    assert side.powers(run) == again  # not beside the old ones
    assert shards(tmp_path / "run") == before


def test_the_same_seed_gives_the_same_figures(run: Run) -> None:
    assert side.power(run, RULES, each=1, seed=7) == side.power(run, RULES, each=1, seed=7)


def test_a_model_that_the_manifest_lacks_is_named_with_those_it_has(run: Run) -> None:
    for ask in (lambda: side.power(run, "nobody", 1, 0), lambda: side.audit(run, "nobody", ["refined"], 1, 0)):
        with pytest.raises(RunError, match=f"no model nobody; it has .*{RULES}"):
            ask()


def test_a_point_that_is_no_stage_and_no_annotator_is_named_with_those_there_are(run: Run) -> None:
    with pytest.raises(RunError, match=r"dreams is neither .*draft.*sight, sound"):
        side.audit(run, "nobody", ["draft", "dreams"], 1, 0)


def test_a_run_without_captions_is_told_to_go_on(tmp_path: Path) -> None:
    empty = make(tmp_path / "empty", videos=0)
    for ask in (lambda: side.power(empty, RULES, 1, 0), lambda: side.audit(empty, "m", ["draft"], 1, 0)):
        with pytest.raises(RunError, match=r"asid run --run FOLDER"):
            ask()
