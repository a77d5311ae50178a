from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from asid.pipeline.models.config import ModelConfig


def made(**more: Any) -> ModelConfig:
    return ModelConfig(**{"provider": "openai", "model": "tiny", **more})


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "sk-proj-abcdefghijklmnop"},
        {"key": "AIzaSyA1234567890"},
        {"key": "AKIAIOSFODNN7EXAMPLE"},
        {"base_url": "https://me:sk-proj-abcdefghijklmnop@host/v1"},
        {"base_url": "https://host/v1?key=sk-proj-abcdefghijklmnop"},
        {"settings": {"api_key": "sk-proj-abcdefghijklmnop"}},
    ],
)
def test_a_key_in_the_manifest_is_refused_and_not_repeated(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        made(**wrong)
    assert caught.value.errors()[0]["type"] == "secret"
    for secret in ("abcdefghijklmnop", "AIzaSy", "AKIA"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [{"model": ""}, {"base_url": "localhost:8000"}, {"script": "x.yaml"}, {"timeout": 0}, {"limits": {"rpm": 3}}],
)
def test_other_mistakes_are_refused_too(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(**wrong)


def test_identity_is_what_changes_answers() -> None:
    plain = made().identity()
    same = made(
        base_url="http://127.0.0.1:1/v1", key="A_KEY", prices={"input": 1}, limits={"concurrency": 2}, retries=1
    )
    assert same.identity() == plain
    assert made(model="other").identity() != plain
    assert made(settings={"temperature": 1}).identity() != plain
    assert ModelConfig(provider="vllm", model="tiny").identity() != plain


def test_faults_of_a_scripted_model_do_not_change_its_answers() -> None:
    def scripted(**more: Any) -> dict[str, Any]:
        return ModelConfig(provider="scripted", **more).identity()

    assert scripted(settings={"faults": {"limit": 0.1}, "latency": 1}) == scripted()
    assert scripted(script="a.yaml") != scripted()
