"""A provider as its file describes it: all that the house asks of who answers, in one record."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asid.pipeline.models.base import Model
from asid.pipeline.models.budget import Weigh
from asid.pipeline.models.perception import Perception
from asid.pipeline.registry import PROVIDERS, UnknownName
from asid.pipeline.storage import Storage

if TYPE_CHECKING:
    from asid.pipeline.models.config import ModelConfig
    from asid.pipeline.models.layers.batch import Batches

Problems = Sequence[str]  # each a sentence that says what to do


def _always(config: ModelConfig) -> bool:
    return True


def never(config: ModelConfig) -> bool:
    """Answer a question about a model with no."""
    return False


def _nothing(config: ModelConfig) -> dict[str, Any]:
    return {}


def _fits(config: ModelConfig, sees: Collection[str], whole_files: bool) -> Problems:
    return ()


def _all_of_it(config: ModelConfig) -> Perception:
    return Perception(hears=config.hears is not False)


@dataclass(frozen=True)
class Provider:
    """Who answers. Only `open` is needed; the record must import nothing heavy, so that the manifest can be read by
    a command that asks nobody.

    open: makes the model, ready for its first request. Raises Misconfigured.
    settings: names that a manifest may set for it; None: `open` looks at them itself.
    values: for a setting the values that it knows, the usual one first.
    key: the environment variable with the key, where the manifest names neither a variable nor an endpoint.
    is_free: no price is known and none is due.
    is_rules: answers by rules in the worker's own process: nothing is limited, tried again or paid for.
    needs_model: the manifest must name a model. takes_script: it may name a script.
    is_remote: calls leave the worker's process, so that they share one limiter with all workers.
    packages: modules that must be there, each with the line that brings it.
    is_checked_open: the model may be opened by `asid doctor`, which costs nothing and loads no weights.
    shares: what shares one limiter with other models of the manifest; "": key and endpoint.
    identity: what changes answers beside model and settings.
    unfit: why it cannot be shown what a step wants it to see, of clips that are whole files or not.
    perceives: what of a clip reaches the model, by its settings.
    weigh: the tokens of media by the processor's arithmetic; None: nobody knows them.
    samples: settings of a question by which a video is sampled down, each with its usual value.
    longest: most tokens of an answer that no setting bounds.
    batches: its batch API for an open model; None: it has none.
    """

    open: Callable[[ModelConfig, Storage], Model]
    settings: frozenset[str] | None = frozenset()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    key: str = ""
    is_free: bool = False
    is_rules: bool = False
    needs_model: bool = True
    takes_script: bool = False
    is_remote: Callable[[ModelConfig], bool] = _always
    packages: Mapping[str, str] = field(default_factory=dict)
    is_checked_open: Callable[[ModelConfig], bool] = _always
    shares: Callable[[str], str] | None = None
    identity: Callable[[ModelConfig], dict[str, Any]] = _nothing
    unfit: Callable[[ModelConfig, Collection[str], bool], Problems] = _fits
    perceives: Callable[[ModelConfig], Perception] = _all_of_it
    weigh: Weigh | None = None
    samples: Mapping[str, float] = field(default_factory=dict)
    longest: int = 131_072
    batches: Callable[[Any], Batches] | None = None


def find_provider(name: str) -> Provider:
    """Find the record of a provider by its name. Raises UnknownName."""
    found = PROVIDERS.find(name)
    if not isinstance(found, Provider):
        raise UnknownName(f"{name} is no provider: it must name a Provider")
    return found


def missing_packages(config: ModelConfig) -> Problems:
    """Say which modules the model's provider needs in its worker's process and are not there."""
    packages = find_provider(config.provider).packages
    return [how for module, how in packages.items() if importlib.util.find_spec(module) is None]
