"""Quoted speech located in the transcript: how like it is, who said it, and when, to the word."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from asid.pipeline.captions.text import FOUND, squash
from asid.pipeline.rows import Quote, Utterance, Word

PIECE = 64  # characters aligned at once: what fits one machine word is fast
GAP = re.compile(r"…|\.{3,}")
SIGN = re.compile(r"[$€£¥₹%¢°]")  # what is said, though it is no letter


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the transcript a text is. `score`: 1 - edit distance / longer length, over letters and digits alone.
    `speakers`: who says it, with the share of letters, the main one first. `first`, `last`: numbers of its words."""

    score: float
    start: float
    end: float
    speakers: tuple[tuple[str, float], ...]
    first: int = -1
    last: int = -1


NOWHERE = Place(0.0, 0.0, 0.0, ())


class SpokenWords:
    """The words of a clip as one stream of letters that knows the word of each."""

    def __init__(self, utterances: Sequence[Utterance]):
        self.words: list[Word] = []
        self.speakers: list[str] = []
        self.lines: list[int] = []  # of each word, the number of its utterance
        pieces: list[str] = []
        self.starts: list[int] = [0]  # of each word in `letters`, and the end of the last
        self.word_at: list[int] = []  # letter -> word
        for number, utterance in enumerate(utterances):
            for word in _whole(utterance.words or _spread(utterance)):
                if piece := squash(word.text):
                    self.word_at += [len(self.words)] * len(piece)
                    self.words.append(word)
                    self.speakers.append(word.speaker or utterance.speaker)
                    self.lines.append(number)
                    pieces.append(piece)
                    self.starts.append(self.starts[-1] + len(piece))
        self.letters = "".join(pieces)
        self.known: dict[str, list[Place]] = {}

    def locate(self, text: str, near: float | None = None) -> Place:
        """The place most like `text`; of equal ones the one closest to `near` (s), else the first. A text with "…" may
        have left words out there."""
        whole = self._locate(squash(text), near)
        parts = [part for part in (squash(part) for part in GAP.split(text)) if part]
        if whole.score >= FOUND or len(parts) < 2:
            return whole
        places = [self._locate(part, near) for part in parts]
        if any(later.start < sooner.start for sooner, later in pairwise(places)):
            return whole
        size = sum(map(len, parts))
        score = sum(place.score * len(part) for place, part in zip(places, parts, strict=True)) / size
        if score <= whole.score:
            return whole
        longest = max(zip(places, parts, strict=True), key=lambda pair: len(pair[1]))[0]
        return Place(score, places[0].start, places[-1].end, longest.speakers, places[0].first, places[-1].last)

    def equals(self, text: str) -> list[Place]:
        """All places that are as like a text as the most like one, in order of time."""
        wanted = squash(text)
        return self.known[wanted] if self._locate(wanted, None) is not NOWHERE else []

    def _locate(self, wanted: str, near: float | None) -> Place:
        if not wanted or not self.letters:
            return NOWHERE
        if wanted not in self.known:
            spans = list(self._exact(wanted)) or self._similar(wanted)
            places = [self._place(wanted, first, last) for first, last in spans]
            best = max(place.score for place in places)
            self.known[wanted] = sorted((place for place in places if place.score == best), key=_start)
        places = self.known[wanted]
        if near is None:
            return places[0]
        after = bisect_left(places, near, key=_start)
        return min(places[max(after - 1, 0) : after + 1], key=lambda place: abs(place.start - near))

    def _exact(self, wanted: str) -> Iterator[tuple[int, int]]:
        """Runs of whole words (first, last) that spell it."""
        at = self.letters.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            first, last = self.word_at[at], self.word_at[end - 1]
            if self.starts[first] == at and self.starts[last + 1] == end:
                yield first, last
            at = self.letters.find(wanted, at + 1)

    def _similar(self, wanted: str) -> list[tuple[int, int]]:
        """Runs of words worth a closer look. Each piece of the text is aligned by itself; the best one says where about
        the text lies, the first and last that agree with it where it begins and ends, give or take two words."""
        offsets = [*range(0, len(wanted) - PIECE, PIECE), max(0, len(wanted) - PIECE)]
        aligned = []
        for offset in offsets:
            found = fuzz.partial_ratio_alignment(wanted[offset : offset + PIECE], self.letters)
            if found is not None:
                begin = found.dest_start - found.src_start - offset
                end = found.dest_end - found.src_end - offset + len(wanted)
                aligned.append((found.score, begin, end))
        score, about, _ = max(aligned, key=lambda piece: piece[0])
        near = [piece for piece in aligned if piece[0] >= score - 25 and abs(piece[1] - about) <= 8 + len(wanted) // 3]
        edge = len(self.letters) - 1
        first = self.word_at[min(max(near[0][1], 0), edge)]
        last = self.word_at[min(max(near[-1][2] - 1, 0), edge)]
        firsts = range(max(first - 2, 0), min(first + 3, len(self.words)))
        lasts = range(max(last - 2, 0), min(last + 3, len(self.words)))
        return [(one, other) for one in firsts for other in lasts if one <= other] or [(first, max(first, last))]

    def _place(self, wanted: str, first: int, last: int) -> Place:
        spelled = self.letters[self.starts[first] : self.starts[last + 1]]
        shares: dict[str, float] = {}
        for word in range(first, last + 1):
            letters = self.starts[word + 1] - self.starts[word]
            shares[self.speakers[word]] = shares.get(self.speakers[word], 0.0) + letters / len(spelled)
        speakers = tuple(sorted(shares.items(), key=lambda share: -share[1]))
        score = Levenshtein.normalized_similarity(wanted, spelled)
        return Place(score, self.words[first].start, self.words[last].end, speakers, first, last)


def quote(text: str, place: Place, found: float = FOUND) -> Quote:
    """The row's record; times and speaker only of what was found."""
    if place.score < found:
        return Quote(text=text, found=False, score=place.score, start=0.0, end=0.0, speaker="")
    return Quote(
        text=text, found=True, score=place.score, start=place.start, end=place.end, speaker=place.speakers[0][0]
    )


def _spread(utterance: Utterance) -> Iterator[Word]:
    """The words of an utterance that came without word times, spread over it by their letters."""
    words = utterance.text.split()
    total, at = sum(map(len, words)) or 1, 0
    length = utterance.end - utterance.start
    for number, word in enumerate(words):
        start = utterance.start + length * at / total
        at += len(word)
        end = utterance.start + length * at / total if number + 1 < len(words) else utterance.end
        yield Word(start=start, end=end, text=word, score=0.0, speaker=utterance.speaker)


def _whole(words: Iterable[Word]) -> Iterator[Word]:
    """The words, each with the signs behind it that recognisers set apart: "50" and "%" are "50 %"."""
    last: Word | None = None
    for word in words:
        if last is not None and SIGN.search(word.text) and not squash(word.text):
            last = last.model_copy(update={"text": f"{last.text} {word.text}", "end": word.end})
            continue
        if last is not None:
            yield last
        last = word
    if last is not None:
        yield last


def _start(place: Place) -> float:
    return place.start
