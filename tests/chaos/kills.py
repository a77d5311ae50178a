"""Kill a run again and again, take it up again, and compare what it left with an undisturbed run.

    python tests/chaos/kills.py VIDEOS… --kills 20 --seed 1

Each time either the driver or one of its workers gets SIGKILL at a random moment. Prints a line per kill and, at the
end, for each step whether its tables are identical. Exits 1 when one is not, or when a process outlives its driver:
workers and ffmpeg by AT_ONCE, Ray's own agents by AGENTS.
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

from asid.pipeline.run.folder import Run

AT_ONCE, AGENTS = 20.0, 180.0  # s
ASID = [sys.executable, "-m", "asid"]


def tables(folder: Path) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """(step, shard) -> the digest of its rows and the rows that failed."""
    survey = Run.open(folder).survey()
    return {key: (footer.digest, tuple(footer.failed)) for key, footer in survey.footers.items()}


def start(what: list[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*ASID, "run", *what, "--run", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def title(process: psutil.Process) -> str:
    try:
        return (process.cmdline() or [""])[0]
    except psutil.Error:
        return ""


def a_worker(driver: subprocess.Popen[bytes], chance: random.Random) -> psutil.Process | None:
    """One that works now; waits for one to appear. None when the run ends first."""
    while driver.poll() is None:
        family = psutil.Process(driver.pid).children(recursive=True)
        if found := [process for process in family if title(process).startswith("ray::Worker")]:
            return chance.choice(found)
        time.sleep(0.1)
    return None


def still_there(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
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
        agents: list[psutil.Process] = []
        left_over, kills = 0, {"driver": 0, "worker": 0}
        driver = start(args.what, rough)
        while sum(kills.values()) < args.kills and driver.poll() is None:
            time.sleep(chance.uniform(2.0, args.longest))
            kind = chance.choice(["driver", "worker"])
            if kind == "worker":
                victim = a_worker(driver, chance)
                if victim is None:
                    break
                victim.kill()
                said = ""
            elif driver.poll() is None:
                family = psutil.Process(driver.pid).children(recursive=True)
                os.kill(driver.pid, signal.SIGKILL)
                driver.wait()
                late = {process: title(process) for process in still_there(family, AT_ONCE)}
                agents += [process for process in late if late[process].endswith("Agent")]
                outlived = [name for name in late.values() if not name.endswith("Agent")]
                left_over += len(outlived)
                said = f"and {len(family)} processes; outlived it: {outlived}"
                driver = start(args.what, rough)
            else:
                break
            kills[kind] += 1
            print(f"kill {sum(kills.values()):2}: {kind} {said}", flush=True)
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
