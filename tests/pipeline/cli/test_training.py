"""`asid partition`, as it is typed: two sets in the form that came, and refusals that write nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app

SAID = "A nurse says, 'Sit down, please.'"


def lines(path: Path, records: list[Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def row(name: str, **more: Any) -> dict[str, Any]:
    """A row as ms-swift reads it, with the dialogue that rollouts are held against."""
    asked = {"messages": [{"role": "user", "content": "<video>Describe."}], "videos": [f"clips/{name}.mp4"]}
    return asked | {"dialogues": ["nurse: Sit down, please."]} | more


def test_two_sets_are_written_in_the_form_that_came(tmp_path: Path) -> None:
    """Rows of ms-swift and of verl; one is told by every rollout, one by none, one by half, one has no rollout."""
    verl = {"data_source": "asid", "extra_info": {"id": "half", "dialogues": ["nurse: Sit down, please."]}}
    rows = [row("easy"), row("hard"), verl, row("alone")]
    sampled = [{"video_id": "easy.mp4", "caption": SAID}] * 4 + [{"video_id": "hard", "caption": "Nobody speaks."}] * 4
    sampled += [{"video_id": "half", "pred": text} for text in (SAID, "Silence.", SAID, "Silence.")]
    files = [lines(tmp_path / f"r{n}.jsonl", [*sampled[n::2], {"video_id": "else", "caption": "?"}]) for n in (0, 1)]
    words = [
        "partition",
        "--rows",
        lines(tmp_path / "train.jsonl", rows),
        "--out",
        tmp_path / "sets",
        "--set",
        "copies=3",
    ]
    words += [word for file in files for word in ("--rollouts", file)]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    assert "4 rows: easy 1, medium 1, hard 1, unjudged 1" in done.stdout and "unknown_id 2" in done.stdout
    first, second = (
        [json.loads(line) for line in (tmp_path / "sets" / f"stage{n}.jsonl").read_text().splitlines()] for n in (1, 2)
    )
    assert first == [rows[1], rows[2], rows[3]] and second == [rows[1]] * 3 + rows[2:]
    told = json.loads((tmp_path / "sets" / "partition.json").read_text())
    assert told["samples"]["half"] == {"difficulty": "medium", "mean": 0.5, "spread": 0.5, "rewards": 4, "missing": 0}
    assert told["bounds"]["spread"] == "population" and told["reward"] == "dialogue" and told["copies"] == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--set", "easy=1"], "it takes NAME=VALUE"), (["--set", "spread=both"], "population or sample"),
     (["--set", "easy_mean=0.1"], "would be both"), (["--reward", "length", "--judge", "scripted:x"], "asks no judge"),
     (["--reward", "checklist"], "no rollout got a reward"),
     (["--reward", "avocado"], "needs its `generated_tokens`")],
)  # fmt: skip
def test_a_partition_that_cannot_be_is_refused(tmp_path: Path, more: list[str], said: str) -> None:
    files = [lines(tmp_path / "t.jsonl", [row("a")]), lines(tmp_path / "r.jsonl", [{"id": "a", "caption": "x"}] * 2)]
    words = ["partition", "--rows", str(files[0]), "--rollouts", str(files[1]), "--out", str(tmp_path / "sets"), *more]
    done = CliRunner().invoke(app, words)
    assert done.exit_code in (1, 2) and said in " ".join(done.output.replace("│", " ").split()), done.output
    assert not (tmp_path / "sets").exists()
