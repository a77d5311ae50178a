"""How a clip is shown to the one model that is asked: told as it is sent, and sent so that it fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from asid.pipeline.models.base import Media, Model
from asid.pipeline.models.budget import Sent, TooLarge, fit
from asid.pipeline.models.ceiling import media_tokens
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.provider import find_provider
from asid.pipeline.rows import Clip, Row
from asid.pipeline.stage import Unprocessable


@dataclass(frozen=True)
class ModelQuestion:
    """A question as one model gets it: the rendered prompt and the values in it, the settings that are its own, the
    tokens of its media."""

    text: str
    values: Mapping[str, str]
    settings: dict[str, Any]
    weight: int = 0


def shown(
    model: Model,
    settings: Mapping[str, Any],
    media: Sequence[Media],
    row: Row,
    values: Mapping[str, str],
    render: Callable[[Mapping[str, str]], str],
) -> ModelQuestion:
    """Put a question so that it is true of what this model is sent, and fits. Raises Unprocessable, of kind context."""
    own, config = dict(settings), getattr(model, "config", None)
    if not (media and isinstance(row, Clip) and isinstance(config, ModelConfig)):
        return ModelQuestion(render(values), values, own)
    true = told(values, adapted(config, own), media, row)
    text = render(true)
    if changed := fitted(adapted(config, own), media, row, text):
        own |= changed
        true = told(values, adapted(config, own), media, row)
        text = render(true)
    return ModelQuestion(text, true, own, weight(adapted(config, own), media, row))


def adapted(config: ModelConfig, settings: Mapping[str, Any]) -> ModelConfig:
    """The model with a question's own settings."""
    return config.model_copy(update={"settings": {**config.settings, **settings}})


def told(values: Mapping[str, str], config: ModelConfig, media: Sequence[Media], clip: Clip) -> dict[str, str]:
    """The values of a prompt, `material` among them saying what this model is sent of the clip."""
    if "material" not in values:
        return dict(values)
    return {**values, "material": find_provider(config.provider).perceives(config).of(media, clip.sound)}


def hears(model: Model, clip: Clip, media: Sequence[Media], settings: Mapping[str, Any] = MappingProxyType({})) -> bool:
    """Whether a model that is shown these media of a clip, with a question's own `settings`, knows how it sounds, as
    far as anybody says. A model that reads facts knows what detectors heard; of a clip without sound there is nothing
    to hear."""
    config = getattr(model, "config", None)
    if model.reads_facts or not clip.sound or not isinstance(config, ModelConfig):
        return True
    config = adapted(config, settings)
    kinds = {medium.kind for medium in media}
    ears = find_provider(config.provider).perceives(config).hears is not False
    return ("audio" in kinds and config.hears is not False) or ("video" in kinds and ears)


def fitted(config: ModelConfig, media: Sequence[Media], clip: Clip, prompt: str) -> dict[str, Any]:
    """The settings that differ for this clip, so that prompt and media fit into the model's context. Raises
    Unprocessable, of kind context, when nothing makes them fit."""
    record, limit = find_provider(config.provider), context_of(config)
    if record.weigh is None:
        return {}
    look = sent(config, media, clip)
    settings = dict(config.settings)
    if settings.get("use_audio_in_video") and not clip.sound:
        settings["use_audio_in_video"] = False  # servers refuse a video whose sound they look for in vain
    try:
        found = fit(record.weigh, record.samples, settings, look, prompt, limit)
    except TooLarge as error:
        raise Unprocessable(f"does not fit into the context of {config.model}: {error}", "context") from error
    return {name: value for name, value in found.items() if config.settings.get(name) != value}


def sent(config: ModelConfig, media: Sequence[Media], clip: Clip) -> Sent:
    """What a model is sent of a clip."""
    kinds = [medium.kind for medium in media]
    return Sent(
        width=clip.width,
        height=clip.height,
        video=clip.duration if "video" in kinds else 0.0,
        sound=clip.duration if "audio" in kinds or ("video" in kinds and _hears_video(config, clip)) else 0.0,
        stills=kinds.count("image"),
        frames=round(clip.fps * clip.duration),
    )


def weight(config: ModelConfig, media: Sequence[Media], clip: Clip) -> int:
    """The most tokens that the media have as they are sent."""
    return media_tokens(config, config.settings, sent(config, media, clip))


def _hears_video(config: ModelConfig, clip: Clip) -> bool:
    return clip.sound and find_provider(config.provider).perceives(config).hears is True


def context_of(config: ModelConfig) -> int | None:
    """Tokens that the model takes: its `context`, else what its engine is told."""
    engine = config.settings.get("engine")
    length = engine.get("max_model_len") if isinstance(engine, Mapping) else None
    return config.context or (length if isinstance(length, int) else None)
