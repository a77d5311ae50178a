"""A model as the command line names it, in one word."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.errors import UserError
from asid.pipeline.models.spec import ModelSpecError, is_model, model_of


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("openai:gpt-4.1", {"provider": "openai", "model": "gpt-4.1"}),
        ("openai:org/m:free", {"provider": "openai", "model": "org/m:free"}),
        ("openai:m@http://h:8000/v1", {"provider": "openai", "model": "m", "base_url": "http://h:8000/v1"}),
        ("openai:m@2@https://h/v1", {"provider": "openai", "model": "m@2", "base_url": "https://h/v1"}),
        ("scripted:", {"provider": "scripted", "model": ""}),
    ],
)
def test_a_word_names_provider_model_and_address(spec: str, found: dict[str, str]) -> None:
    assert is_model(spec)
    assert model_of(spec) == found


@pytest.mark.parametrize(
    "spec", ["gpt-4.1", "opnai:gpt", "", ":", "predictions.jsonl", "s3://bucket/x", "C:\\m", "a.txt#b"]
)
def test_what_names_no_model_is_told_the_form(spec: str) -> None:
    assert not is_model(spec)
    with pytest.raises(ModelSpecError, match="PROVIDER:MODEL") as caught:
        model_of(spec)
    assert isinstance(caught.value, UserError)
    assert "openai" in str(caught.value)


@pytest.mark.parametrize("name", ["m.yaml", "m.yml", "with # in it.yaml"])
def test_a_model_of_a_manifest_is_taken_with_its_settings(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("models:\n  strong: {provider: openai, model: m, settings: {temperature: 0}}\n")
    assert is_model(f"{file}#strong")
    assert model_of(f"{file}#strong") == {"provider": "openai", "model": "m", "settings": {"temperature": 0}}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("models: {weak: {provider: openai}, other: {provider: gemini}}", "it has weak, other"),
        ("recipe: []", "it has none"), ("- 1", "it has none"), ("", "it has none"), ("models: {strong: x}", "strong"),
    ],
)  # fmt: skip
def test_a_name_that_is_not_there_is_told_with_those_that_are(tmp_path: Path, text: str, known: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(ModelSpecError, match=f"no model 'strong'.*{known}"):
        model_of(f"{tmp_path / 'm.yaml'}#strong")


@pytest.mark.parametrize("data", [None, b"a: [", b"\xff\xfe\x00", b"!!python/object:os.system {}"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "m.yaml").write_bytes(data)
    with pytest.raises(ModelSpecError, match=r"m\.yaml cannot be read as YAML"):
        model_of(f"{tmp_path / 'm.yaml'}#strong")
