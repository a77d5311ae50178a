"""Whether `asid diff` finds every planted change with its clip, attribute and cause, and in how much memory.

    python -m tests.bench.bench_diff               # 500 changes in 1,500 clips; 100,000 rows: about three minutes
    python -m tests.bench.bench_diff --full        # and 1,000,000 rows

Both runs are written as a recipe of the product's own stages would leave them. Seven causes are planted, each at
another stage. Prints one JSON line for each figure; exits with 1 when one misses its limit.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.rows import (
    Answered,
    AttributeCaptions,
    Audit,
    Candidate,
    Clip,
    Row,
    Shot,
    Utterance,
    Video,
    grow,
)
from asid.pipeline.run import shards
from asid.pipeline.run.diff import diff
from asid.pipeline.run.folder import Run
from asid.pipeline.run.shards import Footer
from asid.pipeline.schema import schema
from tests import paid

MISSED: list[str] = []
CAUSES = ("input", "clip", "setting", "prompt", "model", "VERIFY list", "answer")
PLACES = {"input": "ingest", "clip": "cut", "setting": "ensemble", "prompt": "verify", "model": "decompose",
          "VERIFY list": "audit", "answer": "refine"}  # fmt: skip
VERIFIED = ("camera", "speech")  # attributes whose VERIFY list is another one in the second run
BY = Answered(model="tiny", provider="openai", prompt="p")


def show(figure: str, value: float, unit: str, least: float | None = None, most: float | None = None) -> None:
    limit = least if least is not None else most
    holds = (least is None or value >= least) and (most is None or value <= most)
    line = {"bench": "diff", "figure": figure, "value": round(value, 4), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds if limit is not None else None}), flush=True)
    if not holds:
        MISSED.append(figure)


def opened(folder: Path, name: str, second: bool) -> Run:
    place = folder / name
    place.mkdir()
    settings = ["recipe.ensemble.settings={temperature: 0.7}"] if second else []
    if second:
        prompts = paid.other_prompts(place / "prompts", VERIFIED[0], "whether the horizon is level")
        paid_prompts(prompts, VERIFIED[1])
        settings.append(f"prompts={prompts}")
    job = paid.Job(place, folder, "http://127.0.0.1:1")
    run = Run(place / "run", manifests.load(job.write(), settings))
    run.freeze()
    return run


def paid_prompts(folder: Path, attribute: str) -> None:
    """Another point in the VERIFY list of a second attribute."""
    from ruamel.yaml import YAML

    yaml, file = YAML(), folder / "attributes.yaml"
    entries = yaml.load(file)
    entries[attribute]["verify"].append("whether the words are those of the transcript")
    with file.open("w") as sink:
        yaml.dump(entries, sink)


def rows(number: int, cause: str, attribute: str, run: Run) -> dict[str, Row]:
    """A clip's row after each step; with a `cause`, as it is after that change."""
    mark = f" {cause}" if cause else ""

    def at(step: str) -> str:
        """What differs from this step on."""
        order = list(PLACES.values())
        return mark if cause and order.index(PLACES[cause]) <= order.index(step) else ""

    video = Video(
        id=f"{number:016x}", uri="file:///v", name=f"v{number}", sha256=f"{number:064x}", size=1, duration=4.0,
        width=32, height=32, fps=5.0, video_codec="x", audio_codec="", audio_streams=0, licence=at("ingest"), source="",
        tags={}, duplicates=(),
    )  # fmt: skip
    said = Utterance(start=0.5, end=2.0, speaker="S1", text=f"line {number}{at('cut')}", words=(), overlap=False)
    clip = Clip(
        id=f"{video.id}-00000000-00004000", video=video.id, uri="run:x", sha256=video.sha256, offset=0.0,
        source_uri="", source_start=0.0, source_end=4.0, name=video.name, duration=4.0, width=32, height=32, fps=5.0,
        sound=True, licence=video.licence, source="", tags={}, language="en", language_score=1.0, utterances=(said,),
        shots=(Shot(start=0.0, end=4.0, first_frame=0, last_frame=9, opens_with="start"),), signal=(), frames=(),
        turns=(), voices=(), sounds=(), hearing="", guards=(),
    )  # fmt: skip
    whole = "cut" if cause in ("input", "clip") else "ensemble"
    candidate = Candidate(
        id=clip.id, annotator="strong", caption=f"seen {at(whole) if whole == 'cut' else ''}", facts=(), by=BY
    )
    found: dict[str, Row] = {"ingest": video, "cut": clip, "caption-strong": candidate}

    def step(name: str, before: Row, **new: Any) -> Row:
        found[name] = grow(before, run.types(name)[1], **new)
        return found[name]

    row = step("ensemble", clip, candidates=(candidate,), draft=f"draft{at('ensemble')}", draft_by=BY)
    by = BY.model_copy(update={"prompt": "q"}) if cause == "prompt" else BY
    row = step(
        "verify",
        row,
        verified=f"verified{at('verify')}",
        missing_sight="",
        missing_speech="",
        problems=(),
        verified_by=by,
    )
    by = BY.model_copy(update={"model": "other"}) if cause == "model" else BY
    texts = {name: f"{name}{at('decompose') if name == attribute or cause != 'model' else ''}" for name in ATTRIBUTES}
    row = step("decompose", row, attributes=AttributeCaptions(**texts), decomposed_by=by)
    audits = tuple(
        Audit(
            attribute=name,
            errors=(),
            missing=(),
            expressiveness=(f"e{at('audit')}",) if name == attribute else (),
            by=BY,
        )
        for name in ATTRIBUTES
    )
    row = step("audit", row, audits=audits)
    captions = {name: f"refined {name}{at('refine') if name == attribute else ''}" for name in ATTRIBUTES}
    whole_caption = " ".join(captions.values())
    row = step("refine", row, caption=whole_caption, captions=AttributeCaptions(**captions), edits=())
    row = step("format", row, caption=whole_caption, mends=(), quotes=(), remaining=())
    step("filter", row, kept=True, reasons=(), completeness=0)
    return found


