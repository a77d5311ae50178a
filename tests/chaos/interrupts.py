"""Press Ctrl-C at random moments of a run in an interactive terminal, and take the run up again.

    python -m tests.chaos.interrupts VIDEOS… --times 10 --seed 1

Prints a line for each: when, the exit code, and what was left running two seconds later. Then the run goes on to its
end, and its tables are compared with those of an undisturbed run. Exits 1 when anything is not as it should be.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.kills import tables
from tests.pipeline.cli.test_terminal import Shell, left

SETTLED = 2.0  # s after the end, when nothing may be left


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("videos", nargs="+")
    options.add_argument("--times", type=int, default=10)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    chance = random.Random(given.seed)
    videos = " ".join(str(Path(video).resolve()) for video in given.videos)
    faults = 0
    with tempfile.TemporaryDirectory(prefix="c") as folder:
        root = Path(folder)
        shell = Shell(root)
        began = time.monotonic()
        shell.type(f"asid run {videos} --run {root}/whole")
        faults += shell.code() != 0
        whole = time.monotonic() - began
        for number in range(given.times):
            moment = chance.uniform(0.1, 0.9 * whole)
            shell.type(f"asid run {videos} --run {root}/torn")
            time.sleep(moment)
            shell.child.sendintr()
            code = shell.code()
            time.sleep(SETTLED)
            stray = left(root / "torn") + left(root / "r")
            good = not stray and (code == 130 or (code == 0 and number))  # it may have been finished by then
            faults += not good
            print(f"{number}: after {moment:.1f} s, exit {code}, left running: {stray or 'nothing'}", flush=True)
        shell.type(f"asid run {videos} --run {root}/torn")
        code = shell.code()
        same = tables(root / "torn") == tables(root / "whole")
        print(f"gone on to the end: exit {code}, tables {'the same' if same else 'DIFFER'}; read the terminal: "
              f"{shell.readers or 'nobody'}")  # fmt: skip
        faults += code != 0 or not same or bool(shell.readers)
        shell.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
