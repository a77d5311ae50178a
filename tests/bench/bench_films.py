"""Shots of real films, each apart, and of hard trailers that are made of them. One JSON line for each figure.

    python -m tests.bench.bench_films FOLDER… [--detector adaptive] [--seeds 2]

FOLDER holds films, some with NAME.truth.json beside them; of the films that packages carry (FILMS: the trailer in
moviepy's source distribution, clips of Debian's opencv-doc and of gradio) the truth stands here, looked at frame by
frame. A film without truth is passed over. The trailers cut the films' own shots together and spoil them as trailers
do: darkened, under black bars, with flashes, in shots of a quarter of a second, faded in and out, dissolved; their
cuts are exact. A boundary too many inside one true transition counts as false here, which `asid eval shots` lets pass.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from asid.pipeline.media.frames import decode
from asid.pipeline.media.probe import probe
from asid.pipeline.metrics.shots import BoundaryCounts, ShotScore, ShotTruth, pooled, read_truth, score_shots
from asid.pipeline.rows import Shot
from asid.pipeline.vision.likeness import Look
from asid.pipeline.vision.settings import ShotSettings
from asid.pipeline.vision.shots import find_shots

HARD, GRADUAL = 0.95, 0.80
FILMS = {  # the first and the last frame of each gradual transition
    "trailer_bbb.mp4": ((593, 864, 900, 988, 1049), ((216, 265), (316, 362), (748, 795), (1099, 1170), (1203, 1254))),
    "Megamind.avi": ((98, 154, 200), ()),
    "tree.avi": ((), ()),
    "bigbuckbunny.mp4": ((), ()),
    "carphone_pristine.mp4": ((), ()),
    "world.mp4": ((), ()),  # the earth turns
    "a.mp4": ((), ()),  # words on one page, which goes dark at the end
    "b.mp4": ((), ()),
    "hamilton.mp4": ((20, 82, 211), ()),
    "nasa_webb.mp4": ((240,), ((149, 180),)),
    "wanna_work_together.mp4": ((), ((1570, 1606),)),  # a red card turns over
}
SIZE = 160, 90
FPS = 25.0
BARE = 8.0  # standard deviation of gray
KINDS = ("plain", "dark", "letterbox", "flash", "fast", "fade", "dark fade", "dissolve")
Planes = tuple[np.ndarray, np.ndarray, np.ndarray]  # gray, blue, red; float32 of video range
BLACK = 16.0, 128.0, 128.0
WHITE = 235.0, 128.0, 128.0


@dataclass(frozen=True)
class Film:
    """A film as the shot finder sees it."""

    name: str
    looks: list[Look]
    end: float
    truth: ShotTruth


def films(folders: Sequence[Path]) -> list[Film]:
    """Decode those with a truth."""
    found = []
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        beside = path.with_name(f"{path.name}.truth.json")
        if path.name in FILMS:
            cuts, gradual = FILMS[path.name]
            soft = tuple((float(first), float(last)) for first, last in gradual)
            truth = ShotTruth(path.name, False, tuple(map(float, cuts)), soft)
        elif beside.exists():
            truth = read_truth(beside)
        else:
            continue
        header = probe(path)
        frames = decode(path, header.width, header.height, 600).frames
        looks = [Look(one.index, one.time, one.gray, one.blue, one.red) for one in frames]
        found.append(Film(path.name, looks, header.duration, truth))
    return found


def scored(truth: ShotTruth, shots: Sequence[Shot]) -> ShotScore:
    """As `asid eval shots`, but a second boundary inside one transition is false."""
    score, opened = score_shots(truth, shots), [shot.first_frame for shot in shots[1:]]
    inside = (sum(first - 1 <= at <= last + 1 for at in opened) for first, last in truth.gradual)
    more = sum(max(0, count - 1) for count in inside)
    gradual = BoundaryCounts(score.gradual.hits, score.gradual.missed, score.gradual.false + more)
    return ShotScore(score.name, score.cuts, gradual, score.cuts_in_gradual)


def bank(found: Sequence[Film]) -> list[list[Planes]]:
    """The films' shots, of one size, without their edges and transitions; pages of words, and what is black for a
    while, are none."""
    shots = []
    for film in found:
        marks = [(int(cut), int(cut)) for cut in film.truth.cuts]
        marks += [(int(first), int(last) + 1) for first, last in film.truth.gradual]
        edges = sorted([(0, 2), *marks, (len(film.looks), len(film.looks))])
        for (_, first), (last, _) in pairwise(edges):
            bare = min((look.spread for look in film.looks[first:last]), default=0.0) < BARE
            if last - first >= 30 and not bare:
                shots.append([_planes(look) for look in film.looks[first : min(last, first + 300)]])
    return shots


def _planes(look: Look) -> Planes:
    half = (SIZE[0] // 2, SIZE[1] // 2)
    sizes = zip((look.gray, look.blue, look.red), (SIZE, half, half), strict=True)
    gray, blue, red = (
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32) for plane, size in sizes
    )
    return gray, blue, red


def mixed(one: Planes, other: Planes | tuple[float, float, float], share: float) -> Planes:
    """`share` of `other` in `one`."""
    gray, blue, red = (a * (1 - share) + b * share for a, b in zip(one, other, strict=True))
    return gray, blue, red


def trailer(shots: Sequence[Sequence[Planes]], kind: str, seed: int, boundaries: int) -> tuple[list[Look], ShotTruth]:
    """Cut shots together; no two of one shot side by side."""
    chance, noise = random.Random(f"{kind} {seed}"), np.random.default_rng(seed)
    out: list[Planes] = []
    cuts: list[float] = []
    gradual: list[tuple[float, float]] = []
    last = -1
    while len(cuts) + len(gradual) < boundaries:
        place = chance.choice([one for one in range(len(shots)) if one != last])
        length = min(len(shots[place]), chance.randint(6, 16) if kind == "fast" else chance.randint(18, 60))
        first = chance.randint(0, len(shots[place]) - length)
        part = list(shots[place][first : first + length])
        if kind in ("dark", "dark fade"):
            gone = 1 - chance.uniform(0.15, 0.5)
            part = [mixed(one, BLACK, gone) for one in part]
        if kind == "flash":
            at = chance.randint(5, length - 8)
            for flash in range(at, at + chance.randint(1, 3)):
                part[flash] = mixed(part[flash], WHITE, 0.85)
        if out and kind in ("fade", "dark fade") and chance.random() < 0.6:
            gradual.append(_faded(out, part, chance.randint(6, 16), chance.randint(1, 8)))
        elif out and kind == "dissolve" and chance.random() < 0.6:
            gradual.append(_dissolved(out, part, chance.randint(8, 16)))
        elif out:
            cuts.append(float(len(out)))
        out, last = out + part, place
    looks = [_look(index, planes, noise, bars=kind == "letterbox") for index, planes in enumerate(out)]
    return looks, ShotTruth(f"{kind} {seed}", False, tuple(cuts), tuple(gradual))


def _faded(out: list[Planes], part: list[Planes], ramp: int, empty: int) -> tuple[float, float]:
    """Let the end of `out` go to black and `part` come from it."""
    start = len(out) - ramp
    for n in range(ramp):
        out[start + n] = mixed(out[start + n], BLACK, (n + 1) / ramp)
        part[n] = mixed(part[n], BLACK, 1 - (n + 1) / (ramp + 1))
    out += [mixed(out[-1], BLACK, 1.0)] * empty
    return float(start), float(len(out) + ramp)


def _dissolved(out: list[Planes], part: list[Planes], ramp: int) -> tuple[float, float]:
    """Lay the start of `part` over the end of `out`."""
    start = len(out) - ramp
    for n in range(ramp):
        out[start + n] = mixed(out[start + n], part[n], (n + 1) / (ramp + 1))
    del part[:ramp]
    return float(start), float(len(out))


def _look(index: int, planes: Planes, noise: np.random.Generator, *, bars: bool) -> Look:
    gray, blue, red = (plane.copy() for plane in planes)
    if bars:
        for plane, empty in zip((gray, blue, red), BLACK, strict=True):
            high = len(plane) // 8
            plane[:high] = plane[-high:] = empty
    grain = np.clip(gray + noise.normal(0, 0.7, gray.shape), 0, 255).astype(np.uint8)
    return Look(index, index / FPS, grain, np.round(blue).astype(np.uint8), np.round(red).astype(np.uint8))


def tell(figure: str, value: float, limit: float | None = None, unit: str = "share") -> None:
    line = {"bench": "films", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": limit is None or value >= limit}), flush=True)


def told(score: ShotScore) -> None:
    """Both F1, each where there is something to find or something was."""
    for name, counts, limit in (("hard", score.cuts, HARD), ("gradual", score.gradual, GRADUAL)):
        if counts.hits + counts.missed:
            tell(f"{score.name}: {name} F1 ({counts.hits} hit, {counts.missed} missed, {counts.false} false)",
                 counts.f1, limit)  # fmt: skip
        elif counts.false:
            tell(f"{score.name}: {name} ones where there is none", float(counts.false), unit="boundaries")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--detector", default="adaptive")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--boundaries", type=int, default=40)
    options = parser.parse_args()
    settings = ShotSettings(detector=options.detector)
    found = films(options.folders)
    scores = [scored(film.truth, find_shots(film.looks, film.end, settings)) for film in found]
    for score in pooled(scores):
        told(ShotScore(f"films, {score.name}", score.cuts, score.gradual, score.cuts_in_gradual))
    shots = bank(found)
    tell("shots that trailers are made of", float(len(shots)), unit="shots")
    for kind in KINDS:
        made = [trailer(shots, kind, seed, options.boundaries) for seed in range(options.seeds)]
        all_made = pooled(scored(truth, find_shots(looks, len(looks) / FPS, settings)) for looks, truth in made)[-1]
        told(ShotScore(f"trailers, {kind}", all_made.cuts, all_made.gradual, all_made.cuts_in_gradual))


if __name__ == "__main__":
    main()
