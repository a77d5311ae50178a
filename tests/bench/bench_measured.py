"""Fig. 3 measured, and an auditor's power found, by the commands on a real run. One JSON line for each figure.

    python -m tests.bench.bench_measured [--clips FOLDER] [--videos 8]      # about five minutes on two cores

A run on test clips is split, heard and cut for real; its captions are written by a scripted model on loopback that puts
an error of its own into six drafts of ten, takes a third of them out when it verifies, and another third when it
refines, where it claims to have taken out all. `asid audit` asks another scripted model, of known power: it finds an
error that is there 85 times in 100, and objects to 3 of 100 captions that are right. The rates that
follow from that, and from the errors that truly stand in the rows, have to lie within the measured intervals.
`asid power` plants errors in the same captions, and has to find an auditor's power within its interval; that is done
once by the command, and with a hundred seeds by the code under it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from ruamel.yaml import YAML

from asid.pipeline.asking.answers import Findings
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.auditing.measuring import POINTS, Measured, RateInterval, caption_at
from asid.pipeline.auditing.planting import FAULTS, VARIANTS, Plant
from asid.pipeline.auditing.power import EVERY, Power, planted, power
from asid.pipeline.captions import latest
from asid.pipeline.figures import gather
from asid.pipeline.rows import Error, Refined
from asid.pipeline.run.folder import Run
from tests.finished import CLIPS
from tests.servers.llm import Behaviour, LlmServer

ERROR = "A purple elephant waits in a corner."
FINDS, OBJECTS = 0.85, 0.03  # of a question about a caption with the error, and about one without
POWER = 0.7, 0.1  # of planted errors and of true rewordings
EACH, SEED = 12, 5
CLEAN: dict[str, Any] = {"errors": [], "missing": [], "expressiveness": []}
EVIDENCE = re.compile(r'<evidence kind="([\w ]+)">\n(.*?)\n</evidence>', re.DOTALL)
ASPECT = re.compile(r"The aspect that you audit: (\w+)")
MISSED: list[str] = []


def tell(figure: str, value: float, unit: str, holds: bool, limit: float | None = None, **more: Any) -> None:
    line = {"bench": "measured", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds} | more), flush=True)
    if not holds:
        MISSED.append(figure)


def beside(figure: str, rate: RateInterval, truth: float, **more: Any) -> None:
    """A measured rate, which holds where the truth lies within its interval."""
    interval = [round(rate.low, 4), round(rate.high, 4)]
    holds = rate.low <= truth <= rate.high
    tell(figure, rate.value, "share", holds, round(truth, 4), interval=interval, of=rate.trials, **more)


class Writer:
    """Answers as editor and as auditor, by what a prompt shows and a schema asks for."""

    def __init__(self) -> None:
        self.plants: dict[str, Plant] = {}  # by the caption they stand in, once power is measured

    def __call__(self, prompt: str, schema: dict[str, Any] | None) -> str:
        shown: dict[str, str] = {}
        for kind, text in EVIDENCE.findall(prompt):
            shown.setdefault(kind, text)
        names = (schema or {}).get("properties", {})
        if "errors" in names:
            return json.dumps(self.audit(prompt, shown["caption"]))
        if not names:
            told = shown["description 1"]
            return f"{told} {ERROR}" if chance(told, "draft") < 0.6 else told
        if "improved_caption" in names:
            return json.dumps(self.refine(shown["caption"]))
        if "scene" in names:
            parts = dict.fromkeys(ATTRIBUTES, "") | {"narrative": without(shown["caption"])}
            return json.dumps(parts | {"objects": ERROR if ERROR in shown["caption"] else ""})
        kept = shown["caption"] if chance(shown["caption"], "verify") < 2 / 3 else without(shown["caption"])
        return json.dumps(dict.fromkeys(names, "") | {"caption": kept})

    def audit(self, prompt: str, caption: str) -> dict[str, Any]:
        attribute = ASPECT.search(prompt)[1]  # type: ignore[index]
        if plant := self.plants.get(caption):
            hit = chance(caption, "power") < POWER[not plant.expects]
            return CLEAN | {"errors": [{"snippet": plant.snippet, "why": "wrong"}]} if hit else CLEAN
        there = attribute == "objects" and ERROR in caption
        if chance(caption, f"audit {attribute}") < (FINDS if there else OBJECTS / len(ATTRIBUTES)):
            return CLEAN | {"errors": [{"snippet": ERROR if there else caption[:40], "why": "wrong"}]}
        return CLEAN

    def refine(self, caption: str) -> dict[str, Any]:
        done = caption if chance(caption, "refine") < 0.5 else without(caption)
        lists = {"filled_missing": [], "dropped_forbidden": [], "timestamp_adjustments": []}
        return {"improved_caption": done, "enhance_summary": lists | {"fixed_errors": ["there is no elephant"]}}


def chance(text: str, about: str) -> float:
    return Random(f"{about}/{text}").random()


def without(caption: str) -> str:
    return caption.replace(ERROR, "").strip()


def manifest(folder: Path, clips: Sequence[Path], url: str) -> Path:
    """A recipe of real stages up to the cut, with the embedded listener's account; the server writes the rest."""
    common = {"provider": "openai", "base_url": f"{url}/v1", "model": "tiny", "timeout": 120.0}
    asking = {"model": "editor", "reasks": 0}
    recipe = [
        {"stage": "ingest", "shard_minutes": 2}, {"stage": "split"}, {"stage": "transcribe", "weights": "tiny.en"},
        {"stage": "cut", "min_seconds": 3, "target_seconds": 5, "max_seconds": 8},
        {"stage": "caption", "name": "sound", "model": "sound"},
        *({"stage": name, **asking, "fails": []} for name in ("ensemble", "verify", "decompose")),
        {"stage": "audit", **asking, "model": "auditor", "sees": []}, {"stage": "refine", **asking, "fails": []},
        {"stage": "format"},
        {"stage": "filter", "min_words": 1, "max_unfixed_errors": 0, "drop_problems": [], "quote_exact": 0.0,
         "min_quotes_found": 0.0},
    ]  # fmt: skip
    models = {"editor": common, "auditor": common, "sound": {"provider": "embedded", "model": "sound"}}
    file = folder / "measured.yaml"
    inputs = [{"path": str(clip.resolve())} for clip in clips]
    with file.open("w") as sink:
        YAML().dump({"inputs": inputs, "models": models, "recipe": recipe}, sink)
    return file


