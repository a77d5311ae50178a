"""`--set path=value` and `--model NAME=…` on the tree of a manifest."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline.recipe.overrides import override


def tree() -> dict[str, Any]:
    return {
        "title": "films",
        "budget": 5,
        "models": {
            "writer": {"provider": "vllm", "model": "Qwen/Qwen3", "settings": {"temperature": 0.2, "engine": {}}}
        },
        "recipe": [
            {"stage": "ingest"},
            {"stage": "cut", "max_seconds": 30},
            {"stage": "verify", "name": "look", "model": "writer", "resources": {"cpus": 8, "gpus": 1, "env": "vllm"}},
        ],
    }


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("title=other", ("title",), "other"),
        ("budget=0.5", ("budget",), 0.5),
        ("recipe.cut.max_seconds=60", ("recipe", 1, "max_seconds"), 60),
        ("recipe.1.max_seconds=60", ("recipe", 1, "max_seconds"), 60),
        ("recipe.look.model=other", ("recipe", 2, "model"), "other"),
        ("recipe.verify.resources.cpus=2", ("recipe", 2, "resources", "cpus"), 2),
        ("environments.own.pip=[a, b]", ("environments", "own", "pip"), ["a", "b"]),
        ("title=a=b", ("title",), "a=b"),
        ("title=", ("title",), None),
    ],
)
def test_a_setting_reaches_its_place_as_yaml(setting: str, path: tuple[str | int, ...], value: object) -> None:
    changed: Any = tree()
    assert override(changed, setting) == ""
    for part in path:
        changed = changed[part]
    assert changed == value


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("title", "write it as path=value"),
        ("=5", "write it as path=value"),
        ("recipe.cutt.max_seconds=60", "no 'cutt' in the manifest; did you mean 'cut'?"),
        ("recipe.9.max_seconds=60", "no '9' in the manifest"),
        ("recipe.².max_seconds=60", "no '²' in the manifest"),
        ("recipe.cut=5", "go on to one of its settings"),
        ("title.size=3", "title is a value, not a group of settings"),
        ("budget.usd=3", "budget is a value, not a group of settings"),
        ("budget.usd.all=3", "no 'usd' in the manifest"),
        ("title=[a", "its value is not YAML"),
        ("models.wirter=vllm:x@http://h:1/v1", "no model 'wirter'; did you mean 'writer'?"),
        ("models.writer=nonsense", "--model writer="),
    ],
)
def test_what_cannot_be_set_is_told_and_changes_no_setting(setting: str, told: str) -> None:
    changed = tree()
    assert told in override(changed, setting)
    assert changed == tree()


def test_a_secret_is_not_repeated() -> None:
    assert "sk-abcdefghijklmnopqrstuvwxyz0123456789" not in override(tree(), "sk-abcdefghijklmnopqrstuvwxyz0123456789")


def test_a_model_at_an_address_takes_the_place_of_one_on_a_gpu() -> None:
    changed = tree()
    assert override(changed, "models.writer=openai:own@http://127.0.0.1:1/v1") == ""
    model = changed["models"]["writer"]
    assert (model["provider"], model["model"]) == ("openai", "own")
    assert model["settings"]["temperature"] == 0.2 and "engine" not in model["settings"]
    assert changed["recipe"][2]["resources"] == {"cpus": 1}
