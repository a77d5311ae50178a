"""Models that travel inside the packages this project depends on: no key, no GPU, no download.

`sight`, `text`, `sound` and `camera` annotate a clip with what their detectors find. `compose` merges, verifies,
decomposes, audits and refines by comparing texts with that evidence; it is rules, not a language model, and
says nothing that no detector reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asid.pipeline.embedded.base import EmbeddedModel
from asid.pipeline.models.base import Misconfigured
from asid.pipeline.models.provider import Provider, never
from asid.pipeline.storage import Storage

if TYPE_CHECKING:
    from asid.pipeline.models.config import ModelConfig

VERSION = 2  # bump when answers change: stored ones are then not taken for new
KINDS = ("sight", "text", "sound", "camera", "compose")


def open_embedded(kind: str, storage: Storage, settings: dict[str, Any]) -> EmbeddedModel:
    """Load the models of a kind. Raises Misconfigured: unknown kind or setting, weights missing or not the pinned."""
    from asid.pipeline.embedded.camera import Camera
    from asid.pipeline.embedded.compose import Composer
    from asid.pipeline.embedded.ocr import Reading
    from asid.pipeline.embedded.sight import Sight
    from asid.pipeline.embedded.sound import Listener

    kinds: dict[str, type[EmbeddedModel]] = {made.kind: made for made in (Sight, Reading, Listener, Camera, Composer)}
    if kind not in kinds:
        raise Misconfigured(f"there is no embedded model {kind!r}: one of {', '.join(KINDS)}")
    return kinds[kind](storage, settings)


def _open(config: ModelConfig, storage: Storage) -> EmbeddedModel:
    return open_embedded(config.model, storage, config.settings)


def _identity(config: ModelConfig) -> dict[str, Any]:
    return {"version": VERSION}


EMBEDDED = Provider(
    open=_open,
    settings=None,  # each kind knows its own
    is_free=True,
    is_rules=True,
    is_remote=never,
    identity=_identity,
)
