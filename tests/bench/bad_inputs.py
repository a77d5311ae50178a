"""What becomes of the files in a folder with bad.json: `python tests/bench/bad_inputs.py FOLDER…`

bad.json is a list of {file, expect, what}; expect is accept, reject or either. Each file goes the way a run takes it:
listing, the ingest stage, and split where it is accepted. Prints a table; exits 1 when an expectation is broken, a
process is left behind or anything but a clear refusal comes out of a stage.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, os.fspath(Path(__file__).resolve().parents[2]))

from asid.pipeline.inputs.base import InputConfig, Listed
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Video
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage, display_name
from asid.stages.ingest import Ingest, IngestConfig
from asid.stages.split import SplitConfig, Splitter


def outcomes(folder: Path) -> dict[str, tuple[str, str, float]]:
    """accept, reject or skipped by ingest, why or what split makes of it, and seconds, by the name people see."""
    results: dict[str, tuple[str, str, float]] = {}
    skipped: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as run:
        storage = Storage(run)
        context = Context(storage, Prompts(), {})
        ingest, splitter = Ingest(IngestConfig(), context), Splitter(SplitConfig(), context)
        for row in list_inputs([InputConfig(path=os.fspath(folder))], storage, skipped):
            began = time.monotonic()
            if isinstance(row, Listed):
                try:
                    video = asyncio.run(ingest.process(row))
                    sound = f"{video.audio_streams} x {video.audio_codec}" if video.audio_codec else "no sound"
                    shape = f"{video.width}x{video.height} {video.fps:.3f} fps {video.duration:.3f} s"
                    result = ("accept", f"{seen(splitter, video)}; {video.video_codec} {shape}, {sound}")
                except Unprocessable as error:
                    result = ("reject", f"{error.kind}: {error}")
            else:
                result = ("reject", f"{row.kind}: {row.reason}")
            results[row.name] = (*result, time.monotonic() - began)
    print(f"passed over as lying beside videos: {dict(skipped)}")
    return results


def seen(splitter: Splitter, video: Video) -> str:
    try:
        found = asyncio.run(splitter.process(video))
    except Unprocessable as error:
        return f"not split, {error.kind}: {error}"
    return f"{len(found.shots)} shots, {len(found.frames)} stills"


def children() -> list[str]:
    """Processes that this one has started and that are still there."""
    me = os.getpid()
    return [
        line
        for line in os.listdir("/proc")
        if line.isdigit() and (stat := _stat(line)) and int(stat.rpartition(")")[2].split()[1]) == me
    ]


def _stat(process: str) -> str:
    try:
        return Path("/proc", process, "stat").read_text()
    except OSError:
        return ""


def main() -> int:
    broken = 0
    for folder in map(Path, sys.argv[1:]):
        meant = json.loads((folder / "bad.json").read_text())
        results = outcomes(folder)
        print(f"\n{folder}\n{'file':42} {'expected':9} {'got':8} {'s':>5}  outcome")
        for note in meant:
            name = display_name(os.path.join("x", note["file"]))
            got, why, seconds = results.get(name, ("skipped", "passed over", 0.0))
            right = note["expect"] == "either" or note["expect"] == got
            broken += not right
            mark = "" if right else "   <-- BROKEN"
            print(
                f"{ascii(name)[1:-1][:42]:42} {note['expect']:9} {got:8} {seconds:5.2f}  {ascii(why)[1:-1][:150]}{mark}"
            )
        print(f"{len(meant)} files: {dict(Counter(result[0] for result in results.values()))}")
    left = children()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"broken: {broken}; processes left: {len(left)}; largest child: {peak:.0f} MiB")
    return 1 if broken or left else 0


if __name__ == "__main__":
    sys.exit(main())
