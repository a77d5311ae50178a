"""vLLM: the engine inside a worker's process, or a served one when the manifest gives `base_url`. One set of settings
fits both, and the answers are the same model's, so a run may change from one to the other.

Settings: temperature, top_p, top_k, max_tokens, seed, stop, repetition_penalty, and
  fps, max_frames       frames of a video that the model sees: a second, at most
  max_pixels            of one frame
  use_audio_in_video    the video's own sound, interleaved (Qwen2.5-Omni and its kin)
  engine                arguments of the engine (tensor_parallel_size, max_model_len, gpu_memory_utilization, …)
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from pipeline.models.attach import Attachments
from pipeline.models.base import BadRequest, Media, Misconfigured, Request, Response, Usage
from pipeline.models.config import ModelConfig
from pipeline.models.openai import OpenAIModel
from pipeline.storage import Storage

SAMPLING = ("temperature", "top_p", "top_k", "max_tokens", "seed", "stop", "repetition_penalty")
SETTINGS = frozenset({*SAMPLING, "fps", "max_frames", "max_pixels", "use_audio_in_video", "engine"})
BEYOND_OPENAI = ("top_k", "repetition_penalty")


class ServedVLLM(OpenAIModel):
    """A vLLM server. It must run with `--trust-request-mm-kwargs` when frames or sound are set here."""

    async def generate(self, request: Request) -> Response:
        return await super().generate(request.model_copy(update={"settings": served(request.settings)}))


def served(settings: dict[str, Any]) -> dict[str, Any]:
    """These settings as the OpenAI provider takes them."""
    plain = {name: settings[name] for name in SAMPLING if name in settings and name not in BEYOND_OPENAI}
    extra: dict[str, Any] = {name: settings[name] for name in BEYOND_OPENAI if name in settings}
    if processor := processor_arguments(settings):
        extra["mm_processor_kwargs"] = processor
    if loading := loading_arguments(settings):
        extra["media_io_kwargs"] = {"video": loading}
    return plain | {"video": "data", "audio": "audio_url", "extra": extra}


def processor_arguments(settings: dict[str, Any]) -> dict[str, Any]:
    names = ("fps", "max_pixels", "use_audio_in_video")
    return {name: settings[name] for name in names if name in settings}


def loading_arguments(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        **({"fps": settings["fps"]} if "fps" in settings else {}),
        **({"num_frames": settings["max_frames"]} if "max_frames" in settings else {}),
    }
