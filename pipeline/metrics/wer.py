"""Word error rate with its normaliser named: without one a rate cannot be compared with another.

WER = (substitutions + deletions + insertions) / words of the truth; over a set the counts are added. A transcript that
is missing counts as all its words deleted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from asid.pipeline.metrics.figure import Absent, Figure, split
from asid.pipeline.metrics.speech import normal

# Scripts that are written without spaces between words: each of their letters counts as a word.
UNSPACED = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f])")


def words_as_written(text: str) -> str:
    """Leave a text as it is."""
    return text


def words_plain(text: str) -> str:
    """Fold case and compatible forms, drop signs, and part the letters of scripts without spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(char if char.isalnum() or unicodedata.category(char)[0] == "M" else
                   "" if char in "'’" else " " for char in folded)  # fmt: skip
    return UNSPACED.sub(r" \1 ", kept)


def words_whisper(text: str) -> str:
    """Normalise as Whisper's papers do for English: numbers, contractions and spellings count as one. Needs the extra
    `eval`."""
    return normal(text, "en")


def words_whisper_basic(text: str) -> str:
    """Normalise as Whisper's papers do for other languages. Needs the extra `eval`."""
    return normal(text, "")


NORMALISERS: dict[str, Callable[[str], str]] = {
    "none": words_as_written,
    "plain": words_plain,
    "whisper": words_whisper,
    "whisper-basic": words_whisper_basic,
}


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Counts of one transcript, or of several added up, and the normaliser they were made with."""

    substitutions: int
    deletions: int
    insertions: int
    words: int
    normaliser: str

    @property
    def rate(self) -> float | None:
        """WER; None where the truth has no words and some were heard: nothing is there to divide by. 0 when none
        were."""
        wrong = self.substitutions + self.deletions + self.insertions
        return wrong / self.words if self.words else (None if wrong else 0.0)

    def __add__(self, other: WordErrors) -> WordErrors:
        if self.normaliser != other.normaliser:
            raise ValueError(f"errors after {self.normaliser} and {other.normaliser} cannot be added")
        return WordErrors(self.substitutions + other.substitutions, self.deletions + other.deletions,
                          self.insertions + other.insertions, self.words + other.words, self.normaliser)  # fmt: skip


def word_errors(truth: str, heard: str, normaliser: str = "plain") -> WordErrors:
    """Align two texts word by word. Raises ValueError for an unknown normaliser."""
    if normaliser not in NORMALISERS:
        raise ValueError(f"unknown normaliser {normaliser!r}; there are {', '.join(NORMALISERS)}")
    normalise = NORMALISERS[normaliser]
    theirs, ours = normalise(truth).split(), normalise(heard).split()
    steps: Sequence[str] = [step.tag for step in Levenshtein.editops(theirs, ours)]
    return WordErrors(steps.count("replace"), steps.count("delete"), steps.count("insert"), len(theirs), normaliser)


def figures(texts: Iterable[tuple[str, str | Absent]], normaliser: str = "plain") -> dict[str, Figure]:
    """Give `wer` of pairs of truth and transcript, counts added over the set."""
    texts = list(texts)
    there, missing = split(heard for _, heard in texts)
    whole = sum((word_errors(truth, "" if isinstance(heard, Absent) else heard, normaliser) for truth, heard in texts),
                WordErrors(0, 0, 0, 0, normaliser))  # fmt: skip
    return {"wer": Figure(whole.rate if texts else None, len(there), len(texts), missing)}
