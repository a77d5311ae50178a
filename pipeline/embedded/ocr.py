"""Texts on the screen, read by RapidOCR (PP-OCRv6 small) from the sampled stills and followed through time.

What is read is quoted and nothing more: a screen that gives orders is told of, not obeyed.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import cv2
import numpy as np
from pydantic import Field
from rapidfuzz import fuzz

from asid.pipeline.captions.text import squash
from asid.pipeline.embedded.base import Annotator, ClipEvidence, EmbeddedSettings
from asid.pipeline.embedded.stills import picture
from asid.pipeline.embedded.weights import TEXT_LETTERS, TEXT_PLACES
from asid.pipeline.embedded.words import listing, quoted, spot
from asid.pipeline.rows import Fact

ALIKE = 82  # of 100, between readings of the same text
TOGETHER = 0.75  # s between texts that appear at once
AT_ONCE = 1.3  # s since a still without it, within which a text may be said to appear
THUMB = (64, 36)
SURE, LONG = 0.95, 6  # score, and letters, of a line that is believed though one still shows it
AGREEING = 0.5  # share of the stills that must have the same reading
SINGLES = 1 / 3  # share of the words that may have one letter only
NAME = f"{TEXT_PLACES.label}+{TEXT_LETTERS.title}#{TEXT_LETTERS.sha256[:8]}"


class ReadingSettings(EmbeddedSettings):
    """Say which text counts as legible, and how large stills are read."""

    score: float = Field(0.8, ge=0, le=1, description="least score of a line")
    letters: int = Field(3, ge=1, description="fewest letters and digits of a line; of Chinese and its like, two")
    side: int = Field(960, ge=160, le=4096, description="longest side, in pixels, of the stills that are read")
    search_side: int = Field(800, ge=160, le=4096, description="longest side at which places of text are searched")
    changed: float = Field(0.05, ge=0, le=1, description="a still in which no spot changed more is not read again")


@dataclass(frozen=True)
class TextLine:
    """A text in one still; `x`, `y`: its centre, `width`, `height`: all as shares of the picture. `row`: the height of
    one of its rows."""

    text: str
    score: float
    x: float
    y: float
    width: float
    height: float
    row: float


@dataclass
class Text:
    """One text through time."""

    seen: list[tuple[float, TextLine]] = field(default_factory=list)
    end: float = 0.0
    unseen: float = 0.0  # s: the last still before that was read

    @property
    def start(self) -> float:
        """When it is first seen, in s."""
        return self.seen[0][0]

    @property
    def last(self) -> TextLine:
        """How it looks where it is seen last."""
        return self.seen[-1][1]

    @property
    def reading(self) -> str:
        """The reading of most stills; of equally common ones the one with the best score."""
        counts = Counter(line.text for _, line in self.seen)
        return max(self.seen, key=lambda one: (counts[one[1].text], one[1].score, one[1].text))[1].text

    @property
    def score(self) -> float:
        """Mean score of its readings."""
        return fmean(line.score for _, line in self.seen)

    @property
    def steady(self) -> bool:
        """Whether it is read alike often enough to be believed. Real letters stay the same from still to still; leaves,
        faces and drawings are read as another word each time. Digits may run. One still is enough for a long and
        sure line."""
        if len(self.seen) == 1:
            return self.score >= SURE and len(squash(self.last.text)) >= LONG
        counts = Counter(re.sub(r"\d", "0", squash(line.text)) for _, line in self.seen)
        return counts.most_common(1)[0][1] >= AGREEING * len(self.seen)


class Reading(Annotator):
    """Tell the text that is shown."""

    kind = "text"
    settings_type = ReadingSettings
    settings: ReadingSettings

    def open(self) -> tuple[str, ...]:
        places, letters = TEXT_PLACES.path(), TEXT_LETTERS.path()
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        self.reader = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "Global.max_side_len": self.settings.side,
                "Det.model_path": str(places),
                "Det.limit_type": "max",
                "Det.limit_side_len": self.settings.search_side,
                "Rec.model_path": str(letters),
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        return (NAME,)

    def find(self, clip: ClipEvidence) -> list[Fact]:
        """Read the clip's stills, and follow each text through them."""
        read: list[tuple[float, list[TextLine]]] = []
        last = np.zeros(0)
        for still in clip.frames:
            seen = picture(still, self.storage, self.settings.side)
            thumb = cv2.resize(seen, THUMB, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
            if last.size == 0 or float(np.abs(thumb - last).max()) > self.settings.changed:
                read.append((still.time, self.read(seen)))
                last = thumb
            else:
                read.append((still.time, read[-1][1]))
        return list(facts([text for text in texts(read) if text.steady]))

    def read(self, seen: np.ndarray) -> list[TextLine]:
        """The lines of one RGB picture that are sure and long enough, from top to bottom."""
        result: Any = self.reader(np.ascontiguousarray(seen[:, :, ::-1]))
        if result.boxes is None or result.txts is None or result.scores is None:
            return []
        height, width = seen.shape[:2]
        lines = []
        for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
            if score >= self.settings.score:
                first, last = np.min(box, axis=0) / (width, height), np.max(box, axis=0) / (width, height)
                (x, y), (wide, high) = map(float, (first + last) / 2), map(float, last - first)
                lines.append(TextLine(text.strip(), float(score), x, y, wide, high, high))
        return [line for line in blocks(lines) if legible(line.text, self.settings.letters)]


def blocks(lines: Iterable[TextLine]) -> list[TextLine]:
    """Rows of one text, set in one size below or beside each other, joined; from top to bottom."""
    done: list[TextLine] = []
    for line in sorted(lines, key=lambda line: (round(line.y / 0.02), line.x)):
        fits = [block for block in done if _continues(block, line)]
        if fits:
            block = done.pop(done.index(fits[-1]))
            left = min(block.x - block.width / 2, line.x - line.width / 2)
            right = max(block.x + block.width / 2, line.x + line.width / 2)
            top, bottom = block.y - block.height / 2, max(block.y + block.height / 2, line.y + line.height / 2)
            line = TextLine(f"{block.text} {line.text}", min(block.score, line.score), (left + right) / 2,
                        (top + bottom) / 2, right - left, bottom - top, line.row)  # fmt: skip
        done.append(line)
    return done


def _continues(block: TextLine, line: TextLine) -> bool:
    if not 0.85 < block.row / line.row < 1.18:
        return False
    below = (line.y - line.row / 2) - (block.y + block.height / 2)
    aligned = abs(block.x - line.x) < 0.02 or abs((block.x - block.width / 2) - (line.x - line.width / 2)) < 0.015
    beside = (line.x - line.width / 2) - (block.x + block.width / 2)
    return (aligned and -0.5 * line.row < below < 0.7 * line.row) or (
        abs(block.y - line.y) < 0.3 * line.row and -0.01 < beside < 0.8 * line.row
    )


def legible(text: str, letters: int) -> bool:
    """Whether a text has enough letters, and not one sign again and again."""
    spelled = squash(text)
    if len(set(spelled)) < 2:
        return False  # one sign again and again is a pattern that was taken for writing
    if any(ord(char) >= 0x2E80 for char in spelled):
        return len(spelled) >= 2
    words = re.findall(r"\w+", text)
    single = sum(len(word) == 1 and word.isalpha() and word.lower() not in "aioyuàéèìòиявскоуа" for word in words)
    return len(spelled) >= letters and single <= SINGLES * len(words)


def texts(read: Sequence[tuple[float, Sequence[TextLine]]]) -> list[Text]:
    """Lines of successive stills joined when they read alike at about the same height, or alike anywhere (a text that
    wanders). One still may miss a text."""
    found: list[Text] = []
    for place, (time, lines) in enumerate(read):
        following = read[place + 1][0] if place + 1 < len(read) else time
        since = read[max(0, place - 2)][0]
        for line in lines:
            known = [text for text in found if text.seen[-1][0] >= since and alike(text.last, line)]
            if known:
                known[-1].seen.append((time, line))
                known[-1].end = following
            else:
                found.append(Text([(time, line)], following, read[max(0, place - 1)][0]))
    return found


def alike(one: TextLine, other: TextLine) -> bool:
    """Whether two readings are of one text."""
    first, second = squash(one.text), squash(other.text)
    near = abs(one.y - other.y) < 0.06 and abs(one.x - other.x) < 0.25
    return fuzz.ratio(first, second) >= (ALIKE if near else 94) or (near and _cut_short(first, second))


def _cut_short(one: str, other: str) -> bool:
    """Whether one is the other while it is being written."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 3 and long.startswith(short)


def facts(found: Sequence[Text]) -> Iterator[Fact]:
    """Texts that appear at once, one below the other, are told together; one that was told before is told again only
    when it comes back after two seconds, as such."""
    told: list[tuple[str, float]] = []
    groups: list[list[Text]] = []
    for text in sorted(found, key=lambda text: (text.start, text.seen[0][1].y, text.seen[0][1].x)):
        if groups and text.start - groups[-1][0].start <= TOGETHER and len(groups[-1]) < 4:
            groups[-1].append(text)
        else:
            groups.append([text])
    for group in groups:
        start, end = group[0].start, max(text.end for text in group)
        fresh = [text for text in group if not _known(text.reading, told)]
        back = [text for text in group if text not in fresh and start - _left(text.reading, told) > 2]
        new = start >= 0.6 and start - group[0].unseen <= AT_ONCE
        for some, verb in ((fresh, "appears" if new else "is on screen"), (back, "is on screen again")):
            if some:
                yield _fact(start, end, "objects", wording(some, verb), fmean(text.score for text in some))
        told += [(squash(text.reading), text.end) for text in group]


def _known(reading: str, told: Sequence[tuple[str, float]]) -> bool:
    return any(fuzz.ratio(squash(reading), other) >= ALIKE for other, _ in told)


def _left(reading: str, told: Sequence[tuple[str, float]]) -> float:
    return max(end for other, end in told if fuzz.ratio(squash(reading), other) >= ALIKE)


def wording(some: Sequence[Text], verb: str) -> str:
    """Every quotation has the word "text" before it: what stands between quotation marks is nobody's speech."""
    first, *others = (text.seen[0][1] for text in some)
    clause = f"the text {quoted(some[0].reading)} {verb} {spot(first.x, first.y)}"
    rest = [f"the text {quoted(text.reading)}" for text in some[1:]]
    if others and all(abs(line.x - first.x) < 0.12 for line in others):
        return f"{clause}, with {listing(rest)} below it"
    places = [spot(line.x, line.y) for line in others]
    return clause + "".join(f", and {text} {place}" for text, place in zip(rest, places, strict=True))


def _fact(start: float, end: float, attribute: str, text: str, score: float) -> Fact:
    return Fact(start=start, end=max(start, end), attribute=attribute, text=text, score=score, model=NAME)
