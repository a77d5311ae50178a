"""Damage a finished run at random places, take it up again each time, and hold what comes of it against the whole run.

    python -m tests.chaos.damage --places 50 --seed 1

A bit is flipped, or a file cut short or removed: shards, failures, stored answers, and whatever else lies there.
Where an answer is damaged, the shard that was made of it goes too, so that it is read. Prints a line for each place:
what was done, what was said, how many calls were made, how it ended. Right endings are the same tables as before, or a
refusal in one sentence that changes nothing. Exits 1 when there is another one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import ray
from aiohttp import web
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.errors import UserError
from asid.pipeline.run.folder import Run
from tests import paid
from tests.servers.llm import Behaviour, LlmServer

CLIPS, IN_SHARD, FLAGGED = 6, 3, "line 24 "  # the clip that a server refuses: there are failures to damage
REFUSED, CRASHED = 2, 70  # exit codes
KINDS = {"shard": 18, "failures": 8, "answers": 16, "other": 8}  # how often each is hit, of 50


def flip(file: Path, chance: random.Random) -> str:
    data = bytearray(file.read_bytes())
    place = chance.randrange(8 * len(data))
    data[place // 8] ^= 1 << place % 8
    file.write_bytes(data)
    return f"bit {place} of {8 * len(data)} flipped"


def shorten(file: Path, chance: random.Random) -> str:
    size = file.stat().st_size
    left = chance.randrange(size)
    os.truncate(file, left)
    return f"cut to {left} of {size} bytes"


def remove(file: Path, _: random.Random) -> str:
    file.unlink()
    return "removed"


WAYS = (flip, shorten, remove)


def kind_of(file: Path, root: Path) -> str:
    parts = file.relative_to(root).parts
    if "answers" in parts:
        return "answers"
    if "failures" in parts:
        return "failures"
    return "shard" if len(parts) == 2 and parts[1].removesuffix(".parquet").isdigit() else "other"


def tables(root: Path) -> dict[tuple[str, str], Any]:
    """All rows, and all failures, of a run."""
    run = Run.open(root)
    keys = [(step, shard) for step in run.steps for shard in run.survey().names(step)]
    return {key: (run.rows(*key), run.failures(*key)) for key in keys}


def files(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def asid_run(root: Path) -> tuple[int, str]:
    """Exit code and all that was said, as `asid.pipeline.cli.main` gives them."""
    done = CliRunner().invoke(app, ["run", "--run", str(root)])
    if isinstance(done.exception, (UserError, OSError)):
        return REFUSED, done.output + str(done.exception)
    crash = done.exception is not None and not isinstance(done.exception, SystemExit)
    return (CRASHED if crash else done.exit_code), done.output + (f"Traceback {done.exception!r}" if crash else "")


def telling(output: str) -> str:
    """The lines that say what was found, without the rest."""
    words = (
        "Traceback",
        "damaged",
        "gone",
        "asked again",
        "run.json",
        "manifest.yaml",
        "stopped",
        "Error",
        "not a run",
    )
    lines = [line.strip() for line in output.splitlines() if any(word in line for word in words)]
    return " | ".join(dict.fromkeys(lines))[:160]


def work(root: Path, whole: Path, chance: random.Random, kind: str, server: LlmServer) -> tuple[str, bool]:
    """One place: damage, go on, compare. Gives a line of the table, and whether the ending was right."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(whole, root)
    found = sorted(file for file in root.rglob("*") if file.is_file() and file.stat().st_size)
    file = chance.choice([one for one in found if kind_of(one, root) == kind])
    did = chance.choice(WAYS)(file, chance)
    if kind == "answers":
        for shard in (root / file.relative_to(root).parts[0]).glob("*.parquet"):
            shard.unlink()
    before, calls = files(root), server.seen.calls
    code, output = asid_run(root)
    calls = server.seen.calls - calls
    if code == REFUSED:
        after = files(root)
        ending, right = "refused, nothing changed", before == {name: after.get(name) for name in before}
    elif code == CRASHED:
        ending, right = "CRASH", False
    else:
        same = tables(root) == tables(whole)
        ending, right = ("tables the same" if same else f"DIFFERENT, exit {code}"), same and code == 0
    name = str(file.relative_to(root))
    return f"{kind:8}  {name[:44]:44}  {did:34}  {calls:3} calls  {ending:26} {telling(output)}", right


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--places", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    chance = random.Random(given.seed)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    os.environ[paid.KEY] = "very-secret-0123456789"
    server = LlmServer(Behaviour(answer=paid.answer))
    chat = server._chat

    async def door(request: web.Request) -> web.StreamResponse:
        if FLAGGED in await request.text():
            error = {"message": "no", "code": "data_inspection_failed", "type": "x"}
            return web.json_response({"error": error}, status=400)
        return await chat(request)

    server._chat = door  # type: ignore[method-assign]
    endings = Counter[bool]()
    with tempfile.TemporaryDirectory(prefix="d") as folder, server:
        ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
                 object_store_memory=100 << 20, _temp_dir=f"{folder}/r")  # fmt: skip
        place = Path(folder)
        source = paid.clips(place / "in", CLIPS)
        job = paid.Job(place, source, server.url, attributes=("scene",), shard_rows=IN_SHARD)
        first = CliRunner().invoke(app, ["run", str(job.write()), "--run", str(place / "whole")])
        assert first.exit_code == 0, first.output
        kinds = [kind for kind, often in KINDS.items() for _ in range(often)]
        for number in range(given.places):
            line, right = work(place / "torn", place / "whole", chance, kinds[number * 7 % len(kinds)], server)
            print(f"{number:2} {'right' if right else 'WRONG'} {line}", flush=True)
            endings[right] += 1
        ray.shutdown()
    print(f"{endings[True]} of {given.places} right")
    return 0 if endings[True] == given.places else 1


if __name__ == "__main__":
    sys.exit(main())
