"""Kill a run again and again, take it up again, and compare what it left with an undisturbed run.

    python tests/chaos/kills.py VIDEOS… --kills 20 --seed 1

Each time one of these, at a random moment: SIGKILL to the driver, to one of its workers, to an ffmpeg or ffprobe; the
Ctrl-C of a terminal, to the driver's whole group; SIGTERM to all its processes at once, as a node that is drained does.
Prints a line per kill and, at the end, for each step whether its tables are identical, failures included. Exits 1 when
one is not, or when a process outlives its driver: workers and ffmpeg by AT_ONCE, Ray's own agents by AGENTS.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from asid.pipeline.run.folder import Run

VICTIMS = {"worker": ("ray::Worker",), "tool": ("ffmpeg", "ffprobe")}
KINDS = ("tool", "ctrl-c", "worker", "tool", "driver", "tool", "drain")  # in turn
AT_ONCE, AGENTS = 20.0, 180.0  # s
ASID = [sys.executable, "-m", "asid"]


def tables(folder: Path) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """(step, shard) -> the digest of its rows and the rows that failed, each with its kind."""
    run = Run.open(folder)
    return {
        key: (mark.digest, tuple(f"{one.id} {one.kind}" for one in run.failures(*key)))
        for key, mark in run.survey().footers.items()
    }


def start(what: list[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*ASID, "run", *what, "--run", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a group of its own, as a shell gives it
    )


def title(process: psutil.Process) -> str:
    try:
        return (process.cmdline() or [""])[0]
    except psutil.Error:
        return ""


def one_of(driver: subprocess.Popen[bytes], names: tuple[str, ...], chance: random.Random) -> psutil.Process | None:
    """A process of the run that is at work now; waits for one to appear. None when the run ends first."""
    while driver.poll() is None:
        if found := [process for process in family_of(driver) if os.path.basename(title(process)).startswith(names)]:
            return chance.choice(found)
        time.sleep(0.05)
    return None


def family_of(driver: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(driver.pid).children(recursive=True)
    except psutil.Error:
        return []


def still_there(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=seconds)[1]


def end(driver: subprocess.Popen[bytes], kind: str) -> list[psutil.Process]:
    """End a run whole, in one of the ways. Gives the processes it had."""
    family = family_of(driver)
    if kind == "driver":
        os.kill(driver.pid, signal.SIGKILL)
    elif kind == "ctrl-c":
        os.killpg(driver.pid, signal.SIGINT)
    else:
        for process in [*family, psutil.Process(driver.pid)]:
            with contextlib.suppress(psutil.Error):
                process.terminate()
    driver.wait()
    return family


def hit(process: psutil.Process | None) -> str:
    if process is None:
        return ""
    named = os.path.basename(title(process))
    with contextlib.suppress(psutil.Error):
        process.kill()
        return named
    return "too late"


def main() -> int:
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("what", nargs="+", help="inputs, or a manifest")
    parse.add_argument("--kills", type=int, default=20)
    parse.add_argument("--seed", type=int, default=1)
    parse.add_argument("--longest", type=float, default=40.0, help="seconds before a kill, at most")
    args = parse.parse_args()
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as scratch:
        calm, rough = Path(scratch) / "calm", Path(scratch) / "rough"
        began = time.monotonic()
        if start(args.what, calm).wait() != 0:
            print("the undisturbed run failed")
            return 1
        print(f"undisturbed: {time.monotonic() - began:.1f} s")
        agents: list[psutil.Process] = []
        left_over, kills = 0, Counter[str]()
        driver = start(args.what, rough)
        while kills.total() < args.kills:
            time.sleep(chance.uniform(2.0, args.longest))
            kind = KINDS[kills.total() % len(KINDS)]
            if driver.poll() is not None:
                break
            if kind in VICTIMS:
                said = hit(one_of(driver, VICTIMS[kind], chance))
            else:
                family = end(driver, kind)
                late = {process: title(process) for process in still_there(family, AT_ONCE)}
                agents += [process for process in late if late[process].endswith("Agent")]
                outlived = [name for name in late.values() if not name.endswith("Agent")]
                left_over += len(outlived)
                said = f"exit {driver.returncode}, {len(family)} processes; outlived it: {outlived or 'none'}"
                driver = start(args.what, rough)
            kills[kind] += 1
            print(f"kill {kills.total():2}: {kind} {said}", flush=True)
        if driver.wait() != 0:
            print(f"the disturbed run ended with {driver.returncode}")
            return 1
        left_over += len(still_there(agents, AGENTS))
        print(", ".join(f"{count} {kind}s" for kind, count in kills.items()) + f" killed; {left_over} processes left")
        before, after = tables(calm), tables(rough)
        different = {
            step
            for step, shard in before.keys() | after.keys()
            if before.get((step, shard)) != after.get((step, shard))
        }
        for step in Run.open(calm).steps:
            print(f"{step:20} {'DIFFERENT' if step in different else 'identical'}")
        return 1 if different or left_over else 0


if __name__ == "__main__":
    sys.exit(main())
