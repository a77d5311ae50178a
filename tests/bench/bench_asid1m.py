"""Whether `asid.yaml` would make ASID-1M: 20 whole videos through it, on the real clients, against strict servers.

    python -m tests.bench.bench_asid1m [--videos N] [--keep FOLDER] [--processor PYTHON]

Videos of 5 s to 3 minutes and 240p to 1080p, with and without sound, in MP4, MOV and Matroska, are made with ffmpeg.
The servers of `tests/servers/vendors.py` stand in for ModelArk, Gemini and vLLM: they refuse what their vendors refuse
and hold what a prompt says of its media against the media. AVoCaDO is asked through vLLM's server, as an engine needs
its weights; speech is heard by a server that always hears the same. `--processor` is the Python of
`scripts/test_processor.sh`: then each video's tokens are those of the installed processor. Prints one JSON line for
each figure; exits with 1 when one misses its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from asid.pipeline.models.prices import prices_of
from asid.pipeline.models.spend import spent
from asid.pipeline.prompts import shipped
from asid.pipeline.run.folder import Run
from tests.heads import environment
from tests.servers.vendors import Ark, Ears, Gemini, Served, Vendor

ROOT = Path(__file__).parent.parent.parent
CLIP = shipped("manifests") / "demo" / "wanna_work_together.mp4"
SIZES = ((426, 240), (640, 360), (854, 480), (1280, 720), (1920, 1080), (720, 1280), (640, 480))
SECONDS = (5.2, 180, 8, 30, 45, 12.5, 60, 90.3, 20, 150, 6, 31, 120, 15, 40, 75, 10, 179, 25, 55)
LOUD = 3  # of the videos: so large that it does not fit into a request
PRINTED = 0.00005  # USD: an estimate is printed with four decimals
POINT = re.compile(r"([\d.]+) USD, and between ([\d.]+) and ([\d.]+)")
MISSED: list[str] = []


def show(figure: str, value: float, unit: str, limit: float | None = None, holds: bool | None = None) -> None:
    line = {"bench": "asid1m", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit, "holds": holds}
    print(json.dumps(line), flush=True)
    if holds is False:
        MISSED.append(figure)


def film(folder: Path, number: int) -> Path:
    """One video, by its number: a moving test card, and the shipped clip's sound over and over."""
    (width, height), seconds, heard = SIZES[number % len(SIZES)], SECONDS[number % len(SECONDS)], number % 4 != 2
    target = folder / f"film{number:02d}{('.mp4', '.mp4', '.mov', '.mp4', '.mkv')[number % 5]}"
    rate = (10, 12, "15000/1001", 8)[number % 4]
    card = f"testsrc2=size={width}x{height}:rate={rate}:duration={seconds},hue=h={number * 17}"
    if number == LOUD:
        card += ",noise=alls=40:allf=t"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", card]
    if heard:
        command += ["-stream_loop", "-1", "-i", str(CLIP), "-map", "0:v", "-map", "1:a", "-c:a", "aac"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-t", str(seconds)]
    command += ["-maxrate", "6M", "-bufsize", "6M", str(target)]
    if not target.exists():
        subprocess.run(command, check=True, timeout=300)
    return target


def manifest(folder: Path, ark: Vendor, gemini: Vendor, served: Vendor, ears: Ears) -> Path:
    """The shipped recipe with its models' addresses, and without the GPUs that this machine has not."""
    here = "{cpus: 1, gpus: 0, env: ''}"
    text = f"""
extends: asid.yaml
inputs: [films]
models:
  avocado: {{base_url: {served.url}/v1}}
  seed: {{base_url: {ark.url}/v1}}
  gemini: {{base_url: {gemini.url}}}
recipe:
  transcribe: {{backend: openai_audio, weights: ears, endpoint: {ears.url}/v1, diarize: false, music: false,
               resources: {here}}}
  avocado: {{resources: {{cpus: 0, gpus: 0, env: ''}}}}
"""
    path = folder / "asid1m.yaml"
    path.write_text(text)
    return path


def asid(*words: object) -> str:
    """What a command prints, run as people run it."""
    with tempfile.TemporaryDirectory(prefix="r") as place:
        keys = {"ARK_API_KEY": "x", "GEMINI_API_KEY": "x", "HF_TOKEN": "x", "OPENAI_API_KEY": "x", "RAY_TMPDIR": place}
        command = [sys.executable, "-m", "asid", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(**keys), cwd=ROOT, timeout=3600)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:], file=sys.stderr)
    return done.stdout


