"""A manifest over another: what is laid where, and what cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from asid.pipeline.recipe.extending import Unextendable, find, lay, rooted, step_name

BASE: dict[str, Any] = {
    "title": "base",
    "budget": 5,
    "models": {"writer": {"provider": "vllm", "model": "m", "settings": {"seed": 1, "temperature": 0.5}}},
    "recipe": [
        {"stage": "ingest"},
        {"stage": "cut", "max_seconds": 30, "min_seconds": 2},
        {"stage": "caption", "model": "writer"},
    ],
}


def over(text: str) -> Any:
    return YAML(typ="rt").load(text)


def laid(text: str, base: dict[str, Any] = BASE) -> Any:
    return lay(base, over("extends: base.yaml\n" + text))


def test_keys_are_laid_over_keys_and_null_takes_away() -> None:
    found = laid("title: own\nbudget: null\nmodels: {writer: {settings: {seed: 2, temperature: null}}}\n")
    assert found["title"] == "own" and "budget" not in found and "extends" not in found
    assert found["models"]["writer"] == {"provider": "vllm", "model": "m", "settings": {"seed": 2}}
    assert found["recipe"] == BASE["recipe"]
    assert BASE["models"]["writer"]["settings"] == {"seed": 1, "temperature": 0.5}


def test_a_model_that_names_its_provider_replaces_the_one_before() -> None:
    assert laid("models: {writer: {provider: gemini, model: g}}")["models"]["writer"] == {
        "provider": "gemini",
        "model": "g",
    }


def test_a_recipe_may_change_leave_out_and_add_steps() -> None:
    found = laid(
        "recipe:\n  cut: {max_seconds: 60, min_seconds: null}\n  writer: null\n  look: {stage: split, after: ingest}\n"
    )
    assert found["recipe"] == [
        {"stage": "ingest"},
        {"stage": "split", "name": "look"},
        {"stage": "cut", "max_seconds": 60},
    ]
    before = laid("recipe:\n  split: {stage: split, before: cut}\n")["recipe"]
    assert [entry["stage"] for entry in before] == ["ingest", "split", "cut", "caption"]
    assert "name" not in before[1]


def test_a_list_replaces_the_whole_recipe() -> None:
    assert laid("recipe: [{stage: cases}]")["recipe"] == [{"stage": "cases"}]


@pytest.mark.parametrize(
    ("text", "path", "told"),
    [
        ("recipe: {cutt: {max_seconds: 5}}", ["recipe", "cutt"], "did you mean 'cut'"),
        ("recipe: {cut: {after: ingest}}", ["recipe", "cut", "after"], "has its place already"),
        ("recipe: {own: {stage: split}}", ["recipe", "own"], "say where own belongs"),
        ("recipe: {own: {stage: split, after: ingest, before: cut}}", ["recipe", "own"], "say where own belongs"),
        ("recipe: {own: {stage: split, after: ingst}}", ["recipe", "own", "after"], "did you mean 'ingest'"),
        ("recipe: {cut: 5}", ["recipe", "cut"], "there is no step"),
    ],
)
def test_what_cannot_be_laid_has_the_path_that_leads_to_it(text: str, path: list[str], told: str) -> None:
    with pytest.raises(Unextendable, match=told) as caught:
        laid(text)
    assert caught.value.path == path


def test_models_that_are_no_mapping_are_left_for_the_check_of_the_whole() -> None:
    assert laid("models: [a, b]")["models"] == ["a", "b"]


@pytest.mark.parametrize("recipe", [["ingest"], {"ingest": {}}, 5, [{"stage": "ingest"}, None]])
def test_a_base_without_a_list_of_stages_is_told_as_such(recipe: object) -> None:
    with pytest.raises(Unextendable, match="mend that file first"):
        laid("recipe: {cut: null}", {"recipe": recipe})


def test_the_file_is_looked_for_beside_the_manifest_then_among_the_shipped(tmp_path: Path) -> None:
    assert find("asid.yaml", tmp_path).parent.name == "manifests"
    (tmp_path / "asid.yaml").write_text("title: mine")
    assert find("asid.yaml", tmp_path) == tmp_path / "asid.yaml"
    with pytest.raises(Unextendable, match=r"did you mean 'asid.yaml'.*shipped ones: .*asid.yaml") as caught:
        find("asd.yaml", tmp_path)
    assert caught.value.path == ["extends"]
    with pytest.raises(Unextendable):
        find("../asid.yaml", None)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ({"stage": "cut"}, "cut"),
        ({"stage": "cut", "name": "own"}, "own"),
        ({"stage": "caption", "model": "a"}, "a"),
        ({"stage": "caption", "model": "a", "name": "b"}, "b"),
        ({"stage": "verify", "model": "a"}, "verify"),
        ({}, ""),
    ],
)
def test_what_a_step_is_called(entry: dict[str, Any], name: str) -> None:
    assert step_name(entry) == name


def test_paths_of_a_base_hold_from_anywhere() -> None:
    values = {"inputs": ["a", {"path": "b", "licence": "MIT"}, {"path": 5}, 7], "prompts": "p", "title": "t"}
    found = rooted(values, Path("/base"), lambda path, folder: f"{folder}/{path}")
    assert found == {
        "inputs": ["/base/a", {"path": "/base/b", "licence": "MIT"}, {"path": 5}, 7],
        "prompts": "/base/p",
        "title": "t",
    }
    assert rooted({"inputs": "a"}, Path("/base"), lambda path, folder: "no") == {"inputs": "a"}
