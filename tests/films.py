"""A short film of scenes that nobody would take for one another, its cuts and frames known."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

SIZE = 320, 180
CUTS = (23, 61, 90)  # with B-frames the first two are on frames that no other needs
FRAMES = 120
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def film(path: Path, *codec: str, rate: int = 25, size: tuple[int, int] = SIZE) -> Path:
    """120 frames of four scenes that move."""
    parts = [
        "mandelbrot=start_scale=0.3:maxiter=300",
        "testsrc2",
        "life=ratio=0.3:mold=9:life_color=yellow",
        "smptehdbars",
    ]
    lengths = np.diff([0, *CUTS, FRAMES])
    inputs: list[str] = []
    for part, frames in zip(parts, lengths, strict=True):
        source = f"{part}{':' if '=' in part else '='}s={size[0]}x{size[1]}:r={rate}"
        inputs += ["-f", "lavfi", "-t", str(frames / rate), "-i", source]
    graph = "".join(f"[{n}:v]format=yuv420p,setsar=1[v{n}];" for n in range(4)) + "[v0][v1][v2][v3]concat=n=4"
    command = ["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", graph, *codec, str(path)]
    subprocess.run(command, check=True, timeout=120)
    return path
