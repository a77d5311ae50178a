"""What of a video's evidence lies in one of its clips, on the clip's own clock. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from asid.pipeline.rows import Cue, Record, Shot, Sound, Transcribed, Turn, Utterance, Word

Spoken = TypeVar("Spoken", Utterance, Turn, Sound, Word, Cue)
Clock = Callable[[float], float]


def slice_evidence(
    video: Transcribed, start: float, end: float, times: Sequence[float] | np.ndarray
) -> dict[str, tuple[Record, ...]]:
    """Shots, signal, frames, utterances, turns, voices, sounds and subtitles of the span, as fields of a Clip.

    `times`: when each frame of the video begins. Frames of shots are numbered from the clip's first. When no boundary
    lies in a word, every word that begins before the video's end goes to exactly one clip; an utterance goes to each
    clip that has words of it.
    """
    beginnings = np.asarray(times, dtype=np.float64)
    first = int(np.searchsorted(beginnings, start))

    def clock(time: float) -> float:
        return min(max(time, start), end) - start

    shots: list[Shot] = []
    for shot in video.shots:
        opens, closes = (int(at) for at in np.searchsorted(beginnings, (max(shot.start, start), min(shot.end, end))))
        if opens < closes:
            numbers = {"first_frame": opens - first, "last_frame": closes - 1 - first}
            times_of = {"start": clock(shot.start), "end": clock(shot.end)}
            shots.append(shot.model_copy(update=numbers | times_of | ({} if shots else {"opens_with": "start"})))
    turns = tuple(_moved(turn, clock) for turn in video.turns if turn.start < end and turn.end > start)
    heard = {turn.speaker for turn in turns}
    parts = (_part(utterance, start, end) for utterance in video.utterances)
    shown = (
        one.model_copy(
            update={"cues": tuple(_moved(cue, clock) for cue in one.cues if cue.start < end and cue.end > start)}
        )
        for one in video.subtitles
    )
    return {
        "shots": tuple(shots),
        "signal": tuple(s.model_copy(update={"time": clock(s.time)}) for s in video.signal if start <= s.time < end),
        "frames": tuple(f.model_copy(update={"time": clock(f.time)}) for f in video.frames if start <= f.time < end),
        "utterances": tuple(
            _moved(part, clock).model_copy(update={"words": tuple(_moved(word, clock) for word in part.words)})
            for part in parts
            if part
        ),
        "turns": turns,
        "voices": tuple(voice for voice in video.voices if voice.speaker in heard),
        "sounds": tuple(_moved(sound, clock) for sound in video.sounds if sound.start < end and sound.end > start),
        "subtitles": tuple(one for one in shown if one.cues),
    }


def _moved(part: Spoken, clock: Clock) -> Spoken:
    return part.model_copy(update={"start": clock(part.start), "end": clock(part.end)})


def _part(utterance: Utterance, start: float, end: float) -> Utterance | None:
    """What of the utterance is said in the span, still on the video's clock; None when nothing is."""
    if not utterance.words:
        return utterance if _said(utterance, start, end) else None
    inside = [at for at, word in enumerate(utterance.words) if _said(word, start, end)]
    if not inside:
        return None
    if len(inside) == len(utterance.words):
        return utterance
    words = tuple(utterance.words[at] for at in inside)
    return utterance.model_copy(
        update={
            "start": utterance.start if inside[0] == 0 else min(word.start for word in words),
            "end": utterance.end if inside[-1] == len(utterance.words) - 1 else max(word.end for word in words),
            "text": _text(utterance, inside),
            "words": words,
            "cut": True,
        }
    )


def _said(part: Word | Utterance, start: float, end: float) -> bool:
    """By its beginning, so that it is said in one clip only; what begins before the video is heard from second 0."""
    return start <= part.start < end or (start == 0 and part.start < 0 < part.end)


def _text(utterance: Utterance, inside: list[int]) -> str:
    """The words' own stretch of the text, with its punctuation and spacing; the words joined if the text has others."""
    places, reached = [], 0
    for word in utterance.words:
        spoken = word.text.strip()
        found = utterance.text.find(spoken, reached)
        if found < 0 or inside != list(range(inside[0], inside[-1] + 1)):
            return " ".join(utterance.words[at].text.strip() for at in inside)
        places.append(found)
        reached = found + len(spoken)
    opens = places[inside[0]] if inside[0] else 0
    closes = places[inside[-1] + 1] if inside[-1] + 1 < len(places) else len(utterance.text)
    return utterance.text[opens:closes].strip()
