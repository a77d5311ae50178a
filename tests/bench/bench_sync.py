"""How far a file sets sound and picture apart: known offsets, found again. One JSON line for each figure.

    python -m tests.bench.bench_sync

Each container gets a picture and a tone that begins 0, 40, 80, 125, 200 or 500 ms after or before it. What is found is
`stages.transcribe.lag`, the row's `sound_lag`; it counts where it is within a frame (40 ms) of the truth. Nothing here
looks at what is seen and heard: an offset that is baked into the content is not found, and none is claimed.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from asid.pipeline.media.decode import chosen
from asid.stages.transcribe import lag
from tests.kits.speechkit import ffmpeg

OFFSETS = (40, 80, 125, 200, 500)  # ms
WAYS = {"mkv": ("libx264", "pcm_s16le"), "mp4": ("libx264", "aac"), "mov": ("libx264", "pcm_s16le"),
        "webm": ("libvpx", "libopus")}  # fmt: skip
FRAME = 0.04


def make(path: Path, milliseconds: int, video: str, sound: str) -> None:
    """4 s at 25 frames a second; what comes later, picture or sound, is moved, so that no time is below 0."""
    late, early = max(0, milliseconds) / 1000, max(0, -milliseconds) / 1000
    ffmpeg(
        *("-itsoffset", str(early), "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=25:duration=4"),
        *("-itsoffset", str(late), "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4"),
        *("-map", "0:v", "-map", "1:a", "-c:v", video, "-c:a", sound, "-fps_mode", "passthrough", "-threads", "1"),
        str(path),
    )


def tell(figure: str, value: float, limit: float, least: bool, unit: str = "share") -> None:
    holds = value >= limit if least else value <= limit
    line = {"bench": "sync", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds}), flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="r") as scratch:
        for suffix, codecs in WAYS.items():
            off: dict[int, float] = {}
            for milliseconds in sorted({0, *OFFSETS, *(-ms for ms in OFFSETS)}):
                path = Path(scratch) / f"{milliseconds}.{suffix}"
                make(path, milliseconds, *codecs)
                off[milliseconds] = abs((lag(path, chosen(path, None), None) or 0.0) - milliseconds / 1000)
            moved = [error for ms, error in off.items() if ms]
            tell(f"{suffix}: offsets of the container found", sum(e < FRAME for e in moved) / len(moved), 1.0, True)
            tell(f"{suffix}: false alarm on an untouched file", float(off[0] >= FRAME), 0.0, False)
            tell(f"{suffix}: largest error", max(off.values()), FRAME, False, "s")


if __name__ == "__main__":
    main()
