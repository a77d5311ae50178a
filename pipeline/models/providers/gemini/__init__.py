"""Gemini, by the official google-genai client.

Settings: temperature, top_p, top_k, max_tokens, seed, stop, thinking_budget, thinking_level, media_resolution, and
  fps           frames a second of a video that the model looks at
  span          cut: a span of a file is cut out and sent; offsets: the whole file is sent with start and end
  inline_bytes  media up to this size go with the request, larger ones through the Files API
  safety        threshold for all harm categories, such as BLOCK_NONE
  cache         implicit: what the server does by itself; explicit: media that several requests show are stored at the
                server for them, where that pays
  cache_seconds for which they are stored at the most
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from asid.pipeline.models.base import Model
from asid.pipeline.models.budget import Sent
from asid.pipeline.models.perception import Perception
from asid.pipeline.models.provider import Provider
from asid.pipeline.storage import Storage

if TYPE_CHECKING:
    from asid.pipeline.models.config import ModelConfig
    from asid.pipeline.models.layers.batch import Batches

SAMPLING = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "seed": "seed"}
RENAMED = {"max_tokens": "max_output_tokens", "media_resolution": "media_resolution"}
OWN = frozenset({"stop", "thinking_budget", "thinking_level", "fps", "span", "inline_bytes", "safety"})
CACHING = frozenset({"cache", "cache_seconds"})
CACHE_SECONDS = 300.0


def _open(config: ModelConfig, storage: Storage) -> Model:
    from asid.pipeline.models.providers.gemini.client import GeminiModel

    return GeminiModel(config, storage)


def _batches(model: Any) -> Batches:
    from asid.pipeline.models.providers.gemini.batches import GeminiBatches

    return GeminiBatches(model)


def _perceives(config: ModelConfig) -> Perception:
    """Its times are minutes and seconds; that it is told to write seconds is the prompt's part."""
    clock = "its own times are MM:SS of playing time: 01:05 is second 65"
    return Perception(hears=config.hears is not False, fps=float(config.settings.get("fps") or 0), clock=clock)


def _tokens(settings: Mapping[str, Any], look: Sent) -> int:
    """As its documentation counts: 258 tokens a frame and still, 66 at low resolution, 32 a second of sound."""
    frame = 66 if "LOW" in str(settings.get("media_resolution", "")).upper() else 258
    frames = math.ceil(look.video * (settings.get("fps") or 1)) + look.stills
    return frames * frame + math.ceil(look.sound * 32)


GEMINI = Provider(
    open=_open,
    settings=frozenset({*SAMPLING, *RENAMED, *OWN, *CACHING}),
    values={"span": ("cut", "offsets"), "cache": ("implicit", "explicit")},
    key="GEMINI_API_KEY",
    perceives=_perceives,
    weigh=_tokens,
    samples={"fps": 1.0},
    longest=65_536,
    batches=_batches,
)
