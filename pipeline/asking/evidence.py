"""What a model is given of a clip: media to see and hear, texts to read (fenced: none of them is ours), and the same
as plain values for embedded models."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from asid.pipeline.asking.answers import Findings
from asid.pipeline.models.base import Media
from asid.pipeline.prompts import fence
from asid.pipeline.rows import Candidate, Clip, Frame, Problem, Subtitles, Utterance
from asid.pipeline.stage import Unprocessable
from asid.pipeline.storage import Storage

Medium = Literal["video", "audio", "frames"]
Sense = Literal["video", "audio", "frames", "transcript"]

CLIP_FACTS = (
    "duration", "width", "height", "fps", "sound", "shots", "signal", "frames", "language", "utterances", "sounds"
)  # fmt: skip


# --- media -------------------------------------------------------------------------------------------------------


def present(clip: Clip, sees: Iterable[Sense]) -> tuple[Sense, ...]:
    """What of `sees` the clip has at all."""
    has = {"video": True, "audio": clip.sound, "frames": bool(clip.frames), "transcript": bool(clip.utterances)}
    return tuple(sense for sense in sees if has[sense])


async def media(clip: Clip, sees: Sequence[Sense], max_frames: int, storage: Storage) -> tuple[Media, ...]:
    """The clip as the model is to see and hear it. Raises Unprocessable when a still is gone."""
    found: list[Media] = []
    end = clip.offset + clip.duration if clip.offset > 0 or clip.uri == clip.source_uri else None
    if "video" in sees:
        found.append(Media(kind="video", uri=clip.uri, sha256=clip.sha256, start=clip.offset, end=end))
    if "audio" in sees and clip.sound:
        found.append(Media(kind="audio", uri=clip.uri, sha256=clip.sha256, start=clip.offset, end=end))
    if "frames" in sees:
        for frame in spread(clip.frames, max_frames):
            found.append(Media(kind="image", uri=frame.uri, sha256=await _hash(frame, storage), time=frame.time))
    return tuple(found)


async def _hash(frame: Frame, storage: Storage) -> str:
    try:
        return hashlib.sha256(await asyncio.to_thread(storage.read, frame.uri)).hexdigest()
    except FileNotFoundError as error:
        raise Unprocessable(f"the still at {frame.time:g} s is gone: {frame.uri}", kind="missing_media") from error


def spread(frames: Sequence[Frame], most: int) -> list[Frame]:
    """At most `most` of them, evenly over the clip."""
    if len(frames) <= most:
        return list(frames)
    if most == 1:
        return [frames[len(frames) // 2]]
    return [frames[round(index * (len(frames) - 1) / (most - 1))] for index in range(most)]


def material(clip: Clip, sees: Sequence[Sense], max_frames: int) -> str:
    """The media in words: a model is told what it gets, and the times of stills."""
    parts = []
    if "video" in sees:
        parts.append("the video with its sound" if clip.sound else "the video, which has no sound")
    if "audio" in sees and clip.sound:
        parts.append("the sound")
    if "frames" in sees and clip.frames:
        times = [f"{frame.time:.1f}s" for frame in spread(clip.frames, max_frames)]
        parts.append(f"{len(times)} stills, in order, taken at {', '.join(times)}")
    return "; ".join(parts) or "neither picture nor sound, only what is written here"


# --- texts -------------------------------------------------------------------------------------------------------


def seconds(value: float) -> str:
    return f"{value:.1f}"


def transcript(utterances: Sequence[Utterance], subtitles: Sequence[Subtitles] = ()) -> str:
    """One line for each utterance: `[12.3-14.0] S1: words`; then the subtitles that came with the video, if any."""
    lines = [f"[{said.start:.1f}-{said.end:.1f}] {said.speaker or '?'}: {said.text}" for said in utterances]
    heard = fence("transcript", "\n".join(lines) or "(no speech was found)")
    return "\n\n".join([heard, *map(_shown, subtitles)])


def _shown(shown: Subtitles) -> str:
    cues = "\n".join(f"[{cue.start:.1f}-{cue.end:.1f}] {cue.text}" for cue in shown.cues)
    share = f"{shown.agreement:.0%} of the words are those of the transcript"
    return fence("subtitles", f"({shown.language or 'language not marked'}; in the whole video {share})\n{cues}")


def descriptions(candidates: Sequence[Candidate]) -> str:
    """The candidates that say something, numbered: an annotator's name would end up in the caption."""
    telling = [candidate for candidate in candidates if candidate.caption]
    numbered = [fence(f"description {number}", candidate.caption) for number, candidate in enumerate(telling, start=1)]
    return "\n\n".join(numbered) or fence("description", "(there is none)")


def account(text: str) -> str:
    return fence("account", text)


def caption(text: str) -> str:
    return fence("caption", text or "(empty)")


def events(found: Sequence[str]) -> str:
    lines = (f"{number}. {' '.join(event.split())}" for number, event in enumerate(found, start=1))
    return fence("events", "\n".join(lines))


def problems(found: Sequence[Problem]) -> str:
    lines = [f"- {json.dumps(problem.snippet, ensure_ascii=False)}: {problem.why}" for problem in found]
    return fence("checks", "\n".join(lines) or "(nothing)")


def report(findings: Findings) -> str:
    return fence("report", json.dumps(findings.model_dump(mode="json"), ensure_ascii=False, indent=1))


# --- plain values, for embedded models ---------------------------------------------------------------------------


def clip_facts(clip: Clip) -> dict[str, Any]:
    return clip.model_dump(mode="json", include=set(CLIP_FACTS))


def candidate_facts(candidates: Iterable[Candidate]) -> list[dict[str, Any]]:
    wanted = {"annotator", "caption", "facts"}
    return [candidate.model_dump(mode="json", include=wanted) for candidate in candidates if candidate.caption]


def utterance_facts(clip: Clip) -> list[dict[str, Any]]:
    return [utterance.model_dump(mode="json") for utterance in clip.utterances]
