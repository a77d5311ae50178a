"""How many shots there are and when one gives way to the next, against the shots that were found."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.paragraph import CaptionSentence
from asid.pipeline.captions.spoken import TENS, UNITS, spoken
from asid.pipeline.captions.text import Flaw, outside

DRIFT = 2.0  # s between a told cut and a found one that a reader would notice
_ONES, _TENS = "|".join(list(UNITS)[1:10]), "|".join(TENS)
NUM = rf"(?P<n>\d{{1,3}}|(?:{_TENS})(?:[-\s](?:{_ONES}))?|{'|'.join(list(UNITS)[1:])})"
# A shot is also a drink, a bullet, a throw, a photograph and an injection, and a cut a wound or a piece of meat. Only
# the whole is said to be of so many, in words that are used of films; of its parts only more than there are are wrong.
WHOLE = r"(?:clip|video|film)"
PART = r"(?:sequence|montage|footage|scene|passage|segment|piece)"
MADE = (
    r"(?:consists\sof|comprises|is\smade\s(?:up\s)?of|is\scomposed\sof|runs\sthrough|"
    r"(?:is\s(?:cut|divided|split|broken|edited|structured|told|filmed|shot|captured|recorded|presented)|unfolds|plays\sout)\s"
    r"(?:in|into|as|from|across|over)|is\s(?:a|one)\s(?:montage|sequence|series|succession)\sof)"
)
HAS = r"(?:has|contains)"
TOTAL = r"(?:a\stotal\sof\s|exactly\s|just\s|only\s)?"
KIND = r"(?:(?:different|distinct|separate|consecutive|individual|short|brief|static|camera)\s){0,2}"
DRINK = r"(?!\sof\s(?:\w+\s){0,2}(?:whisk\w+|vodka|tequila|rum|gin|liquor|espresso|coffee|vaccine|medicine)\b)"
# After "the clip has three shots" nothing may follow that says what they are shots of.
DONE = r"(?=\s*(?:[.,;:!?)—–]|$)|\s(?:in\s(?:total|all)|altogether|overall|and|joined|linked|separated|connected)\b)"
_SUBJECT = rf"\b(?:{WHOLE}|(?P<part>{PART}))"
MADE_OF = re.compile(rf"{_SUBJECT}\s{MADE}\s{TOTAL}{NUM}\s{KIND}shots?\b{DRINK}", re.IGNORECASE)
_SHOWS = r"(?:shows|features|includes)(?=(?:\s[\w-]+){1,6}\s(?:different|distinct|separate|static|camera)\sshots?\b)"
HAS_SHOTS = re.compile(rf"{_SUBJECT}\s(?:{HAS}|{_SHOWS})\s{TOTAL}{NUM}\s{KIND}shots?\b{DONE}", re.IGNORECASE)
HAS_CUTS = re.compile(rf"{_SUBJECT}\s{HAS}\s{TOTAL}{NUM}\scuts?\b{DONE}", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"\b(?:glass\w*|drinks?|beers?|bar|bartender|barman|whisk\w+|vodka|tequila|rum|gin|espresso|coffee|pour\w*|guns?|"
    r"gunm[ae]n|rifles?|pistols?|revolver|fir(?:es?|ed|ing)|bullets?|targets?|aim\w*|balls?|baskets?|basketball|hoop|goals?|"
    r"net|rim|players?|court|golf\w*|arrows?|vaccin\w+|syringe|injection|needle|nurse|photo\w*|album|meat|beef|butcher|"
    r"wounds?|bleed\w*|blood\w*)\b",
    re.IGNORECASE,
)
_FILMED = r"(?:filmed|captured|recorded|told|shot|presented)"
_ONE = (
    r"(?:(?:a|one)\s(?:(?:long|static|smooth),?\s)*(?:(?:single|continuous|unbroken|uncut|uninterrupted),?\s)"
    r"(?:(?:long|static|single|continuous|unbroken|uncut|uninterrupted),?\s)*|one\s(?:(?:long|static),?\s)+)(?:shot|take)\b"
)
SINGLE = re.compile(
    rf"\b{WHOLE}\s(?:is|consists\sof|unfolds\sin|plays\sout\sin|is\s{_FILMED}\s(?:in|as))\s{_ONE}{DRINK}|"
    rf"\b(?:it|everything|all\sof\s(?:it|this))\s(?:is|was)\s{_FILMED}\s(?:in|as)\s{_ONE}|"
    rf"(?:^|(?<=[.!?]\s)){_FILMED}\s(?:in|as)\s{_ONE}",
    re.IGNORECASE,
)
NO_CUT = re.compile(
    rf"\bno\s(?:visible\s|single\s)?cuts?\s(?:(?:in|within|during|throughout)\s)(?:all\sof\s)?(?:the|this)\s(?:whole\s|entire\s)?{WHOLE}\b|"
    rf"\b{WHOLE}\s(?:{HAS}\sno\scuts?\b|is\swithout\s(?:a\s(?:single\s)?|any\s)?cuts?\b)(?!\s(?:to|of|from|on|in|until|before|for)\b)",
    re.IGNORECASE,
)
_BODY = (
    r"(?:(?:\w+\s)?(?:finger|thumb|hand|palm|wrist|arm|elbow|shoulder|leg|knee|foot|ankle|cheek|chin|lip|brow|forehead|"
    r"throat|neck|skin|scalp|ear|nose)s?\b)"
)
CUT = re.compile(
    r"\b(?:(?:the\s)?(?:picture|scene|video|shot|view|camera|clip|film|image|footage)\s(?:then\s|abruptly\s|now\s|suddenly\s)?"
    r"(?:cuts|switches|dissolves|cross-?fades)\s(?:back\s|away\s|over\s)?(?:in)?to\b|"
    rf"\b(?:a|an)\s(?:hard\s|abrupt\s|quick\s|sudden\s)?cut\s(?:to\b(?!\s(?:his|her|their|its|the|one)\s{_BODY})|leads\sto\b|"
    r"brings\b|shows\b(?!\son\b)))",
    re.IGNORECASE,
)


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name numbers of shots and cuts that the shots contradict."""
    yield from outside([*_counts(case), *_cuts(case)], case.paragraph.quoted)


def _counts(case: CaptionCase) -> Iterator[Flaw]:
    there = len(case.grounds.shots)
    for pattern, more in ((MADE_OF, 0), (HAS_SHOTS, 0), (HAS_CUTS, 1)):
        for match in pattern.finditer(case.caption):
            if pattern is not MADE_OF and _is_elsewhere(case, match.start()):
                continue
            told = int(spoken([match["n"]])[0].text) + more
            if told > there or (told < there and not match["part"]):
                right = f"{there - more} {'cuts' if more else 'shots' if there > 1 else 'shot'} found"
                yield Flaw(*match.span(), "shot_count", f"{told - more} told, {right}")
    if there > 1:
        for match in [*SINGLE.finditer(case.caption), *NO_CUT.finditer(case.caption)]:
            yield Flaw(*match.span(), "shot_count", f"one told, {there} shots found")


def _is_elsewhere(case: CaptionCase, place: int) -> bool:
    """Whether the sentence speaks of other shots or cuts than a film's: a film may have those as well."""
    sentence = case.paragraph.sentence_at(place)
    return bool(ELSEWHERE.search(sentence.text if sentence else case.caption))


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
