"""How soon a command answers: seconds until each wrong start is told, and processor time of commands that only look.

    python -m tests.bench.bench_starts [RUN]

RUN is a finished run whose status is timed; without one that figure is left out. A table of the wrong starts (command,
exit code, seconds, last line) on standard error, JSON lines on standard output.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.kits.starts import attempt, contents, world

TOLD = 3.0  # s until a wrong start is told
LOOKS = {"--help": 0.3, "--version": 0.3, "status": 0.6}  # s of processor time
TIMES = 3


def say(figure: str, value: float, limit: float) -> None:
    told = {"bench": "starts", "figure": figure, "value": round(value, 3), "unit": "s", "limit": limit}
    print(json.dumps(told | {"holds": value <= limit}), flush=True)


def processor_time(words: list[str], compiled: str) -> float:
    """Of a command line, in seconds: the least of a few, as others use the machine too. `compiled`: a folder for the
    modules' bytecode, which an installation has from its beginning and a checkout from the second command on."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "asid", *words]
    found = []
    for _ in range(1 + TIMES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=env | {"PYTHONPYCACHEPREFIX": compiled}, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found[1:])


def main() -> None:
    with tempfile.TemporaryDirectory() as compiled:
        for words, limit in LOOKS.items():
            if words != "status":
                say(f"processor time of asid {words}", processor_time([words], compiled), limit)
            elif len(sys.argv) > 1:
                say("processor time of asid status", processor_time([words, sys.argv[1]], compiled), limit)
    with tempfile.TemporaryDirectory() as name, world(Path(name)) as made:
        folder = Path(name)
        print("| command | exit | s | it says | run folder |\n|---|---|---|---|---|", file=sys.stderr)
        for start in made:
            before, began = contents(folder), time.monotonic()
            done = attempt(start, folder)
            took = time.monotonic() - began
            touched = "untouched" if contents(folder) == before else "CHANGED"
            said = (done.stdout + done.stderr).replace(name, "…").strip().split("\n")
            row = (f"`asid {' '.join(start.words)}`", done.returncode, f"{took:.1f}", said[0][:100], touched)
            print("| " + " | ".join(map(str, row)) + " |", file=sys.stderr)
            say(f"told: {start.name}", took, TOLD)


if __name__ == "__main__":
    main()
