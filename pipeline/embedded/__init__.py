"""Models that travel inside the packages this project depends on: no key, no GPU, no download.

`sight`, `text`, `sound` and `camera` annotate a clip with what their detectors find. `compose` merges, verifies,
decomposes, audits, refines and judges by comparing texts with that evidence; it is rules, not a language model, and
says nothing that no detector reported.
"""

from __future__ import annotations

from typing import Any

from asid.pipeline.embedded.base import Embedded
from asid.pipeline.models.base import Misconfigured
from asid.pipeline.storage import Storage

VERSION = 1  # bump when answers change: stored ones are then not taken for new
KINDS = ("sight", "text", "sound", "camera", "compose")


def open_embedded(kind: str, storage: Storage, settings: dict[str, Any]) -> Embedded:
    """Load the models of a kind. Raises Misconfigured: unknown kind or setting, weights missing or not the pinned."""
    from asid.pipeline.embedded.camera import Camera
    from asid.pipeline.embedded.compose import Composer
    from asid.pipeline.embedded.ocr import Reading
    from asid.pipeline.embedded.sight import Sight
    from asid.pipeline.embedded.sound import Hearing

    kinds: dict[str, type[Embedded]] = {made.kind: made for made in (Sight, Reading, Hearing, Camera, Composer)}
    if kind not in kinds:
        raise Misconfigured(f"there is no embedded model {kind!r}: one of {', '.join(KINDS)}")
    return kinds[kind](storage, settings)
