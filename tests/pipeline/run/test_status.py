"""What `asid status` says of a hand-made run."""

from __future__ import annotations

import json
import threading
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.cli.show import took, watch
from asid.pipeline.run import status
from asid.pipeline.run.folder import Run
from asid.pipeline.storage import to_path
from tests import samples


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Three shards of two videos with eight clips each."""
    return samples.make(tmp_path / "run")


def dated(run: Run, times: dict[str, float]) -> None:
    """Have the shards be finished at these times, as the engine notes it; a line cut short by a kill comes last."""
    noted = [{"at": at, "step": "finish", "shard": shard, "rows": 16} for shard, at in times.items()]
    text = "".join(json.dumps(line) + "\n" for line in noted) + '{"at": 99'
    (to_path(run.storage.root) / "pace.jsonl").write_text(text)


def test_a_pace_is_that_of_the_last_time_work_was_taken_up() -> None:
    assert status.pace([]) == (None, None)
    assert status.pace([(100.0, 8)]) == (None, None)
    assert status.pace([(100.0, 8), (110.0, 20), (120.0, 40)]) == (3.0, 10.0)
    assert status.pace([(0.0, 999), (5000.0, 8), (5010.0, 20), (5020.0, 40)]) == (3.0, 10.0)
    assert status.pace([(100.0, 8), (100.0, 8)]) == (None, None)


def test_rates_and_what_is_left_come_from_what_was_noted_and_not_from_the_times_of_files(run: Run) -> None:
    run.storage.delete(run.uri("finish", "00002"))
    dated(run, {"00000": 1000.0, "00001": 1032.0})
    _, finish = status.steps(run)
    assert (finish.done, finish.pending, finish.rows) == (2, 1, 32)
    assert finish.rate == 16 / 32
    assert finish.left == 32


def test_the_command_says_it_in_words_and_in_json(run: Run, tmp_path: Path) -> None:
    run.storage.delete(run.uri("finish", "00002"))
    dated(run, {"00000": 1000.0, "00001": 1120.0})
    said = CliRunner().invoke(app, ["status", str(tmp_path / "run")])
    assert said.exit_code == 0, said.output
    line = next(line for line in said.output.splitlines() if line.startswith("finish")).split()
    assert line == ["finish", "partly", "done", "2", "0", "1", "32", "8.0", "2", "min"]
    told = CliRunner().invoke(app, ["status", str(tmp_path / "run"), "--json"])
    steps = [json.loads(line) for line in told.output.splitlines()]
    assert [(step["name"], step["state"], step["pending"], step["left"]) for step in steps] == [
        ("ingest", "done", 0, steps[0]["left"]), ("finish", "partly done", 1, 120.0),
    ]  # fmt: skip


def test_failures_are_counted_by_kind(tmp_path: Path) -> None:
    run = Run(tmp_path / "run", samples.manifest(tmp_path / "source"))
    run.freeze()
    videos = [samples.video(number) for number in range(3)]
    samples.write(run, "00000", videos, [[samples.judged(videos[0], 0)], [], []], 1)
    _, finish = status.steps(run)
    assert (finish.rows, finish.failed, finish.kinds) == (1, 2, {"refusal": 2})
    said = CliRunner().invoke(app, ["status", str(tmp_path / "run")])
    assert "refusal 2" in said.output


def test_watching_ends_when_nothing_is_left(run: Run) -> None:
    place = to_path(run.storage.resolve(run.uri("finish", "00002")))
    hidden = place.with_name("away")
    place.rename(hidden)
    console = Console(file=StringIO(), force_terminal=True, width=120)
    watching = threading.Thread(target=watch, args=(console, run, 0.05), daemon=True)
    watching.start()
    time.sleep(0.5)
    assert watching.is_alive()
    hidden.rename(place)
    watching.join(60)
    assert not watching.is_alive()
    assert "partly done" in console.file.getvalue()


def test_times_are_said_plainly() -> None:
    assert [took(seconds) for seconds in (None, 0, 12.2, 61, 3600, 90061)] == [
        "", "", "13 s", "1 min", "1 h 00 min", "25 h 01 min",
    ]  # fmt: skip


def test_who_waits_for_what_is_told_to_programs_too(run: Run) -> None:
    said = "finish/00001 waits for leave to call strong, until 14:05 (25 min)"
    run.storage.write("run:.waits/finish.00001.json", json.dumps({"said": said, "at": time.time()}).encode())
    folder = str(to_path(run.storage.root))
    lines = CliRunner().invoke(app, ["status", folder, "--json"]).output.splitlines()
    assert {step["name"]: step["waits"] for step in map(json.loads, lines)} == {"ingest": [], "finish": [said]}
    assert said in CliRunner().invoke(app, ["status", folder]).output.replace("\n", " ").replace("  ", " ")
