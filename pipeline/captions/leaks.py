"""A caption speaks of the clip. Here: where it speaks of where it comes from instead, or of its writer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from asid.pipeline.captions.text import Flaw, TextSpan, outside

# "Caption" and "subtitle" are left out where they may be on the screen: "the caption says".
_ACCOUNT = r"(?:descriptions?|transcripts?|transcriptions?|annotations?|annotators?)"
_HEARING = r"(?:speech|audio|whisper\w{0,8}|asr|automatic|recogni[sz]ed)"
_TELLS = (
    r"(?:says?|said|states?|stated|notes?|mentions?|indicates?|suggests?|reports?|describes?|provides?|confirms?|"
    r"gives?|shows?|reads?|records?|has\sit|adds?|contains?|lists?|identifies|hears?|puts|does\snot\s\w{1,20})"
)
_LEAD = (
    r"(?:according\sto|based\s(?:up)?on|per|going\sby|judging\s(?:by|from)|in\sline\swith|consistent\swith|"
    r"as\s(?:\w{2,20}ly\s)?(?:noted|stated|mentioned|described|heard|given|shown|recorded|indicated|written|reported|"
    r"transcribed|seen)\s(?:in|by|on)|(?:taken|drawn|quoted|inferred|known)\sfrom|in\sthe\swords\sof)"
)
_NOTES = (
    r"(?:notes?|mentions?|reports?|describes?|agrees?|disagrees?|differs?|confirms?|omits?|adds?|specif(?:y|ies)|lacks?|"
    r"says?)"
)
_GIVEN = r"(?:mentioned|specified|described|stated|noted|given|reported|provided|recorded|indicated)"
_ALL = rf"(?:{_ACCOUNT}|accounts?|sources|observers?|recogni[sz]ed\sspeech|evidence)"
SOURCES = (
    r"\b(?i:descriptions?|captions?|sources?|annotators?|candidates?|observers?|accounts?)\s(?:no\.\s?|#\s?)?(?:\d{1,2}|[A-F])\b",
    rf"\b(?i:(?:first|second|third|fourth)\s{_ACCOUNT})\b(?!\s(?i:cards?|boards?|pages?|box(?:es)?|labels?|plates?))",
    rf"\b(?i:{_LEAD}\s(?:the|all|both|other|these|some|one|two|three|various)?\s?(?:\w{{1,20}}\s)?"
    rf"(?:{_ACCOUNT}|captions?|sources?|subtitles?|evidence|observers?|accounts))\b",
    rf"\b(?i:(?:the|an?|both|all|other|some)\s(?:{_HEARING}\s)?{_ACCOUNT}\s{_TELLS})\b",
    # In the words of our prompts, which a model copies: accounts, observers, recognised speech, evidence.
    rf"\b(?i:(?:both|all|one|two|some|several|another|other|no|(?:the\s)?(?:first|second|third|other))\s"
    rf"(?:accounts?|observers?)\s(?:also\s)?{_NOTES})\b(?!,?\s[\"“])",
    rf"\b(?i:the\s(?:accounts|observers)\s(?:all\s|also\s|do\snot\s)?{_NOTES})\b(?!,?\s[\"“])",
    r"\b(?i:(?:the|from|in|by)\srecogni[sz]ed\s(?:speech|lines?|words?))\b",
    r"\b(?i:the\sevidence\s(?:shows|suggests|indicates|says|mentions|gives|supports|does\snot))\b",
    r"\b(?i:(?:from|by|in)\s(?:all\s)?the\s(?:evidence|accounts)\b(?=,|\s(?:given|above|provided)))",
    rf"\b(?i:{_GIVEN}\s(?:in|by)\s(?:the|any|all|either|both|an?|no|one)\s(?:of\sthe\s|other\s)?{_ALL})\b"
    r"(?=\s*(?:[.,;:!?)]|$)|\s(?i:is|are|was|and|but|or|who|whose|what|when|where|whether|how|that|which|as|so)\b)",
    r"\b(?i:(?:the|this)\s(?:caption|description|paragraph)\s(?:merges|combines|summari[sz]es|"
    r"does\snot\s(?:mention|say|specify|name|tell)))\b",
    rf"\b(?i:{_HEARING}\s(?:transcripts?|transcriptions?))\b",
    rf"\b(?i:as\s(?:the|all|both|some|one)\s(?:{_HEARING}\s)?(?:{_ACCOUNT}|captions?|sources?)\s{_TELLS})\b",
    r"\b(?i:(?:in|from)\sthe\s(?:speech\s|audio\s|given\s|provided\s)?(?:transcripts?|transcriptions?|annotations?))\b",
    r"\b(?:ASR|WhisperX?)\b(?=\s(?:says|notes|hears|gives|data|output|text|lines?))",
    r"\b(?i:(?:the|these|those)\s(?:provided|given|supplied|above)\s(?:video|clip|frames?|images?|captions?|"
    r"descriptions?|sources?|transcripts?|subtitles|information|context|evidence|text))\b",
)
WRITER = (
    r"\b(?i:as\san?\s(?:AI|artificial\sintelligence|(?:large\s)?language\smodel))\b",
    r"\b(?i:I(?:['’]m|\sam)\s(?:sorry|unable|not\sable|an?\s(?:AI|language\smodel)))\b",
    r"\b(?i:I\s(?:cannot|can['’]t)\s(?:\w{2,20}ly\s)?(?:see|determine|tell\s(?:from|who|what|whether)|provide|describe|"
    r"view|watch|access|identify|assist|help\swith\s(?:that|this)|process|analy[sz]e|verify|confirm|comply|fulfil\w*|"
    r"create|generate|hear))\b",
    r"\b(?i:I\s(?:do\snot\shave|don['’]t\shave)\s(?:access|enough|the\s(?:ability|video|clip)|any\s(?:access|inform)))",
    r"\b(?i:I\s(?:will\snow|have\s(?:merged|combined|corrected|added|removed|fixed|updated|improved|revised|reworded)))\b",
    # What was done to the caption, told in its place.
    r"\b(?i:(?:the|this)\s(?:caption|description|paragraph|narrative|expressiveness|wording|grammar|timestamps?|anchors?)\s"
    r"(?:(?:has|have)\s(?:now\s)?been|is\snow|was|were)\s(?:\w+ly\s)?(?:corrected|improved|updated|revised|refined|fixed|"
    r"rewritten|edited|modified|adjusted|expanded|merged|completed|amended|reworded|shortened|mended))\b",
    r"\b(?i:(?:the|all|both)\s(?:(?:reported|missing)\s)?(?:errors?|findings?|missing\s(?:items?|details?|texts?|lines?))\s(?:has|have)\s"
    r"(?:now\s)?been\s(?:corrected|fixed|added|filled|removed|worked))\b",
    r"\b(?i:I(?:\sam|['’]m)\sunable|I\shope\sthis\s(?:helps|meets)|let\sme\sknow\sif|feel\sfree\sto\s(?:ask|let))\b",
    r"\b(?i:no\s(?:further\s|other\s|additional\s)?(?:information|details?)\s(?:is|are|was|were)\s(?:given|provided|available))\b",
    r"(?:\A|(?<=[.!?]\s))(?:Note:|Note\sthat\b|(?i:end\sof\s(?:the\s)?(?:caption|description))\b|(?i:(?:total\s)?words?(?:\scount)?\s?:\s?\d))",
    r"\b(?i:here(?:\sis|['’]s|\sare)\s(?:the|a|an|your|my)\s(?:\w{1,20}\s){0,3}"
    r"(?:captions?|descriptions?|paragraphs?|narratives?|version))\b",
    r"\A\s{0,4}(?i:sure|certainly|of\scourse|okay|(?:merged|final|improved|refined|revised|updated|completed)?\s?"
    r"(?:caption|description|output|answer)\s?:)",
    r"\b(?i:(?:audit\sreport|the\sprompt|json\sobject|improved_caption|enhance_summary))\b",
    r"(?i:</?think(?:ing)?>|<\s?/?\s?evidence\b|\(\s?/\s?evidence\b|\(\s?evidence\skind=)",  # fencing makes < a bracket
)
# A track for those who do not see is part of the clip, and so is what is sung.
OWN = re.compile(r"\baudio[\s-]descri(?:ption|ber)s?\b", re.IGNORECASE)
SUNG = re.compile(r"\b(?:s[iau]ng\w*|songs?|lyrics?|chorus|verse|raps?|rapp\w+|chants?)\b[^.]*$", re.IGNORECASE)
SOURCE = re.compile("|".join(SOURCES))
VOICE = re.compile("|".join(WRITER))


def flaws(caption: str, source_names: Iterable[str], quoted: Sequence[TextSpan]) -> list[Flaw]:
    """Sources named, and the model's own voice, outside quotations. Never mended: a sentence would lose its ground."""
    found = [
        Flaw(*match.span(), "model_voice", "the writer speaks of itself")
        for match in VOICE.finditer(caption)
        if not SUNG.search(caption[max(0, match.start() - 60) : match.start()])
    ]
    for pattern in (SOURCE, *_names(source_names)):
        for match in pattern.finditer(caption):
            if OWN.search(match[0]):
                continue
            found.append(Flaw(*match.span(), "source_named", "the clip is told, not what was written about it"))
    return outside(_apart(found), quoted)