def looked(run: Run, count: int) -> None:
    """What came out: a clip for each video, and its own bytes."""
    videos = {row.id: row for row in run.all_rows("ingest")}
    clips = {row.id: row for row in run.all_rows("filter")}
    whole = sum(id in videos and row.sha256 == videos[id].sha256 for id, row in clips.items())
    show(
        "videos that are a clip, with their own bytes and id", whole, f"of {count}", count * 0.98, whole >= count * 0.98
    )
    failed: Counter[str] = Counter()
    for step in run.steps:
        for shard in run.survey().shards:
            for failure in run.failures(step, shard):
                failed[f"{failure.stage} {failure.kind}: {failure.reason[:160]}"] += 1
    for said, times in failed.items():
        print(f"  {times} x {said}", file=sys.stderr)
    rate = sum(failed.values()) / count
    show("failures", rate, "share of videos", 0.02, rate <= 0.02)
    dropped = Counter(reason.rule for row in clips.values() for reason in row.reasons)
    print(f"  {sum(row.kept for row in clips.values())} kept; dropped by {dict(dropped)}", file=sys.stderr)


def asked(servers: dict[str, Vendor]) -> None:
    """What reached the servers."""
    for name, server in servers.items():
        show(f"requests to {name} beyond its limits", len(server.broken), "requests", 0, not server.broken)
        show(f"prompts to {name} that are wrong about their media", len(server.untrue), "prompts", 0, not server.untrue)
        for said in sorted({*server.broken, *server.untrue})[:8]:
            print(f"  {name}: {said}", file=sys.stderr)
        tasks = Counter(sight.task for sight in server.sights)
        most = max((sight.tokens for sight in server.sights), default=0)
        show(f"largest request to {name}", most, f"tokens of {server.context}; {dict(tasks)}")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--videos", type=int, default=20)
    parser.add_argument("--keep", default="")
    parser.add_argument("--processor", default=os.environ.get("PROCESSOR_PYTHON", ""))
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(given.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="r")))
        (folder / "films").mkdir(parents=True, exist_ok=True)
        for number in range(given.videos):
            film(folder / "films", number)
        ark, gemini, served = (
            Ark(("seed-1-6-250915",)),
            Gemini(("gemini-2.5-flash",)),
            Served(("AVoCaDO-Captioner/AVoCaDO",)),
        )
        ears = Ears()
        for server in (ark, gemini, served, ears):
            stack.enter_context(server)
        path, place = manifest(folder, ark, gemini, served, ears), folder / "run"
        told = POINT.search(asid("estimate", path, "--run", place, "--sample", 5))
        asid("run", "--run", place)
        run = Run.open(place)
        looked(run, given.videos)
        asked({"vLLM": served, "ModelArk": ark, "Gemini": gemini})
        models = run.manifest.models
        known = sum(prices_of(model).known for model in models.values())
        show("models whose prices are known", known, f"of {len(models)}", len(models), known == len(models))
        bill = sum(line.usd or 0.0 for line in spent(run.storage, run.steps, models))
        show("the bill", bill, "USD")
        if told:
            point, low, high = map(float, told.groups())
            holds = low - PRINTED <= bill <= high + PRINTED
            show("the estimate from 5 clips", point, f"USD, between {low} and {high}", bill, holds)
        else:
            show("the estimate from 5 clips", 0, "it names no price", bill, False)
        if given.processor:
            cases = folder / "cases.jsonl"
            cases.write_text("".join(json.dumps(case) + "\n" for case in served.cases()))
            command = [given.processor, "tests/trainers/check_processor.py", str(cases)]
            done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, timeout=900)
            if done.returncode:
                MISSED.append("processor")
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())
