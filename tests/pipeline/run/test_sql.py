"""A run can be asked in SQL, on disk and in a bucket, and is as it was afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.models.base import Usage
from asid.pipeline.models.layers.replay import Entry, to_line
from asid.pipeline.rows import Failure
from asid.pipeline.run.folder import Run
from asid.pipeline.run.shards import Footer
from asid.pipeline.run.sql import SqlError, query
from asid.pipeline.run.workshop import write_failures
from tests.bench.bench_diff import opened, rows, write
from tests.kits.modelkit import bucket


@pytest.fixture(params=["folder", "bucket"])
def run(request: Any, tmp_path: Path) -> Iterator[Run]:
    made = opened(tmp_path, "one", second=False)
    write(made, [rows(number, "", "scene", made) for number in range(5)], 2)
    failure = Failure(id="x", name="x.mp4", stage="audit", kind="refusal", reason="no", attempts=1, raw="")
    write_failures(made, "audit", "00000", [failure], Footer(fingerprint="f", digest="d"))
    usage = Usage(input_tokens=1_000_000)
    entry = Entry(key="k", text="t", name="strong", model="m", provider="p", task="audit", attribute="scene", row="r",
                  usage=usage, calls=1, seconds=1.0, at=1.0)  # fmt: skip
    made.storage.write("run:audit/answers/00000/1.jsonl", to_line(entry))
    if request.param == "folder":
        yield made
        return
    with bucket() as address:
        there = Run(address, made.manifest)
        root = Path(made.storage.root.removeprefix("file://"))
        for file in filter(Path.is_file, root.rglob("*")):
            there.storage.write(f"run:{file.relative_to(root)}", file.read_bytes())
        shutil.rmtree(root)
        yield there


def asked(run: Run, sql: str) -> list[tuple[Any, ...]]:
    return list(query(run, sql)[1])


def test_steps_failures_and_spending_are_tables(run: Run) -> None:
    before = {uri: run.storage.read(uri) for uri in run.storage.files("run:audit")}
    assert asked(run, "select count(*) from ingest") == [(5,)]
    assert asked(run, "select count(*), count(distinct id) from caption_strong") == [(5, 5)]
    assert asked(run, "select kind, count(*) from failures group by kind") == [("refusal", 1)]
    assert asked(run, "select stage, attribute, usd from spend") == [("audit", "scene", 1.0)]
    joined = "select count(*) from filter join cut using (id) where kept and cut.duration = 4 and captions.scene != ''"
    assert asked(run, joined) == [(5,)]
    assert {uri: run.storage.read(uri) for uri in run.storage.files("run:audit")} == before


def test_a_step_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    run = opened(tmp_path, "one", second=False)
    assert asked(run, "select count(*) from verify") == [(0,)]
    assert asked(run, "select count(*) from failures") == [(0,)]


def test_a_wrong_query_says_why_and_which_tables_there_are(tmp_path: Path) -> None:
    run = opened(tmp_path, "one", second=False)
    with pytest.raises(SqlError, match=r"nowhere.*\n(.*\n)*.*the tables are ingest, cut"):
        query(run, "select * from nowhere")


def test_the_command_prints_rows_json_and_the_tables(tmp_path: Path) -> None:
    run = opened(tmp_path, "one", second=False)
    write(run, [rows(number, "", "scene", run) for number in range(3)], 2)
    place = run.storage.root.removeprefix("file://")

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, ["sql", *words])
        assert done.exit_code == 0, done.output
        return done.output

    assert "v2" in said(place, "select name from ingest order by name")
    lines = said(place, "select name, id from ingest order by name", "--json").splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["v0", "v1", "v2"]
    assert "filter: id string" in said(place) and "spend: stage string" in said("--run", place)
