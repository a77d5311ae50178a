"""Quotations laid over the words of the transcript: which words each one has, and where it differs from them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, islice, takewhile

from rapidfuzz.distance import Levenshtein

from asid.pipeline.captions.grounds import Grounds
from asid.pipeline.captions.paragraph import Paragraph
from asid.pipeline.captions.quotes import Quotation
from asid.pipeline.captions.speech import GAP, Place, SpokenWords
from asid.pipeline.captions.spoken import alike, spoken, ways
from asid.pipeline.captions.text import FOUND
from asid.pipeline.captions.written import Token
from asid.pipeline.rows import Utterance

SHORT = 8  # words of a line that is looked for by all that it can stand for
DRIFT = 2.0  # s beyond its block at which words may still be meant


@dataclass(frozen=True, slots=True)
class Difference:
    """Words of a quotation (`said`) that stand for other words of the transcript (`heard`); one of the two may be
    empty. `time`: when the words were, or should have been, said."""

    said: str
    heard: str
    time: float


@dataclass(frozen=True)
class Citation:
    """One quotation that claims to be speech. `first` to `last`: the words of the transcript that it covers, as numbers
    of `Case.heard`; -1 when it was not found."""

    quotation: Quotation
    place: Place
    found: bool
    block: int
    first: int
    last: int
    differences: tuple[Difference, ...]
    borne: bool  # subtitles that came with the video have it word for word


class CaptionCase:
    """One caption held against what is known of its clip."""

    def __init__(self, caption: str, grounds: Grounds, found: float = FOUND):
        self.paragraph = Paragraph(caption)
        self.caption = caption
        self.grounds = grounds
        self.found = found

    @cached_property
    def heard(self) -> list[Token]:
        """The spoken words of the transcript; `word` is the number of one in `grounds.transcript`. No number goes on
        from one utterance to the next."""
        words, found, start = self.grounds.transcript.words, [], 0
        for line, run in groupby(self.grounds.transcript.lines):
            end = start + len(list(run))
            tokens = spoken((word.text for word in words[start:end]), self._language(line))
            found += [replace(token, word=token.word + start) for token in tokens]
            start = end
        return found

    @cached_property
    def lines(self) -> list[int]:
        """Of each of `heard`, the number of its utterance."""
        return [self.grounds.transcript.lines[token.word] for token in self.heard]

    @cached_property
    def spelled(self) -> SpokenWords:
        """The transcript in the words of `heard`, so that a text is found however its numbers are written."""
        return self._index(range(len(self.heard)))

    @cached_property
    def aloud(self) -> tuple[SpokenWords, list[int]]:
        """The same without what need not be said, and where in `heard` each word of it is."""
        places = [at for at, token in enumerate(self.heard) if not token.silent]
        return (self._index(places) if len(places) < len(self.heard) else self.spelled), places

    def _index(self, places: Iterable[int]) -> SpokenWords:
        transcript = self.grounds.transcript
        lines = []
        for line, run in groupby(places, key=self.lines.__getitem__):
            words = tuple(
                transcript.words[self.heard[at].word].model_copy(
                    update={"text": self.heard[at].text, "speaker": transcript.speakers[self.heard[at].word]}
                )
                for at in run
            )
            said = self.grounds.utterances[line]
            lines.append(Utterance(start=said.start, end=said.end, speaker=said.speaker, text=said.text, words=words,
                                   overlap=said.overlap))  # fmt: skip
        return SpokenWords(lines)

    def _language(self, line: int) -> str:
        """What an utterance is in: its own language, else the clip's."""
        return self.grounds.utterances[line].language or self.grounds.language

    def _language_at(self, place: Place) -> str:
        return self._language(self.lines[place.first])

    @cached_property
    def _languages(self) -> list[str]:
        """All that is spoken, the clip's language first."""
        return list(dict.fromkeys([self.grounds.language, *map(self._language, range(len(self.grounds.utterances)))]))

    def locate(self, text: str, near: float | None) -> Place:
        """Where a text is said, as places in `heard`: by its words as they are spoken, with or without what need not be
        said, or by its letters."""
        best = self._locate(text, near, self._languages[0])
        for language in self._languages[1:]:
            if best.score < 1 and (place := self._locate(text, near, language)).score > best.score:
                best = place
        return best

    def _locate(self, text: str, near: float | None, language: str) -> Place:
        place = self.spelled.locate(_as_spoken(text, language), near)
        if place.score < 1:
            spelled, places = self.aloud
            short = spelled.locate(_as_spoken(text, language, aloud=True), near)
            if short.score > place.score and short.first >= 0:
                place = replace(short, first=places[short.first], last=places[short.last])
        written = self.grounds.transcript.locate(text, near) if place.score < 1 else place
        if max(written.score, place.score) < self.found and (line := self._line(text, near, language)) is not None:
            return line
        if written.score <= place.score or written.first < 0:
            return place
        numbers = [at for at, token in enumerate(self.heard) if written.first <= token.word <= written.last]
        return replace(written, first=numbers[0], last=numbers[-1]) if numbers else place

    def _line(self, text: str, near: float | None, language: str) -> Place | None:
        """The short line that is a text in another spelling, though its letters are others: "2 x 4"."""
        said = spoken([text], language)
        found = {at for way in ways(said) for at in self._short.get(way, ())} if len(said) <= SHORT else ()
        places = [self._span(at) for at in sorted(found) if alike(said, self._of_line[at], language)]
        return min(places, key=lambda place: abs(place.start - (near or 0.0)), default=None)

    @cached_property
    def _of_line(self) -> dict[int, list[Token]]:
        found: dict[int, list[Token]] = {}
        for token, line in zip(self.heard, self.lines, strict=True):
            found.setdefault(line, []).append(token)
        return found

    @cached_property
    def _short(self) -> dict[str, list[int]]:
        """The short lines by all that they can stand for."""
        found: dict[str, list[int]] = {}
        for line, tokens in self._of_line.items():
            for way in ways(tokens) if len(tokens) <= SHORT else ():
                found.setdefault(way, []).append(line)
        return found

    def _span(self, line: int) -> Place:
        first = self.lines.index(line)
        last = first + len(self._of_line[line]) - 1
        transcript = self.grounds.transcript
        begin, end = (transcript.words[self.heard[at].word] for at in (first, last))
        return Place(1.0, begin.start, end.end, ((transcript.speakers[self.heard[first].word], 1.0),), first, last)

    def time(self, at: int) -> float:
        """When a word of `heard` begins; the end of the last one for the place after it."""
        words = self.grounds.transcript.words
        if at >= len(self.heard):
            return words[-1].end if words else self.grounds.duration
        return words[self.heard[at].word].start

    @cached_property
    def citations(self) -> list[Citation]:
        """What is quoted as speech, and what is quoted otherwise but was said, in order."""
        return list(self._citations())

    @cached_property
    def speech(self) -> list[Citation]:
        """Those that the caption does not call a text on the screen: what is written may be read out at another time,
        by anybody."""
        return [citation for citation in self.citations if citation.quotation.claims != "screen"]

    def _citations(self) -> Iterator[Citation]:
        told, reached = -1, 0.0
        taken: set[int] = set()
        for quotation in self.paragraph.quoted:
            block = self.paragraph.block_at(quotation.start)
            near = float(self.paragraph.anchors[block].time) if block >= 0 else None
            if near is not None and block == told:
                near = max(near, reached)  # of equal lines the next one
            place = self.locate(quotation.text, near)
            found = place.score >= self.found and place.first >= 0
            if found and taken.issuperset(range(place.first, place.last + 1)):
                place = self._said_again(quotation.text, place, near, block, taken)
            taken.update(range(place.first, place.last + 1) if found else ())
            if quotation.claims != "speech" and not found:
                continue
            told, reached = block, place.end if found else 0.0
            borne = not found or place.score < 1
            borne = borne and self.grounds.shown.locate(quotation.text, near).score == 1.0
            if not found:
                yield Citation(quotation, place, False, block, -1, -1, (), borne)
                continue
            first, last, differences = self._laid_over(quotation.text, place)
            yield Citation(quotation, place, True, block, first, last, tuple(differences), borne)

    def _said_again(self, text: str, place: Place, near: float | None, block: int, taken: set[int]) -> Place:
        """Where the same words are said again after `near`, within the block's time; the place as it is where they are
        not."""
        begin, end = self.paragraph.time_of(block, self.grounds.duration)
        equals = self.spelled.equals(_as_spoken(text, self._language_at(place)))
        since = bisect_left(equals, max(begin - DRIFT, near or 0.0), key=lambda other: other.start)
        for other in takewhile(lambda other: other.start <= end + DRIFT, islice(equals, since, None)):
            if other.score >= place.score and taken.isdisjoint(range(other.first, other.last + 1)):
                return other
        return place

    def _laid_over(self, text: str, place: Place) -> tuple[int, int, list[Difference]]:
        """Where in `heard` a quotation lies, and what it has otherwise there."""
        language = self._language_at(place)
        said = spoken([text], language)
        if not said:
            return place.first, place.last, []
        low, high = self._widened(place.first, place.last, len(said))
        window = self.heard[low : high + 1]
        hunks = _hunks(said, window)
        head, tail = _trimmed(hunks)
        hunks = _shared_ends(hunks, said, window, (head, tail), language)
        first, last = low + hunks[0][2], low + hunks[-1][3] - 1
        while last < high and self.heard[last + 1].silent and self.heard[last + 1].word == self.heard[last].word:
            last += 1
        found = []
        for number, (a, b, c, d) in enumerate(hunks):
            one, other = said[a:b], window[c:d]
            if (one or other) and [t.text for t in one] != [t.text for t in other]:
                if alike(one, other, language) or _stutter(one, window, c, d):
                    continue
                shown = [" ".join(token.shown for token in run if token.shown) for run in (one, other)]
                if number == len(hunks) - 1 > 0 and shown[1].casefold().startswith(f"{shown[0].casefold()} "):
                    last = low + c - 1  # it stops within a number: "a hundred and"
                    continue
                found.append(Difference(shown[0], shown[1], self.time(low + c)))
        return first, max(first, last), found

    def _widened(self, first: int, last: int, size: int) -> tuple[int, int]:
        """Three words to either side, and as many more as a text of `size` words has than the place, within the
        utterances that the place touches."""
        low, high = first, last
        reach = 3 + max(0, size - (last + 1 - first))
        while low > 0 and first - low < reach and self.lines[low - 1] == self.lines[first]:
            low -= 1
        while high + 1 < len(self.heard) and high - last < reach and self.lines[high + 1] == self.lines[last]:
            high += 1
        return low, high


