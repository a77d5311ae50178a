"""Kill a run again and again, take it up again, and compare what it left with an undisturbed run.

    python tests/chaos/kills.py VIDEOS… --kills 20 --seed 1

Each time either the driver or one of its workers gets SIGKILL at a random moment. Prints a line per kill and, at the
end, for each step whether its tables are identical. Exits 1 when one is not, or when a process outlives its driver.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from pipeline.run import Run

ASID = [sys.executable, "-m", "pipeline.cli"]


def tables(folder: Path) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """(step, shard) -> the digest of its rows and the rows that failed."""
    survey = Run.open(folder).survey()
    return {key: (footer.digest, tuple(footer.failed)) for key, footer in survey.footers.items()}


def start(what: list[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*ASID, "run", *what, "--run", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def workers(driver: int) -> list[psutil.Process]:
    found = []
    for process in psutil.Process(driver).children(recursive=True):
        try:
            if process.cmdline() and process.cmdline()[0].startswith("ray::Worker"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def family(driver: int) -> list[psutil.Process]:
    return psutil.Process(driver).children(recursive=True)


def gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those still there after a while."""
    return psutil.wait_procs(processes, timeout=seconds)[1]


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
        left_over, killed = 0, 0
        driver = start(args.what, rough)
        while killed < args.kills and driver.poll() is None:
            time.sleep(chance.uniform(2.0, args.longest))
            if driver.poll() is not None:
                break
            victims = workers(driver.pid)
            killed += 1
            if victims and chance.random() < 0.5:
                victim = chance.choice(victims)
                victim.kill()
                print(f"kill {killed:2}: worker {victim.pid}")
                continue
            others = family(driver.pid)
            os.kill(driver.pid, signal.SIGKILL)
            driver.wait()
            outlived = gone(others, 20.0)
            left_over += len(outlived)
            print(f"kill {killed:2}: driver, {len(outlived)} of its {len(others)} processes outlived it")
            driver = start(args.what, rough)
        if driver.wait() != 0:
            print(f"the disturbed run ended with {driver.returncode}")
            return 1
        print(f"{killed} kills")
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
