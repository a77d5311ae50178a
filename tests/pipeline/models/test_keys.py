"""Keys: where one is read from, that it is shown to nobody, and the line that mends a missing one."""

from __future__ import annotations

import base64
import copy
import pickle

import pytest

from asid.pipeline.models.base import Misconfigured
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.keys import NO_KEY, Key, read_key, variable

SECRET = "abc+def/ghi=12345"


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"provider": "openai", "model": "m"}, "OPENAI_API_KEY"),
        ({"provider": "openai", "model": "m", "key": "MY_KEY"}, "MY_KEY"),
        ({"provider": "openai", "model": "m", "base_url": "http://h:1/v1"}, ""),
        ({"provider": "openai", "model": "m", "base_url": "http://h:1/v1", "key": "MY_KEY"}, "MY_KEY"),
        ({"provider": "scripted"}, ""),
    ],
)
def test_the_variable_is_the_manifests_or_the_usual_one_or_none_at_an_own_endpoint(
    config: dict[str, str], name: str
) -> None:
    assert variable(ModelConfig(**config)) == name


def test_a_key_is_read_without_the_line_end_of_the_file_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", f" {SECRET}\n")
    assert read_key(ModelConfig(provider="openai", model="m", key="MY_KEY")).secret == SECRET


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_missing_or_empty_key_is_told_with_the_line_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(Misconfigured, match="export MY_KEY="):
        read_key(ModelConfig(provider="openai", model="m", key="MY_KEY"))


def test_who_needs_no_key_gets_one_that_clients_accept() -> None:
    found = read_key(ModelConfig(provider="openai", model="m", base_url="http://h:1/v1"))
    assert (found.name, found.secret) == ("", NO_KEY)
    assert found.clean("none of these is a key") == "none of these is a key"


def test_a_key_does_not_print() -> None:
    key = Key("MY_KEY", SECRET)
    assert f"{key} {key!r} {[key]}" == "<MY_KEY> <MY_KEY> [<MY_KEY>]"
    assert repr(Key("", NO_KEY)) == "<no key>"


def test_it_is_taken_out_of_a_text_in_each_form() -> None:
    encoded = base64.b64encode(SECRET.encode()).decode()
    said = Key("MY_KEY", SECRET).clean(f"{SECRET}, abc%2Bdef%2Fghi%3D12345, {encoded}")
    assert said.count("<MY_KEY>") == 3
    assert "ghi" not in said
    assert encoded.rstrip("=") not in said


def test_it_stays_in_the_process_that_read_it() -> None:
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="stays in the process"):
            way(Key("MY_KEY", SECRET))
