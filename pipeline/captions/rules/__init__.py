"""Rules: each a pure function from a caption and the clip's evidence to what is wrong.

    find(Case(caption, grounds)) -> [Flaw]

A rule says by `NEEDS` which evidence it rests on, and is silent where that is missing. One module for each; to add one
is to write it and to name it here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.rules import (
    dates,
    editing,
    lettering,
    lines,
    manner,
    silence,
    sounds,
    timing,
    twice,
    voices,
    wording,
)
from asid.pipeline.captions.text import Flaw


@dataclass(frozen=True)
class CaptionRule:
    """`kinds`: of the flaws it can find. `whole`: it asks whether all is told, which only a whole caption must do."""

    kinds: tuple[str, ...]
    needs: tuple[str, ...]
    find: Callable[[CaptionCase], Iterable[Flaw]]
    whole: bool = False


RULES = (
    CaptionRule(("quote_not_found", "quote_word"), (), wording.find),
    CaptionRule(("quote_short", "line_missing"), ("utterances",), lines.find, whole=True),
    CaptionRule(("quote_time", "text_time"), (), timing.find),
    CaptionRule(("quote_repeated",), ("utterances",), twice.find),
    CaptionRule(("quote_speakers", "described_speakers", "speaker_label"), ("utterances",), voices.find),
    CaptionRule(("speech_manner",), ("accounts",), manner.find),
    CaptionRule(("text_spelling",), ("legible",), lettering.find),
    CaptionRule(("shot_count", "cut_time"), ("shots",), editing.find),
    CaptionRule(("speech_untold",), ("turns",), silence.find, whole=True),
    CaptionRule(("sound_unheard", "sound_denied"), (), sounds.find),
    CaptionRule(("event_time",), ("accounts",), dates.find),
)
KINDS = tuple(kind for rule in RULES for kind in rule.kinds)


def find(case: CaptionCase, *, whole: bool = True, but: Collection[str] = ()) -> list[Flaw]:
    """Everything that the rules object to, in order of place. `whole`: the caption is to tell the whole clip, not one
    attribute of it. `but`: kinds left out."""
    found = [
        flaw
        for rule in RULES
        if (whole or not rule.whole) and all(case.grounds.has(evidence) for evidence in rule.needs)
        for flaw in rule.find(case)
        if flaw.kind not in but
    ]
    return sorted(found, key=lambda flaw: (flaw.start, flaw.end, flaw.kind))
