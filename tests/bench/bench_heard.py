"""What captions tell of music, against what detectors really hear: found when it is wrong, objected to when it is true.

    python -m tests.bench.bench_heard [--clips FOLDER]      # one JSON line for each figure, about two minutes

The sound of the test clips whose truth is known, and the mixtures of bench_sounds (its half that set no bounds), go
through the detector. Then each is told to have music, and to have none: one of the two is wrong.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from asid.pipeline.auditing.intervals import share
from asid.pipeline.captions.checks import examine
from asid.pipeline.captions.grounds import Grounds, listened
from asid.pipeline.media.decode import audio_chunks
from asid.pipeline.rows import Sound
from asid.pipeline.speech import sound_classes
from asid.pipeline.speech.base import RATE, Block
from asid.pipeline.speech.listen import Meter
from asid.pipeline.speech.listen import sounds as course
from tests.bench import bench_sounds as made
from tests.finished import CLIPS
from tests.kits.speechkit import FIRST, MAN, SECOND, THIRD, WOMAN, track

TOLD = "At 0s, a scene is shown. Soft music plays in the background."
DENIED = "At 0s, a scene is shown. There is no music in the clip."
FALSE, FOUND = 0.01, 0.85
Case = tuple[str, float, bool, tuple[Sound, ...]]  # name, s, whether there is music, what was heard


def heard(detector: sound_classes.Music, samples: np.ndarray) -> tuple[Sound, ...]:
    listening, meter = detector.start(), Meter()
    for block in meter.watch([Block(0.0, samples, ())]):
        listening.add(block)
    powers = meter.powers()
    return (*course(powers, len(samples) / RATE, [], -50.0, 0.3), *listening.sounds(powers))


def clips(folder: Path, detector: sound_classes.Music) -> Iterator[Case]:
    for path in sorted(folder.glob("*/*.truth.json")):
        truth = json.loads(path.read_text("utf-8"))
        if truth.get("has_audio") and "music" in truth:
            samples = np.concatenate(list(audio_chunks(path.with_name(truth["file"]))))
            yield truth["file"], truth["duration"], bool(truth["music"]), heard(detector, samples)


def mixtures(detector: sound_classes.Music) -> Iterator[Case]:
    rng = np.random.default_rng(22)
    time = np.arange(round((made.TO - made.FROM) * RATE)) / RATE
    lines = ((0.3, FIRST, WOMAN), (4, SECOND, MAN), (8, THIRD, WOMAN), (12, FIRST, MAN), (16, SECOND, WOMAN))
    talk = track(made.SECONDS, *lines)
    street = made.noise(len(talk), rng, 50, 7000, 1).astype(np.float32)
    tunes = [(maker.__name__, maker, True) for maker in made.TUNES[1::2]]
    others = [(name, maker, False) for name, maker in list(made.OTHERS.items())[1::2]]
    for name, maker, music in (*tunes, *others):
        for situation, sound in made.situations(maker(time, rng), talk, street):
            yield f"{name} {situation}", made.SECONDS, music, heard(detector, sound)


def objected(caption: str, duration: float, sounds: tuple[Sound, ...], detector: sound_classes.Music) -> bool:
    known = Grounds(duration, sounds=sounds, listened=listened(detector.name))
    return any(one.kind in ("sound_unheard", "sound_denied") for one in examine(caption, known, whole=False))


def tell(where: str, cases: list[Case], detector: sound_classes.Music) -> bool:
    good = True
    for what, caption, music in (("music told", TOLD, True), ("no music told", DENIED, False)):
        for true in (True, False):
            mine = [one for one in cases if one[2] == (music if true else not music)]
            hits = [(name, objected(caption, length, sounds, detector)) for name, length, _, sounds in mine]
            rate = share(hits)
            figure = f"{what}, {'true: false objections' if true else 'wrong: found'}, {where}"
            holds = bool(mine) and (rate.value <= FALSE if true else rate.value >= FOUND)
            line = {"bench": "heard", "figure": figure, "value": round(rate.value, 4) if mine else None,
                    "unit": "share", "limit": FALSE if true else FOUND, "holds": holds, "of": rate.trials,
                    "interval": [round(rate.low, 4), round(rate.high, 4)],
                    "which": [name for name, hit in hits if hit == true][:12]}  # fmt: skip
            print(json.dumps(line), flush=True)
            good &= holds
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    options = parser.parse_args()
    detector = sound_classes.Music()
    detector.open()
    good = tell("clips", list(clips(options.clips, detector)), detector)
    good &= tell("mixtures", list(mixtures(detector)), detector)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