def command(*words: object) -> str:
    done = subprocess.run([sys.executable, "-m", "asid", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"asid {words[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def bars(run: Run, found: Sequence[Measured]) -> None:
    """Each measured No-Error rate beside the one that follows from what stands in the rows and the auditor's power."""
    rows: list[Any] = list(run.all_rows(list(run.steps)[-1]))
    for one in found:
        texts = [text for row in rows if (text := caption_at(row, one.point))]
        wrong = sum(ERROR in text for text in texts) / max(1, len(texts))
        expected = wrong * (1 - FINDS) * (1 - OBJECTS) + (1 - wrong) * (1 - OBJECTS)
        beside(f"No-Error, {one.point}, measured", one.no_error, expected, with_errors=round(wrong, 4))
    for point in gather(run).quality:
        if point.how == "claimed":
            tell(
                f"No-Error, {point.label}, as the refiner claims",
                point.rates()["No-Error"],
                "share",
                True,
                of=point.clips,
            )


def known_power(found: Sequence[Power]) -> None:
    for one in found:
        if one.kind in EVERY.values():
            beside(f"power by the command, {one.kind}", one.hit, POWER[not one.fault])


async def recovered(clips: list[tuple[Any, str]], seeds: int) -> dict[bool, int]:
    """In how many seeds the true power lies within the interval; plants and auditor are drawn anew for each."""
    held = {True: 0, False: 0}
    for seed in range(seeds):
        plants = planted(clips, [*FAULTS, *VARIANTS], seed, EACH)
        by_caption = {one.plant.caption: one.plant for one in plants}

        async def find(_: Any, attribute: str, caption: str, seed: int = seed, known: Any = by_caption) -> Findings:
            plant = known[caption]
            hit = chance(caption, f"seed {seed}") < POWER[not plant.expects]
            errors = [Error(snippet=plant.snippet, why="wrong")] if hit else []
            return Findings(errors=errors, missing=[], expressiveness=[])

        for one in await power("reader", find, plants):
            if one.kind in EVERY.values():
                held[one.fault] += one.hit.low <= POWER[not one.fault] <= one.hit.high
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--videos", type=int, default=8)
    options = parser.parse_args()
    spoken = [path for path in sorted(options.clips.glob("*/*.mp4")) if path.with_suffix(".srt").exists()]
    if not spoken:
        parser.error(f"there are no clips with subtitles in {options.clips}: name their folder with --clips")
    writer = Writer()
    with (
        tempfile.TemporaryDirectory(prefix="r") as name,
        LlmServer(Behaviour(answer=writer), keep_bodies=False) as server,
    ):
        folder = Path(name)
        place = folder / "run"
        command("run", manifest(folder, spoken[: options.videos], server.url), "--run", place)
        run = Run.open(str(place))
        audited = ("audit", place, "--model", "auditor", "--at", ",".join(POINTS), "--sample", 500, "--json")
        bars(run, [Measured.model_validate_json(line) for line in command(*audited).splitlines()])
        rows: list[Any] = list(run.all_rows(list(run.steps)[-1]))
        clips = [(row, text) for row in rows if isinstance(row, Refined) and (text := latest.caption(row))]
        writer.plants = {one.plant.caption: one.plant for one in planted(clips, [*FAULTS, *VARIANTS], SEED, EACH)}
        asked = ("power", place, "--model", "auditor", "--each", EACH, "--seed", SEED, "--json")
        known_power([Power.model_validate_json(line) for line in command(*asked).splitlines()])
        command("report", place, "--out", folder / "report.html")
        for fault, held in asyncio.run(recovered(clips, 100)).items():
            tell(f"power recovered, {EVERY[fault]}", held, "of 100 seeds", held >= 95, 95)
    return 1 if MISSED else 0


if __name__ == "__main__":
    raise SystemExit(main())
