"""OpenAI, by its official client, and any endpoint that speaks its chat API: Azure, OpenRouter, Volcengine Ark, a vLLM
server.

Settings, beside those passed through by name:
  video        frames: stills with their times; data: `video_url` with the bytes; uri: `video_url` with the address
  fps, max_frames, side   of the stills: a second, at most, longest side in pixels
  max_pixels, total_pixels   of one still; of all together: fewer are sent, evenly spread, when they would be more
  video_url    further fields of `video_url`, for `data` and `uri`: {fps: 1} at Volcengine Ark
  audio        input_audio or audio_url
  schema       json_schema, json_object, or none: how the form of an answer is asked for
  extra        further fields of the request body (mm_processor_kwargs, thinking, …)
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from asid.pipeline.models.base import Model
from asid.pipeline.models.budget import Sent
from asid.pipeline.models.perception import Perception
from asid.pipeline.models.provider import Problems, Provider
from asid.pipeline.storage import Storage

if TYPE_CHECKING:
    from asid.pipeline.models.config import ModelConfig
    from asid.pipeline.models.layers.batch import Batches

PASSED = frozenset(
    {"temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "frequency_penalty"}
    | {"presence_penalty", "reasoning_effort", "service_tier", "logit_bias", "verbosity"}
)
FPS, MAX_FRAMES, SIDE = 1.0, 32, 768  # of stills
PATCH, LABEL = 28 * 28, 8  # pixels to a token at the most, and tokens of a still's time
STILLS = frozenset({"fps", "max_frames", "side", "max_pixels", "total_pixels"})
OWN = STILLS | {"video", "video_url", "audio", "schema", "extra"}


def _open(config: ModelConfig, storage: Storage) -> Model:
    from asid.pipeline.models.providers.openai.client import OpenAIModel

    return OpenAIModel(config, storage)


def _batches(model: Any) -> Batches:
    from asid.pipeline.models.providers.openai.batches import OpenAIBatches

    return OpenAIBatches(model)


def way_of(config: ModelConfig) -> str:
    """Say how videos are sent: frames, data or uri."""
    return str(config.settings.get("video", "data" if config.base_url else "frames"))


def _perceives(config: ModelConfig) -> Perception:
    settings = config.settings
    if way_of(config) == "frames":
        return Perception(True, False, settings.get("fps", FPS), settings.get("max_frames", MAX_FRAMES))
    fields = settings.get("video_url") or {}
    return Perception(hears=config.hears, fps=float(fields.get("fps", 0)))


def _tokens(settings: Mapping[str, Any], look: Sent) -> int:
    """Bound the tokens of stills: no vendor of this API counts more than one for 28 x 28 pixels (OpenAI's own are one
    for 32 x 32, or 170 for 512 x 512). What a server makes of a whole file nobody knows: it is not counted."""
    part = min(1.0, settings.get("side", SIDE) / max(look.width, look.height, 1))
    area = max(1.0, look.width * look.height * part**2)
    if "max_pixels" in settings:
        area = min(area, settings["max_pixels"])
    count = 0
    if look.video and settings.get("video") == "frames":
        count = min(math.ceil(look.video * settings.get("fps", FPS)), settings.get("max_frames", MAX_FRAMES))
        if "total_pixels" in settings:
            count = min(count, max(1, int(settings["total_pixels"] // area)))
    return int((count + look.stills) * (math.ceil(area / PATCH) + LABEL))


def _unfit(config: ModelConfig, sees: Collection[str], whole_files: bool) -> Problems:
    settings, problems = config.settings, []
    if "video" in sees and not config.base_url and settings.get("video", "frames") != "frames":
        problems.append("OpenAI's own endpoint takes no video: set `settings.video: frames`, or name a `base_url`")
    if "video" in sees and settings.get("video") == "uri" and not whole_files:
        problems.append("`video: uri` shows whole files and clips are spans: set `settings.video: data`, or let `cut` "
                        "make files (`method: encode`)")  # fmt: skip
    if "video" in sees and way_of(config) != "frames" and (lost := sorted(STILLS & set(settings))):
        problems.append(f"`video: {way_of(config)}` sends the file, and {', '.join(lost)} of stills would be lost: set "
                        "`settings.video: frames`, or what the server takes in `settings.video_url` or "
                        "`settings.extra`")  # fmt: skip
    if "audio" in sees and not config.base_url and settings.get("audio", "input_audio") != "input_audio":
        problems.append("OpenAI's own endpoint takes no audio by address: set `settings.audio: input_audio`")
    return problems


OPENAI = Provider(
    open=_open,
    settings=PASSED | OWN,
    values={
        "video": ("frames", "data", "uri"),
        "audio": ("input_audio", "audio_url"),
        "schema": ("json_schema", "json_object", "none"),
    },
    key="OPENAI_API_KEY",
    unfit=_unfit,
    perceives=_perceives,
    weigh=_tokens,
    samples={"max_pixels": SIDE**2, "fps": FPS},
    batches=_batches,
)
