"""Seeing: shots and their detectors, gradual transitions, motion, bars and hashes."""

from __future__ import annotations

from collections.abc import Mapping

# Names of detectors in a manifest, and where their records are.
DETECTORS: Mapping[str, str] = {
    "adaptive": "asid.pipeline.vision.detectors:ADAPTIVE",
    "content": "asid.pipeline.vision.detectors:CONTENT",
    "histogram": "asid.pipeline.vision.detectors:HISTOGRAM",
    "hash": "asid.pipeline.vision.detectors:HASH",
    "threshold": "asid.pipeline.vision.detectors:THRESHOLD",
    "transnet": "asid.pipeline.vision.transnet:TRANSNET",
}