def write(run: Run, made: list[dict[str, Row]], size: int) -> None:
    for number in range(0, len(made), size):
        for name in run.steps:
            batch = [rows_[name] for rows_ in made[number : number + size]]
            footer = Footer(fingerprint=run.fingerprints[name], digest=shards.digest(batch),
                            outcomes=[(row.id, 1) for row in batch], rows=len(batch))  # fmt: skip
            shards.write(run.storage, run.uri(name, f"{number // size:05d}"), run.types(name)[1], batch, footer)


def planted(folder: Path, clips: int, changes: int) -> None:
    one, two = opened(folder, "one", second=False), opened(folder, "two", second=True)
    chance = random.Random(5)
    expected: dict[str, tuple[str, str, str]] = {}
    plan: dict[int, tuple[str, str]] = {}
    for at, number in enumerate(chance.sample(range(clips), changes)):
        cause = CAUSES[at % len(CAUSES)]
        attribute = chance.choice(VERIFIED if cause == "VERIFY list" else ATTRIBUTES)
        if cause == "answer" and attribute in VERIFIED:
            attribute = "scene"
        plan[number] = (cause, attribute)
    before = [rows(number, "", plan.get(number, ("", "scene"))[1], one) for number in range(clips)]
    after = [rows(number, *plan.get(number, ("", "scene")), two) for number in range(clips)]
    for number, (cause, attribute) in plan.items():
        expected[before[number]["cut"].id] = (PLACES[cause], attribute, cause)
    write(one, before, 100)
    write(two, after, 100)
    began = time.monotonic()
    found = {change.clip: (change.stage, change.attribute, " and ".join(change.causes)) for change in diff(one, two)}
    show("changes found", len(found), "changes", least=changes, most=changes)
    right = sum(found.get(clip) == told for clip, told in expected.items())
    show("with the right stage, attribute and cause", right, "changes", least=changes)
    show("time for them", time.monotonic() - began, "s")
    for clip, told in expected.items():
        if found.get(clip) != told and len(MISSED) < 4:
            print(clip, told, found.get(clip), file=sys.stderr)


def many(folder: Path, count: int) -> None:
    """Rows of the last step alone, all shards different, 500 captions changed; the diff in a process of its own."""
    one, two = opened(folder, "big-one", second=False), opened(folder, "big-two", second=False)
    last = list(one.steps)[-1]
    kind = one.types(last)[1]
    first = rows(0, "", "scene", one)["filter"]
    table = pa.Table.from_pylist([json_row(first)], schema=schema(kind))
    size, chance = 2000, random.Random(1)
    changed = set(chance.sample(range(count), 500))
    for run, suffix in ((one, ""), (two, " changed")):
        for number in range(0, count, size):
            here = range(number, number + size)
            columns = {name: pa.repeat(table[name][0], size) for name in table.column_names}
            columns["id"] = pa.array([f"{at:016x}-00000000-00004000" for at in here])
            texts = (f"clip {at}{suffix if at in changed else ''}" for at in here)
            columns["caption"] = pa.array([text + " word" * 150 for text in texts])
            arrays = [pa.array(columns[field.name]).cast(field.type) for field in table.schema]
            whole = pa.Table.from_arrays(arrays, schema=table.schema)
            footer = Footer(fingerprint="f", digest=f"{suffix}{number}", rows=size)
            place = Path(run.storage.root.removeprefix("file://")) / last / f"{number // size:05d}.parquet"
            place.parent.mkdir(exist_ok=True)
            pq.write_table(whole.replace_schema_metadata({b"asid": footer.model_dump_json().encode()}), place)
    began = time.monotonic()
    words = [sys.executable, "-m", "tests.bench.bench_diff", "--count", one.storage.root, two.storage.root]
    done = json.loads(subprocess.run(words, check=True, capture_output=True, text=True, timeout=3000).stdout)
    show(f"changes found among {count} rows", done["changes"], "changes", least=500, most=500)
    show(f"memory for {count} rows", done["mib"], "MiB", most=1024)
    show(f"time for {count} rows", time.monotonic() - began, "s")


def json_row(row: Row) -> dict[str, Any]:
    plain: dict[str, Any] = shards._plain(row.model_dump())
    return plain | {"tags": []}


def count_changes(one: str, two: str) -> None:
    found = sum(1 for _ in diff(Run.open(one), Run.open(two)))
    print(json.dumps({"changes": found, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main(words: list[str]) -> int:
    if words[:1] == ["--count"]:
        count_changes(*words[1:])
        return 0
    with tempfile.TemporaryDirectory(prefix="r") as folder:
        planted(Path(folder), 1500, 500)
        many(Path(folder), 1_000_000 if "--full" in words else 100_000)
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
