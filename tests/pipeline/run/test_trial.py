"""A changed recipe's figures beside those of the run, counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.run.trial import TrialFigures, figures, prepare, table
from tests import samples


def asked(run: Run, **settings: Any) -> Manifest:
    """The manifest of the run with a step that asks a model; `settings` change its step `finish`."""
    recipe = [run.manifest.recipe[0], {**run.manifest.recipe[1], **settings},
              {"stage": "caption", "model": "writer", "prompt": "caption/general"}]  # fmt: skip
    models = {"writer": {"provider": "scripted", "model": "toy"}}
    return Manifest.model_validate(run.manifest.model_dump(mode="json") | {"models": models, "recipe": recipe})


def test_figures_are_those_of_the_clips_named(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=1, clips=8, caption="five words are in here")
    ids = [row.id for row in run.all_rows("finish")]
    # clips 3 and 7 are dropped; each clip has one error, and those with odd numbers one thing missing
    assert figures(run, ids) == TrialFigures(8, 6, 5.0, 1.5, 0.0)
    assert figures(run, ids[:1]) == TrialFigures(1, 1, 5.0, 1.0, 0.0)
    assert figures(run, [ids[3]]) == TrialFigures(1, 0, 5.0, 2.0, 0.0)
    assert figures(run, []) == figures(run, ["nobody"]) == TrialFigures(0, 0, 0.0, 0.0, 0.0)


def test_a_run_without_captions_and_audits_has_figures_all_the_same(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=2, clips=1)
    only = Run(run.storage.root, run.manifest.model_copy(update={"recipe": run.manifest.recipe[:1]}))
    ids = [row.id for row in run.all_rows("ingest")]
    assert figures(only, ids) == TrialFigures(2, 2, 0.0, 0.0, 0.0)


def test_a_trial_of_other_cuts_is_refused_and_one_of_the_same_has_clips(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=2, clips=2)
    with pytest.raises(RunError, match=r"step finish is not as in .* a trial begins after the cuts"):
        prepare(run, asked(run, word="other"), 2)


def test_a_price_that_is_not_known_is_said() -> None:
    lines = list(table(TrialFigures(8, 6, 123.456, 1.5, 0.25), TrialFigures(8, 7, 99.0, 0.0, None)))
    assert [line.split() for line in lines] == [
        ["run", "trial"], ["clips", "8", "8"], ["kept", "6", "7"], ["words", "of", "a", "caption", "123.5", "99"],
        ["faults", "found", "in", "a", "clip", "1.5", "0"], ["USD", "for", "a", "clip", "0.25", "unknown"],
    ]  # fmt: skip
    assert len({len(line) for line in lines}) == 1
