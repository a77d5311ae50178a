"""A run that grows: what is new is taken up, and what was done for the old stands as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import ray

from asid.pipeline.engine import Engine, Result
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from tests.toys import recipe, videos
from tests.watching import Watch

STEPS: list[dict[str, Any]] = [{"stage": "ToyWork"}, {"stage": "ToyNext"}]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Any:
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


def work(root: Path, source: Path, *more: dict[str, Any], **how: Any) -> tuple[Run, Result, Watch]:
    run = Run(root, recipe(source, *STEPS, *more))
    run.freeze()
    watch = Watch()
    return run, Engine(run, watch).execute(**how), watch


def files(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*.parquet")}


def names(run: Run, step: str = "next") -> list[str]:
    return [row.name for row in run.all_rows(step)]


def test_new_files_make_new_shards_and_touch_no_old_one(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "unreadable", "c"])
    work(tmp_path / "run", source)
    before = files(tmp_path / "run")
    videos(source, ["0first", "z"])
    run, result, watch = work(tmp_path / "run", source)
    assert not result.stopped
    after = files(tmp_path / "run")
    assert before.items() <= after.items()
    new = {shard for _, shard in watch.finished_shards if shard.isdigit()}
    assert len(new) == 1 and not new & {Path(name).stem for name in before}
    assert set(names(run)) == {"a.mp4", "b.mp4", "c.mp4", "0first.mp4", "z.mp4"}
    _, _, third = work(tmp_path / "run", source)
    assert third.finished_shards == [] and files(tmp_path / "run") == after


def test_the_same_videos_taken_at_once_or_one_by_one_give_the_same_rows(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b"])
    for name in ("c", "d"):
        work(tmp_path / "grown", source)
        videos(source, [name])
    grown, _, _ = work(tmp_path / "grown", source)
    whole, _, _ = work(tmp_path / "whole", source)
    assert sorted(grown.all_rows("next"), key=repr) == sorted(whole.all_rows("next"), key=repr)


def test_a_copy_of_a_video_that_is_there_is_no_new_one_and_is_looked_at_once(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b"])
    work(tmp_path / "run", source)
    before = files(tmp_path / "run")
    (source / "copy.mp4").write_bytes((source / "a.mp4").read_bytes())
    run, _, _ = work(tmp_path / "run", source)
    assert sorted(names(run)) == ["a.mp4", "a.mp4", "b.mp4", "b.mp4"]
    assert before.items() <= files(tmp_path / "run").items()
    _, _, again = work(tmp_path / "run", source)
    assert again.finished_shards == []


def test_a_file_that_was_missing_is_taken_once_it_is_there(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a"])
    (source / "late.mp4").symlink_to(tmp_path / "late")
    run, _, _ = work(tmp_path / "run", source)
    assert [failure.kind for shard in run.survey().shards for failure in run.failures("ingest", shard)] == [
        "dangling_link"
    ]
    (tmp_path / "late").write_text("late")
    run, _, _ = work(tmp_path / "run", source)
    assert set(names(run)) == {"a.mp4", "late.mp4"}
    assert not [failure for shard in run.survey().shards for failure in run.failures("ingest", shard)]


def test_a_video_keeps_its_shard_when_all_is_probed_anew(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", [f"v{number}" for number in range(6)])
    work(tmp_path / "run", source)
    videos(source, ["0"])
    work(tmp_path / "run", source)
    run = Run(tmp_path / "run", recipe(source, *STEPS))
    homes = {row.name: shard for shard in run.survey().shards for row in run.rows("ingest", shard)}
    digests = {mark.digest for mark in run.survey().footers.values()}
    _, _, watch = work(tmp_path / "run", source, steps=["ingest"], force=True)
    assert {row.name: shard for shard in run.survey().shards for row in run.rows("ingest", shard)} == homes
    assert {mark.digest for mark in run.survey().footers.values()} == digests
    _, _, watch = work(tmp_path / "run", source)
    assert watch.finished_shards == [], "the same rows: nothing after ingest is stale"


def test_inputs_that_are_gone_do_not_take_the_run_with_them(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b"])
    work(tmp_path / "run", source, steps=["ingest", "work"])
    source.rename(tmp_path / "elsewhere")
    run, result, watch = work(tmp_path / "run", source)
    assert not result.stopped and set(names(run)) == {"a.mp4", "b.mp4"}
    assert any("nothing at" in line for line in watch.lines)


def test_a_run_inside_its_own_input_does_not_take_up_what_it_has_made(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b"])
    run, _, _ = work(source / "run", source)
    videos(source / "run" / "media" / "clips", ["made"])
    run, _, watch = work(source / "run", source)
    assert watch.finished_shards == [] and set(names(run)) == {"a.mp4", "b.mp4"}


def test_a_corpus_pass_makes_only_those_shards_stale_whose_rows_it_speaks_of(tmp_path: Path) -> None:
    more = ({"stage": "ToyRepeats"}, {"stage": "ToyFilter"})
    source = videos(tmp_path / "in", ["a", "b", "c"])
    work(tmp_path / "run", source, *more)
    before = files(tmp_path / "run")
    videos(source, ["d"])
    run, result, _ = work(tmp_path / "run", source, *more)
    assert not result.stopped and all(run.survey().whole(step) for step in run.steps)
    changed = {name for name, data in before.items() if files(tmp_path / "run")[name] != data}
    assert changed == {"repeats/all.parquet"}


def test_a_run_made_before_runs_could_grow_stays_done_and_grows(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "unreadable"])
    run, _, _ = work(tmp_path / "run", source)
    old_way(run)
    before = files(tmp_path / "run")
    run, _, watch = work(tmp_path / "run", source)
    assert watch.finished_shards == [] and files(tmp_path / "run") == before
    videos(source, ["c"])
    run, _, _ = work(tmp_path / "run", source)
    assert set(names(run)) == {"a.mp4", "b.mp4", "c.mp4"}
    assert before.items() <= files(tmp_path / "run").items()


def old_way(run: Run) -> None:
    """Make of a run what versions before this one wrote: inputs in the fingerprint, no list of addresses."""
    (run_json := Path(run.storage.root.removeprefix("file://")) / "run.json").write_text('{"format": "1"}')
    before = Run(run_json.parent, run.manifest)
    assert before.fingerprints != run.fingerprints
    for step in run.steps:
        for shard in run.shard_names(step):
            footer = shards.footer(run.storage, run.uri(step, shard))
            assert footer is not None
            old = footer.model_copy(update={"fingerprint": before.fingerprints[step], "listed": []})
            shards.write(run.storage, run.uri(step, shard), run.types(step)[1], run.rows(step, shard), old)


def test_a_changed_file_is_a_new_video_and_the_old_rows_stay(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "c"])
    work(tmp_path / "run", source)
    before = files(tmp_path / "run")
    (source / "b.mp4").write_text("b with other bytes")
    run, _, watch = work(tmp_path / "run", source)
    assert before.items() <= files(tmp_path / "run").items()
    assert sorted(names(run)) == ["a.mp4"] * 2 + ["b.mp4"] * 4 + ["c.mp4"] * 2
    assert any("1 file changed: b.mp4" in line for line in watch.lines)
    _, _, again = work(tmp_path / "run", source)
    assert again.finished_shards == [] and not any("changed" in line for line in again.lines)


def test_a_file_that_is_only_written_again_is_looked_at_once_and_is_no_new_video(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b"])
    work(tmp_path / "run", source)
    os.utime(source / "a.mp4", (1, 1))
    run, _, watch = work(tmp_path / "run", source)
    assert sorted(names(run)) == ["a.mp4", "a.mp4", "b.mp4", "b.mp4"]
    assert not any("changed:" in line or "moved:" in line for line in watch.lines)
    _, _, again = work(tmp_path / "run", source)
    assert again.finished_shards == []


def test_a_file_that_moved_is_the_same_video_and_is_found_where_it_lies_now(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b"])
    run, _, _ = work(tmp_path / "run", source)
    before = files(tmp_path / "run")
    (source / "later").mkdir()
    (source / "a.mp4").rename(source / "later" / "z.mp4")
    run, _, watch = work(tmp_path / "run", source)
    assert before.items() <= files(tmp_path / "run").items()
    assert sorted(names(run)) == ["a.mp4", "a.mp4", "b.mp4", "b.mp4"]
    assert any("1 file moved: z.mp4" in line for line in watch.lines)
    assert not any("gone" in line for line in watch.lines)
    old = next(row for row in run.all_rows("ingest") if row.name == "a.mp4")
    assert run.storage.exists(old.uri) and run.storage.local(old.uri).read_text() == "a"
    _, _, again = work(tmp_path / "run", source)
    assert again.finished_shards == [] and not any("gone" in line or "moved:" in line for line in again.lines)


def test_what_is_gone_is_said_and_keeps_its_rows(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "c", "d", "e"])
    work(tmp_path / "run", source)
    before = files(tmp_path / "run")
    for name in "abcd":
        (source / f"{name}.mp4").unlink()
    run, _, watch = work(tmp_path / "run", source)
    assert files(tmp_path / "run") == before
    assert any("4 files gone:" in line and "and 1 more" in line and "asid forget" in line for line in watch.lines)
    work(tmp_path / "run", source, steps=["ingest"], force=True)
    assert sorted(set(names(run, "ingest"))) == [f"{name}.mp4" for name in "abcde"]


def test_a_broken_file_that_changes_is_tried_again_and_fails_once(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "unreadable"])
    work(tmp_path / "run", source)
    run = Run(tmp_path / "run", recipe(source, *STEPS))
    assert sum(len(run.failures("ingest", shard)) for shard in run.survey().shards) == 1
    (source / "unreadable.mp4").write_text("still so, with other bytes")
    work(tmp_path / "run", source)
    assert sum(len(run.failures("ingest", shard)) for shard in run.survey().shards) == 1
