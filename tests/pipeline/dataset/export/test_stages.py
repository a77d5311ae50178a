"""The paper's training sets are drawn: so many of each stage and source, the same ones for the same seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.dataset.export import ExportError, Settings, amounts, export
from asid.pipeline.dataset.export.items import Item, Kept, woven
from asid.pipeline.dataset.export.splits import Splits
from asid.pipeline.dataset.export.stages import STAGES, stage_of
from asid.pipeline.run.folder import Run
from tests import samples


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Six videos with six kept clips each, four of 10 s and two, or one, of 45 s."""
    return samples.make(tmp_path / "run")


def rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {file.name: list(samples.lines(file)) for file in sorted(folder.glob("*.jsonl"))}


def drawn(run: Run, out: Path, *words: str, seed: int = 0, to: str = "ms-swift") -> dict[str, dict[str, int]]:
    audio = "none" if to == "llama-factory" else "video"  # it would cut the sound out of clips that are none
    export(run, to, out, Settings(splits=Splits(seed=seed), audio=audio, draws=amounts(words)))
    stages: dict[str, dict[str, int]] = json.loads((out / "export.json").read_text())["stages"]
    return stages


def total(found: dict[str, list[dict[str, Any]]], stage: str) -> int:
    return sum(len(lines) for name, lines in found.items() if name.startswith(stage))


def test_counts_and_shares_are_drawn_and_told(run: Run, tmp_path: Path) -> None:
    whole = drawn(run, tmp_path / "whole")
    kept = [row for row in run.all_rows("finish") if row.kept]
    short = sum(row.duration <= 30 for row in kept)
    assert (whole["stage2"]["drawn"], whole["stage3"]["drawn"]) == (short, len(kept) - short)
    told = drawn(run, tmp_path / "out", "stage1=25", "stage2=0.5", "stage3=2")
    found = rows(tmp_path / "out")
    assert (total(found, "stage1"), total(found, "stage2"), total(found, "stage3")) == (25, round(short / 2), 2)
    assert told["stage1"] == {"drawn": 25, "not_drawn": whole["stage1"]["drawn"] - 25}
    assert {name.rpartition("_")[2] for name in found} == {"sound.jsonl", "silent.jsonl"}
    assert all("45" not in row["videos"][0] for row in found["stage2_sound.jsonl"])


def test_the_same_seed_draws_the_same_and_another_does_not(run: Run, tmp_path: Path) -> None:
    drawn(run, tmp_path / "one", "stage1=25")
    drawn(run, tmp_path / "two", "stage1=25")
    drawn(run, tmp_path / "other", "stage1=25", seed=1)
    one, two, other = (rows(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    videos = [{(row["videos"][0], row["messages"][1]["content"]) for name, lines in found.items()
               if name.startswith("stage1") for row in lines} for found in (one, other)]  # fmt: skip
    assert len(videos[0] - videos[1]) > 5


def test_all_formats_draw_the_same_items(run: Run, tmp_path: Path) -> None:
    counts = [drawn(run, tmp_path / to, "stage2=5", to=to) for to in ("ms-swift", "llama-factory", "asid-1m")]
    assert counts[0] == counts[1] == counts[2]
    asid = list(samples.lines(tmp_path / "asid-1m" / "all_attributes" / "0_30_s.jsonl"))
    swift = [row for name, lines in rows(tmp_path / "ms-swift").items() if name.startswith("stage2") for row in lines]
    assert {row["messages"][1]["content"] for row in asid} == {row["messages"][1]["content"] for row in swift}
    entries = json.loads((tmp_path / "llama-factory" / "dataset_info.json").read_text())
    assert entries["asid_stage2_silent"]["file_name"] == "stage2_silent.jsonl"


def test_a_source_has_an_amount_of_its_own(run: Run, tmp_path: Path) -> None:
    sources = {row.source for row in run.all_rows("finish")}
    name = sorted(sources)[0]
    told = drawn(run, tmp_path / "out", f"stage2:{name}=1", "stage2=0.0")
    assert told["stage2"]["drawn"] == 1


def test_rows_longer_than_the_sequence_are_left_out_and_told(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", width=1920, height=1080, duration=175.0)
    told = drawn(run, tmp_path / "out")
    kept = [row for row in run.all_rows("finish") if row.kept]
    heard = sum(row.sound for row in kept)
    assert told["stage3"] == {"drawn": len(kept) - heard, "not_drawn": 0, "over_long": heard}
    assert list(told["stage1"]) == ["over_long"], "its frames are larger and its sequence shorter"
    assert list(rows(tmp_path / "out")) == ["stage3_silent.jsonl"]


def test_tokens_of_a_row_are_those_of_picture_sound_and_text() -> None:
    clip = Kept(
        id="c", video="v", split="train", uri="", source_uri="", offset=0, duration=20.0, sound=True, language="en",
        licence="", source="", caption="", captions={}, frames=(), width=1280, height=720,
    )  # fmt: skip
    item = Item("all", (), "Describe.", "x" * 300)
    stage = stage_of(clip, item)
    assert stage is STAGES[1]
    assert stage.tokens(clip, item) == 20 * 30 * 16 + 20 * 25 + 103 + 64  # 840 x 448 pixels, 25 tokens a second


@pytest.mark.parametrize("word", ["stage4=3", "stage1", "stage1=many", "stage1=150%", "stage1=-3"])
def test_amounts_that_cannot_be_are_told(word: str) -> None:
    with pytest.raises(ExportError, match="--draw"):
        amounts([word])


def test_more_than_there_is_is_refused_with_the_number_there_is(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"stage2: 5000 items are asked for, and there are \d+"):
        drawn(run, tmp_path / "out", "stage2=5000")
    with pytest.raises(ExportError, match="the run has no such items"):
        drawn(run, tmp_path / "out", "stage2:Nobody=5")


def test_the_command_says_what_was_drawn(run: Run, tmp_path: Path) -> None:
    words = ["export", str(tmp_path / "run"), "--to", "ms-swift", "--out", str(tmp_path / "out"), "--draw", "stage3=2"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    assert "stage3: 2 drawn" in said.output


def test_captions_are_woven_by_time_into_one_paragraph() -> None:
    texts = ["At 0s, a room is lit. At 5s, it is dark.", "At 0s, a man stands. At 3s, he sits"]
    assert woven(texts) == "At 0s, a room is lit. A man stands. At 3s, he sits. At 5s, it is dark."
