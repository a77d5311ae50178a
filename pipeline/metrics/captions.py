"""How true captions are to what is known of their videos: quoted speech, times of anchors, on-screen text.

- Quoted speech is true when some utterance of the truth has it, by the likeness that `asid.pipeline.captions` uses.
- An anchor's error is its distance, in seconds, to the nearest beginning of something that its block tells: a quoted
  line, a text that is shown, or, where the block speaks of a cut or shot, a shot. Blocks that tell nothing the truth
  knows are left out. Drift is how far outside its block, from its anchor to the next, a told line or text begins.
- An on-screen text is told when the caption of a clip that shows it has it, give or take a letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import fmean, median
from typing import Any

from rapidfuzz import fuzz

from asid.pipeline.captions import quotes
from asid.pipeline.captions.anchors import parse
from asid.pipeline.captions.speech import SpokenWords
from asid.pipeline.captions.text import FOUND, squash
from asid.pipeline.rows import Judged, Utterance, Word

LEGIBLE = 85.0  # percent likeness from which a text is told
CUTS = re.compile(r"\b(?:cuts?|shots?|scenes?|transitions?|dissolves?|fades?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class ScreenText:
    """Words on the screen; without times they are shown at some time."""

    text: str
    start: float | None
    end: float | None


@dataclass(frozen=True)
class CaptionTruth:
    """What is known of one video, in its seconds. `said` is None where the words are not known; their times count only
    when `timed`."""

    name: str
    shots: tuple[float, ...]
    said: tuple[Utterance, ...] | None
    timed: bool
    texts: tuple[ScreenText, ...]


@dataclass(frozen=True)
class CaptionScore:
    """Counts and errors of one video, or of several added up."""

    clips: int = 0
    quotes: int = 0
    quotes_true: int = 0
    texts: int = 0
    texts_told: int = 0
    anchors: int = 0
    anchor_errors: tuple[float, ...] = ()  # s
    drifts: tuple[float, ...] = ()  # s

    def __add__(self, other: CaptionScore) -> CaptionScore:
        return CaptionScore(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def line(self, name: str) -> dict[str, Any]:
        """A line of the table. What has nothing to be measured on is None, not 0 and not 1."""
        return {
            "name": name,
            "clips": self.clips,
            "quotes": self.quotes,
            "quotes_true": self.quotes_true / self.quotes if self.quotes else None,
            "texts": self.texts,
            "text_recall": self.texts_told / self.texts if self.texts else None,
            "anchors": self.anchors,
            "anchors_measured": len(self.anchor_errors),
            "anchor_error_mean": fmean(self.anchor_errors) if self.anchor_errors else None,
            "anchor_error_median": median(self.anchor_errors) if self.anchor_errors else None,
            "anchors_within_2s": _share(self.anchor_errors, 2.0),
            "events_in_block": _share(self.drifts, 0.5),
        }


def table(clips: Iterable[Judged], folder: Path) -> list[dict[str, Any]]:
    """A line for each video that has a truth file under `folder`, and one for all of them together."""
    truths = {truth.name: truth for truth in map(read_truth, sorted(folder.rglob("*.truth.json")))}
    by_video: dict[str, list[Judged]] = {}
    for clip in clips:
        if clip.name in truths:
            by_video.setdefault(clip.name, []).append(clip)
    measured = {name: measure(found, truths[name]) for name, found in sorted(by_video.items())}
    whole = sum(measured.values(), CaptionScore())
    return [*(figures.line(name) for name, figures in measured.items()), whole.line("all")]


def read_truth(file: Path) -> CaptionTruth:
    """A truth file: `shots` or `cut_times`, `utterances` or `source.transcript`, `text` with or without times."""
    values = json.loads(file.read_text("utf-8"))
    shots = [shot["start"] for shot in values["shots"]] if "shots" in values else [0.0, *values.get("cut_times", ())]
    texts = [
        ScreenText(item, None, None) if isinstance(item, str) else ScreenText(item["text"], item["start"], item["end"])
        for item in values.get("text", ())
    ]
    said, timed = _said(values)
    return CaptionTruth(values["file"], tuple(shots), said, timed, tuple(texts))


def _said(values: dict[str, Any]) -> tuple[tuple[Utterance, ...] | None, bool]:
    """Lines with times; else the bare words (`source.transcript`), without; else nothing is known."""
    lines = values.get("utterances")
    bare = (values.get("source") or {}).get("transcript")
    if lines is not None and all(line["text"] for line in lines) and (lines or not bare):
        return tuple(_utterance(line) for line in lines), True
    if bare:
        whole = {"speaker": "", "start": 0.0, "end": values.get("duration", 0.0), "text": bare}
        return (_utterance(whole),), False
    return None, False


def _utterance(line: dict[str, Any]) -> Utterance:
    """With a time for each word: the line's, shared out by letters."""
    pieces = line["text"].split()
    start, pace = line["start"], (line["end"] - line["start"]) / max(1, sum(map(len, pieces)))
    words = []
    for piece in pieces:
        end = start + pace * len(piece)
        words.append(Word(start=start, end=end, text=piece, score=1.0, speaker=line["speaker"]))
        start = end
    return Utterance(start=line["start"], end=line["end"], speaker=line["speaker"], text=line["text"],
                     words=tuple(words), overlap=bool(line.get("overlaps")))  # fmt: skip


