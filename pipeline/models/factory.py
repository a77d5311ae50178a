"""Models of a manifest, opened with their layers: replay of stored answers → budget → retries → limiter → provider."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

from asid.pipeline.models.base import Misconfigured, Model
from asid.pipeline.models.config import Limits, ModelConfig
from asid.pipeline.models.layers.limiter import Gate, Limiter
from asid.pipeline.models.layers.replay import Replaying
from asid.pipeline.models.layers.retry import Limited, Persistent
from asid.pipeline.models.spend import Budgeted, Purse, prices_of
from asid.pipeline.storage import Storage

if TYPE_CHECKING:
    from asid.pipeline.recipe.steps import Step
    from asid.pipeline.run.folder import Run

GateMaker = Callable[[ModelConfig], Gate]


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
    if config.provider == "embedded":
        return Replaying(provider, name, config)
    if purse and not prices_of(config).known:
        raise Misconfigured(
            f"a budget needs prices: set models.{name}.prices.input and .output, USD per million tokens"
        )
    if mode == "batch":
        layers: Model = batched(provider, config)
    else:
        where = f"{name} ({config.base_url or config.provider})"
        gate = gate or Limiter(config.limits)
        limited = Limited(provider, gate, config.timeout, config.deadline, where=where)
        layers = Persistent(limited, config.retries, config.deadline, where=where)
    if purse:
        layers = Budgeted(layers, name, stage, prices_of(config), purse)
    return Replaying(layers, name, config)


def batched(provider: Model, config: ModelConfig) -> Model:
    from asid.pipeline.models.layers.batch import Batched
    from asid.pipeline.models.providers.batch_apis import GeminiBatches, OpenAIBatches
    from asid.pipeline.models.providers.gemini import GeminiModel
    from asid.pipeline.models.providers.openai import OpenAIModel

    if isinstance(provider, GeminiModel):
        return Batched(provider, GeminiBatches(provider))
    if isinstance(provider, OpenAIModel):
        return Batched(provider, OpenAIBatches(provider))
    raise Misconfigured(f"`mode: batch` is for openai and gemini; {config.provider} has no batch API")


def open_provider(config: ModelConfig, storage: Storage) -> Model:
    """The bare provider. Each is imported only when it is named. Raises Misconfigured."""
    if unknown := unknown_settings(config):
        raise Misconfigured("; ".join(unknown))
    if config.provider == "scripted":
        from asid.pipeline.models.providers.scripted import ScriptedModel

        return ScriptedModel(config)
    if config.provider == "embedded":
        from asid.pipeline.embedded import open_embedded

        return open_embedded(config.model, storage, config.settings)
    if config.provider == "gemini":
        from asid.pipeline.models.providers.gemini import GeminiModel

        return GeminiModel(config, storage)
    if config.provider == "vllm":
        from asid.pipeline.models.providers.vllm import ServedVLLM, VLLMModel

        return ServedVLLM(config, storage) if config.base_url else VLLMModel(config, storage)
    from asid.pipeline.models.providers.openai import OpenAIModel

    return OpenAIModel(config, storage)


def known_settings(config: ModelConfig) -> frozenset[str]:
    from asid.pipeline.models.providers import gemini, openai, scripted, vllm

    modules = {"openai": openai, "gemini": gemini, "scripted": scripted, "vllm": vllm}
    return modules[config.provider].SETTINGS


def unknown_settings(config: ModelConfig) -> list[str]:
    """Settings that the provider does not have: they would be lost without a word."""
    if config.provider == "embedded":
        return []  # each kind knows its own
    known = known_settings(config)
    unknown = sorted(set(config.settings) - known)
    return [f"setting {name!r} is unknown to {config.provider}; it has {', '.join(sorted(known))}" for name in unknown]


def unknown_values(config: ModelConfig) -> list[str]:
    """Settings whose value is none of those that the provider knows."""
    from asid.pipeline.models.providers import gemini, openai

    known = {"openai": openai.VALUES, "gemini": gemini.VALUES}.get(config.provider, {})
    wrong = [(name, values) for name, values in known.items() if config.settings.get(name, values[0]) not in values]
    return [
        f"setting {name}: {config.settings[name]!r} is not one of {', '.join(values)}: set `settings.{name}` to one"
        for name, values in wrong
    ]


def unfit_media(config: ModelConfig, sees: Collection[str], whole_files: bool) -> list[str]:
    """Why the model cannot be shown what a step wants it to see. `whole_files`: each clip is a file of its own."""
    settings = config.settings
    if config.provider != "openai":
        return []
    problems = []
    if "video" in sees and not config.base_url and settings.get("video", "frames") != "frames":
        problems.append("OpenAI's own endpoint takes no video: set `settings.video: frames`, or name a `base_url`")
    if "video" in sees and settings.get("video") == "uri" and not whole_files:
        problems.append("`video: uri` shows whole files and clips are spans: set `settings.video: data`, or let `cut` "
                        "make files (`method: encode`)")  # fmt: skip
    if "audio" in sees and not config.base_url and settings.get("audio", "input_audio") != "input_audio":
        problems.append("OpenAI's own endpoint takes no audio by address: set `settings.audio: input_audio`")
    return problems


# --- what workers share ------------------------------------------------------------------------------------------


def endpoint(name: str, config: ModelConfig) -> str:
    """What shares one limiter: calls with one key to one address. "" for models inside a worker, which need none."""
    if config.provider == "embedded" or (config.provider == "vllm" and not config.base_url):
        return ""
    return f"scripted {name}" if config.provider == "scripted" else f"{config.provider} {config.base_url} {config.key}"


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
    missing = config.provider == "vllm" and not config.base_url and importlib.util.find_spec("vllm") is None
    if missing and not elsewhere:
        return ["vllm is not installed: pip install 'asid-verify[vllm]', or name a served model with `base_url`"]
    if config.provider == "vllm" and not config.base_url:
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
