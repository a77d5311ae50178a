"""Which attributes a sentence of somebody else's caption tells something about, by its words. Facts carry their own."""

from __future__ import annotations

import re

from asid.pipeline.attributes import ATTRIBUTES, Attribute
from asid.pipeline.captions import quotes as quotations

CUES = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for name, words in {
        "scene": r"rooms?|kitchen|street|office|studio|outdoors?|indoors?|interior|landscape|background|sky|sea|beach|"
        r"forest|mountains?|field|city|building|walls?|daylight|night|light(?:ing)?|lit|dark|bright|weather|music|"
        r"silen\w+|noise|picture is|colou?rs?|black and white|sound",
        "characters": r"(?:wo)?m[ae]n|persons?|people|boys?|girls?|child(?:ren)?|faces?|actors?|crowd|dogs?|cats?|"
        r"animals?|wearing|wears|dressed|beard(?:ed)?|hair(?:ed)?|glasses",
        "objects": r"texts?|words? .{0,12}\"|titles?|signs?|logos?|labels?|reads?|screen|tables?|chairs?|cups?|cars?|"
        r"phones?|books?|box(?:es)?|bottles?|bags?|windows?|doors?|objects?",
        "actions": r"walk\w*|runs?|running|sits?|sitting|stands? up|turns?|moves?|movement|moving|jump\w*|pours?|"
        r"open\w*|clos(?:es|ing)|tak(?:es|ing)|holds?|holding|lifts?|throw\w*|looks?|points?|nods?|wav(?:es|ing)|danc\w+|eat\w*|"
        r"drink\w*|driv\w+|rid(?:es|ing)|falls?|plays?|enters?|leaves?|grows",
        "narrative": r"clip|video|story|shots?|scenes? change\w*|at first|finally|in the end|begins with|ends with|"
        r"closes|because|therefore|as a result|meanwhile",
        "speech": r"sa(?:ys|id)|speaks?|speaking|speech|voices?|asks?|repl(?:y|ies)|answers?|talk\w*|whispers?|shouts?|"
        r"sings?|dialogue",
        "camera": r"camera|cuts?|shots?|pans?|panning|tilts?|zoom\w*|close-?up|framing|framed|fades?|dissolves?|angle|"
        r"hand-?held|tracking|focus|static",
        "emotions": r"smil\w+|laugh\w*|happ\w+|sad\w*|angr\w+|ang(?:er|rily)|calm\w*|tens\w+|cheerful\w*|fear\w*|"
        r"surpris\w+|excit\w+|worr\w+|joy\w*|mood|nervous\w*|proud\w*|speaks (?:slowly|quickly|loudly|quietly)",
    }.items()
}


def attributes(sentence: str) -> list[Attribute]:
    """At least one; what is neither is something done."""
    claims = {quote.claims for quote in quotations.find(sentence)}
    bare = sentence
    for quote in reversed(quotations.find(sentence)):
        bare = bare[: quote.start] + bare[quote.end :]
    found = [name for name in ATTRIBUTES if CUES[name].search(bare)]
    if "speech" in claims and "speech" not in found:
        found.append("speech")
    if "screen" in claims and "objects" not in found:
        found.append("objects")
    return [name for name in ATTRIBUTES if name in found] or ["actions"]
