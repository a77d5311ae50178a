"""Everything wrong with the values of a manifest, each with the keys that lead to it."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline.recipe.manifest import Manifest
from asid.pipeline.recipe.mistakes import mistakes


def told(**changed: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """The mistakes of a manifest that has none but for what is changed."""
    sound: dict[str, Any] = {
        "inputs": [{"path": "videos"}], "models": {"writer": {"provider": "scripted", "model": "toy"}},
        "recipe": [{"stage": "ingest"}, {"stage": "split"}],
    }  # fmt: skip
    return list(mistakes(sound | changed, Manifest))


def recipe(*entries: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return told(recipe=[{"stage": "ingest"}, *entries])


def test_a_sound_manifest_has_none() -> None:
    assert told() == []


def test_an_unknown_key_names_the_nearest_of_its_own_place() -> None:
    ((path, said),) = told(inputs=[{"path": "videos", "licens": "MIT"}])
    assert path[:2] == ("inputs", 0) and "unknown key 'licens'; did you mean 'licence'?" in said
    ((path, said),) = recipe({"stage": "split", "stils": True}) or [((), "")]
    assert path[:2] == ("recipe", 1) and "unknown key 'stils'" in said


@pytest.mark.parametrize(
    ("entry", "where", "said"),
    [
        ("split", (), "each recipe entry needs `stage`"),
        (None, (), "each recipe entry needs `stage`"),
        ({"name": "x"}, (), "each recipe entry needs `stage`"),
        ({"stage": "splitt"}, ("stage",), "did you mean 'split'"),
        ({"stage": "split", "name": "Bad Name"}, (), "use lower-case letters"),
        ({"stage": "split", "name": "ingest"}, (), "two steps are called 'ingest'"),
        ({"stage": "split", "resources": {"env": "gpu"}}, (), "the environment 'gpu'"),
    ],
)
def test_a_wrong_entry_is_told_at_its_place(entry: Any, where: tuple[str, ...], said: str) -> None:
    found = recipe(entry)
    assert any(path == ("recipe", 1, *where) and said in words for path, words in found), found


def test_two_steps_of_one_name_are_one_mistake_and_no_other_is_made_of_it() -> None:
    assert [path for path, _ in recipe({"stage": "split", "name": "ingest"})] == [("recipe", 1)]


def test_an_unknown_model_names_the_nearest() -> None:
    found = recipe({"stage": "split"}, {"stage": "transcribe"}, {"stage": "cut"},
                   {"stage": "caption", "model": "writr", "prompt": "caption/general"})  # fmt: skip
    assert any(path == ("recipe", 4) and "did you mean 'writer'" in said for path, said in found), found


def test_a_stage_too_early_says_what_belongs_between() -> None:
    ((path, said),) = recipe({"stage": "cut"})
    assert path == ("recipe", 1) and "cut works on Transcribed rows, and ingest before it gives Video" in said


def test_a_recipe_begins_with_what_gives_rows() -> None:
    assert (("recipe", 0), "the first stage must be `ingest`") in told(recipe=[{"stage": "split"}])


def test_several_mistakes_come_at_once_and_no_secret_is_repeated() -> None:
    key = "sk-abcdefghijklmnopqrstuvwxyz0123456789"
    found = told(inputs=[{"path": "a", "bogus": key}], recipe=[{"stage": "ingest"}, {"stage": "nothing"}, 5])
    assert len(found) >= 3
    assert not any(key in said for _, said in found)
