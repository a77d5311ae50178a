"""What is forgotten is gone everywhere, and all else stays as it is, done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import ray

from asid.pipeline.run.folder import RunError
from asid.pipeline.run.forgetting import find, forget
from tests.pipeline.run.test_listing import files, names, work
from tests.toys import videos

MORE: tuple[dict[str, Any], ...] = ({"stage": "ToyRepeats"}, {"stage": "ToyFilter"})


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Any:
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


def test_its_rows_go_from_every_step_and_everything_else_stays_done(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b", "bad", "c", "d", "e"])
    run, _, _ = work(tmp_path / "run", source, *MORE)
    before = files(tmp_path / "run")
    answers = tmp_path / "run/work/answers/00000/1.jsonl"
    answers.parent.mkdir(parents=True)
    answers.write_text("an answer\n")
    result = forget(run, find(run, ["a.mp4", str(source / "bad.mp4")]))
    assert sorted(result.videos.values()) == ["a.mp4", "bad.mp4"]
    assert answers.read_text() == "an answer\n"
    for step in ("ingest", "work", "next", "filter"):
        assert set(names(run, step)) == {"b.mp4", "c.mp4", "d.mp4", "e.mp4"}
    assert not any(run.failures("work", shard) for shard in run.survey().shards)
    survey = run.survey()
    assert all(survey.whole(step) for step in ("ingest", "work", "next"))
    assert all(survey.done("filter", shard) for shard in survey.shards)
    touched = {name for name, data in files(tmp_path / "run").items() if before.get(name) != data}
    assert not any("00001" in name for name in touched), "the other shard has lost nothing"
    _, _, watch = work(tmp_path / "run", source, *MORE)
    assert watch.finished_shards == [("repeats", "all")], "and the listing does not take them up again"
    assert set(names(run, "filter")) == {"b.mp4", "c.mp4", "d.mp4", "e.mp4"}


def test_its_media_go_but_for_what_others_name(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a", "b"])
    run, _, _ = work(tmp_path / "run", source)
    media = tmp_path / "run/media"
    media.mkdir()
    rows = {row.name: row for row in run.all_rows("ingest")}
    from asid.pipeline.run import shards

    for name in ("own", "shared"):
        (media / name).write_text(name)
    held = {"a.mp4": ("run:media/own", "run:media/shared"), "b.mp4": ("run:media/shared",)}
    uri = run.uri("ingest", "00000")
    footer = shards.footer(run.storage, uri)
    assert footer is not None
    changed = [row.model_copy(update={"duplicates": held[name]}) for name, row in rows.items()]
    shards.write(run.storage, uri, run.types("ingest")[1], changed, footer)
    assert forget(run, find(run, ["a.mp4"]), dry_run=True).rows == 5
    assert (media / "own").exists() and "a.mp4" in names(run, "ingest")
    assert forget(run, find(run, ["a.mp4"])).media == ["run:media/own"]
    assert not (media / "own").exists() and (media / "shared").exists()


def test_a_word_that_means_no_video_is_told_and_changes_nothing(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", ["a"])
    run, _, _ = work(tmp_path / "run", source, steps=["ingest"])
    with pytest.raises(RunError, match=r"z\.mp4"):
        find(run, ["a.mp4", "z.mp4"])