def _apart(found: Iterable[Flaw]) -> list[Flaw]:
    """In order, none over another: one leak that two patterns see is told once."""
    kept: list[Flaw] = []
    for flaw in sorted(found, key=lambda flaw: (flaw.start, -flaw.end)):
        if not kept or flaw.start >= kept[-1].end:
            kept.append(flaw)
    return kept


def _names(names: Iterable[str]) -> list[re.Pattern[str]]:
    """A name that no English word looks like (Seed-1.6, AVoCaDO, gpt4) is a leak anywhere; a plain word, such as an
    annotator called "sound", only where the sentence makes a source of it."""
    odd: list[str] = []
    plain: list[str] = []
    for name in sorted({name.strip() for name in names} - {""}):
        unlike = len(name) > 3 and re.search(r"\d|[_/]|[a-z][A-Z]|[A-Z]{2}", name)
        (odd if unlike else plain).append(re.escape(name))
    found = []
    if odd:
        found.append(re.compile(rf"(?<!\w)(?:{'|'.join(odd)})(?!\w)", re.IGNORECASE))
    if plain:
        one = rf"(?:{'|'.join(plain)})"
        uses = rf"according\sto\s(?:the\s)?{one}|{one}\sannotat\w+|{one}(?:['’]s)?\s{_ACCOUNT}\s{_TELLS}"
        found.append(re.compile(rf"(?<!\w)(?:{uses})(?!\w)", re.IGNORECASE))
    return found
