"""Music heard where it plays, and nowhere else. One JSON line for each figure.

    python -m tests.bench.bench_sounds

Everything is made here, with known spans: twelve tunes of different make (organ, plucked strings, bells, brass, a
music box, drums with a bass, …), each alone, under speech of flite's voices, and under pink noise, at 20, 10 and 0 dB
of music against the other; and twenty-two kinds of sound that are no music (engines, sirens, rain, alarms, typing, …),
each alone and with speech. A span counts where it shares half of its time with the truth's. Half of the makes set the
bounds in `sound_classes.MUSIC`, the other half is what the figures are of; the score from which captions tell music was
set on both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np

from asid.pipeline.embedded.sound import SoundSettings
from asid.pipeline.speech import sound_classes
from asid.pipeline.speech.base import RATE, Block
from asid.pipeline.speech.listen import Meter
from tests.kits.speechkit import FIRST, MAN, SECOND, THIRD, WOMAN, track

SECONDS = 20.0
FROM, TO = 5.0, 15.0  # s, where the sound in question is
Maker = Callable[[np.ndarray, np.random.Generator], np.ndarray]
SCALE = (0, 2, 4, 7, 9, 12, 9, 7, 4, 2)


# --- tunes -------------------------------------------------------------------------------------------------------


def notes(time: np.ndarray, pace: float, root: float, voice: Callable[[np.ndarray, float], np.ndarray]) -> np.ndarray:
    """A tune on a five-tone scale, `pace` notes a second, each by `voice(seconds since its start, Hz)`."""
    sound = np.zeros(len(time))
    for number in range(int(time[-1] * pace) + 1):
        first, end = round(number / pace * RATE), min(len(time), round((number + 1) / pace * RATE))
        hertz = root * 2 ** (SCALE[(number * 3 + number // 5) % len(SCALE)] / 12)
        sound[first:end] = voice(np.arange(end - first) / RATE, hertz)
    return sound


def tones(since: np.ndarray, hertz: float, *strengths: float) -> np.ndarray:
    return np.sum([a * np.sin(2 * np.pi * hertz * (k + 1) * since) for k, a in enumerate(strengths)], 0)


def organ(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    return sum(notes(t, 1, 130.8 * step, lambda s, f: tones(s, f, 1, 0.6, 0.4, 0.2)) for step in (1, 1.25, 1.5))


def plucked(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    return notes(t, 4, 196, lambda s, f: tones(s, f, 1, 0.7, 0.5, 0.3, 0.2) * np.exp(-5 * s))


def bells(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    return notes(t, 2, 523, lambda s, f: tones(s, f, 1, 0, 0.6, 0, 0.4) * np.exp(-2 * s) + tones(s, f * 2.76, 0.4))


def brass(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    return notes(t, 2, 233, lambda s, f: tones(s, f, 1, 0.9, 0.8, 0.6, 0.5, 0.3) * np.minimum(1, s * 20))


def music_box(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    return notes(t, 5, 1046, lambda s, f: tones(s, f, 1, 0.1, 0.2) * np.exp(-6 * s))


def strings(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    def voice(s: np.ndarray, f: float) -> np.ndarray:
        return tones(s + 0.002 * np.sin(2 * np.pi * 5.5 * s) / 5.5, f, 1, 0.5, 0.33, 0.25, 0.2) * np.minimum(1, s * 6)

    return sum(notes(t, 0.8, 196 * step, voice) for step in (1, 1.26, 1.5))


def drums(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    beat = t * 2 % 1 / 2
    kick = np.sin(2 * np.pi * 60 * beat) * np.exp(-12 * beat)
    hat = r.normal(0, 0.4, len(t)) * np.exp(-40 * (t * 4 % 1 / 4))
    return 2 * kick + hat + notes(t, 4, 65, lambda s, f: tones(s, f, 1, 0.5, 0.3) * np.exp(-3 * s))


def piano(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    chord = sum(
        notes(t, 1.5, 131 * k, lambda s, f: tones(s, f, 1, 0.4, 0.2, 0.1) * np.exp(-2 * s)) for k in (1, 1.5, 2)
    )
    return chord + notes(t, 3, 262, lambda s, f: tones(s, f, 1, 0.4, 0.2) * np.exp(-3 * s))


def accordion(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    return notes(t, 3, 330, lambda s, f: tones(s, f, 1, 0.8, 0.7, 0.5) + tones(s, f * 1.004, 1, 0.8, 0.7, 0.5))


def flute(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    return notes(t, 2.5, 587, lambda s, f: tones(s, f, 1, 0.2, 0.05) * np.minimum(1, s * 15)) + r.normal(
        0, 0.02, len(t)
    )


def synthesiser(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    pad = notes(t, 0.5, 110, lambda s, f: 2 * (f * s % 1) - 1 + (2 * (f * 1.5 * s % 1) - 1))
    return pad + notes(t, 8, 220, lambda s, f: np.sign(np.sin(2 * np.pi * f * s)) * np.exp(-8 * s))


def marimba(t: np.ndarray, r: np.random.Generator) -> np.ndarray:
    return notes(t, 4, 262, lambda s, f: (tones(s, f, 1) + 0.3 * np.sin(2 * np.pi * 4 * f * s)) * np.exp(-9 * s))


TUNES: tuple[Maker, ...] = (
    organ, plucked, bells, brass, music_box, strings, drums, piano, accordion, flute, synthesiser, marimba,
)  # fmt: skip


# --- what is no music --------------------------------------------------------------------------------------------


def noise(count: int, r: np.random.Generator, low: float, high: float, slope: float = 0.0) -> np.ndarray:
    """Noise between two frequencies, its power falling with frequency to the power of `slope`."""
    spectrum = np.fft.rfft(r.normal(0, 1, count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    keep = (hertz >= low) & (hertz <= high)
    return np.fft.irfft(np.where(keep, spectrum * np.maximum(hertz, 1) ** (-slope / 2), 0), count)


def clicks(t: np.ndarray, r: np.random.Generator, a_second: float, low: float, high: float, decay: float) -> np.ndarray:
    """Short bursts of noise at random moments."""
    sound = np.zeros(len(t))
    for first in r.integers(0, len(t) - RATE // 2, int(a_second * t[-1])):
        length = min(RATE // 2, len(t) - first)
        sound[first : first + length] += noise(length, r, low, high) * np.exp(-decay * np.arange(length) / RATE)
    return sound


def hum(t: np.ndarray, hertz: np.ndarray | float) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hertz, t.shape)) / RATE
    return sum(np.sin(k * phase) / k for k in range(1, 12))


OTHERS: dict[str, Maker] = {
    "rain": lambda t, r: noise(len(t), r, 500, 8000) * (1 + 0.1 * np.sin(t)),
    "wind": lambda t, r: noise(len(t), r, 40, 600, 1) * (1.2 + np.sin(0.9 * t)),
    "surf": lambda t, r: noise(len(t), r, 60, 5000, 1) * (1.1 + np.sin(0.7 * t)),
    "engine": lambda t, r: hum(t, 42 + 3 * np.sin(0.5 * t)) + noise(len(t), r, 50, 2000, 1),
    "motorcycle": lambda t, r: hum(t, 70 + 40 * np.clip(t / 10, 0, 1)) * (1 + 0.3 * r.normal(0, 1, len(t))),
    "aeroplane": lambda t, r: noise(len(t), r, 60, 3000, 1) + 0.3 * hum(t, 110.0),
    "siren": lambda t, r: hum(t, 700 + 300 * np.sin(2 * np.pi * 0.4 * t)),
    "alarm": lambda t, r: np.sin(2 * np.pi * 2800 * t) * (t * 2 % 1 < 0.5),
    "telephone": lambda t, r: (np.sin(2 * np.pi * 440 * t) + np.sin(2 * np.pi * 480 * t)) * (t % 3 < 1.2),
    "reversing lorry": lambda t, r: np.sin(2 * np.pi * 1200 * t) * (t % 1 < 0.5),
    "clock": lambda t, r: clicks(t, r, 0, 1, 2, 1) + np.exp(-80 * (t % 0.5)) * noise(len(t), r, 1500, 6000),
    "typing": lambda t, r: clicks(t, r, 7, 1000, 7000, 60),
    "footsteps": lambda t, r: np.exp(-25 * (t % 0.55)) * noise(len(t), r, 60, 900),
    "applause": lambda t, r: clicks(t, r, 90, 800, 5000, 70),
    "hammer": lambda t, r: np.exp(-12 * (t % 0.8)) * (noise(len(t), r, 200, 6000) + np.sin(2 * np.pi * 1900 * t)),
    "saw": lambda t, r: noise(len(t), r, 800, 7000) * (1 + np.sin(2 * np.pi * 2 * t)),
    "birds": lambda t, r: np.sin(2 * np.pi * (3500 * t + 60 * np.sin(2 * np.pi * 9 * t))) * (t % 1.3 < 0.4),
    "crickets": lambda t, r: np.sin(2 * np.pi * 4500 * t) * (np.sin(2 * np.pi * 30 * t) > 0) * (t % 0.9 < 0.5),
    "vacuum cleaner": lambda t, r: hum(t, 230.0) * 0.4 + noise(len(t), r, 300, 6000),
    "fan": lambda t, r: noise(len(t), r, 80, 2500, 1) * (1 + 0.2 * np.sin(2 * np.pi * 12 * t)) + 0.2 * hum(t, 100.0),
    "fire": lambda t, r: noise(len(t), r, 60, 800, 1) * 0.3 + clicks(t, r, 15, 1500, 7000, 90),
    "hum of a line": lambda t, r: hum(t, 50.0),
}


# --- measuring ---------------------------------------------------------------------------------------------------


def placed(made: np.ndarray) -> np.ndarray:
    """At FROM, in a track of SECONDS, at -20 dB."""
    sound = np.zeros(round(SECONDS * RATE), np.float32)
    first = round(FROM * RATE)
    sound[first : first + len(made)] = 0.1 * made / max(1e-9, float(np.sqrt(np.mean(made**2))))
    return sound


def mixed(sound: np.ndarray, other: np.ndarray, decibels: float) -> np.ndarray:
    """`sound`, whose power is that of -20 dB, with `other` that many dB below it where it sounds."""
    loud = other[np.abs(other) > 1e-4]
    gain = 0.1 * 10 ** (-decibels / 20) / max(1e-9, float(np.sqrt(np.mean(loud**2))))
    return np.clip(sound + gain * other, -1, 1).astype(np.float32)


def situations(made: np.ndarray, talk: np.ndarray, street: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    sound = placed(made)
    yield "alone", sound
    for decibels in (20, 10, 0):
        yield f"over speech at {decibels} dB", mixed(sound, talk, decibels)
        yield f"over noise at {decibels} dB", mixed(sound, street, decibels)


def music_of(detector: sound_classes.Music, sound: np.ndarray) -> list[tuple[float, float, float]]:
    """Start, end and score."""
    listening, meter = detector.start(), Meter()
    for block in meter.watch([Block(0.0, sound, ())]):
        listening.add(block)
    return [(one.start, one.end, one.score) for one in listening.sounds(meter.powers()) if one.kind == "music"]


def right(found: tuple[float, float, float]) -> bool:
    start, end, _ = found
    return min(end, TO) - max(start, FROM) >= 0.5 * (end - start)


def tell(figure: str, value: float, limit: float | None, least: bool) -> None:
    holds = limit is None or (value >= limit if least else value <= limit)
    line = {"bench": "sounds", "figure": figure, "value": round(value, 3), "unit": "share", "limit": limit}
    print(json.dumps(line | {"holds": holds}), flush=True)


def main() -> None:
    detector = sound_classes.Music()
    detector.open()
    rng = np.random.default_rng(22)
    time = np.arange(round((TO - FROM) * RATE)) / RATE
    talk = track(
        SECONDS, (0.3, FIRST, WOMAN), (4, SECOND, MAN), (8, THIRD, WOMAN), (12, FIRST, MAN), (16, SECOND, WOMAN)
    )
    street = noise(len(talk), rng, 50, 7000, 1).astype(np.float32)
    tunes: dict[str, list[bool]] = {}
    told = SoundSettings().music
    claims = true = captioned = rightly = 0
    missed: list[str] = []
    for make in TUNES[1::2]:
        for situation, sound in situations(make(time, rng), talk, street):
            found = music_of(detector, sound)
            claims += len(found)
            true += sum(map(right, found))
            captioned += sum(one[2] >= told for one in found)
            rightly += sum(one[2] >= told and right(one) for one in found)
            covered = sum(max(0.0, min(end, TO) - max(start, FROM)) for start, end, _ in found)
            tunes.setdefault(situation, []).append(covered >= 0.5 * (TO - FROM))
            if not tunes[situation][-1]:
                missed.append(f"{make.__name__} {situation}")
    for situation, heard in tunes.items():
        tell(f"music {situation}: found", sum(heard) / len(heard), 0.8 if "0 dB" not in situation[-5:] else None, True)
    false: dict[str, list[str]] = {}
    for name, other in list(OTHERS.items())[1::2]:
        for situation, sound in situations(other(time, rng), talk, street):
            wrong = music_of(detector, sound)
            claims += len(wrong)
            captioned += sum(one[2] >= told for one in wrong)
            false.setdefault(situation, []).extend([name] * bool(wrong))
    kinds = len(list(OTHERS)[1::2])
    for situation, names in false.items():
        tell(f"no music {situation}: music claimed ({', '.join(names) or 'nowhere'})", len(names) / kinds, None, False)
    tell("precision of claims of music, all situations", true / max(1, claims), 0.9, True)
    tell(f"precision of what captions tell, score from {told} on", rightly / max(1, captioned), 0.9, True)
    situations_heard = sum(map(len, tunes.values()))
    tell("music that captions tell, all situations", rightly / situations_heard, 0.8, True)
    speech = music_of(detector, talk)
    tell("speech alone: music claimed", float(bool(speech)), 0.0, False)
    print(json.dumps({"bench": "sounds", "missed": missed}))


if __name__ == "__main__":
    main()
