"""Who answers: one record for each provider, and what it describes beside it."""

from __future__ import annotations

from collections.abc import Mapping

# Names in a manifest, and where their records are.
PROVIDERS: Mapping[str, str] = {
    "openai": "asid.pipeline.models.providers.openai:OPENAI",
    "gemini": "asid.pipeline.models.providers.gemini:GEMINI",
    "vllm": "asid.pipeline.models.providers.vllm:VLLM",
    "scripted": "asid.pipeline.models.providers.scripted:SCRIPTED",
    "embedded": "asid.pipeline.embedded:EMBEDDED",
}
