"""The threshold of a run's screen, by the audits in which both have spoken."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.rows import Error, Judged, Video
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.run.screens import screen
from asid.pipeline.stage import Stage, StageConfig
from tests import samples


class ScreenedConfig(StageConfig):
    screen: str = ""
    threshold: float | None = None
    recall: float = 0.5
    confidence: float = 0.5


class Screened(Stage[Video, Judged, ScreenedConfig]):
    """Stands for a step that audits with a screen."""

    name = "finish"

    @classmethod
    def gives(cls, taken: Any) -> Any:
        return samples.FINISHED


Pairs = list[tuple[float | None, bool]]


def made(folder: Path, audits: Pairs, how: Literal["run", "estimate"] = "run", **settings: Any) -> Run:
    """A run with one audit a clip, each a suspicion and whether a fault was found; or a sample of it."""
    recipe = [
        {"stage": "tests.toys:ToyIngest"},
        {"stage": "tests.pipeline.run.test_screens:Screened", "screen": "cheap", **settings},
    ]
    manifest = Manifest.model_validate({"inputs": [str(folder)], "recipe": recipe})
    run = Run(folder if how == "run" else folder / "estimate" / "0123", manifest)
    run.freeze()
    video = samples.video(0)
    base = samples.judged(video, 0).audits[1]
    rows = []
    for number, (suspicion, faulty) in enumerate(audits):
        errors = (Error(snippet="x", why="y"),) if faulty else ()
        rows.append(
            samples.judged(video, number, audits=(base.model_copy(update={"suspicion": suspicion, "errors": errors}),))
        )
    samples.write(run, "00000", [video], [rows], 1)
    return run


SPOKEN: Pairs = [(10.0 + number, False) for number in range(10)] + [(80.0 + number, True) for number in range(10)]


def test_a_screen_that_tells_faults_apart_saves_the_audits_below_them(tmp_path: Path) -> None:
    found = screen(made(tmp_path / "run", SPOKEN))
    assert (found.step, found.alone, found.all) == ("finish", 0, 20)
    assert (found.threshold.sample, found.threshold.faulty) == (20, 10)
    assert found.threshold.is_useful and found.threshold.value > 19 and found.threshold.saved >= 0.5


def test_audits_that_the_screen_did_not_see_are_no_part_of_the_sample(tmp_path: Path) -> None:
    found = screen(made(tmp_path / "run", [*SPOKEN, (None, True), (None, False)]))
    assert (found.threshold.sample, found.all) == (20, 22)


def test_an_estimate_s_sample_counts_beside_the_run_s_own(tmp_path: Path) -> None:
    run = made(tmp_path / "run", [(None, False)] * 2)
    made(tmp_path / "run", SPOKEN, "estimate")
    found = screen(run)
    assert found.threshold.sample == 18  # the run's own audits stand for the same two clips
    assert found.all == 20


def test_once_the_screen_is_believed_only_samples_without_it_are_random(tmp_path: Path) -> None:
    run = made(tmp_path / "run", SPOKEN, threshold=85)
    with pytest.raises(RunError, match="no audit of both is there yet"):
        screen(run)
    made(tmp_path / "run", SPOKEN[5:15], "estimate")
    found = screen(run)
    assert (found.alone, found.threshold.sample) == (15, 10)


def test_without_a_screen_or_without_audits_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"set audit.screen to a model that is cheap"):
        screen(samples.make(tmp_path / "none", videos=1, clips=1))
    with pytest.raises(RunError, match=r"`asid estimate --run .*` makes a sample"):
        screen(made(tmp_path / "run", [(None, True)]))
