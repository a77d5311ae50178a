"""Runs from Python, on toy stages: what a call gives, tells, refuses and leaves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

import asid
from asid.pipeline import api
from asid.pipeline.api import changes, named
from asid.pipeline.asking import exchange
from tests import samples
from tests.kits.modelkit import Caption, Listed, replaying, request, stored
from tests.toys import recipe, videos

NAMES = ["a", "bad1", "c"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A Ray of this module's own, seen as the cluster that the process belongs to."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


@pytest.mark.cluster
@pytest.mark.usefixtures("cluster")
def test_a_run_is_worked_told_of_and_looked_at(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    manifest = recipe(videos(tmp_path / "in", NAMES), {"stage": "ToyWork"}, {"stage": "ToyNext"})
    events: list[asid.Event] = []
    result = asid.run(manifest, run=tmp_path / "run", settings={"recipe.work.word": "hat"}, progress=events.append)
    assert capfd.readouterr() == ("", ""), "only the callback hears of it"
    assert (result.folder, result.failures, result.samples) == (str(tmp_path / "run"), 1, None)
    assert not result.ended_early
    (told,) = [event for event in events if event.step == "work"]
    assert (told.shard, told.rows, told.failures, told.done, told.total) == ("00000", 4, 1, 1, 1)
    assert told.message.startswith("work/00000: 3 rows in, 4 out, 1 failed, ")
    assert "loading Ray" in [event.message for event in events]

    view = asid.open(tmp_path / "run")
    assert view.steps == ("ingest", "work", "next")
    assert [row.text for row in view.rows("next")] == ["hat toy"] * 4
    assert [(failure.name, failure.kind) for failure in view.failures()] == [("bad1.mp4", "unprocessable")]
    assert list(view.failures("next")) == []
    assert [(step.name, step.state, step.rows, step.failed) for step in view.status()] == [
        ("ingest", "done", 3, 0), ("work", "done", 4, 1), ("next", "done", 4, 0)]  # fmt: skip
    for ask in (view.clips, view.figures):
        with pytest.raises(asid.UserError, match="not in judged clips"):
            list(ask())  # type: ignore[call-overload]
    with pytest.raises(asid.UserError, match="no step 'wrok' in this run; did you mean 'work'"):
        view.rows("wrok")

    videos(tmp_path / "in", ["d"])
    again = asid.run(run=tmp_path / "run")
    assert again.shards > 0 and len(list(view.rows("next"))) == 6
    with pytest.raises(asid.UserError, match="would become stale"):
        asid.run(run=tmp_path / "run", settings=["recipe.work.word=cap"])
    assert {row.text for row in view.rows("next")} == {"hat toy"}
    asid.run(run=tmp_path / "run", settings=["recipe.work.word=cap"], yes=True)
    assert {row.text for row in view.rows("next")} == {"cap toy"}


def test_runs_that_lend_answers_are_named_or_said_to_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = recipe(videos(tmp_path / "in", NAMES), {"stage": "ToyWork"})
    for name in ("one", "two"):
        stored(tmp_path / name, lambda: exchange.ask(replaying(Listed('{"caption": "x"}')), request("a"), Caption))
    monkeypatch.setattr(api, "work", lambda target, *_, **__: target)
    monkeypatch.chdir(tmp_path)
    cases: list[tuple[Any, list[str]]] = [("one", ["one"]), ([tmp_path / "one", "two"], ["one", "two"])]
    for given, lenders in cases:
        run = asid.run(manifest, run=tmp_path / "run", answers_from=given)
        assert run.lenders == [(tmp_path / name).as_uri() for name in lenders]  # type: ignore[attr-defined]
    (tmp_path / "empty").mkdir()
    with pytest.raises(asid.UserError, match="empty holds no stored answers"):
        asid.run(manifest, run=tmp_path / "run", answers_from=tmp_path / "empty")


def test_clips_are_those_kept_unless_the_dropped_are_asked_for(tmp_path: Path) -> None:
    samples.make(tmp_path, videos=2, clips=4)
    view = asid.open(tmp_path)
    every = list(view.clips(dropped=True))
    kept = list(view.clips())
    assert len(every) == 8 and kept == [clip for clip in every if clip.kept]
    assert view.figures().kept == len(kept)


def test_what_is_no_run_and_what_is_no_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(asid.UserError, match="is not a run folder"):
        asid.open(tmp_path)
    samples.make(tmp_path / "run", videos=1, clips=1)
    with pytest.raises(asid.UserError, match="there is no step 'nothing'"):
        asid.open(tmp_path / "run").failures("nothing")


def test_settings_are_lines_or_values(tmp_path: Path) -> None:
    assert changes({"seed": 3, "budget.usd": None, "title": "a: b", "recipe.split.x": [1]}) == [
        "seed=3", "budget.usd=null", 'title="a: b"', "recipe.split.x=[1]"]  # fmt: skip
    assert changes("seed=3") == changes(["seed=3"]) == ["seed=3"]
    assert changes((), tmp_path) == [f"prompts={tmp_path}"]
    with pytest.raises(asid.UserError, match="there is no folder"):
        changes((), tmp_path / "none")


def test_inputs_alone_begin_a_run_of_the_embedded_recipe_and_are_added_to_one_that_is_there(tmp_path: Path) -> None:
    source = videos(tmp_path / "in", NAMES)
    fresh, before = named([source], str(tmp_path / "new"))
    assert before is None and fresh.manifest.inputs[0].path == str(source)
    assert [step.name for step in fresh.manifest.steps()] == [
        step.name for step in asid.load_manifest("demo.yaml").steps()]  # fmt: skip
    fresh.freeze()
    grown, before = named([tmp_path / "more"], str(tmp_path / "new"))
    assert before is not None and [entry.path for entry in grown.manifest.inputs] == [
        str(source), str(tmp_path / "more")]  # fmt: skip
    with pytest.raises(asid.UserError, match="a manifest comes first"):
        named([source, "demo.yaml"], str(tmp_path / "new"))


def test_settings_change_a_manifest_that_is_given_as_a_value(tmp_path: Path) -> None:
    manifest = recipe(videos(tmp_path / "in", NAMES), {"stage": "ToyWork"})
    target, _ = named([manifest], str(tmp_path / "run"), changes({"recipe.work.word": "hat"}))
    assert target.steps["work"].config.word == "hat"
    assert target.manifest.inputs == manifest.inputs
