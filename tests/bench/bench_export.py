"""How fast a large run is exported, and in how much memory, against pyarrow reading and writing the same bytes.

    python -m tests.bench.bench_export [ROWS] [--keep DIR]

The baseline reads the same columns of the same shards into Arrow and writes the bytes of the finished export to another
file: what no exporter can do without. Only columns that an export reads are of realistic size. JSON lines on standard
output.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.dataset.export import Settings, export
from asid.pipeline.dataset.export.items import COLUMNS
from asid.pipeline.rows import AttributeCaptions, Judged, Video
from asid.pipeline.run import shards
from asid.pipeline.run.folder import Run
from asid.pipeline.run.shards import Footer
from asid.pipeline.storage import to_path
from tests import samples

SHARD_ROWS = 1000
CLIPS = 10  # of one video
LIMIT_MB = 1024.0
KINDS = {"asid-1m": ("all", "single"), "ms-swift": ("all",)}


def say(figure: str, value: float, unit: str, limit: float | None = None) -> None:
    told = {"bench": "export", "figure": figure, "value": round(value, 3), "unit": unit, "limit": limit}
    print(json.dumps(told), flush=True)


def text(words: int, seed: random.Random) -> str:
    return " ".join("".join(seed.choices("abcdefghijklmnopqrstuvwxyz", k=seed.randint(2, 9))) for _ in range(words))


def templates() -> list[Judged]:
    seed = random.Random(1)
    rows = []
    for number in range(SHARD_ROWS):
        captions = AttributeCaptions(**{name: f"At 0s, {text(45, seed)}." for name in ATTRIBUTES})
        rows.append(samples.judged(samples.video(number), 0, id=str(number), caption=f"At 0s, {text(230, seed)}.",
                                   captions=captions, candidates=(), draft="", verified="", kept=True))  # fmt: skip
    return rows


def make(folder: Path, rows: int) -> Run:
    """A run of `rows` judged clips, written without going through pydantic again for every shard."""
    run = Run(folder, samples.manifest(folder.parent / "source"))
    run.freeze()
    found = templates()
    table = pa.Table.from_batches(pq.read_table(pa.BufferReader(
        shards.encode(samples.FINISHED, found, Footer(fingerprint="", digest="")))).to_batches())  # fmt: skip
    total = rows // SHARD_ROWS
    for number in range(total):
        shard = f"{number:05d}"
        videos = [samples.video(number * SHARD_ROWS + n) for n in range(1)]
        first = Footer(fingerprint=run.fingerprints["ingest"], digest=shard, outcomes=[(videos[0].id, 1)], rows=1,
                       total=total)  # fmt: skip
        shards.write(run.storage, run.uri("ingest", shard), Video, videos, first)
        names = [f"{(number * SHARD_ROWS + n) // CLIPS:016x}" for n in range(SHARD_ROWS)]
        ids = [f"{name}-{n:07d}-{n + 1:07d}" for n, name in enumerate(names)]
        here = table.set_column(table.schema.get_field_index("id"), table.schema.field("id"), pa.array(ids))
        here = here.set_column(here.schema.get_field_index("video"), here.schema.field("video"), pa.array(names))
        footer = Footer(fingerprint=run.fingerprints["finish"], digest=shard, inputs={"ingest": shard},
                        outcomes=[(id, 1) for id in ids], rows=SHARD_ROWS)  # fmt: skip
        path = to_path(run.storage.resolve(run.uri("finish", shard)))
        path.parent.mkdir(exist_ok=True)
        marked = here.replace_schema_metadata({shards.FOOTER: footer.model_dump_json().encode()})
        pq.write_table(marked, path, compression="zstd", row_group_size=256)
    return run


def plain(run: Run, made: Path, target: Path) -> None:
    """Read the columns, write the bytes."""
    for file in sorted((to_path(run.storage.root) / "finish").glob("*.parquet")):
        for batch in pq.ParquetFile(file).iter_batches(columns=[*COLUMNS, "kept"]):
            assert batch.num_rows
    with pa.OSFile(str(target), "wb") as sink:
        for file in sorted(made.rglob("*.jsonl")):
            for chunk in pieces(file):
                sink.write(chunk)


def pieces(file: Path) -> Iterator[bytes]:
    with pa.OSFile(str(file)) as source:
        while chunk := source.read(1 << 20):
            yield chunk


def measured(work: Any, *arguments: Any) -> tuple[float, float, float]:
    """Seconds by the clock and of CPU that `work` takes in a process of its own, and the peak of its memory, MB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (work, arguments))


def _measure(work: Any, arguments: Any) -> tuple[float, float, float]:
    began, busy = time.perf_counter(), time.process_time()
    work(*arguments)
    wall, cpu = time.perf_counter() - began, time.process_time() - busy
    return wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_export(folder: Path, to: str, out: Path) -> None:
    export(Run.open(folder), to, out, Settings(kinds=KINDS[to]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--keep", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.keep or temporary)
        run = Run.open(folder / "run") if (folder / "run").exists() else make(folder / "run", given.rows)
        for to in KINDS:
            out = folder / to
            seconds, cpu, memory = measured(one_export, folder / "run", to, out)
            items = sum(json.loads((out / "export.json").read_text())["lines"].values())
            size = sum(file.stat().st_size for file in out.rglob("*.jsonl"))
            base, base_cpu, _ = measured(plain, run, out, folder / "plain")
            say(f"{to}_rows_per_second", given.rows / seconds, "rows/s")
            say(f"{to}_items_per_second", items / seconds, "items/s")
            say(f"{to}_megabytes_per_second", size / seconds / 1e6, "MB/s")
            say(f"{to}_memory", memory, "MB", LIMIT_MB)
            say(f"{to}_plain_pyarrow_rows_per_second", given.rows / base, "rows/s")
            say(f"{to}_times_plain", seconds / base, "x")
            say(f"{to}_cpu_rows_per_second", given.rows / cpu, "rows/s of one core")
            say(f"{to}_cpu_times_plain", cpu / base_cpu, "x")


if __name__ == "__main__":
    main()
