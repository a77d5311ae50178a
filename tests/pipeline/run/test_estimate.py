"""What an estimate rests on: which steps come before the first question, which shards and answers count."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.models.base import Usage
from asid.pipeline.models.layers.replay import Entry
from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.run.estimate import SHARDS, chosen_shards, draw, latest, preparing
from asid.pipeline.run.folder import Run, RunError
from tests import samples

ASKING = {"stage": "caption", "model": "writer", "prompt": "caption/general"}


def asking(run: Run) -> Run:
    """The same run with a step that asks a model about each clip."""
    values = run.manifest.model_dump(mode="json") | {
        "models": {"writer": {"provider": "scripted", "model": "toy"}},
        "recipe": [*run.manifest.recipe, ASKING],
    }
    return Run(run.storage.root, Manifest.model_validate(values))


def entry(
    at: float, text: str | None = "answer", row: str = "clip", attribute: str = "", name: str = "writer"
) -> Entry:
    return Entry(
        key=f"k{at}",
        text=text,
        name=name,
        model="toy",
        provider="scripted",
        task="caption",
        attribute=attribute,
        row=row,
        usage=Usage(),
        calls=1,
        seconds=1.0,
        at=at,
    )


def test_the_steps_before_the_first_question_are_worked_for_an_estimate(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=2, clips=2)
    assert preparing(asking(run)) == ["ingest", "finish"]
    with pytest.raises(RunError, match="there is nothing to estimate"):
        preparing(run)


@pytest.mark.parametrize(
    ("shards", "chosen"), [(1, [0]), (SHARDS, [0, 1, 2, 3]), (10, [0, 3, 6, 9]), (7, [0, 2, 4, 6])]
)
def test_a_few_shards_are_chosen_evenly_over_the_run(tmp_path: Path, shards: int, chosen: list[int]) -> None:
    run = samples.make(tmp_path / "run", videos=shards, clips=1, per_shard=1)
    assert chosen_shards(asking(run)) == {f"{number:05d}" for number in chosen}


def test_clips_are_drawn_evenly_by_length_and_the_same_ones_each_time(tmp_path: Path) -> None:
    run = asking(samples.make(tmp_path / "run", videos=4, clips=8, per_shard=2))  # 6 clips of 10 s, 2 of 45 s each
    sample = draw(run, 8)
    assert (sample.clips, len(sample.home), sample.factor) == (32, 8, 4.0)
    assert sorted(sample.lengths.values()) == [10.0] * 6 + [45.0] * 2
    assert sample.steps == ["caption-writer"]
    assert sample.seconds == pytest.approx(4 * (6 * 10 + 2 * 45))
    assert draw(run, 8).home == sample.home
    assert {row.id for row in sample.run.rows("finish", "00000")} == sample.home.keys()
    assert all(not row.uri.startswith("run:") for row in sample.run.rows("finish", "00000"))


def test_more_clips_than_there_are_is_all_of_them(tmp_path: Path) -> None:
    run = asking(samples.make(tmp_path / "run", videos=1, clips=3, per_shard=1))
    assert len(draw(run, 100).home) == 3


def test_a_run_without_rows_has_nothing_to_draw_from(tmp_path: Path) -> None:
    run = asking(samples.make(tmp_path / "run", videos=1, clips=1))
    run.storage.delete(run.uri("finish", "00000"))
    with pytest.raises(RunError, match="finish has given no row"):
        draw(run, 5)


def test_of_each_question_the_last_answer_counts_with_what_was_rejected_on_the_way_to_it() -> None:
    found = latest([entry(3, None), entry(1), entry(2, None), entry(4), entry(5, None)])
    assert [one.at for one in found] == [2, 3, 4, 5]
    assert [one.at for one in latest([entry(2, None), entry(1, None)])] == [1, 2]
    assert latest([]) == []


def test_answers_to_different_questions_stand_side_by_side() -> None:
    entries = [entry(1), entry(2, row="other"), entry(3, attribute="scene"), entry(4, name="second"), entry(5)]
    assert sorted(one.at for one in latest(entries)) == [2, 3, 4, 5]
