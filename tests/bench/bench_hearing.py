"""How long hearing takes with a worker on each of two cores: seconds of the wall for a second of sound.

    python -m tests.bench.bench_hearing [--clips FOLDER]      # two JSON lines, about two minutes

The clips with sound are dealt to two processes, each with the embedded recogniser, diarizer and music detector on one
thread, as workers of `transcribe` have them. The clock starts when both have loaded their models, and stops when the
last clip has been heard, decoding included. Exits with 1 when the limit is missed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from typing import Any

from tests.finished import CLIPS

WORKERS = 2
LIMIT = 0.2


def hear(files: list[Path], ready: Any, told: Any) -> None:
    """Hear files one after the other, and tell seconds of sound, of the wall and of the processor."""
    from asid.pipeline.media.decode import audio_chunks
    from asid.pipeline.speech.base import RATE
    from asid.pipeline.speech.embedded import Embedded
    from asid.pipeline.speech.layout import Layout
    from asid.pipeline.speech.sound_classes import Music
    from asid.pipeline.speech.sync import HeardOnsets
    from asid.pipeline.speech.transcript import transcribe

    backend, music = Embedded(threads=1), Music()
    backend.open()
    music.open()
    ready.wait()
    began, before, samples = time.monotonic(), processor(), 0
    for file in files:
        onsets = HeardOnsets()
        pieces = list(audio_chunks(file))
        transcribe(backend, onsets.watch(pieces), Layout(), [music])
        onsets.onsets()
        samples += sum(map(len, pieces))
    told.put((samples / RATE, time.monotonic() - began, processor() - before))


def processor() -> float:
    """Processor seconds of this process and of its children."""
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    folder = parser.parse_args().clips
    entries = json.loads((folder / "manifest.json").read_text("utf-8"))["entries"]
    sounding = sorted((entry for entry in entries if entry["has_audio"]), key=lambda entry: -entry["duration"])
    shares: list[list[Path]] = [[] for _ in range(WORKERS)]
    lengths = [0.0] * WORKERS
    for entry in sounding:
        least = lengths.index(min(lengths))
        shares[least].append(folder / entry["file"])
        lengths[least] += entry["duration"]
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(WORKERS), context.Queue()
    workers = [context.Process(target=hear, args=(share, ready, told)) for share in shares]
    for worker in workers:
        worker.start()
    found = [told.get(timeout=1800) for _ in workers]
    for worker in workers:
        worker.join()
    sound, wall, spent = sum(one[0] for one in found), max(one[1] for one in found), sum(one[2] for one in found)
    line = {"bench": "hearing", "figure": "wall, two workers", "value": round(wall / sound, 3), "unit": "s/s",
            "limit": LIMIT, "holds": wall / sound <= LIMIT}  # fmt: skip
    print(json.dumps(line), flush=True)
    print(json.dumps(line | {"figure": "processor", "value": round(spent / sound, 3), "limit": None, "holds": None}))
    sys.exit(not line["holds"])


if __name__ == "__main__":
    main()
