"""Somebody speaks, and the caption has no word of it: in any language, understood or not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.quotes import SPEECH
from asid.pipeline.captions.text import Flaw
from asid.pipeline.rows import Turn

LEAST = 2.0  # s of speech that nobody wrote down, from which it has to be told of
MORE = re.compile(
    r"\b(?:talk\w*|convers\w*|chat\w*|discuss\w*|sing\w*|song|vocal\w*|lyric\w*|babbl\w*|chant\w*)\b", re.IGNORECASE
)


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name speech that is heard while the caption tells of none."""
    turns = [turn for turn in case.grounds.turns if _unwritten(case, turn) >= LEAST]
    if not turns or any(citation.found for citation in case.speech):
        return
    if SPEECH.search(case.paragraph.masked) or MORE.search(case.paragraph.masked):
        return
    first = turns[0]
    yield Flaw(len(case.caption), len(case.caption), "speech_untold",
               f"somebody speaks from {first.start:.1f} s to {first.end:.1f} s, and nothing tells of it")  # fmt: skip


def _unwritten(case: CaptionCase, turn: Turn) -> float:
    """Seconds of a turn in which the transcript has no words."""
    said = sum(max(0.0, min(turn.end, one.end) - max(turn.start, one.start)) for one in case.grounds.utterances)
    return turn.end - turn.start - said
