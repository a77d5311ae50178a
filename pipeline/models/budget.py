"""Whether a prompt and its media fit into a model's context, by the processor's own arithmetic, before they are sent.

Qwen2.5-Omni and its kin: patches of 14 pixels, merged 2 x 2, two frames to a token, 25 tokens for a second of sound.
Tokens of a video = frames / 2 x height / 28 x width / 28. Defaults are those of the family's own tools: at least 128
and at most 768 x 28 x 28 pixels a frame, two frames a second, 4 to 768 of them. Trainers take their frames as those
tools do (`qwen_tokens`); vLLM takes them its own way and pads an odd one (`served_tokens`). `tests/trainers/
check_processor.py` holds both against the installed processors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FACTOR = 28  # pixels of a token's side
MIN_PIXELS, MAX_PIXELS = 128 * FACTOR**2, 768 * FACTOR**2  # of one frame
MIN_FRAMES, MAX_FRAMES, FPS = 4, 768, 2.0
TOTAL_PIXELS = 128_000 * FACTOR**2 * 9 // 10  # of all frames of a video
# What the family does where nothing is set.
QWEN = {"max_pixels": MAX_PIXELS, "total_pixels": TOTAL_PIXELS, "fps": FPS}
SAMPLE_RATE, HOP = 16000, 160  # of the sound, and samples to a window
CHARS = 3  # of a prompt to a token, at the least
MARGIN = 64  # tokens of the chat's own frame
STEP = 0.8  # of the pixels or the rate, for each try
SLOWEST = 0.25  # frames a second
ANSWER = 1024  # tokens kept for the answer where no `max_tokens` is set


@dataclass(frozen=True)
class Sent:
    """What is sent beside the prompt: seconds of video and of what is heard, and stills, with the pictures' size."""

    width: int
    height: int
    video: float = 0.0
    sound: float = 0.0
    stills: int = 0
    frames: int = 0  # that the video has; 0: nobody knows


Weigh = Callable[[Mapping[str, Any], Sent], int]  # settings, what is sent -> its tokens


class TooLarge(ValueError):
    """No rule makes it fit."""


def frame_count(seconds: float, settings: Mapping[str, Any]) -> int:
    """Give the frames of a video that are looked at: an even number."""
    fps, most = float(settings.get("fps", FPS)), float(settings.get("max_frames", MAX_FRAMES))
    wanted = min(max(seconds * fps, MIN_FRAMES), most)
    return max(2, 2 * math.floor(wanted / 2))


def served_frames(look: Sent, settings: Mapping[str, Any]) -> int:
    """Give the frames that vLLM takes of a video: so many a second, rounded down, and no more than there are."""
    wanted = math.floor(look.video * float(settings.get("fps", FPS)) + 1e-6)
    return max(1, min(wanted, int(settings.get("max_frames", wanted)), look.frames or wanted))


