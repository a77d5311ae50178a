"""Each judged benchmark end to end: the published file's form with its faults, a judge of known answers over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import ray

from tests.pipeline.evaluation.evalkit import asid, asid_eval, judged, lines, table, whole
from tests.servers.llm import Behaviour, LlmServer

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Any:
    """One Ray for all benchmarks."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    os.environ["OPENAI_API_KEY"] = "test-key"
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


def test_qa(tmp_path: Path) -> None:
    choices = ["A. Ann", "B. Bo", "C. Cy", "D. Di"]
    asked: list[dict[str, Any]] = [
        {"video_id": name, "Question": f"Who rings {name}?", "Choice": choices, "Answer": "B", "Type": "Inference"}
        for name in ("right", "wrong", "na", "prose", "mends", "gone", "empty")
    ]
    asked += [{"video_id": 7, "Question": "Again?", "Choice": choices, "Answer": "B", "Type": "Comparative"}] * 2
    asked += [{"video_id": "x", "Question": "No truth?", "Choice": choices, "Answer": "E", "Type": "Inference"}]
    data = whole(tmp_path / "daily.json", asked)
    said = {name: f"caption of {name}" for name in ("right", "wrong", "na", "prose", "mends", "7")}
    rows = [{"video_id": f"clips/{name}.mp4", "caption": text} for name, text in said.items()]
    rows += [{"video_id": "empty", "caption": " "}, {"video_id": "right", "caption": "another"},
             {"video_id": "nobody", "caption": "of nothing"}]  # fmt: skip
    captions = lines(tmp_path / "mine.jsonl", rows)
    captions.write_text(captions.read_text() + "{broken\n")
    answers = {"right": "B", "wrong": "A", "na": "N/A", "prose": "It must be B, I think", "mends": ["Bo rings", "(b)"],
               "7": "B."}  # fmt: skip
    with LlmServer(Behaviour(answer=judged({said[name]: text for name, text in answers.items()}))) as server:
        words = ("--captions", captions, "--data", data)
        found = asid_eval("qa", server, tmp_path / "run", *words)
        assert table(found, "Answers")["mine"] == [pytest.approx(100 * 4 / 9)]
        assert table(found, "Where")["daily"] == [9, 4, 1, 1, 3, pytest.approx(80.0)]
        assert table(found, "Accuracy by type")["Comparative"] == [2, 100.0]
        assert (found["scored"], found["expected"]) == (6, 9)
        assert found["missing"] == {"invalid_answer": 1, "no_caption": 1, "empty_caption": 1}
        assert found["faults"] == {"no_answer": 1, "double_id": 1, "unknown_id": 1, "unreadable": 1}
        assert found["judges"]["answer"][0]["model"] == "tiny-2026-01" and found["judges"]["answer"][0]["prompt_hash"]
        paid = server.seen.answers
        assert asid_eval("qa", server, tmp_path / "run", *words) == found
        assert server.seen.answers == paid
    told = asid("failures", tmp_path / "run")
    for named in ("nobody", "mine.jsonl line 10", "prose/q1", "x/q1"):
        assert named in told
