"""From sound to transcript: blocks, backend, guards, speakers, utterances, sounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from asid.pipeline.rows import Sound, Turn, Utterance, Voice
from asid.pipeline.speech import words as spoken
from asid.pipeline.speech.base import UNSPACED, Backend, Heard
from asid.pipeline.speech.listen import Meter, blocks, sounds

MOSTLY = 0.7  # a recogniser that believes its words less than this is named in the guards


class Layout(BaseModel):
    """How what was heard is cut into utterances and spans of sound."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gap: float = Field(0.8, gt=0, description="seconds of pause that end an utterance")
    longest: float = Field(12.0, gt=0, description="seconds after which the next sentence is a new utterance")
    silence_db: float = Field(-50.0, le=0, description="RMS level below which a span counts as silence")
    shortest_sound: float = Field(0.3, ge=0, description="seconds below which sound or silence joins its neighbour")


@dataclass(frozen=True)
class Transcript:
    """Hold what was heard of a video, ready for its row."""

    language: str
    language_score: float
    utterances: tuple[Utterance, ...] = ()
    turns: tuple[Turn, ...] = ()
    voices: tuple[Voice, ...] = ()
    sounds: tuple[Sound, ...] = ()  # empty: there was no sample to hear
    guards: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def transcribe(backend: Backend, pieces: Iterable[np.ndarray], layout: Layout) -> Transcript:
    """`pieces`: the samples of one recording in order, mono float32 at 16 kHz. Their errors pass through."""
    meter = Meter()
    heard = backend.hear(meter.watch(blocks(pieces)))
    powers = meter.powers()
    if not len(powers):
        return Transcript("", 0.0, notes=("the sound stream is empty",))
    guarded = spoken.guard(heard.segments)
    believed = sorted((word for one in guarded.kept for word in one.words), key=lambda word: (word.start, word.end))
    words, cuts = spoken.clamp(believed, meter.speech)
    mistaken = set(spoken.overlapping(meter.speech, guarded.nobody))
    mistaken -= set(spoken.overlapping(meter.speech, [(word.start, word.end) for word in words]))
    speech = [span for span in meter.speech if span not in mistaken]
    words, turns, voices = spoken.renumber(spoken.speakers(words, heard.turns), heard.turns, heard.voices)
    words = spoken.settle(words, layout.gap)
    joiner = "" if heard.language in UNSPACED else " "
    return Transcript(
        language=heard.language if words else "",
        language_score=heard.language_score if words else 0.0,
        utterances=tuple(spoken.utterances(words, turns, layout.gap, layout.longest, joiner)),
        turns=tuple(turns),
        voices=tuple(voices),
        sounds=tuple(sounds(powers, meter.duration, speech, layout.silence_db, layout.shortest_sound)),
        guards=(*guarded.lines, *cuts, *unsure(heard, bool(words))),
        notes=(*said(bool(speech), bool(words)), *heard.notes),
    )


def said(speech: bool, words: bool) -> list[str]:
    """Say why there are no words, if there are none."""
    if words:
        return []
    return ["there is speech, but no words to believe" if speech else "nobody speaks"]


def unsure(heard: Heard, words: bool) -> list[str]:
    """Say when the language is so uncertain that the words may be of another."""
    if not words or heard.language_score >= MOSTLY:
        return []
    return [f"these words may be wrong or of another language: {heard.language} fits with {heard.language_score:.2f}"]
