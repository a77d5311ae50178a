"""What failed for a reason that may have passed is worked again by the next run, and nothing else is."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import ray
from aiohttp import web

from asid.pipeline.engine import Engine, Result
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.run.folder import Run
from tests import paid
from tests.servers.llm import Behaviour, LlmServer
from tests.toys import recipe, videos
from tests.watching import Watch

NAMES = ["a", "down1", "b", "bad1", "c", "d", "down2"]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Any:
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    os.environ[paid.KEY] = "very-secret-0123456789"
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


class Place:
    """A run of toys whose stages note what they work."""

    def __init__(self, folder: Path, *steps: dict[str, Any]):
        self.folder, self.marks = folder, folder / "marks"
        self.marks.mkdir(parents=True)
        self.source = videos(folder / "in", NAMES)
        self.steps = [{**step, **({} if "marks" in step else {"marks": str(self.marks)})} for step in steps]

    def work(self, **how: Any) -> tuple[Run, Result, Counter[str]]:
        """The run, how it ended, and what was worked, by stage and name."""
        (self.marks / "worked").write_text("")
        run = Run(self.folder / "run", recipe(self.source, *self.steps))
        run.freeze()
        result = Engine(run, Watch()).execute(**how)
        return run, result, Counter((self.marks / "worked").read_text().splitlines())


def rows(run: Run, step: str) -> list[Any]:
    return [row for shard in run.survey().shards for row in run.rows(step, shard)]


def test_the_next_run_works_what_could_pass_and_what_rests_on_it(tmp_path: Path) -> None:
    place = Place(tmp_path, {"stage": "ToyWork"}, {"stage": "ToyNext"}, {"stage": "ToyNext", "name": "last"})
    run, _, worked = place.work()
    assert worked["next a.mp4"] == 4  # two parts, in two steps
    assert sum(count for line, count in worked.items() if "down" in line) == 2
    (place.marks / "up").touch()
    run, result, worked = place.work()
    assert not result.stopped
    assert worked == Counter({f"{stage} down{number}.mp4": count
                              for stage, count in (("work", 1), ("next", 4)) for number in (1, 2)})  # fmt: skip
    whole = Place(tmp_path / "other", {"stage": "ToyWork"}, {"stage": "ToyNext"}, {"stage": "ToyNext", "name": "last"})
    (whole.marks / "up").touch()
    other, _, _ = whole.work()
    assert rows(run, "last") == rows(other, "last")
    assert [failure.kind for shard in run.survey().shards for failure in run.failures("work", shard)] == [
        "unprocessable"
    ]
    run, _, worked = place.work()
    assert not worked


def test_what_is_still_in_the_way_is_tried_once_a_run_and_said(tmp_path: Path) -> None:
    place = Place(tmp_path, {"stage": "ToyWork", "max_failure_rate": 0.1}, {"stage": "ToyNext"})
    place.work()
    run, result, worked = place.work()
    assert worked == Counter({"work down1.mp4": 1, "work down2.mp4": 1})
    assert "3 of 7 rows failed" in result.stopped["work"]
    assert "unavailable 2" in result.stopped["work"]
    (place.marks / "up").touch()
    place.steps[0]["max_failure_rate"] = 0.2
    run, result, worked = place.work()
    assert not result.stopped
    assert len(rows(run, "next")) == 12


def test_a_stage_that_stopped_for_failures_that_may_pass_begins_anew(tmp_path: Path) -> None:
    """Many rows, so that the rate counts while the stage is at work: the old failures are no reason to stop it."""
    place = Place(tmp_path, {"stage": "ToyWork", "max_failure_rate": 0.0})
    videos(place.source, [f"down{number}" for number in range(30)])
    (place.source / "bad1.mp4").unlink()
    _, result, _ = place.work()
    assert result.stopped
    (place.marks / "up").touch()
    run, result, _ = place.work()
    assert not result.stopped
    assert len(rows(run, "work")) == 2 * 34


def test_steps_that_were_never_worked_are_when_the_old_failures_fail_again(tmp_path: Path) -> None:
    steps = [{"stage": "ToyWork"}, {"stage": "ToyNext"}, {"stage": "ToyPass"}, {"stage": "ToyFilter"}]
    place = Place(tmp_path, *steps)
    place.work(steps=["ingest", "work", "next"])
    run, result, _ = place.work()
    assert not result.stopped
    assert all(run.survey().whole(step) for step in run.steps)
    before = rows(run, "filter")
    (place.marks / "up").touch()
    run, _, worked = place.work()
    assert all(run.survey().whole(step) for step in run.steps)
    assert {row.name for row in rows(run, "filter")} - {row.name for row in before} == {"down1.mp4", "down2.mp4"}
    assert worked.total() == 6


def test_one_step_alone_tries_its_own_again(tmp_path: Path) -> None:
    place = Place(tmp_path, {"stage": "ToyWork"}, {"stage": "ToyNext"})
    place.work()
    (place.marks / "up").touch()
    run, _, worked = place.work(steps=["next"])
    assert not worked
    run, _, worked = place.work(steps=["work"])
    assert worked == Counter({"work down1.mp4": 1, "work down2.mp4": 1})
    assert {run.survey().state("next", shard) for shard in run.survey().shards} == {"stale"}


def test_a_file_of_failures_that_is_gone_is_made_again(tmp_path: Path) -> None:
    place = Place(tmp_path, {"stage": "ToyWork"}, {"stage": "ToyNext"})
    run, _, _ = place.work()
    before = rows(run, "next")
    for file in (tmp_path / "run" / "work" / "failures").iterdir():
        file.unlink()
    run, result, _ = place.work()
    assert not result.stopped
    assert rows(run, "next") == before
    kinds = sorted(failure.kind for shard in run.survey().shards for failure in run.failures("work", shard))
    assert kinds == ["unavailable", "unavailable", "unprocessable"]


def test_an_endpoint_that_was_down_for_some_rows_is_asked_for_them_alone(tmp_path: Path) -> None:
    source = paid.clips(tmp_path / "in", 10)
    server = LlmServer(Behaviour(answer=paid.answer))
    chat, down = server._chat, [True]

    async def door(request: web.Request) -> web.StreamResponse:
        said = await request.text()
        if down[0] and any(f"line {number} " in said for number in (34, 74)):  # the 4 is of mp4
            return web.json_response({"error": {"message": "overloaded", "code": "overloaded"}}, status=529)
        return await chat(request)

    server._chat = door  # type: ignore[method-assign]
    with server:
        job = paid.Job(tmp_path, source, server.url, attributes=("scene",), shard_rows=5, more={"deadline": 1.0})

        def work() -> Run:
            run = Run(job.run, manifests.load(job.write(), ()))
            run.freeze()
            Engine(run, Watch()).execute()
            return run

        run = work()
        ended, failed = paid.rows_and_failures(run)
        assert len(ended) == 8
        calls = server.seen.calls
        stamps = {path: path.stat().st_mtime_ns for path in (job.run / "cut").glob("*.parquet")}
        down[0] = False
        run = work()
        ended, failed = paid.rows_and_failures(run)
        assert len(ended) == 10
        assert not failed
        assert server.seen.paid_twice == 0
        assert 2 <= server.seen.calls - calls <= 2 * 20, "only those two clips are asked about"
        assert stamps == {path: path.stat().st_mtime_ns for path in (job.run / "cut").glob("*.parquet")}
