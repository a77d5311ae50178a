"""`asid audit` and `asid power` as people type them, on a hand-made run, with an auditor on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.report import html
from asid.pipeline.run.folder import Run
from tests import samples
from tests.servers.llm import Behaviour, LlmServer

CLEAN: dict[str, list[Any]] = {"errors": [], "missing": [], "expressiveness": []}


def auditor(prompt: str, schema: dict[str, Any] | None) -> str:
    """Finds the dog of the drafts, as a scene; calls nothing else wrong."""
    wrong = "The aspect that you audit: scene." in prompt and "a dog sits" in prompt
    return json.dumps(CLEAN | {"errors": [{"snippet": "a dog", "why": "a cat"}]} if wrong else CLEAN)


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer(Behaviour(answer=auditor)) as running:
        yield running


@pytest.fixture
def run(tmp_path: Path, server: LlmServer) -> Run:
    """One shard of two videos, and a model in the manifest that audits."""
    config = ModelConfig.model_validate({"provider": "openai", "base_url": f"{server.url}/v1", "model": "tiny"})
    manifest = samples.manifest(tmp_path / "source").model_copy(update={"models": {"auditor": config}})
    made = Run(tmp_path / "run", manifest)
    made.freeze()
    videos = [samples.video(number) for number in range(2)]
    samples.write(made, "00000", videos, [[samples.judged(row, n) for n in range(8)] for row in videos], 1)
    samples.with_media(made)
    return made


def asid(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.output


def files(folder: Path) -> dict[str, bytes]:
    """What stages wrote."""
    return {
        str(file): file.read_bytes() for step in ("ingest", "finish") for file in (folder / step).rglob("*.parquet")
    }


def test_the_captions_of_each_stage_are_measured_beside_the_run(run: Run, tmp_path: Path, server: LlmServer) -> None:
    folder = tmp_path / "run"
    before = files(folder)
    told = asid("audit", folder, "--model", "auditor", "--at", "draft,verified,kept,sight", "--sample", 10, "--json")
    found = {line["point"]: line for line in map(json.loads, told.splitlines())}
    assert list(found) == ["draft", "verified", "kept", "sight"]
    dogs = found["draft"]["no_error"]
    assert 0 < dogs["count"] < dogs["trials"] == 10, "the hostile captions have no dog"
    assert found["verified"]["no_error"]["count"] == 10 == found["verified"]["clean"]["count"]
    assert found["kept"]["clean"]["trials"] < 10, "dropped clips are not among the kept"
    assert files(folder) == before

    asked = server.seen.calls
    again = asid("audit", folder, "--model", "auditor", "--at", "draft,verified,kept,sight", "--sample", 10, "--json")
    assert (again, server.seen.calls) == (told, asked), "answers are kept, and nothing is paid for twice"
    page = html(Run.open(str(folder)))
    assert "draft, by auditor" in page and "verified, by auditor" in page


def test_the_power_of_rules_and_of_an_auditor(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for name in ("auditor", "rules"):
        told = asid("power", folder, "--model", name, "--each", 4)
        assert "every error: found" in told and "every rewording: falsely objected to" in told
    rules = next(line for line in asid("power", folder, "--model", "rules").splitlines() if "source_leaked" in line)
    assert rules.startswith("source_leaked: found 100%")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("audit", "--model", "nobody"), "the manifest has no model nobody; it has auditor, rules"),
        (("power", "--model", "nobody"), "the manifest has no model nobody; it has auditor, rules"),
        (("audit", "--model", "auditor", "--at", "drft"), "drft is neither a stage with captions nor an annotator"),
    ],
)
def test_a_wrong_name_is_told_with_the_right_ones(run: Run, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    command, *options = words
    done = CliRunner().invoke(app, [command, str(tmp_path / "run"), *options])
    assert done.exit_code != 0
    assert said in " ".join((done.output + str(done.exception)).split())
