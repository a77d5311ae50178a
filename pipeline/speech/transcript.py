"""From sound to transcript: blocks, backend, guards, speakers, utterances, sounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from asid.pipeline.rows import Sound, Turn, Utterance, Voice, Word
from asid.pipeline.speech import languages
from asid.pipeline.speech import words as spoken
from asid.pipeline.speech.base import UNSPACED, Backend, Heard
from asid.pipeline.speech.layout import Layout
from asid.pipeline.speech.listen import Meter, blocks, sounds
from asid.pipeline.speech.sound_classes import SoundDetector, watched

MOSTLY = 0.7  # a recogniser that believes its words less than this is named in the guards


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


NOTHING = Transcript("", 0.0)


def transcribe(
    backend: Backend, pieces: Iterable[np.ndarray], layout: Layout, detectors: Sequence[SoundDetector] = ()
) -> Transcript:
    """`pieces`: the samples of one recording in order, mono float32 at 16 kHz. Their errors pass through. `detectors`
    tell what is heard beside words."""
    meter, listenings = Meter(), [detector.start() for detector in detectors]
    heard = backend.hear(watched(meter.watch(blocks(pieces)), listenings))
    powers = meter.powers()
    if not len(powers):
        return Transcript("", 0.0, notes=("the sound stream is empty",))
    guarded = spoken.guard(heard.segments)
    believed = sorted((word for one in guarded.kept for word in one.words), key=lambda word: (word.start, word.end))
    words, cuts = spoken.clamp(believed, meter.speech)
    mistaken = set(spoken.overlapping(meter.speech, guarded.nobody))
    mistaken -= set(spoken.overlapping(meter.speech, [(word.start, word.end) for word in words]))
    speech = [span for span in meter.speech if span not in mistaken]
    voiced = spoken.present(heard.turns, meter.speech)
    words, turns, voices = spoken.renumber(spoken.speakers(words, voiced), voiced, heard.voices)
    words = spoken.settle(words, layout.gap)
    known = bool(words) or bool(speech and heard.tongues)
    return Transcript(
        language=heard.language if known else "",
        language_score=heard.language_score if known else 0.0,
        utterances=tuple(said_in(words, turns, heard, layout)),
        turns=tuple(turns),
        voices=tuple(voices),
        sounds=(
            *(
                told(sound, heard)
                for sound in sounds(powers, meter.duration, speech, layout.silence_db, layout.shortest_sound)
            ),
            *(sound for listening in listenings for sound in listening.sounds(powers)),
        ),
        guards=(*guarded.lines, *cuts, *unsure(heard, bool(words))),
        notes=(*said(bool(speech), bool(words)), *heard.notes),
    )


def said_in(words: Sequence[Word], turns: Sequence[Turn], heard: Heard, layout: Layout) -> Iterator[Utterance]:
    """The utterances, each in one language."""

    def language(word: Word) -> str:
        return languages.at(heard.tongues, word.start, word.end) or heard.language

    for spoken_in, run in groupby(words, key=language):
        joiner = "" if spoken_in in UNSPACED else " "
        for one in spoken.utterances(list(run), turns, layout.gap, layout.longest, joiner):
            yield one.model_copy(update={"language": spoken_in})


def told(sound: Sound, heard: Heard) -> Sound:
    """The sound with the language of its speech."""
    label = languages.at(heard.tongues, sound.start, sound.end) if sound.kind == "speech" else ""
    return sound.model_copy(update={"label": label}) if label else sound


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