def _as_spoken(text: str, language: str, *, aloud: bool = False) -> str:
    """A text in the words that `CaptionCase.heard` is in, its gaps kept; `aloud`: without what need not be said."""
    parts = [
        " ".join(token.text for token in spoken([part], language) if not (aloud and token.silent))
        for part in GAP.split(text)
    ]
    return "…".join(part for part in parts if part)


Hunk = tuple[int, int, int, int]  # of the quotation from, to; of the transcript from, to


def _hunks(said: Sequence[Token], heard: Sequence[Token]) -> list[Hunk]:
    """Runs of equal and of differing words, by turns."""
    codes = Levenshtein.opcodes([token.text for token in said], [token.text for token in heard])
    hunks: list[Hunk] = []
    kinds: list[bool] = []
    for code in codes:
        equal = code.tag == "equal"
        hunk = (code.src_start, code.src_end, code.dest_start, code.dest_end)
        if kinds and kinds[-1] == equal:
            hunks[-1] = (hunks[-1][0], hunk[1], hunks[-1][2], hunk[3])
        else:
            hunks.append(hunk)
            kinds.append(equal)
    return hunks


def _trimmed(hunks: list[Hunk]) -> tuple[int, int]:
    """Takes off words of the transcript that lie before and after the quotation; returns how many on each side."""
    head = tail = 0
    if len(hunks) > 1 and hunks[0][0] == hunks[0][1]:
        head = hunks.pop(0)[3]
    if len(hunks) > 1 and hunks[-1][0] == hunks[-1][1]:
        last = hunks.pop()
        tail = last[3] - last[2]
    return head, tail


