"""What a caption is: blocks opened by anchors, quoted speech, prose without repetition, markup or talk of sources.

    parse(caption) -> [Section]            compose([Section]) -> caption         at(12) -> "At 12s,"
    examine(caption, grounds) -> [Problem]                                   mend(caption, duration) -> caption, mends
    find_quotes(caption, utterances) -> [Quote]                              same_blocks(before, after) -> bool

Pure: text in, values out; any text is taken, in time that grows with its length.
"""

from asid.pipeline.captions import quotes
from asid.pipeline.captions.anchors import Section, Style, at, compose, parse, same_blocks, times
from asid.pipeline.captions.checks import check, examine, find_quotes
from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.grounds import Grounds, grounds
from asid.pipeline.captions.mend import mend
from asid.pipeline.captions.repetition import rate as repetition_rate
from asid.pipeline.captions.speech import FOUND, SpokenWords
from asid.pipeline.captions.text import squash, words

__all__ = [
    "FOUND",
    "CaptionCase",
    "Grounds",
    "Section",
    "SpokenWords",
    "Style",
    "at",
    "check",
    "compose",
    "examine",
    "find_quotes",
    "grounds",
    "mend",
    "parse",
    "quotes",
    "repetition_rate",
    "same_blocks",
    "squash",
    "times",
    "words",
]
