"""How many shots there are and when one gives way to the next, against the shots that were found."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.paragraph import CaptionSentence
from asid.pipeline.captions.spoken import spoken
from asid.pipeline.captions.text import Flaw, outside

DRIFT = 2.0  # s between a told cut and a found one that a reader would notice
NUM = r"(?P<n>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|twenty)"
WHOLE = r"(?:clip|video|sequence|footage|montage|film|piece)"
HOLDS = (
    r"(?:consists\sof|has|contains|is\smade\s(?:up\s)?of|comprises|is\s(?:composed|cut)\s(?:of|into)|is\stold\sin|"
    r"runs\sthrough|shows)"
)
KIND = r"(?:(?:different|distinct|separate|consecutive|individual|short|brief|static)\s){0,2}"
SHOTS = re.compile(
    rf"\b(?:{WHOLE}\s{HOLDS}|in|across|over|of)\s(?:a\stotal\sof\s|exactly\s)?{NUM}\s{KIND}shots?\b",
    re.IGNORECASE,
)
CUTS = re.compile(rf"\b{WHOLE}\s(?:has|contains)\s(?:a\stotal\sof\s|exactly\s)?{NUM}\scuts?\b", re.IGNORECASE)
SINGLE = re.compile(
    rf"\b(?:{WHOLE}\s(?:is|consists\sof|unfolds\sin|plays\sout\sin|is\sfilmed\sin|is\sshot\sin)\s(?:a|one)\s|"
    r"\b(?:filmed|captured|recorded|shown|told)\s(?:in|as)\s(?:a|one)\s)"
    r"(?:(?:single|continuous|unbroken|uncut|long|static),?\s){1,3}(?:shot|take)\b",
    re.IGNORECASE,
)
CUT = re.compile(
    r"\b(?:(?:the\s)?(?:picture|scene|video|shot|view|camera|clip|film|image|footage)\s(?:then\s|abruptly\s|now\s|suddenly\s)?"
    r"(?:cuts|switches|dissolves|cross-?fades)\s(?:back\s|away\s|over\s)?(?:in)?to\b|"
    r"\b(?:a|an)\s(?:hard\s|abrupt\s|quick\s|sudden\s)?cut\s(?:to|leads|brings|shows)\b)",
    re.IGNORECASE,
)


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name numbers of shots and cuts that the shots contradict."""
    yield from outside([*_counts(case), *_cuts(case)], case.paragraph.quoted)


def _counts(case: CaptionCase) -> Iterator[Flaw]:
    there = len(case.grounds.shots)
    for pattern, more in ((SHOTS, 0), (CUTS, 1)):
        for match in pattern.finditer(case.caption):
            told = int(spoken([match["n"]])[0].text)
            if told + more != there:
                right = f"{there - more} {'cuts' if more else 'shots' if there > 1 else 'shot'} found"
                yield Flaw(*match.span(), "shot_count", f"{told} told, {right}")
    if there > 1:
        for match in SINGLE.finditer(case.caption):
            yield Flaw(*match.span(), "shot_count", f"one told, {there} shots found")


def _cuts(case: CaptionCase) -> Iterator[Flaw]:
    found = [shot.start for shot in case.grounds.shots[1:]]
    for match in CUT.finditer(case.caption):
        sentence = case.paragraph.sentence_at(match.start())
        if sentence is None or sentence.block < 0:
            if not found:
                yield Flaw(*match.span(), "cut_time", "no cut was found in the clip")
            continue
        begin, end = _when(case, sentence)
        if not any(begin - DRIFT <= time <= end + DRIFT for time in found):
            nearest = min(found, key=lambda time: abs(time - begin), default=None)
            why = f"told at {begin:g} s, " + ("no cut was found" if nearest is None else f"the next is {nearest:.1f} s")
            yield Flaw(*match.span(), "cut_time", why)


def _when(case: CaptionCase, sentence: CaptionSentence) -> tuple[float, float]:
    """A cut that opens a block is at its anchor; another one lies between that and the next."""
    begin, end = case.paragraph.time_of(sentence.block, case.grounds.duration)
    return (begin, begin) if sentence.first else (begin, end)
