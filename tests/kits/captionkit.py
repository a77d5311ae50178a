"""Captions and what is known of their clip, in few words, for tests of single rules."""

from collections.abc import Callable, Iterable
from typing import Any

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.grounds import Grounds
from asid.pipeline.captions.text import Flaw
from asid.pipeline.rows import Utterance, Word


def line(start: float, end: float, speaker: str, text: str, **more: Any) -> Utterance:
    """One utterance without word times: its words are spread over it by their letters."""
    return Utterance(start=start, end=end, speaker=speaker, text=text, **({"words": (), "overlap": False} | more))


def timed(speaker: str, *words: tuple[str, float, float], score: float = 0.9) -> Utterance:
    """One utterance of words that have their times: (text, start, end)."""
    said = tuple(Word(start=start, end=end, text=text, score=score, speaker="") for text, start, end in words)
    return line(said[0].start, said[-1].end, speaker, " ".join(one.text for one in said), words=said)


def case(caption: str, *talk: Utterance, duration: float = 20.0, **known: Any) -> CaptionCase:
    """A caption beside the evidence of a clip of 20 s."""
    return CaptionCase(caption, Grounds(duration, utterances=talk, **known))


def at_words(find: Callable[[CaptionCase], Iterable[Flaw]], held: CaptionCase) -> list[tuple[str, str]]:
    """What a rule finds, as kind and the very words of the caption that it points at."""
    return [(flaw.kind, held.caption[flaw.start : flaw.end]) for flaw in find(held)]
