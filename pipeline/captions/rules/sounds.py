"""Music, song and other sounds that a caption tells of or denies, against what was heard of the clip.

Detectors err: music is only called untrue where none was heard in the whole clip, by a detector that listened for it,
and no account has it; what is denied only where a detector is sure of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.grounds import Grounds
from asid.pipeline.captions.paragraph import CaptionSentence
from asid.pipeline.captions.text import Flaw
from asid.pipeline.rows import Sound

SURE = 0.9  # mean score of a span from which nobody may deny the music (tests/bench/bench_heard)
LONG = 2.0  # s of it that a listener cannot miss
DRIFT = 2.0  # s by which a told time may be off
STILL = -60.0  # dB of full scale, below which nothing is to be heard

HEARD = (
    r"(?:plays?|playing|is\sheard|can\sbe\sheard|begins?|starts?|swells?|fades?|continues?|rises?|builds?|underscores?|"
    r"accompan(?:y|ies)|underlines?|underpins?|supports?|carries|sets\sthe\s(?:mood|tone|scene)|sounds?|resumes?|stops?|ends?|sets\sin|kicks\sin|runs?\s(?:under|through)|fills?|drifts?|loops?)"
)
TUNE = r"(?:music|melod(?:y|ies)|tunes?|soundtrack|jingle|song|orchestral\sscore|musical\sscore)"
NOT_HEARD = (
    r"(?!\s(?:videos?|stands?|shops?|stores?|rooms?|halls?|box(?:es)?|schools?|teachers?|notes?|books?|stars?|title))"
)
MUSIC = re.compile(
    rf"(?<!sheet\s)\b{TUNE}\b{NOT_HEARD}(?:\s(?!and\b)[\w-]+){{0,2}}?\s{HEARD}\b|"
    rf"\b(?:accompanied\sby|to\sthe\ssound\sof|backed\sby|underscored\sby|over|set\sto|hears?|heard|sounds?\sof)\s"
    rf"(?:[\w-]+,?\s){{0,4}}?{TUNE}\b{NOT_HEARD}|"
    rf"\bthere\sis\s(?:[\w-]+,?\s){{0,4}}?{TUNE}\b{NOT_HEARD}|"
    r"\b(?:pianos?|guitars?|violins?|flutes?|drums?|strings|synths?|synthesi[sz]ers?|orchestra|choir)\s(?:[\w-]+\s){0,2}?"
    r"(?:plays?|strums?|swells?|drones?|beats?|hums?)\s(?:[\w-]+\s)?(?:in\sthe\sbackground|under(?:neath)?\b)",
    re.IGNORECASE,
)
SONG = re.compile(
    r"\b(?:sings|is\ssinging|are\ssinging|sang|singing\s(?:is|can\sbe)\sheard|vocals?\s(?:is|are|can\sbe|join)\b)",
    re.IGNORECASE,
)
NOISE = re.compile(
    r"\b(?:applause|footsteps|thunder|laughter|sirens?|explosions?|gunshots?|birdsong|cheer(?:s|ing))\b(?!\slines?)|"
    r"\b(?:dogs?|cats?|birds?|bells?|horns?|engines?|phones?|alarms?|crowds?)\s(?:then\s|briefly\s|loudly\s)?"
    r"(?:barks?|meows?|chirps?|rings?|honks?|roars?|hums?|beeps?|cheers?)\b|"
    r"\b(?:is|are|can\sbe)\s(?:clearly\s|faintly\s)?heard\b|\bthe\s(?:sound|noise)\sof\b",
    re.IGNORECASE,
)
NO = r"\b(?:(?:no|not\sany|neither)|(?:without|lacks?|(?:absence|free|devoid)\sof)(?:\sany)?)\s"
DENIED_MUSIC = re.compile(
    rf"{NO}(?!(?:other|further|more|additional)\b)(?:background\s|audible\s)?(?:music|soundtrack|melody)\b{NOT_HEARD}",
    re.IGNORECASE,
)
DENIED_SOUND = re.compile(
    r"\b(?:clip|video|film|footage|recording)\s(?:is\s(?:completely\s|entirely\s)?(?:silent|mute|soundless)|"
    r"has\sno\s(?:sound|audio)|is\swithout\s(?:any\s)?(?:sound|audio))(?!\s(?:but|except|apart|besides|other|until|at))\b",
    re.IGNORECASE,
)
NEGATED = re.compile(
    r"\b(?:no|not|never|without|nor|neither|cannot|(?:free|devoid)\sof|silent(?:ly)?|inaudibl[ey])\b|n't\b",
    re.IGNORECASE,
)
WHOLE = re.compile(r"\b(?:clip|video|film|footage|throughout|whole|entire|never|at\sany\spoint)\b", re.IGNORECASE)
BEARS_MUSIC = re.compile(
    rf"\b(?:{TUNE}|musical\w*|sing(?:s|ing|er)?|sang|piano|guitar|drums?|band|orchestra\w*|beat)\b", re.IGNORECASE
)


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name sounds that are told and were not heard, and those that are denied and were."""
    known = case.grounds
    unheard = ((MUSIC, _no_music(known)), (SONG, _no_song(known)))
    for sentence in case.paragraph.sentences:
        text = case.paragraph.masked[sentence.start : sentence.end]
        yield from _invented(case, sentence, text, unheard)
        yield from _denied(case, sentence, text)


