"""Seeing: shots and their detectors, gradual transitions, motion, bars and hashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from asid.pipeline import late

# Names of detectors in a manifest, and where their records are.
DETECTORS: Mapping[str, str] = {
    "adaptive": "asid.pipeline.vision.detectors:ADAPTIVE",
    "content": "asid.pipeline.vision.detectors:CONTENT",
    "histogram": "asid.pipeline.vision.detectors:HISTOGRAM",
    "hash": "asid.pipeline.vision.detectors:HASH",
    "threshold": "asid.pipeline.vision.detectors:THRESHOLD",
    "transnet": "asid.pipeline.vision.transnet:TRANSNET",
}

if TYPE_CHECKING:
    from asid.pipeline.vision import (
        bars,
        detectors,
        hashes,
        likeness,
        motion,
        onsets,
        prints,
        shots,
    )

__all__ = ["bars", "detectors", "hashes", "likeness", "motion", "onsets", "prints", "shots"]

if not TYPE_CHECKING:  # or every name would be a module, for who checks types
    __getattr__ = late.modules(__name__, __all__)
