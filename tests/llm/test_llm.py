"""The stages that write, with a real, weak language model in the loop: what it breaks is caught where it happens."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.finished import CLIPS
from tests.llm import trial

PYTHON, MODEL = os.environ.get("ASID_LLM_PYTHON", ""), os.environ.get("ASID_LLM_MODEL", "")
pytestmark = [
    pytest.mark.llm,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(not (PYTHON and MODEL), reason="sh scripts/test_llm.sh serves the model"),
    pytest.mark.skipif(not CLIPS.is_dir(), reason="no test clips: set ASID_CLIPS"),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    words = [PYTHON, str(Path(__file__).with_name("serve.py")), MODEL, "2"]
    server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    yield server.stdout.readline().strip()
    server.kill()
    server.wait()


def test_nothing_that_rules_see_passes_in_silence(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(trial.trial(url, tmp_path, minutes=60))
    told = capsys.readouterr().out
    with capsys.disabled():
        print(told)
    lines = [json.loads(line) for line in told.partition("--- together")[2].splitlines() if line]
    clips = [line for line in lines if "marks" in line]
    assert clips
    for clip in clips:
        if clip["figure"].endswith(": kept"):
            assert set(clip["left"]) <= {mark.split()[-1] for mark in clip["marks"]}
    assert (tmp_path / "answers.jsonl").read_text("utf-8").count("\n") >= len(clips)
