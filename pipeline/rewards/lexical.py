"""Readings of a caption that need no judge: what it quotes, which statements its words cover, what it dwells on.

They are proxies, in English, cheap enough for every rollout: good for tests, dry runs and warm-up. A caption that says
the opposite in the same words passes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from asid.pipeline.attributes import ATTRIBUTES, Attribute
from asid.pipeline.captions import quotes
from asid.pipeline.metrics.dialogue import DialogueLine, read_lines
from asid.pipeline.metrics.following import Level

ENOUGH = 0.6  # share of a statement's words that must stand in the caption

EMPTY = """
a an and are as at be been being but by can for from had has have he her hers him his i in into is it its me my no not
of off on one or our out over she so some that the their them then there these they this those to up was we were what
when where which while who with you your
"""
SUFFIX = re.compile(r"(?:ing|edly|ed|es|s|ly)$")
SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")

# Words that speak of an attribute, without their endings.
CUES: dict[Attribute, str] = {
    "scene": """room kitchen street park sky night morning evening sunset dusk dawn outdoor indoor background setting
        forest beach office house weather light sunlight landscape building wall floor city""",
    "characters": """man woman men women boy girl child children person people hair dress shirt jacket coat hat beard
        young old elderly tall wear face glasses""",
    "objects": """table chair car cup phone bottle door book box bag screen sign lamp plate knife bicycle ball tree
        flower machine tool""",
    "actions": """walk run sit stand open close pick hold turn move jump throw drink eat pour lift push pull enter
        leave wave danc driv""",
    "narrative": """story because finally eventually therefore reveal conclud conclusion begin end theme purpose plot
        consequence suggest""",
    "speech": "say said speak spoke ask answer repl shout whisper voice narrat dialogue talk tell told exclaim",
    "camera": "camera shot zoom pan tilt closeup close-up angle frame cut handheld tracking focus lens fade",
    "emotions": """happy happily sad angr smil laugh cry joy fear tense calm excit emotion feel mood nervous surpris
        worr cheerful""",
}
ENDING = "(?:s|es|ed|d|ing|ning|ting|ly|y|e|ies|ied|ion|or|er|ful)?"
CUE = {name: re.compile(rf"\b({'|'.join(map(re.escape, words.split()))}){ENDING}\b", re.IGNORECASE)
       for name, words in CUES.items()}  # fmt: skip


def spoken(caption: str) -> tuple[DialogueLine, ...]:
    """Read the speech that a caption quotes, in order. Who speaks is not known: all lines have the speaker ""."""
    found = (quote.text for quote in quotes.find(caption) if quote.claims != "screen")
    return read_lines(f": {' '.join(text.split())}" for text in found)


def told(statements: Iterable[str], caption: str) -> list[bool]:
    """Tell of each statement whether most of its words that carry meaning stand in the caption, in any order."""
    there = _stems(caption)
    return [bool(wanted) and len(wanted & there) >= ENOUGH * len(wanted) for wanted in map(_stems, statements)]


def _stems(text: str) -> set[str]:
    words, empty = re.findall(r"\w+", text.casefold()), frozenset(EMPTY.split())
    return {SUFFIX.sub("", word) if len(word) > 3 else word for word in words if word not in empty}


def levels(caption: str) -> dict[str, Level]:
    """Give each attribute a level by its cue words: explicit where one sentence has two or more different ones or two
    sentences have one, minor where one has. Quoted speech is a cue of speech."""
    sentences = [match[0] for match in SENTENCE.finditer(caption)]
    made: dict[str, Level] = {}
    for name in ATTRIBUTES:
        counts = [len({cue.casefold() for cue in CUE[name].findall(sentence)}) for sentence in sentences]
        if name == "speech" and spoken(caption):
            counts.append(2)
        explicit = max(counts, default=0) >= 2 or sum(count > 0 for count in counts) >= 2
        made[name] = "explicit" if explicit else "minor" if any(counts) else "none"
    return made
