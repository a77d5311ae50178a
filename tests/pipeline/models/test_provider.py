"""Who answers, found by name, with what it needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asid.pipeline.models import provider
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.perception import Perception
from asid.pipeline.models.provider import Provider, find_provider, missing_packages, never
from asid.pipeline.registry import PROVIDERS, UnknownName

OPEN: Any = object


@pytest.mark.parametrize("name", PROVIDERS.names())
def test_every_provider_is_found_and_says_what_of_a_clip_it_perceives(name: str) -> None:
    record = find_provider(name)
    assert record.settings is None or set(record.values) <= record.settings
    assert all(values for values in record.values.values())
    config = ModelConfig(provider=name, model="m" if record.needs_model else "")
    assert isinstance(record.perceives(config), Perception)
    assert record.is_remote(config) in (True, False)


def test_a_name_that_nobody_has_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="openai"):
        find_provider("opnai")


def test_what_is_no_provider_is_refused() -> None:
    with pytest.raises(UnknownName, match="must name a Provider"):
        find_provider("json:loads")


def test_only_the_way_to_open_it_is_needed() -> None:
    record, config = Provider(open=OPEN), ModelConfig(provider="scripted")
    assert record.is_remote(config)
    assert not record.is_free
    assert list(record.unfit(config, ["video"], True)) == []
    assert record.identity(config) == {}
    assert record.perceives(config) == Perception(hears=True)
    assert record.perceives(config.model_copy(update={"hears": False})) == Perception(hears=False)
    assert never(config) is False


def test_packages_that_are_not_there_are_told_by_the_line_that_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = {"json": "never", "no_such_module_of_t2": "pip install thing"}
    record = replace(find_provider("scripted"), packages=packages)
    monkeypatch.setattr(provider, "find_provider", lambda name: record)
    assert missing_packages(ModelConfig(provider="scripted")) == ["pip install thing"]
    assert find_provider is not provider.find_provider
