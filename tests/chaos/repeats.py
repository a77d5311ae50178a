"""Work the same inputs again and again beside other work, and see that all runs have the same tables.

    python -m tests.chaos.repeats VIDEOS… --times 10 --load 2

`--load`: processes that encode pictures all the while. Prints the seconds of each run and, at the end, for each step
how many different digests there were: one is right. Exits 1 when there are more.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from asid.pipeline.run.folder import Run
from tests.chaos.kills import start, tables

ENDLESS = ["nice", "-n", "5", "ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=1280x720",
           "-threads", "1", "-f", "null", "-"]  # fmt: skip


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    others = [subprocess.Popen(ENDLESS, stdin=subprocess.DEVNULL) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("what", nargs="+", help="inputs, or a manifest")
    options.add_argument("--times", type=int, default=10)
    options.add_argument("--load", type=int, default=2)
    given = options.parse_args()
    seen: dict[tuple[str, str], set[object]] = defaultdict(set)
    with tempfile.TemporaryDirectory(prefix="t") as folder, busy(given.load):
        for number in range(given.times):
            root, began = Path(folder) / str(number), time.monotonic()
            if start(given.what, root).wait() != 0:
                print(f"run {number} failed")
                return 1
            for key, value in tables(root).items():
                seen[key].add(value)
            print(f"run {number}: {time.monotonic() - began:.0f} s", flush=True)
        steps = list(Run.open(Path(folder) / "0").steps)
    worst = {step: max(len(values) for (name, _), values in seen.items() if name == step) for step in steps}
    for step, count in worst.items():
        print(f"{step:20} {count} different tables in {given.times} runs")
    return 0 if set(worst.values()) == {1} else 1


if __name__ == "__main__":
    sys.exit(main())