def _shared_ends(
    hunks: list[Hunk], said: Sequence[Token], window: Sequence[Token], around: tuple[int, int], language: str
) -> list[Hunk]:
    """Where the first or last words of a quotation differ, they stand for as many words of the transcript, no more, or
    for as many as are the same in another spelling. `around`: words of the transcript before and after."""
    if not hunks:
        return [(0, 0, 0, len(window))]
    a, b, c, d = hunks[0]
    if len(hunks) > 1 and d - c > b - a > 0:
        size = next((n for n in range(1, d - c + 1) if alike(said[a:b], window[d - n : d], language)), b - a)
        hunks[0] = (a, b, d - size, d)
    elif b > a and c == d and around[0]:
        hunks[0] = (a, b, max(0, c - min(b - a, around[0])), d)
    a, b, c, d = hunks[-1]
    if len(hunks) > 1 and d - c > b - a > 0:
        size = next((n for n in range(1, d - c + 1) if alike(said[a:b], window[c : c + n], language)), b - a)
        hunks[-1] = (a, b, c, c + size)
    elif b > a and c == d and around[1]:
        hunks[-1] = (a, b, c, min(len(window), d + min(b - a, around[1])))
    return hunks


def _stutter(said: Sequence[Token], window: Sequence[Token], start: int, end: int) -> bool:
    """Whether the transcript only has a word twice here that is quoted once: "the the river"."""
    left_out = [token.text for token in window[start:end]]
    if said or not left_out:
        return False
    size = len(left_out)
    after = [token.text for token in window[end : end + size]]
    before = [token.text for token in window[max(0, start - size) : start]]
    return left_out in (before, after)
