"""vLLM: the engine inside a worker's process, or a served one when the manifest gives `base_url`. One set of settings
fits both, and the answers are the same model's, so a run may change from one to the other.

Settings: temperature, top_p, top_k, max_tokens, seed, stop, repetition_penalty, and
  fps, max_frames       frames of a video that the model sees: a second (2, or vLLM would take 32 of the whole), at most
  max_pixels            of one frame; smaller than 128 x 28 x 28 it is not made, as in the family's own tools
  total_pixels          of all frames of a video: those of a long one are smaller
  use_audio_in_video    the video's own sound, interleaved (Qwen2.5-Omni and its kin)
  engine                arguments of the engine (tensor_parallel_size, max_model_len, gpu_memory_utilization, …)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asid.pipeline.models.base import Model
from asid.pipeline.models.budget import QWEN, served_tokens
from asid.pipeline.models.perception import Perception
from asid.pipeline.models.provider import Provider
from asid.pipeline.storage import Storage

if TYPE_CHECKING:
    from asid.pipeline.models.config import ModelConfig

SAMPLING = ("temperature", "top_p", "top_k", "max_tokens", "seed", "stop", "repetition_penalty")


def _open(config: ModelConfig, storage: Storage) -> Model:
    from asid.pipeline.models.providers.vllm.client import ServedVLLM, VLLMModel

    return ServedVLLM(config, storage) if config.base_url else VLLMModel(config, storage)


def _is_served(config: ModelConfig) -> bool:
    return bool(config.base_url)


def _perceives(config: ModelConfig) -> Perception:
    settings = config.settings
    hears = bool(settings.get("use_audio_in_video")) and config.hears is not False
    return Perception(hears=hears, fps=float(settings.get("fps", 0)))


VLLM = Provider(
    open=_open,
    settings=frozenset({*SAMPLING, "fps", "max_frames", "max_pixels", "total_pixels", "use_audio_in_video", "engine"}),
    is_free=True,  # one's own: what its accelerators cost by the hour is in nobody's list; `prices` says otherwise
    is_remote=_is_served,
    packages={"vllm": "vllm is not installed: pip install 'asid-verify[vllm]', or name a served model with `base_url`"},
    is_checked_open=_is_served,
    perceives=_perceives,
    weigh=served_tokens,
    samples=QWEN,
)
