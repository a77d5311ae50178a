"""The kinds of problem that code finds in captions, by name: what settings may ask for, and nothing else."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from asid.pipeline.registry import nearest

FORM = (
    "empty", "too_long", "repetition", "monotony", "control", "spacing", "emoji", "symbol", "source_named",
    "model_voice", "anchor_missing", "anchor_form", "anchor_decimal", "anchor_range", "anchor_order",
    "anchor_duplicate", "anchor_empty", "anchor_span",
)  # fmt: skip
EVIDENCE = (
    "quote_not_found", "quote_word", "quote_short", "quote_time", "quote_repeated", "quote_speakers",
    "described_speakers", "speaker_label", "speech_manner", "speech_untold", "line_missing", "text_spelling",
    "text_time", "shot_count", "cut_time", "sound_unheard", "sound_denied", "event_time",
)  # fmt: skip
CONTRACT = (
    "block_unnamed", "part_empty", "part_fragment", "part_lost", "part_name", "part_number", "part_quote",
    "event_seconds",
)  # fmt: skip
KINDS = (*FORM, *EVIDENCE, *CONTRACT)
# Kinds that make a caption useless, whatever it tells.
FATAL = (
    "empty", "too_long", "repetition", "anchor_missing", "anchor_order", "anchor_range", "anchor_span", "source_named",
    "model_voice", "speaker_label",
)  # fmt: skip


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"no kind of problem {kind!r}{nearest(kind, KINDS)}")
    return kind


ProblemKind = Annotated[str, AfterValidator(_known)]
