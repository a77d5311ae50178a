"""Whether a run may leave the house: what is unfinished, stale or failed too often is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.run.completeness import finished_shards, lacks
from asid.pipeline.run.folder import Run, RunError
from tests import samples


def with_rate(run: Run, rate: float) -> Run:
    return Run(run.storage.root, run.manifest.model_copy(update={"max_failure_rate": rate}))


def test_a_whole_run_gives_all_its_shards(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=4, clips=1)
    assert finished_shards(run) == ["00000", "00001"]
    assert list(lacks(run, run.survey())) == []


def test_what_is_pending_is_told_and_left_out_when_asked(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=6, clips=1)
    run.storage.delete(run.uri("finish", "00001"))
    with pytest.raises(RunError, match=r"finish: 1 shard pending\n.*asid run --run .*--unfinished"):
        finished_shards(run)
    assert finished_shards(run, anyway=True) == ["00000", "00002"]


def test_what_other_settings_made_is_stale_and_no_part_of_the_dataset(tmp_path: Path) -> None:
    before = samples.make(tmp_path / "run", videos=2, clips=1)
    recipe = (before.manifest.recipe[0], {**before.manifest.recipe[1], "word": "other"})
    run = Run(before.storage.root, before.manifest.model_copy(update={"recipe": recipe}))
    with pytest.raises(RunError, match=r"finish: .*1 shard stale"):
        finished_shards(run)
    assert finished_shards(run, anyway=True) == []


def test_more_failures_than_allowed_are_told_with_their_share(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=2, clips=1)
    rows = run.rows("ingest", "00000")
    samples.write(run, "00000", rows, [[samples.judged(rows[0], 0)], []], 1)  # the second has failed
    assert finished_shards(with_rate(run, 0.5)) == ["00000"]
    with pytest.raises(RunError, match="finish: 1 of 2 rows failed, more than 40%"):
        finished_shards(with_rate(run, 0.4))
    assert finished_shards(with_rate(run, 0.4), anyway=True) == ["00000"]


def test_a_run_that_ends_in_no_judged_clips_makes_no_dataset(tmp_path: Path) -> None:
    made = Manifest.model_validate({"inputs": ["x"], "recipe": [{"stage": "tests.toys:ToyIngest"}]})
    with pytest.raises(RunError, match="the run ends in ingest"):
        finished_shards(Run(tmp_path / "run", made), anyway=True)
