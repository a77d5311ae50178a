"""A clip as the review page shows it: plain values that the page sets as text, never as markup."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.captions import anchors, quotes
from asid.pipeline.captions.latest import by_attribute
from asid.pipeline.chance import draw
from asid.pipeline.rows import Audit, Audited, Judged, Utterance
from asid.pipeline.run.folder import Run

LONGEST_DIFF = 4000  # words; beyond it a caption has fallen into a loop, and a diff would take minutes


def choose(clips: Iterable[tuple[str, str]], count: int, seed: int) -> list[tuple[str, str]]:
    """`count` of (shard, clip), drawn by clip and seed alone: the same ones on every machine."""
    return sorted(clips, key=lambda entry: draw("review", seed, entry[1]))[:count]


class Clips:
    """The sampled clips of a run. Rows are read when they are asked for, one shard at a time."""

    def __init__(self, run: Run, chosen: list[tuple[str, str]], videos: Mapping[str, str] | None = None):
        self.run = run
        self.videos = videos or {}  # clip -> the video it is of
        self.shards = {clip: shard for shard, clip in chosen}
        self.step = list(run.steps)[-1]
        self._last: tuple[str, dict[str, Judged]] = ("", {})

    def get(self, clip: str) -> Judged:
        """Raises KeyError for a clip that is not in the sample."""
        shard = self.shards[clip]
        if self._last[0] != shard:
            self._last = (shard, {row.id: row for row in self.run.rows(self.step, shard)})
        return self._last[1][clip]


def view(clip: Judged) -> dict[str, Any]:
    """Give what the page shows of a clip, as plain values."""
    return {
        "id": clip.id,
        "name": clip.name,
        "duration": clip.duration,
        "offset": clip.offset,
        "sound": clip.sound,
        "source": f"{clip.source_start:.2f}–{clip.source_end:.2f} s of {clip.name}",
        "licence": clip.licence,
        "caption": clip.caption,
        "parts": parts(clip.caption, clip),
        "draft": diff(clip.draft, clip.caption),
        "candidates": [
            {"who": candidate.annotator, "model": candidate.by.model, "text": candidate.caption}
            for candidate in clip.candidates
        ],
        "attributes": [{"name": name, "text": text} for name, text in by_attribute(clip).items()],
        "shots": [{"start": shot.start, "end": shot.end, "kind": shot.opens_with} for shot in clip.shots],
        "speech": [
            {"start": said.start, "end": said.end, "speaker": said.speaker, "text": said.text, "words": words(said)}
            for said in clip.utterances
        ],
        "names": list(ATTRIBUTES),  # what an error can be about, whether or not captions were taken apart
        "findings": list(_findings(clip.audits)) if isinstance(clip, Audited) else None,
        "problems": list(problems(clip)),
    }


def _findings(audits: Iterable[Audit]) -> Iterator[str]:
    for audit in audits:
        yield from (f"{audit.attribute}: error: {error.snippet}: {error.why}" for error in audit.errors)
        yield from (f"{audit.attribute}: missing: {missing.what}: {missing.why}" for missing in audit.missing)


def problems(clip: Judged) -> Iterator[dict[str, str]]:
    """What rules still see in the captions, and what was wrong on the way: `left` or `mended`, each once."""
    seen: set[tuple[str, str]] = set()
    for problem in clip.remaining:
        seen.add((problem.kind, problem.snippet))
        yield {"state": "left", "kind": problem.kind, "snippet": problem.snippet, "why": problem.why}
    for mark in clip.marks:
        if (mark.kind, mark.snippet) not in seen:
            seen.add((mark.kind, mark.snippet))
            state = "mended" if mark.mended or mark.snippet not in clip.caption else f"marked by {mark.stage}"
            yield {"state": state, "kind": mark.kind, "snippet": mark.snippet, "why": mark.why}


def words(said: Utterance) -> list[dict[str, Any]]:
    """The words with their times, where they make up the text; else none."""
    if " ".join(word.text for word in said.words) != said.text:
        return []
    return [{"start": word.start, "end": word.end, "text": word.text} for word in said.words]


def parts(caption: str, clip: Judged) -> list[dict[str, Any]]:
    """The caption in pieces: text, anchors with their second, quotations with the second at which they are said."""
    quoted = quotes.find(caption)
    said = {quote.text: quote for quote in clip.quotes if quote.found}
    spans: list[tuple[int, int, dict[str, Any]]] = []
    for anchor in anchors.find(caption, quoted):
        spans.append((anchor.start, anchor.end, {"kind": "anchor", "time": float(anchor.time)}))
    for mark in quoted:
        if quote := said.get(mark.text):
            told = {"kind": "quote", "time": quote.start, "end": quote.end, "speaker": quote.speaker}
            spans.append((mark.start, mark.end, told))
    made: list[dict[str, Any]] = []
    at = 0
    for start, end, told in sorted(spans, key=lambda span: span[:2]):
        if start < at:
            continue
        if start > at:
            made.append({"kind": "text", "text": caption[at:start]})
        made.append(told | {"text": caption[start:end]})
        at = end
    return [*made, *([{"kind": "text", "text": caption[at:]}] if at < len(caption) else [])]


def diff(before: str, after: str) -> list[dict[str, str]]:
    """What the pipeline made of the draft, word by word: kept, gone, new."""
    old, new = before.split(" "), after.split(" ")
    if len(old) + len(new) > LONGEST_DIFF:
        return [{"kind": "gone", "text": before}, {"kind": "new", "text": after}]
    made: list[dict[str, str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            made.append({"kind": "same", "text": " ".join(new[c:d])})
            continue
        made += [{"kind": "gone", "text": " ".join(old[a:b])}] if b > a else []
        made += [{"kind": "new", "text": " ".join(new[c:d])}] if d > c else []
    return made