def measure(clips: Sequence[Judged], truth: CaptionTruth) -> CaptionScore:
    """The clips of one video against its truth."""
    figures = CaptionScore(clips=len(clips))
    transcript = SpokenWords(truth.said) if truth.said is not None else None
    for clip in clips:
        if transcript is not None:
            true = sum(transcript.locate(quote.text).score >= FOUND for quote in clip.quotes)
            figures += CaptionScore(quotes=len(clip.quotes), quotes_true=true)
        figures += _anchors(clip, truth, transcript if truth.timed else None)
    told = sum(any(shows(clip, text) and tells(clip.caption, text) for clip in clips) for text in truth.texts)
    return figures + CaptionScore(texts=len(truth.texts), texts_told=told)


def shows(clip: Judged, text: ScreenText) -> bool:
    """Whether a text is on the screen within the clip, as far as is known."""
    return text.start is None or text.end is None or (text.start < clip.source_end and text.end > clip.source_start)


def tells(caption: str, text: ScreenText) -> bool:
    """Whether a caption has a text, give or take a letter."""
    wanted, told = squash(text.text), squash(caption)
    return len(wanted) <= len(told) and fuzz.partial_ratio(wanted, told) >= LEGIBLE


def _anchors(clip: Judged, truth: CaptionTruth, transcript: SpokenWords | None) -> CaptionScore:
    blocks = [block for block in parse(clip.caption) if block.anchor is not None]
    starts = [float(block.anchor or 0) for block in blocks]
    errors: list[float] = []
    drifts: list[float] = []
    for block, start, end in zip(blocks, starts, [*starts[1:], clip.duration], strict=False):
        events = list(_events(block.text, clip, truth, transcript, start))
        drifts += [max(start - event, event - max(start, end), 0.0) for event in events]
        if CUTS.search(block.text):
            events += [shot - clip.source_start for shot in truth.shots]
        if events:
            errors.append(min(abs(event - start) for event in events))
    return CaptionScore(anchors=len(blocks), anchor_errors=tuple(errors), drifts=tuple(drifts))


def _events(
    told: str, clip: Judged, truth: CaptionTruth, transcript: SpokenWords | None, start: float
) -> Iterable[float]:
    """When what is told begins, in seconds of the clip; what began before the clip begins with it."""
    for quotation in quotes.find(told):
        place = transcript.locate(quotation.text, start + clip.source_start) if transcript else None
        if place is not None and place.score >= FOUND and place.end > clip.source_start:
            yield max(0.0, place.start - clip.source_start)
    for text in truth.texts:
        if text.start is not None and shows(clip, text) and tells(told, text):
            yield max(0.0, text.start - clip.source_start)


def _share(values: Sequence[float], most: float) -> float | None:
    return sum(value <= most for value in values) / len(values) if values else None
