"""What is heard: the recognised speech, word for word, and the measured course of the sound track. No weights of its
own: the ears are the transcribe stage's, whose models the clip names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import fmean, median

from pydantic import Field

from asid.pipeline.embedded.base import Annotator, ClipEvidence, EmbeddedSettings
from asid.pipeline.embedded.words import languages, listing, number, ordinal, quoted
from asid.pipeline.rows import Fact, Sound, Turn, Utterance

SPOKEN, LEVELS, HEARD = "asid/transcript", "asid/sound-levels", "asid/sounds"
REST = 2.0  # s of silence between two tones of one piece of music
PLAYED = {"music": ("music plays", "the music ends")}  # how well singing is told, nobody has measured yet
EDGE = 1.0  # s from the clip's ends within which what is heard was there before, or goes on
BRIEF = 1.0  # s: shorter speech without words is not told
PAUSE, MARGIN = 1.5, 0.5  # s between two stretches that are told as one; s by which the ends of words may be off
PAUSED = re.compile(r"[.!?…。！？]$")


class SoundSettings(EmbeddedSettings):
    """Say from where on speed and loudness of speech and sound are told."""

    fast: float = Field(4.5, gt=0, description="words per second")
    slow: float = Field(1.5, gt=0)
    jump: float = Field(9.0, gt=0, description="dB between neighbouring spans that is told as a change")
    quiet: float = Field(-42.0, lt=0, description="dB of full scale: below it speech is quiet")
    music: float = Field(0.88, ge=0, le=1, description="least score of music that is told (bench_sounds)")
    min_seconds: float = Field(1.0, gt=0, description="a shorter span of sound or silence is not told")


class Listener(Annotator):
    """Tell what is said, and kinds and loudness of sound."""

    kind = "sound"
    settings_type = SoundSettings
    settings: SoundSettings

    def open(self) -> tuple[str, ...]:
        return SPOKEN, LEVELS, HEARD

    def find(self, clip: ClipEvidence) -> list[Fact]:
        """Tell the course of the sound and of the speech."""
        if not clip.sound:
            return [_fact(0.0, clip.duration, "scene", "the clip has no sound", 1.0, LEVELS)]
        silences = [sound for sound in clip.sounds if sound.kind == "silence"]
        over = [sound for heard in clip.sounds if heard.lies_over for sound in outside(heard, silences)]
        return [
            *course([sound for sound in clip.sounds if not sound.lies_over], clip.duration, self.settings, over),
            *played(over, clip.duration, self.settings),
            *lines(clip.utterances),
            *tongues(clip.language, clip.utterances),
            *unheard(clip.sounds, clip.turns, clip.utterances, clip.language),
            *delivery(clip.utterances, clip.sounds, self.settings),
        ]


# --- speech ------------------------------------------------------------------------------------------------------


def lines(utterances: Sequence[Utterance]) -> Iterator[Fact]:
    """One fact for each sentence or two, with the very words; voices are told apart by their order."""
    voices = names(utterances)
    last, times = "", 0
    for utterance in utterances:
        voice = voices[utterance.speaker]
        times = times + 1 if voice == last else 0
        for start, end, text, score in passages(utterance):
            if not any(char.isalnum() for char in text):
                continue
            verb = "asks" if text.rstrip("\"' ").endswith("?") else "says" if times % 3 == 0 else "continues"
            also = " over another voice" if utterance.overlap else ""
            yield _fact(start, end, "speech", f"{voice} {verb}{also}, {quoted(text)}", score, SPOKEN)
            times += 1
            last = voice  # not of who was heard and is not told


def names(utterances: Sequence[Utterance]) -> dict[str, str]:
    """Speaker label -> "the second voice", by first appearance; "a voice" when there is only one to tell of."""
    speakers = [speaker for speaker in dict.fromkeys(utterance.speaker for utterance in utterances) if speaker]
    if len(speakers) < 2:
        return dict.fromkeys([*speakers, ""], "a voice")
    return {"": "a voice"} | {speaker: f"the {ordinal(place)} voice" for place, speaker in enumerate(speakers, start=1)}


def passages(utterance: Utterance, least: float = 3.0) -> Iterator[tuple[float, float, str, float]]:
    """Start, end, text and score of pieces that end where a sentence does and last at least `least` seconds."""
    whole = utterance.text.strip()
    if not utterance.words or "".join(word.text.strip() for word in utterance.words) != "".join(whole.split()):
        yield utterance.start, utterance.end, whole, _score(utterance)
        return
    piece: list[int] = []
    for place, word in enumerate(utterance.words):
        piece.append(place)
        first = utterance.words[piece[0]]
        rest = utterance.end - word.end
        if place + 1 == len(utterance.words) or (
            PAUSED.search(word.text.strip()) and word.end - first.start >= least and rest >= least / 2
        ):
            said = [utterance.words[at] for at in piece]
            yield first.start, word.end, " ".join(one.text.strip() for one in said), fmean(one.score for one in said)
            piece = []


def tongues(language: str, utterances: Sequence[Utterance]) -> Iterator[Fact]:
    """Which language is spoken, where it is not English alone, and where it changes."""
    runs = [(name, list(run)) for name, run in groupby(utterances, key=lambda one: one.language or language)]
    runs = [(name, run) for name, run in runs if name]
    for place, (name, run) in enumerate(runs):
        if place or name != "en" or len(runs) > 1:
            text = f"the speech {'goes on' if place else 'is'} in {languages(name)}"
            yield _fact(run[0].start, run[-1].end, "speech", text, 0.8, SPOKEN)


def unheard(
    sounds: Sequence[Sound], turns: Sequence[Turn], utterances: Sequence[Utterance], language: str
) -> Iterator[Fact]:
    """Speech of which no word was believed: who speaks, when, and in which language."""
    spans = [(part, sound) for sound in sounds if sound.kind == "speech" for part in without(sound, utterances)]
    joined: list[tuple[float, float, str]] = []
    for (start, end), sound in spans:
        name = sound.label or language
        if joined and start - joined[-1][1] <= PAUSE and joined[-1][2] == name:
            joined[-1] = (joined[-1][0], end, name)
        else:
            joined.append((start, end, name))
    voices = names(utterances)
    for start, end, name in joined:
        if end - start < BRIEF:
            continue
        there = {turn.speaker for turn in turns if min(turn.end, end) - max(turn.start, start) > 0.3}
        who = voices.get(next(iter(there)), "a voice") if len(there) == 1 else f"{number(len(there))} voices"
        speaks = f"{who if there else 'a voice'} {'speak' if len(there) > 1 else 'speaks'}"
        tongue = f" {languages(name)}" if name else ""
        yield _fact(start, end, "speech", f"{speaks}{tongue} without words that were made out", 0.6, SPOKEN)


def without(sound: Sound, utterances: Sequence[Utterance]) -> Iterator[tuple[float, float]]:
    """What of a span of speech is no understood utterance, give or take half a second."""
    at = sound.start
    for said in utterances:
        if said.end + MARGIN > at and said.start - MARGIN < sound.end:
            if said.start - MARGIN > at:
                yield at, said.start - MARGIN
            at = max(at, said.end + MARGIN)
    if at < sound.end:
        yield at, sound.end


def delivery(utterances: Sequence[Utterance], sounds: Sequence[Sound], limits: SoundSettings) -> Iterator[Fact]:
    """Pace and loudness where they stand out, once for each voice. Measured, not felt."""
    voices, told = names(utterances), set()
    usual = [level for utterance in utterances if (level := loudness(utterance, sounds)) is not None]
    for utterance in utterances:
        voice = voices[utterance.speaker].replace("a voice", "the voice")
        count, length = len(utterance.words) or len(utterance.text.split()), utterance.end - utterance.start
        level = loudness(utterance, sounds)
        found = []
        if count >= 6 and length >= 1.5 and not utterance.cut:
            if count / length >= limits.fast:
                found.append("quickly")
            elif count / length <= limits.slow:
                found.append("slowly")
        if level is not None:
            if level < limits.quiet:
                found.append("quietly")
            elif len(usual) > 1 and level - median(usual) >= limits.jump:
                found.append("loudly")
        if found and (voice, tuple(found)) not in told:
            told.add((voice, tuple(found)))
            text = f"{voice} speaks {listing(found)}"
            if found[0] in ("quickly", "slowly"):
                pace = max(1, round(count / length))
                text += f", at about {number(pace)} word{'s' if pace > 1 else ''} a second"
            yield _fact(utterance.start, utterance.end, "emotions", text, 0.6, LEVELS)


def loudness(utterance: Utterance, sounds: Sequence[Sound]) -> float | None:
    """dB of the spans under it, weighted by how much of each lies under it."""
    shares = [
        (min(sound.end, utterance.end) - max(sound.start, utterance.start), sound.level)
        for sound in sounds
        if not sound.lies_over
    ]
    shares = [(share, level) for share, level in shares if share > 0]
    total = sum(share for share, _ in shares)
    return sum(share * level for share, level in shares) / total if total else None


def _score(utterance: Utterance) -> float:
    return fmean(word.score for word in utterance.words) if utterance.words else 0.5


# --- the sound track ---------------------------------------------------------------------------------------------


def outside(sound: Sound, silences: Sequence[Sound]) -> Iterator[Sound]:
    """The sound without a silence at its beginning or end, which a detector that listens for a while cannot see;
    nothing where all of it is silent."""
    start, end = sound.start, sound.end
    for silence in silences:
        if silence.start <= start < silence.end:
            start = silence.end
        if silence.start < end <= silence.end:
            end = silence.start
    if end > start:
        yield sound.model_copy(update={"start": start, "end": end})


def played(sounds: Sequence[Sound], duration: float, limits: SoundSettings) -> Iterator[Fact]:
    """Music, with when it begins and ends."""
    for sound in sounds:
        if sound.kind not in PLAYED or sound.score < limits.music:
            continue
        plays, ends = PLAYED[sound.kind]
        opens, closes = sound.start < EDGE, sound.end > duration - EDGE
        text = f"{plays} throughout" if opens and closes else f"{plays} at first" if opens else f"{plays} from here on"
        text = text if opens or closes else plays
        yield _fact(sound.start, sound.end, "scene", text, sound.score, HEARD)
        if not closes:
            yield _fact(sound.end, sound.end, "scene", ends, 0.8 * sound.score, HEARD)


def course(
    sounds: Sequence[Sound], duration: float, limits: SoundSettings, over: Sequence[Sound] = ()
) -> Iterator[Fact]:
    """Sound that is no speech, silence, and jumps of the level. `over`: what is heard in it, told by its name."""
    kinds = {sound.kind for sound in sounds}
    if kinds == {"silence"}:
        yield _fact(0.0, duration, "scene", "the sound track is silent throughout", 0.9, LEVELS)
        return
    named = [(sound.start, sound.end) for sound in over if sound.kind in PLAYED and sound.score >= limits.music]
    if kinds == {"sound"} and not named:
        yield _fact(0.0, duration, "scene", "sound without speech accompanies the whole clip", 0.8, LEVELS)
    long = [sound for sound in sounds if sound.end - sound.start >= limits.min_seconds]
    for place, sound in enumerate(long):
        if sound.kind == "silence" and kinds != {"silence"}:
            if any(start < sound.start and sound.end < end for start, end in named) and sound.end - sound.start < REST:
                continue  # music pauses
            text = "no sound is heard at first" if sound.start < 0.5 else "the sound falls silent"
            yield _fact(sound.start, sound.end, "scene", text, 0.6 + 0.1 * (sound.end - sound.start >= 2), LEVELS)
        elif sound.kind == "sound" and "speech" in kinds:
            before = long[place - 1].kind if place else ""
            text = {
                "speech": "the speech gives way to other sound", "silence": "sound without speech sets in",
                "sound": "", "": "the clip opens with sound before any speech",
            }[before]  # fmt: skip
            known = any(min(end, sound.end) - max(start, sound.start) > 0 for start, end in named)
            if text and not known and sound.end - sound.start >= 2 * limits.min_seconds:
                yield _fact(sound.start, sound.end, "scene", text, 0.6, LEVELS)
    for sooner, later in pairwise(long):
        if sooner.kind == later.kind == "sound" and abs(later.level - sooner.level) >= limits.jump:
            text = f"the sound grows much {'louder' if later.level > sooner.level else 'quieter'}"
            yield _fact(later.start, later.end, "scene", text, 0.7, LEVELS)


def _fact(start: float, end: float, attribute: str, text: str, score: float, model: str) -> Fact:
    start, score = max(start, 0.0), min(max(score, 0.0), 1.0)
    return Fact(start=start, end=max(end, start), attribute=attribute, text=text, score=score, model=model)
