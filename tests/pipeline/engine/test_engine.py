"""The engine on a real Ray, with toy stages: what streams, what fails, what is done again and what is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import ray

from asid.pipeline.engine import Engine, Result
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.run.folder import Fresh, Run
from tests.toys import recipe, videos
from tests.watching import Watch

WORK: dict[str, Any] = {"stage": "ToyWork"}
NEXT: dict[str, Any] = {"stage": "ToyNext"}


@pytest.fixture(scope="module", autouse=True)
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A Ray of this module's own, seen by the engine as the cluster it belongs to."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


def work(root: Path, manifest: Manifest, **how: Any) -> tuple[Run, Result, Watch]:
    run = Run(root, manifest)
    run.freeze()
    watch = Watch()
    return run, Engine(run, watch).execute(**how), watch


def texts(run: Run, step: str) -> list[tuple[str, str]]:
    return [(row.name, row.text) for row in run.all_rows(step)]


def passes(name: str) -> bool:
    return not name.startswith(("bad", "crash"))


def test_rows_keep_their_order_in_a_shard_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "bad1", "c", "crash1", "d", "unreadable", "e", "f"])
    run, result, _ = work(tmp_path / "run", recipe(source, WORK, NEXT))
    assert not result.stopped
    shards = run.survey().shards
    assert len(shards) == 2
    for shard in shards:
        ids = [row.id for row in run.rows("next", shard)]
        assert ids == [f"{row.id}-{part}" for row in run.rows("ingest", shard) for part in range(2) if passes(row.name)]
    assert sorted(name for name, _ in texts(run, "next")) == [f"{name}.mp4" for name in "abcdef" for _ in range(2)]
    failed = {
        failure.name: failure.kind for step in run.steps for shard in shards for failure in run.failures(step, shard)
    }
    assert failed == {"bad1.mp4": "unprocessable", "crash1.mp4": "crash", "unreadable.mp4": "no_video"}


def test_what_a_stage_says_of_a_crash_is_kept_beside_its_shard(tmp_path: Path) -> None:
    run, _, _ = work(tmp_path / "run", recipe(videos(tmp_path / "in", ["a", "b", "crash1", "d", "e"]), WORK, NEXT))
    logs = {name: run.storage.read(f"run:work/logs/{name}").decode() for name in run.storage.list("run:work/logs")}
    (crash,) = [row.id for shard in run.survey().shards for row in run.failures("work", shard)]
    assert len(logs) == 1 and not list(run.storage.list("run:next/logs"))
    (text,) = logs.values()
    assert crash in text and "ZeroDivisionError: a crash" in text


def test_running_again_does_nothing(tmp_path: Path) -> None:
    manifest = recipe(videos(tmp_path / "in", "abcde"), WORK, NEXT)
    work(tmp_path / "run", manifest)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*.parquet")}
    _, result, watch = work(tmp_path / "run", manifest)
    assert watch.finished_shards == [] and result.shards == 0
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*.parquet")}


def test_a_changed_setting_makes_its_step_and_those_after_it_stale_and_no_other(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", "abcde")
    work(tmp_path / "run", recipe(source, WORK, NEXT, {**NEXT, "name": "last"}))
    changed = recipe(source, WORK, {**NEXT, "word": "new"}, {**NEXT, "name": "last"})
    survey = Run(tmp_path / "run", changed).survey()
    states = {step: {survey.state(step, shard) for shard in survey.shards} for step in survey.run.steps}
    assert states == {"ingest": {"done"}, "work": {"done"}, "next": {"stale"}, "last": {"stale"}}
    run, _, watch = work(tmp_path / "run", changed)
    assert {step for step, _ in watch.finished_shards} == {"next", "last"}
    assert {text for _, text in texts(run, "last")} == {"toy new toy"}


def test_how_a_stage_runs_is_not_what_it_makes(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", "abc")
    plain = Run(tmp_path / "run", recipe(source, WORK))
    other = Run(
        tmp_path / "run", recipe(source, {**WORK, "concurrency": 9, "resources": {"cpus": 2}, "max_workers": 1})
    )
    assert plain.fingerprints == other.fingerprints


def test_a_row_that_kills_its_worker_is_found_and_set_aside(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "kill1", "c", "d"])
    run, result, _ = work(tmp_path / "run", recipe(source, WORK, NEXT))
    assert not result.stopped
    assert {name for name, _ in texts(run, "next")} == {"a.mp4", "b.mp4", "c.mp4", "d.mp4"}
    killed = [failure for shard in run.survey().shards for failure in run.failures("work", shard)]
    assert [failure.kind for failure in killed] == ["killed_worker"]


def test_a_worker_that_dies_once_costs_nothing(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    source = videos(tmp_path / "in", ["a", "once1", "b", "once2", "c"])
    run, result, watch = work(tmp_path / "run", recipe(source, {**WORK, "marks": str(marks)}))
    assert not result.stopped and result.failures == 0
    assert len(texts(run, "work")) == 10
    assert any("died" in line for line in watch.lines)


def test_a_stage_that_cannot_open_stops_at_once_with_the_reason(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", "abc")
    _, result, _ = work(tmp_path / "run", recipe(source, WORK, {"stage": "ToyClosed"}))
    assert list(result.stopped) == ["closed"] and "no weights here" in result.stopped["closed"]


def test_too_many_failures_stop_the_stage(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "bad1", "bad2"])
    _, result, _ = work(tmp_path / "run", recipe(source, {**WORK, "max_failure_rate": 0.5}))
    assert "2 of 3 rows failed" in result.stopped["work"]


def test_failed_rows_can_be_done_again_alone(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "bad1", "b"])
    manifest = recipe(source, WORK)
    run, _, _ = work(tmp_path / "run", manifest)
    failed = next(failure.id for shard in run.survey().shards for failure in run.failures("work", shard))
    before = texts(run, "work")
    _, result, _ = work(tmp_path / "run", manifest, steps=["work"], only=frozenset({failed}), fresh=Fresh(every=True))
    assert result.shards == 1 and texts(run, "work") == before


def test_a_corpus_pass_sees_every_row_and_the_filter_its_decisions(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", "abcdef")
    run, result, _ = work(tmp_path / "run", recipe(source, WORK, {"stage": "ToyPass"}, {"stage": "ToyFilter"}))
    assert not result.stopped
    assert [row.value for row in run.all_rows("corpus")][-1] == "12"
    assert [text for _, text in texts(run, "filter")] == ["toy even", "toy odd"] * 6


def test_workers_of_a_small_cluster_take_turns(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", "abcdef")
    greedy = {"resources": {"cpus": 2}}
    other = {"resources": {"cpus": 1.5}}
    run, result, _ = work(tmp_path / "run", recipe(source, {**WORK, **greedy}, {**NEXT, **other}))
    assert not result.stopped and len(texts(run, "next")) == 12


def test_a_stage_that_asks_for_more_than_there_is_says_so(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", "ab")
    _, result, _ = work(tmp_path / "run", recipe(source, {**WORK, "resources": {"gpus": 4}}))
    assert "4 GPU" in result.stopped["work"] and "0 GPU" in result.stopped["work"]


def test_exact_duplicates_are_folded(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", "ab")
    (source / "copy.mp4").write_text("a")
    run, _, _ = work(tmp_path / "run", recipe(source, WORK))
    rows = list(run.all_rows("ingest"))
    assert len(rows) == 2 and [len(row.duplicates) for row in rows if row.name == "a.mp4"] == [1]
