"""What another manifest would do to a run that exists: named before it is done, and agreed to or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.run.revision import agree_or_refuse, existing, revision
from tests import samples


def changed(run: Run, **values: Any) -> Run:
    return Run(run.storage.root, run.manifest.model_copy(update=values))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return samples.make(tmp_path / "run", videos=4, clips=1)


def with_word(run: Run, word: str) -> tuple[dict[str, Any], ...]:
    return (run.manifest.recipe[0], {**run.manifest.recipe[1], "word": word})


def test_the_same_again_does_nothing(run: Run) -> None:
    found = revision(run, changed(run))
    assert found.is_harmless and not found.settings
    agree_or_refuse(run, changed(run), yes=False)
    agree_or_refuse(None, changed(run), yes=False)


def test_a_setting_makes_stale_what_it_made_and_the_message_says_how_to_go_on(run: Run) -> None:
    after = changed(run, recipe=with_word(run, "other"))
    found = revision(run, after)
    assert (dict(found.stale), found.settings, found.is_harmless) == ({"finish": 2}, ("recipe.finish.word",), False)
    with pytest.raises(RunError) as told:
        agree_or_refuse(run, after, yes=False)
    said = str(told.value)
    assert "finish: 2 finished shards would become stale" in said and "recipe.finish.word" in said
    assert (
        "--yes" in said
        and "--run OTHER" in said
        and "other" not in said.replace("OTHER", "").split("recipe", 1)[1].split("\n")[0]
    )
    agree_or_refuse(run, after, yes=True)


def test_one_shard_is_one(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "one", videos=1, clips=1)
    with pytest.raises(RunError, match="1 finished shard would"):
        agree_or_refuse(run, changed(run, recipe=with_word(run, "other")), yes=False)


def test_how_it_runs_and_what_it_is_called_change_no_row(run: Run) -> None:
    recipe = (run.manifest.recipe[0], {**run.manifest.recipe[1], "concurrency": 9})
    found = revision(run, changed(run, recipe=recipe, title="other"))
    assert found.is_harmless
    assert set(found.settings) == {"title", "recipe.finish.concurrency"}


def test_a_step_that_is_gone_is_named(run: Run) -> None:
    after = changed(run, recipe=run.manifest.recipe[:1])
    assert revision(run, after).dropped == ("finish",)
    with pytest.raises(RunError, match="finish would no longer be a step"):
        agree_or_refuse(run, after, yes=False)


def test_inputs_that_came_and_went_are_named(run: Run) -> None:
    (entry,) = run.manifest.inputs
    after = changed(run, inputs=(entry.model_copy(update={"path": "/more"}),))
    found = revision(run, after)
    assert (found.added, found.removed) == (("/more",), (entry.path,))
    with pytest.raises(RunError, match=r"inputs added: /more\n.*their videos stay in the run"):
        agree_or_refuse(run, after, yes=False)


def test_a_run_that_is_not_there_is_none(tmp_path: Path, run: Run) -> None:
    assert existing(str(tmp_path / "nowhere")) is None
    found = existing(run.storage.root)
    assert found is not None and found.fingerprints == run.fingerprints
