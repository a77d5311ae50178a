"""Models of a manifest, opened with their layers: replay of stored answers → budget → retries → limiter → provider."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from asid.pipeline.models.base import Misconfigured, Model
from asid.pipeline.models.config import Limits, ModelConfig
from asid.pipeline.models.layers.limiter import Gate, Limiter
from asid.pipeline.models.layers.replay import Replaying
from asid.pipeline.models.layers.retry import Limited, Persistent
from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.provider import find_provider, missing_packages
from asid.pipeline.models.spend import Budgeted, Purse
from asid.pipeline.registry import PROVIDERS
from asid.pipeline.storage import Storage

if TYPE_CHECKING:
    from asid.pipeline.recipe.steps import Step
    from asid.pipeline.run.folder import Run


def open_model(
    name: str,
    config: ModelConfig,
    storage: Storage,
    *,
    stage: str = "",
    gate: Gate | None = None,
    purse: Purse | None = None,
    mode: str = "live",
) -> Replaying:
    """The model `name` of the manifest, for one stage. Without a `gate` it is paced within this process alone; without
    a `purse` nothing bounds its spending. `mode` batch: through the provider's batch API. Raises Misconfigured."""
    provider = open_provider(config, storage)
    if find_provider(config.provider).is_rules:
        return Replaying(provider, name, config)
    if purse and not prices_of(config).known:
        raise Misconfigured(
            f"a budget needs prices, and no list price of {config.model} is known: set models.{name}.prices.input and "
            "prices.output, USD per million tokens"
        )
    if mode == "batch":
        layers: Model = batched(provider, config)
    else:
        where = f"{name} ({config.base_url or config.provider})"
        gate = gate or Limiter(config.limits)
        limited = Limited(provider, gate, config.timeout, config.deadline, where=where)
        layers = Persistent(limited, config.retries, config.deadline, where=where)
    if purse:
        layers = Budgeted(layers, name, stage, config, purse, batch=mode == "batch")
    return Replaying(layers, name, config)


def batched(provider: Model, config: ModelConfig) -> Model:
    """Put a provider's batch API before it. Raises Misconfigured where it has none."""
    from asid.pipeline.models.layers.batch import Batched

    make = find_provider(config.provider).batches
    if make is None:
        able = [name for name in PROVIDERS.shipped if find_provider(name).batches]
        raise Misconfigured(f"`mode: batch` is for {' and '.join(able)}; {config.provider} has no batch API")
    return Batched(provider, make(provider))


def open_provider(config: ModelConfig, storage: Storage) -> Model:
    """The bare provider. Each is imported only when it is named. Raises Misconfigured."""
    if unknown := unknown_settings(config):
        raise Misconfigured("; ".join(unknown))
    return find_provider(config.provider).open(config, storage)


def unknown_settings(config: ModelConfig) -> list[str]:
    """Settings that the provider does not have: they would be lost without a word."""
    known = find_provider(config.provider).settings
    if known is None:
        return []
    unknown = sorted(set(config.settings) - known)
    has = f"it has {', '.join(sorted(known))}" if known else "it has none"
    return [f"setting {name!r} is unknown to {config.provider}; {has}" for name in unknown]


def unknown_values(config: ModelConfig) -> list[str]:
    """Settings whose value is none of those that the provider knows."""
    known = find_provider(config.provider).values
    wrong = [(name, values) for name, values in known.items() if config.settings.get(name, values[0]) not in values]
    return [
        f"setting {name}: {config.settings[name]!r} is not one of {', '.join(values)}: set `settings.{name}` to one"
        for name, values in wrong
    ]


def unfit_media(config: ModelConfig, sees: Collection[str], whole_files: bool) -> list[str]:
    """Why the model cannot be shown what a step wants it to see. `whole_files`: each clip is a file of its own."""
    problems = list(find_provider(config.provider).unfit(config, sees, whole_files))
    if config.hears is False and "audio" in sees:
        problems.append("it hears nothing (`hears: false`), and the step gives it sound: name another model")
    return problems


# --- what workers share ------------------------------------------------------------------------------------------


def endpoint(name: str, config: ModelConfig) -> str:
    """What shares one limiter: calls with one key to one address. "" for models inside a worker, which need none."""
    record = find_provider(config.provider)
    if not record.is_remote(config):
        return ""
    return record.shares(name) if record.shares else f"{config.provider} {config.base_url} {config.key}"


def strictest(limits: Iterable[Limits]) -> Limits:
    """The limits of an endpoint that several models of a manifest name."""
    found = list(limits)
    requests = [item.requests_per_minute for item in found if item.requests_per_minute]
    tokens = [item.tokens_per_minute for item in found if item.tokens_per_minute]
    return Limits(
        requests_per_minute=min(requests, default=None),
        tokens_per_minute=min(tokens, default=None),
        concurrency=min(item.concurrency for item in found),
    )


def model_maker(
    gates: Callable[[str], Gate] | None = None, purse: Purse | None = None
) -> Callable[[Run, Step, str], Model]:
    """How a worker opens the models of its stages. `gates` gives the run's gate of an endpoint, `purse` holds its
    money; both live outside the worker."""

    def make(run: Run, step: Step, name: str) -> Model:
        config = run.manifest.models[name]
        shared = endpoint(name, config)
        gate = gates(shared) if gates and shared else None
        return open_model(name, config, run.storage, stage=step.name, gate=gate, purse=purse, mode=step.config.mode)

    return make


# --- doctor ------------------------------------------------------------------------------------------------------


async def check_model(config: ModelConfig, storage: Storage, elsewhere: bool = False) -> list[str]:
    """What is wrong with a model before anything is spent, each with what mends it. Asks the endpoint which models it
    has; that costs nothing. `elsewhere`: its workers have an environment of their own."""
    if problems := unknown_settings(config) + unknown_values(config):
        return problems
    record = find_provider(config.provider)
    missing = missing_packages(config) if not record.is_remote(config) else []
    if missing and not elsewhere:
        return list(missing)
    if not record.is_checked_open(config):
        return []  # opening it would load the weights
    try:
        provider = open_provider(config, storage)
    except Misconfigured as error:
        return [str(error)]
    try:
        found = getattr(provider, "check", None)
        return await found() if found else []
    finally:
        await provider.close()
