"""What is trained on: DiaDem's difficulty partition and MrDPO's pairs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.rewards.difficulty import DifficultyBounds, advantages, measure, partition
from asid.pipeline.rewards.rounds import PairThresholds, RatedCaption, gdpo_loss, pairs, thresholds

NEARLY_EASY = [0.9] * 7 + [0.6]


def test_the_kind_of_spread_decides() -> None:
    as_population = measure(NEARLY_EASY)
    assert (as_population.mean, as_population.difficulty) == (0.8625, "easy")
    assert round(as_population.spread or 0, 4) == 0.0992
    as_sample = measure(NEARLY_EASY, DifficultyBounds(spread="sample"))
    assert (round(as_sample.spread or 0, 4), as_sample.difficulty) == (0.1061, "medium")


def test_easy_samples_are_dropped_and_hard_ones_doubled() -> None:
    made = partition({"e": [0.9] * 8, "m": [0.5] * 8, "h": [0.1, 0.2], "u": [None] * 7 + [0.0], "w": [1.0, 0.7]})
    assert made.first == ["m", "h", "u", "w"]
    assert made.second == ["m", "h", "h", "u", "w"]
    assert made.counts() == {"easy": 1, "medium": 2, "hard": 1, "unjudged": 1}
    assert (made.samples["u"].missing, made.samples["u"].rewards) == (7, 1)


def test_a_reward_nobody_gave_is_no_zero() -> None:
    assert measure([None, 0.9, 0.9, None]).mean == 0.9


def test_bounds_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match="would be both"):
        DifficultyBounds(easy_mean=0.2)
    with pytest.raises(ValueError, match="needs 2 rewards"):
        DifficultyBounds(least=1)
    with pytest.raises(ValueError, match="cannot be had 0 times"):
        partition({}, copies=0)


def test_advantages() -> None:
    assert [round(one, 4) for one in advantages([2.1, 2.5, 1.7, 2.3])] == [-0.1690, 1.1832, -1.5213, 0.5071]
    assert advantages([1.0, 1.0]) == [0.0, 0.0]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_every_sample_has_one_difficulty_and_stays_unless_easy(rewards: list[float]) -> None:
    made = partition({"x": rewards})
    assert sum(made.counts().values()) == 1
    assert (not made.first) == (made.samples["x"].difficulty == "easy")


# --- asid partition ----------------------------------------------------------------------------------------------

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


# --- pairs and loss ----------------------------------------------------------------------------------------------


def caption(error: float | None, repetition: float = 0.0, text: str = "") -> RatedCaption:
    return RatedCaption(text or f"caption {error}", error, repetition)


def test_pairs_pass_both_thresholds_of_their_round() -> None:
    samples = [
        ("wide", [caption(0.60, 0.02), caption(0.30, 0.00)]),
        ("narrow", [caption(0.35, 0.02), caption(0.30, 0.00)]),
        ("repeats", [caption(0.60, 0.00), caption(0.30, 0.10)]),
        ("same", [caption(0.6, text="x"), caption(0.3, text="x")]),
        ("unjudged", [caption(None), caption(0.30)]),
    ]
    first = pairs(samples, thresholds(1))
    assert [(one.video, one.chosen.error) for one in first.pairs] == [("wide", 0.30), ("narrow", 0.30)]
    assert first.left_out == {
        "fewer than two captions with a verdict": 1,
        "the captions are the same": 1,
        "the margin of repetition is too small": 1,
    }
    later = pairs(samples, thresholds(5))
    assert [one.video for one in later.pairs] == ["wide"]
    assert later.pairs[0].error_margin == pytest.approx(0.30)


def test_thresholds_by_round() -> None:
    assert [thresholds(number) for number in (1, 2, 3, 6, 9)] == [
        PairThresholds(0.05, 0.01), PairThresholds(0.20, -0.01), *[PairThresholds(0.23, -0.01)] * 3,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no round 0"):
        thresholds(0)


def test_gdpo_adds_the_truths_likelihood() -> None:
    plain = gdpo_loss(-10.0, -12.0, -10.0, -10.0, 0.0)
    assert plain == pytest.approx(-math.log(1 / (1 + math.exp(-0.2))))
    assert gdpo_loss(-10.0, -12.0, -10.0, -10.0, 2.0) == pytest.approx(plain + 0.2)
    assert gdpo_loss(-1e5, 0.0, 0.0, 0.0, 0.0) == pytest.approx(1e4)  # no overflow