def sound_tokens(seconds: float) -> int:
    """Count the tokens of sound: one window in 10 ms, and two convolutions that halve them (Qwen2.5-Omni)."""
    windows = math.ceil(round(seconds * SAMPLE_RATE) / HOP)
    return max(0, ((windows - 1) // 2 + 1 - 2) // 2 + 1) if windows else 0


def frame_pixels(frames: int, settings: Mapping[str, Any]) -> int:
    """Give the cap of one frame: `max_pixels`, or less where `total_pixels` of all frames would be passed. Two frames
    make one token, so the total counts each pair once; the family's floor holds (`benchmarks.md` section 5)."""
    most = int(settings.get("max_pixels", MAX_PIXELS))
    if total := settings.get("total_pixels"):
        most = min(most, max(int(total / frames * 2), int(MIN_PIXELS * 1.05)))
    return most


def resized(width: int, height: int, most: int, least: int = MIN_PIXELS) -> tuple[int, int]:
    """Give width and height as the processor makes them: multiples of 28 with an area between `least` and `most`."""
    wide, high = (max(FACTOR, round(side / FACTOR) * FACTOR) for side in (width, height))
    if wide * high > most:
        scale = math.sqrt(width * height / most)
        wide, high = (max(FACTOR, math.floor(side / scale / FACTOR) * FACTOR) for side in (width, height))
    elif wide * high < least:
        scale = math.sqrt(least / (width * height))
        wide, high = (math.ceil(side * scale / FACTOR) * FACTOR for side in (width, height))
    return wide, high


def qwen_tokens(settings: Mapping[str, Any], look: Sent) -> int:
    """Count the tokens of what is sent to Qwen2.5-Omni, Qwen2.5-VL or a model made of them."""
    tokens = 0
    if look.video:
        frames = frame_count(look.video, settings)
        tokens += frames // 2 * _area(look, frame_pixels(frames, settings))
    if look.stills:
        tokens += look.stills * _area(look, int(settings.get("max_pixels", 16384 * FACTOR**2)))
    return tokens + sound_tokens(look.sound)


def served_tokens(settings: Mapping[str, Any], look: Sent) -> int:
    """Count the tokens of what is sent to a model of that family in vLLM."""
    tokens = sound_tokens(look.sound)
    if look.video:
        area = _area(look, int(settings.get("max_pixels", MAX_PIXELS)))
        tokens += math.ceil(served_frames(look, settings) / 2) * area
    if look.stills:
        tokens += look.stills * _area(look, int(settings.get("max_pixels", 16384 * FACTOR**2)))
    return tokens


def _area(look: Sent, most: int) -> int:
    wide, high = resized(look.width, look.height, most, min(MIN_PIXELS, most))
    return wide * high // FACTOR**2


def fit(
    weigh: Weigh,
    usual: Mapping[str, float],
    settings: Mapping[str, Any],
    look: Sent,
    prompt: str,
    context: int | None,
) -> dict[str, Any]:
    """Give the settings with which a clip is sent: `total_pixels` as a cap of its own frames, `max_frames` as the rate
    at which they are taken, and sampled down until prompt, media and answer fit into `context` tokens. First frames
    become smaller, by steps to the family's floor (`max_pixels`), then fewer, down to one in four seconds (`fps`);
    `usual` names those of them that the provider has so, with the value where none is set. Raises TooLarge."""
    chosen = dict(settings)
    most = chosen.get("max_frames") if "fps" in usual else None
    if most and look.video * float(chosen.get("fps", usual["fps"])) > most:
        chosen["fps"] = math.ceil(most / look.video * 1e6) / 1e6
    if look.video and "total_pixels" in chosen and "total_pixels" in usual:
        chosen["max_pixels"] = frame_pixels(frame_count(look.video, chosen), chosen)
        del chosen["total_pixels"]
    if context is None:
        return chosen
    if look.video and "max_pixels" in usual:
        chosen.setdefault("max_pixels", int(usual["max_pixels"]))
    room = context - text_tokens(prompt) - int(chosen.get("max_tokens", ANSWER)) - MARGIN
    least = weigh(chosen, look)
    for change in _steps(chosen, usual) if look.video else [{}]:
        least = weigh(chosen | change, look)
        if least <= room:
            return chosen | change
    raise TooLarge(
        f"{look.video or look.sound:.0f} s of {look.width} x {look.height} take {weigh(chosen, look)} tokens, {least} "
        f"at the least, and {max(0, room)} of {context} are left beside prompt and answer: cut shorter clips, or set a "
        "larger `context`"
    )


def text_tokens(text: str) -> int:
    """Bound the tokens of a text: a Latin token has three characters or more, any other character may be two."""
    latin = sum(1 for letter in text if ord(letter) < 0x250)
    return math.ceil(latin / CHARS) + 2 * (len(text) - latin)


def _steps(settings: Mapping[str, Any], usual: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """Changes to try, none first."""
    change: dict[str, Any] = {}
    yield change
    if "max_pixels" in usual:
        pixels = float(settings.get("max_pixels", usual["max_pixels"]))
        while pixels > MIN_PIXELS:
            pixels = max(pixels * STEP, MIN_PIXELS)
            change = {"max_pixels": int(pixels)}
            yield change
    fps = float(settings.get("fps", usual.get("fps", FPS)))
    while "fps" in usual and fps * STEP > SLOWEST:
        fps *= STEP
        yield change | {"fps": round(fps, 3)}
