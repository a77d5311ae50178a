"""What a model is given of a clip: media to see and hear, texts to read (fenced: none of them is ours), and the same
as plain values for embedded models."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from asid.pipeline.asking.answers import Findings
from asid.pipeline.models.base import Media
from asid.pipeline.prompts import AttributeText, fence
from asid.pipeline.rows import Candidate, Captioned, Clip, Frame, Problem, Sound, Subtitles, Utterance
from asid.pipeline.stage import Unprocessable
from asid.pipeline.storage import Storage

Medium = Literal["video", "audio", "frames"]
Sense = Literal["video", "audio", "frames", "transcript"]

CLIP_FACTS = (
    "duration", "width", "height", "fps", "sound", "shots", "signal", "frames", "language", "utterances", "turns",
    "sounds",
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
    """Write a time for a prompt, with one decimal."""
    return f"{value:.1f}"


def transcript(
    utterances: Sequence[Utterance], subtitles: Sequence[Subtitles] = (), sounds: Sequence[Sound] = ()
) -> str:
    """One line for each utterance: `[12.3-14.0] S1: words`; then the subtitles that came with the video, and what
    detectors heard beside words, if any."""
    lines = [f"[{said.start:.1f}-{said.end:.1f}] {said.speaker or '?'}: {said.text}" for said in utterances]
    heard = fence("transcript", "\n".join(lines) or "(no speech was found)")
    return "\n\n".join([heard, *map(_shown, subtitles), *_detected(sounds)])


def _detected(sounds: Sequence[Sound]) -> Iterator[str]:
    named = [sound for sound in sounds if sound.lies_over]
    lines = [f"[{one.start:.1f}-{one.end:.1f}] {one.label or one.kind} ({one.score:.2f})" for one in named]
    if lines:
        yield fence("sounds", "\n".join(["(what detectors heard, and how sure they are, 0 to 1)", *lines]))


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
    """Fence one annotator's account."""
    return fence("account", text)


def caption(text: str) -> str:
    """Fence a caption; an empty one says that it is."""
    return fence("caption", text or "(empty)")


def events(found: Sequence[str]) -> str:
    """Fence events, numbered from 1, each on a line of its own."""
    lines = (f"{number}. {' '.join(event.split())}" for number, event in enumerate(found, start=1))
    return fence("events", "\n".join(lines))


def problems(found: Sequence[Problem]) -> str:
    """Fence what deterministic checks found, one line each."""
    lines = [f"- {json.dumps(problem.snippet, ensure_ascii=False)}: {problem.why}" for problem in found]
    return fence("checks", "\n".join(lines) or "(nothing)")


def points(shown: Sequence[str]) -> str:
    """Number the VERIFY points of an attribute from 1, one a line: findings name them by these numbers."""
    return "\n".join(f"{number}. {point}" for number, point in enumerate(shown, start=1))


def report(findings: Findings) -> str:
    """Fence the audit of one attribute as JSON."""
    return fence("report", json.dumps(report_facts(findings), ensure_ascii=False, indent=1))


def report_facts(findings: Findings) -> dict[str, Any]:
    """Give an audit as plain values, as who mends reads it: which point a finding belongs to changes no mend."""
    unpointed = {"__all__": {"point"}}
    return findings.model_dump(mode="json", exclude={"errors": unpointed, "missing": unpointed})


# --- plain values, for embedded models ---------------------------------------------------------------------------


def clip_facts(clip: Clip) -> dict[str, Any]:
    """Give the clip's evidence as plain values, for models that read facts."""
    return clip.model_dump(mode="json", include=set(CLIP_FACTS))


def candidate_facts(candidates: Iterable[Candidate]) -> list[dict[str, Any]]:
    """Give the candidates that say something as plain values, each with its facts."""
    wanted = {"annotator", "caption", "facts"}
    return [candidate.model_dump(mode="json", include=wanted) for candidate in candidates if candidate.caption]


def utterance_facts(clip: Clip) -> list[dict[str, Any]]:
    """Give the clip's utterances as plain values."""
    return [utterance.model_dump(mode="json") for utterance in clip.utterances]


def audit_facts(
    clip: Captioned, entry: AttributeText, attribute: str, caption: str, *, accounts: bool = False
) -> dict[str, Any]:
    """Give as plain values what one caption of a clip is audited by, for one attribute. `accounts`: with what the
    annotators found, which is what captions were made of: an auditor who has it knows its own words again."""
    return {
        "attribute": attribute,
        "about": entry.about,
        "verify": list(entry.verify),
        "caption": caption,
        "duration": clip.duration,
        "candidates": candidate_facts(clip.candidates) if accounts else [],
        "utterances": utterance_facts(clip),
    }
