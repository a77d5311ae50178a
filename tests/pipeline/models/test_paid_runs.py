"""Whole runs through the real clients against servers on loopback: nothing is lost, and nothing is paid for twice."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import ray
from aiohttp import web
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.engine import Engine, Result
from asid.pipeline.engine.shared import SharedStateClient, open_shared_state
from asid.pipeline.models.factory import model_maker
from asid.pipeline.models.spend import spent
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.run.folder import Run
from asid.pipeline.run.workshop import StageFailed, Task, Workshop
from tests import paid
from tests.servers.llm import Behaviour, LlmServer
from tests.watching import Watch

pytestmark = pytest.mark.cluster
FAULTS = {"limit": 0.05, "error": 0.03, "hang": 0.02, "malformed": 0.02, "refusal": 0.01}


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Any:
    """A Ray of this module's own, seen by the engine as the cluster it belongs to."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    os.environ[paid.KEY] = "very-secret-0123456789"
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


def work(job: paid.Job, *settings: str, **how: Any) -> tuple[Run, Result]:
    run = Run(job.run, manifests.load(job.write(), settings))
    run.freeze()
    return run, Engine(run, Watch()).execute(**how)


def asid(*words: object, code: int = 0) -> str:
    """The command line in this process, on this module's Ray."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.output


def usd(run: Path) -> float:
    steps = [json.loads(line) for line in asid("status", run, "--json").splitlines()]
    return sum(line["usd"] for step in steps for line in step["spent"])


def test_every_clip_ends_as_a_row_or_a_named_failure_whatever_the_servers_do(tmp_path: Path) -> None:
    count = 200
    source = paid.clips(tmp_path / "in", count)
    faulty = {**FAULTS, "retry_after": 0.2, "hang_for": 60.0}
    with (
        LlmServer(Behaviour(answer=paid.answer, seed=1, **faulty), keep_bodies=False) as openai,
        LlmServer(Behaviour(answer=paid.answer, seed=2, **faulty), keep_bodies=False) as gemini,
    ):
        job = paid.Job(tmp_path, source, openai.url, gemini.url, ("scene",), more={"timeout": 10.0})
        run, result = work(job)
        assert not result.stopped and not result.out_of_budget
    spending = spent(run.storage, run.steps, run.manifest.models)
    for name, server in (("strong", openai), ("wide", gemini)):
        fates = server.seen.fates
        assert {"limit", "error", "hang", "malformed", "refusal"} <= set(fates)
        paid_for = [line for line in spending if line.model == name]
        # Each answer is given once and kept, but for one that comes when a busy machine has stopped waiting for it.
        assert 0 <= fates[""] - sum(line.answers for line in paid_for) <= fates[""] // 100
        assert sum(line.rejected for line in paid_for) == fates["malformed"] + fates["refusal"]
    ended, failed = paid.rows_and_failures(run)
    cut = [row.id for row in run.all_rows("cut")]
    assert len(cut) == count
    assert ended + failed == Counter(cut)
    kinds = {
        failure.kind for step in run.steps for shard in run.survey().shards for failure in run.failures(step, shard)
    }
    assert kinds <= {"refusal", "too_few_candidates"} and failed


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 402, "text": "{}"},
        {"status": 429, "headers": {"Retry-After": "90000"}},
        {"status": 429, "text": '{"error": {"code": "insufficient_quota", "message": "very-secret-0123456789"}}'},
    ],
)  # fmt: skip
def test_no_credit_stops_the_run_with_the_reason_and_it_goes_on_where_it_was(
    tmp_path: Path, refusal: dict[str, Any]
) -> None:
    """One flagged clip among many does not; and the key, which the server repeats, is nowhere."""
    source = paid.clips(tmp_path / "in", 12)
    server = LlmServer(Behaviour(answer=paid.answer))
    chat, left = server._chat, [20]

    async def door(request: web.Request) -> web.StreamResponse:
        if "line 34 " in await request.text():
            error = {"message": "no", "code": "data_inspection_failed", "type": "x"}
            return web.json_response({"error": error}, status=400)
        left[0] -= 1
        return web.Response(**refusal) if left[0] < 0 else await chat(request)

    server._chat = door  # type: ignore[method-assign]
    with server:
        job = paid.Job(tmp_path, source, server.url, attributes=("scene",), shard_rows=6)
        run, result = work(job)
        assert result.stopped
        assert all("no more calls" in said or "takes no call until" in said for said in result.stopped.values())
        left[0] = 10**6
        run, result = work(job)
        assert not result.stopped
        assert server.seen.paid_twice == 0
    ended, failed = paid.rows_and_failures(run)
    assert ended + failed == Counter(row.id for row in run.all_rows("cut"))
    kinds = Counter(
        failure.kind for step in run.steps for shard in run.survey().shards for failure in run.failures(step, shard)
    )
    assert kinds.pop("refusal") == 1 and set(kinds) <= {"too_few_candidates"}
    for file in filter(Path.is_file, tmp_path.rglob("*")):
        assert b"very-secret-0123456789" not in file.read_bytes()


def test_a_worker_whose_driver_is_gone_asks_nothing_more_and_commits_nothing(tmp_path: Path) -> None:
    source = paid.clips(tmp_path / "in", 3)
    with LlmServer(Behaviour(answer=paid.answer)) as server:
        run, _ = work(paid.Job(tmp_path, source, server.url), steps=["ingest", "cut"])
        shared = open_shared_state(run)
        ray.kill(shared)
        client = SharedStateClient(shared, "orphan")
        shard = run.survey().shards[0]
        task = Task("caption-strong", shard, run.survey().inputs("caption-strong", shard) or {})
        with pytest.raises(StageFailed, match="driver is gone"):
            asyncio.run(Workshop(run, model_maker(client.gate)).work(task))
        assert server.seen.calls == 0
    assert not run.survey().done("caption-strong", shard)


def test_another_verify_list_asks_for_that_attribute_alone_and_another_reading_asks_nothing(tmp_path: Path) -> None:
    source = paid.clips(tmp_path / "in", 12)
    with LlmServer(Behaviour(answer=paid.answer)) as server:
        job = paid.Job(tmp_path, source, server.url, shard_rows=6)
        asid("run", job.write(), "--run", job.run)
        first = len(server.seen.bodies)
        assert paid.audited(server.seen.bodies)["camera"] == 12

        prompts = paid.other_prompts(tmp_path / "prompts", "camera", "whether the horizon is level")
        asid("run", job.write(), "--run", job.run, "--prompts", prompts, "--yes")
        assert paid.audited(server.seen.bodies[first:]) == {"camera": 12}

        second = len(server.seen.bodies)
        before = [row.audits for row in Run.open(job.run).all_rows("audit")]
        other = paid.Job(tmp_path, source, server.url, shard_rows=6, auditor="tests.paid:OtherAuditor")
        asid("run", other.write(), "--run", job.run, "--prompts", prompts, "--yes")
        audits = [row.audits for row in Run.open(job.run).all_rows("audit")]
        assert any(audit.errors for row in before for audit in row)
        assert not any(audit.errors for row in audits for audit in row)
        assert len(server.seen.bodies) == second
    # Nobody answers any more: the rows come from the stored answers alone.
    asid("stage", "audit", "--run", job.run, "--replay-only")
    assert [row.audits for row in Run.open(job.run).all_rows("audit")] == audits


def test_an_estimate_holds_a_budget_stops_at_half_of_it_and_the_run_goes_on(tmp_path: Path) -> None:
    source = paid.clips(tmp_path / "in", 120)
    with LlmServer(Behaviour(answer=paid.answer)) as server:
        more = {"settings": {"max_tokens": 400}}
        job = paid.Job(tmp_path, source, server.url, attributes=("scene", "speech"), shard_rows=30, more=more)
        said = asid("estimate", job.write(), "--run", job.run, "--sample", 20)
        estimated = float(next(line for line in said.splitlines() if line.startswith("all")).split()[-1])
        assert "for 120 clips, by 20 of them" in said
        half = estimated / 2
        assert 0 < usd(job.run) < half

        said = asid("run", "--run", job.run, "--set", f"budget.usd={half}", code=3)
        next_call = float(re.findall(r"the next call may take (\d+\.\d+)", said)[-1])  # whichever stage was to ask it
        assert next_call < 0.05 * half
        assert half - next_call - 0.0001 <= usd(job.run) <= half
        asid("run", "--run", job.run, "--set", f"budget.usd={2 * estimated}")
        assert usd(job.run) == pytest.approx(estimated, rel=0.15)
        assert server.seen.paid_twice == 0
    assert {state["state"] for state in map(json.loads, asid("status", job.run, "--json").splitlines())} == {"done"}


def asked_alone(folder: Path, clip: Path) -> int:
    """How many questions a run over this one clip asks, of a server of its own."""
    (folder / "alone").mkdir()
    (folder / "alone" / clip.name).write_bytes(clip.read_bytes())
    with LlmServer(Behaviour(answer=paid.answer)) as server:
        job = paid.Job(folder, folder / "alone", server.url, attributes=("scene",))
        asid("run", job.write(), "--run", job.run)
        return len(server.seen.bodies)


def test_another_run_with_other_shards_pays_only_for_what_was_not_asked_in_the_first(tmp_path: Path) -> None:
    source = paid.clips(tmp_path / "in", 10)
    with LlmServer(Behaviour(answer=paid.answer)) as server:
        (tmp_path / "first").mkdir()
        (tmp_path / "second").mkdir()
        first = paid.Job(tmp_path / "first", source, server.url, attributes=("scene",), shard_rows=4)
        asid("run", first.write(), "--run", first.run)
        asked = len(server.seen.bodies)
        (source / "clip-9999.mp4").write_bytes((source / "clip-0000.mp4").read_bytes() + b"more")
        second = paid.Job(tmp_path / "second", source, server.url, attributes=("scene",), shard_rows=7)
        asid("run", second.write(), "--run", second.run, "--answers-from", first.run)
        more = len(server.seen.bodies) - asked
        assert more == asked_alone(tmp_path, source / "clip-9999.mp4") < asked, "the new clip's questions, no other"
        assert server.seen.paid_twice == 0
        assert usd(second.run) < usd(first.run) * 2 * more / asked
        # The lender is remembered, so that going on without the option pays no more either.
        (source / "clip-9998.mp4").write_bytes((source / "clip-0000.mp4").read_bytes() + b"yet more")
        asid("run", second.run)
        assert server.seen.paid_twice == 0
    assert "holds no stored answers" in str(
        CliRunner().invoke(app, ["run", str(second.run), "--answers-from", str(source)]).exception
    )


def test_a_changed_recipe_is_tried_on_some_clips_and_only_what_is_new_is_asked(tmp_path: Path) -> None:
    source = paid.clips(tmp_path / "in", 12)
    with LlmServer(Behaviour(answer=paid.answer)) as server:
        job = paid.Job(tmp_path, source, server.url, attributes=("scene", "camera"), shard_rows=6)
        manifest = job.write()
        asid("run", manifest, "--run", job.run)
        before = {file: file.read_bytes() for file in job.run.rglob("*.parquet")}
        first = len(server.seen.bodies)
        prompts = paid.other_prompts(tmp_path / "prompts", "camera", "whether the horizon is level")
        said = asid("try", manifest, "--against", job.run, "--clips", 5, "--prompts", prompts)
        assert paid.audited(server.seen.bodies[first:]) == {"camera": 5}
        assert {file: file.read_bytes() for file in before} == before, "the run itself is as it was"
        second = len(server.seen.bodies)
        again = asid("try", manifest, "--against", job.run, "--clips", 5, "--prompts", prompts)
        assert len(server.seen.bodies) == second, "the same clips again"
    for told in (said, again):
        assert [line.split() for line in told.splitlines() if line.startswith("clips")] == [["clips", "5", "5"]]
