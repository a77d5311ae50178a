"""What is seen: light and colours, faces with their places and movements, how much moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean, median

import numpy as np
from pydantic import Field

from asid.pipeline.embedded import colours, faces
from asid.pipeline.embedded.base import Annotator, ClipEvidence, EmbeddedSettings
from asid.pipeline.embedded.camera import inside, visible
from asid.pipeline.embedded.faces import Track
from asid.pipeline.embedded.stills import picture
from asid.pipeline.embedded.weights import FACES
from asid.pipeline.embedded.words import across, listing, number
from asid.pipeline.rows import Fact, Frame, Shot, Signal

LIGHT, MOTION = "asid/light-and-colour", "asid/motion"
UNSEEN = 2.5  # s without a still in which a face is taken to have been there
BLACK = 0.05, 0.05  # brightness and contrast below which a picture is black: a dark one shows something
SIZES = ((0.45, "an extreme close-up"), (0.24, "a close-up"), (0.1, "a medium shot"), (0.0, "a long shot"))


class SightSettings(EmbeddedSettings):
    """Say which faces and views are told."""

    faces: bool = Field(True, description="false: no faces, where the detector's package has no build for the machine")
    face: float = Field(0.65, ge=0, le=1, description="least score of a face")
    sure: float = Field(0.8, ge=0, le=1, description="least score of a face that is seen in one still only")
    side: int = Field(640, ge=64, le=4096, description="longest side, in pixels, of the stills that are looked at")
    still: float = Field(0.0015, gt=0, description="change between frames below it is none at all, 0..1")


class Sight(Annotator):
    """Tell faces, colours and light."""

    kind = "sight"
    settings_type = SightSettings
    settings: SightSettings

    def open(self) -> tuple[str, ...]:
        if not self.settings.faces:
            return LIGHT, MOTION
        FACES.path()
        return FACES.label, LIGHT, MOTION

    def find(self, clip: ClipEvidence) -> list[Fact]:
        """Look at the stills of each shot."""
        facts: list[Fact] = []
        told = framing = moving = ""
        views: list[str] = []
        for shot in visible(clip.shots, clip.duration):
            stills = [still for still in clip.frames if shot.start <= still.time < shot.end]
            samples = inside(clip.signal, shot)
            pictures = [picture(still, self.storage, self.settings.side) for still in stills]
            look = appearance(samples, pictures)
            if look and look != told:
                facts.append(_fact(shot, shot.start, "scene", f"the picture is {look}", 0.9, LIGHT))
            told = look or told
            tracks = self.tracks(stills, pictures)
            facts += people(shot, tracks, [still.time for still in stills], views)
            if tracks and (size := size_of(tracks)) != framing:
                facts.append(_fact(shot, tracks[0].start, "camera", f"the framing is {size}", 0.7, FACES.label))
                framing = size
            stir = movement(samples, self.settings)
            if stir and stir != moving:
                facts.append(_fact(shot, shot.start, "actions", stir, 0.6, MOTION))
            moving = stir or moving
        return facts

    def tracks(self, stills: Sequence[Frame], pictures: Sequence[np.ndarray]) -> list[Track]:
        """Find faces in stills and follow them."""
        if not self.settings.faces:
            return []
        seen = [faces.detect(one, still.time, self.settings.face) for still, one in zip(stills, pictures, strict=True)]
        return faces.follow(seen, self.settings.sure)


# --- light and colours -------------------------------------------------------------------------------------------


def appearance(samples: Sequence[Signal], pictures: Sequence[np.ndarray]) -> str:
    """Light, ruling colour and their parting, of one shot; "" when nothing was measured."""
    if not samples and not pictures:
        return ""
    bright = fmean(sample.brightness for sample in samples) if samples else float(np.mean(pictures[0])) / 255
    if bright < BLACK[0] and max((sample.contrast for sample in samples), default=0.0) < BLACK[1]:
        return "black"
    words = ["dark"] if bright < 0.2 else ["bright"] if bright > 0.68 else []
    if pictures and all(colours.monochrome(one) for one in pictures):
        words.append("in black and white")
    elif pictures and (colour := colours.ruling(pictures)):
        words.append("in muted colours" if colour == "grey" else f"mostly {colour}")
    text = listing(words)
    return text + (parting(pictures[len(pictures) // 2]) if text and pictures and "white" not in text else "")


def parting(one: np.ndarray) -> str:
    """Colours of the upper and the lower part, where each has one of its own."""
    height = one.shape[0]
    upper, lower = colours.main(one[: height * 2 // 5], 0.6), colours.main(one[height * 3 // 5 :], 0.6)
    return f", with {upper} above and {lower} below" if upper and lower and upper != lower else ""


# --- faces -------------------------------------------------------------------------------------------------------


def people(shot: Shot, tracks: Sequence[Track], times: Sequence[float], views: list[str]) -> Iterator[Fact]:
    """Who is in view when the shot opens, who comes and moves. `views`: what was told of earlier shots; grows. That a
    face is gone is not told: one that turns away is not found either."""
    if not tracks:
        return
    opening = [track for track in tracks if track.start <= times[0] + 1.1]
    later = [track for track in tracks if track not in opening]
    if opening:
        opening.sort(key=lambda track: track.faces[0].x)
        start = shot.start if times[0] - shot.start <= UNSEEN else times[0]
        score = fmean(track.score for track in opening)
        text = standing(opening)
        yield _fact(shot, start, "characters", recalled(text, len(opening), views), score, FACES.label)
        views.append(text)
    for track in later[:3]:
        beside = any(other.start < track.start <= other.end for other in tracks)
        text = f"{'another' if beside else 'a'} face comes into view {across(track.faces[0].x)}"
        yield _fact(shot, track.start, "characters", text, track.score, FACES.label)
    for track in tracks:
        first, last = track.faces[0], track.faces[-1]
        if abs(last.x - first.x) > 0.2 and across(first.x) != across(last.x):
            text = f"the face {across(first.x)} moves to the {across(last.x).rsplit(' ', 1)[-1]}"
            yield _fact(shot, track.start, "actions", text, track.score, FACES.label)
        elif last.height > 1.7 * first.height or first.height > 1.7 * last.height:
            way = "larger" if last.height > first.height else "smaller"
            text = f"the face {across(first.x)} grows {way} in the picture"
            yield _fact(shot, track.start, "actions", text, 0.8 * track.score, FACES.label)


def recalled(text: str, count: int, views: Sequence[str]) -> str:
    """The text, shorter when the shot before looked the same, marked when an earlier one did."""
    if views and views[-1] == text:
        return f"{number(count)} {'face is' if count == 1 else 'faces are'} again in view, placed as before"
    return f"again {text}" if text in views else text


def standing(tracks: Sequence[Track]) -> str:
    """Say how many faces are in view, and where."""
    count = len(tracks)
    verb = "face is" if count == 1 else "faces are"
    text = f"{number(count)} {verb} in view"
    if count > 3:
        return text
    places = [across(track.faces[0].x) for track in tracks]
    under = [f" with {track.below} below it" if track.below else "" for track in tracks]
    if count == 1:
        return f"{text} {places[0]}{',' if under[0] else ''}{under[0]}"
    if len(set(places)) == count:
        return f"{text}, {listing([f'one {place}{below}' for place, below in zip(places, under, strict=True)])}"
    return f"{text} {places[0]}" if len(set(places)) == 1 else f"{text}, side by side"


def size_of(tracks: Sequence[Track]) -> str:
    """Name the size of a shot by its tallest face."""
    tallest = max(median(face.height for face in track.faces) for track in tracks)
    return next(name for least, name in SIZES if tallest >= least)


# --- motion ------------------------------------------------------------------------------------------------------


def movement(samples: Sequence[Signal], limits: SightSettings) -> str:
    """Whether nothing moves in a shot. How much moves where something does is no news to anybody: "" then."""
    if len(samples) < 3:
        return ""
    still = max(sample.change for sample in samples[1:]) < limits.still
    return "nothing moves in the picture" if still else ""


def _fact(shot: Shot, start: float, attribute: str, text: str, score: float, model: str) -> Fact:
    start = max(start, 0.0)
    return Fact(start=start, end=max(shot.end, start), attribute=attribute, text=text, score=score, model=model)