def _invented(
    case: CaptionCase, sentence: CaptionSentence, text: str, unheard: Sequence[tuple[re.Pattern[str], str]]
) -> Iterator[Flaw]:
    for pattern, reason in unheard:
        match = pattern.search(text) if reason else None
        if match and not NEGATED.search(text[: match.end()]):
            yield _flaw(sentence, match, "sound_unheard", reason)
            return
    match = NOISE.search(text) or MUSIC.search(text) or SONG.search(text)
    if match and not NEGATED.search(text[: match.end()]) and (why := _still(case, sentence)):
        yield _flaw(sentence, match, "sound_unheard", why)


def _denied(case: CaptionCase, sentence: CaptionSentence, text: str) -> Iterator[Flaw]:
    if match := DENIED_MUSIC.search(text):
        begin, end = _when(case, sentence, text)
        for sound in case.grounds.sounds:
            if sound.kind == "music" and sound.score >= SURE and _shared(sound, begin, end) >= min(LONG, end - begin):
                why = f"music is heard from {sound.start:.1f} s to {sound.end:.1f} s"
                yield _flaw(sentence, match, "sound_denied", why)
                return
    if match := DENIED_SOUND.search(text):
        loud = [one for one in case.grounds.sounds if one.kind != "silence" and one.end - one.start >= LONG]
        if loud:
            why = f"{loud[0].label or loud[0].kind} is heard from {loud[0].start:.1f} s to {loud[0].end:.1f} s"
            yield _flaw(sentence, match, "sound_denied", why)


def _no_music(known: Grounds) -> str:
    """Why a caption cannot tell of music; "" when it can, or when nobody listened for it."""
    if known.soundless:
        return "the clip has no sound"
    if "music" not in known.listened or any(one.kind in ("music", "singing") for one in known.sounds):
        return ""
    if any(BEARS_MUSIC.search(account) for account in known.accounts):
        return ""
    return "no music is heard in the clip"


def _no_song(known: Grounds) -> str:
    """The same of song, which detectors take for speech now and then: a voice, of whatever kind, bears it out."""
    if known.soundless:
        return "the clip has no sound"
    voiced = known.turns or known.utterances or any(one.kind in ("speech", "singing", "music") for one in known.sounds)
    return "" if voiced or "singing" not in known.listened else "no voice is heard in the clip"


def _still(case: CaptionCase, sentence: CaptionSentence) -> str:
    """Why nothing can be heard while a sentence is told; "" when something can."""
    if case.grounds.soundless:
        return "the clip has no sound"
    begin, end = case.paragraph.time_of(sentence.block, case.grounds.duration)
    begin, end = begin - DRIFT, end + DRIFT
    near = [one for one in case.grounds.sounds if _shared(one, begin, end) > 0]
    if not near or any(one.kind != "silence" or one.level > STILL for one in near):
        return ""
    return f"nothing is heard from {near[0].start:.1f} s to {near[-1].end:.1f} s"


def _when(case: CaptionCase, sentence: CaptionSentence, text: str) -> tuple[float, float]:
    """The time that a denial speaks of: the whole clip's if it says so, else its block's."""
    if WHOLE.search(text) or sentence.block < 0:
        return 0.0, case.grounds.duration
    return case.paragraph.time_of(sentence.block, case.grounds.duration)


def _shared(sound: Sound, begin: float, end: float) -> float:
    return min(sound.end, end) - max(sound.start, begin)


def _flaw(sentence: CaptionSentence, match: re.Match[str], kind: str, why: str) -> Flaw:
    return Flaw(sentence.start + match.start(), sentence.start + match.end(), kind, why)
