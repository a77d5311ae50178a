"""Kill a run again and again, take it up again, and compare what it left with an undisturbed run.

    python tests/chaos/kills.py VIDEOS… --kills 20 --seed 1

Each time one of these, at a random moment: SIGKILL to the driver, to one of its workers, to an ffmpeg or ffprobe; the
Ctrl-C of a terminal, to the driver's whole group; SIGTERM to all its processes at once, as a node that is drained does.
A run that ends before there were enough kills is followed by another. Prints a line per kill and per run: how many
steps have identical tables, failures included. Exits 1 when one has not, or when a process outlives its driver: workers
and ffmpeg by AT_ONCE, Ray's own agents by AGENTS.
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


def different(calm: Path, rough: Path) -> set[str]:
    """Steps whose tables are not the same in both runs."""
    before, after = tables(calm), tables(rough)
    return {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


class Rounds:
    """Runs that are killed, one after the other, until there have been enough kills."""

    def __init__(self, what: list[str], chance: random.Random, longest: float):
        self.what, self.chance, self.longest = what, chance, longest
        self.kills = Counter[str]()
        self.agents: list[psutil.Process] = []
        self.left_over = 0

    def run(self, folder: Path, most: int) -> int:
        """Take one run to its end, over at most so many kills. Gives its exit code."""
        driver = start(self.what, folder)
        while self.kills.total() < most:
            time.sleep(self.chance.uniform(2.0, self.longest))
            if driver.poll() is not None:
                break
            kind = KINDS[self.kills.total() % len(KINDS)]
            if kind in VICTIMS:
                said = hit(one_of(driver, VICTIMS[kind], self.chance))
            else:
                said = self._ended(driver, kind)
                driver = start(self.what, folder)
            if not said:  # there was none to hit any more
                break
            self.kills[kind] += 1
            print(f"kill {self.kills.total():2}: {kind} {said}", flush=True)
        return driver.wait()

    def _ended(self, driver: subprocess.Popen[bytes], kind: str) -> str:
        family = end(driver, kind)
        late = {process: title(process) for process in still_there(family, AT_ONCE)}
        self.agents += [process for process in late if late[process].endswith("Agent")]
        outlived = [name for name in late.values() if not name.endswith("Agent")]
        self.left_over += len(outlived)
        return f"exit {driver.returncode}, {len(family)} processes; outlived it: {outlived or 'none'}"


def main() -> int:
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("what", nargs="+", help="inputs, or a manifest")
    parse.add_argument("--kills", type=int, default=20)
    parse.add_argument("--seed", type=int, default=1)
    parse.add_argument("--longest", type=float, default=40.0, help="seconds before a kill, at most")
    args = parse.parse_args()
    rounds, faults = Rounds(args.what, random.Random(args.seed), args.longest), 0
    with tempfile.TemporaryDirectory() as scratch:
        calm = Path(scratch) / "calm"
        began = time.monotonic()
        if start(args.what, calm).wait() != 0:
            print("the undisturbed run failed")
            return 1
        print(f"undisturbed: {time.monotonic() - began:.1f} s", flush=True)
        steps, number = list(Run.open(calm).steps), 0
        while rounds.kills.total() < args.kills:
            number += 1
            rough = Path(scratch) / f"rough{number}"
            code = rounds.run(rough, args.kills)
            other = different(calm, rough)
            faults += code != 0 or bool(other)
            same = f"{len(steps) - len(other)} of {len(steps)} steps identical"
            print(f"run {number}: exit {code}, {same} {sorted(other) or ''}", flush=True)
        left_over = rounds.left_over + len(still_there(rounds.agents, AGENTS))
        said = ", ".join(f"{count} {kind}" for kind, count in rounds.kills.items())
        print(f"{rounds.kills.total()} kills ({said}) in {number} runs; {left_over} processes left")
    return 1 if faults or left_over else 0


if __name__ == "__main__":
    sys.exit(main())
