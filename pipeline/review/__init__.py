"""`asid review`: people look at a sample of clips beside their captions, and what they say is kept and summed up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from aiohttp import web

from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.review.server import Server
from asid.pipeline.review.verdicts import Assessment, Book, latest, result, settled
from asid.pipeline.review.views import Clips, choose
from asid.pipeline.run import shards
from asid.pipeline.run.completeness import finished_shards
from asid.pipeline.run.folder import Run
from asid.pipeline.text import plural

__all__ = ["open_sample", "report", "save", "serve"]


def open_sample(run: Run, count: int, seed: int, unfinished: bool = False) -> Clips:
    """`count` of the run's kept clips. Raises RunError for a run that is not finished."""
    names = finished_shards(run, unfinished)
    videos: dict[str, str] = {}
    return Clips(run, choose(_kept(run, names, videos), count, seed), videos)


def _kept(run: Run, names: list[str], videos: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Shard and id of each kept clip; `videos` learns which video it is of."""
    step = list(run.steps)[-1]
    for shard in names:
        for row in shards.read_columns(run.storage, run.uri(step, shard), ("id", "video", "kept")):
            if row["kept"]:
                videos[row["id"]] = row["video"]
                yield shard, row["id"]


def serve(run: Run, clips: Clips, port: int, say: Callable[[str], None]) -> None:
    """Until interrupted, on loopback; port 0 takes a free one. `say` gets the address."""

    async def work() -> None:
        server = Server(run, clips)
        runner = web.AppRunner(server.app())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        say(f"http://127.0.0.1:{runner.addresses[0][1]}/?token={server.token}")
        try:
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    asyncio.run(work())


def report(run: Run) -> Iterator[str]:
    """What the verdicts say so far, line by line."""
    videos: dict[str, str] = {}
    for _ in _kept(run, finished_shards(run, anyway=True), videos):
        pass
    found: Assessment = result(Book(run.storage).read(), videos)
    yield (f"{found.reliable} of {found.judged} clips are reliable: {found.share:.1%}, "
           f"between {found.low:.1%} and {found.high:.1%} (Wilson, 95 %)")  # fmt: skip
    if found.videos < found.judged or found.disputed:
        yield f"  clips of {found.videos} videos; the interval allows for clips of one video, and for disputed ones"
    for name, count in found.findings.items():
        yield f"  {name}: {count}"
    for names, (count, share, kappa) in found.agreement.items():
        beyond = "" if kappa is None else f", kappa {kappa:.2f}"
        yield f"{names} agree on {share:.1%} of {plural(count, 'clip')}{beyond}"
    if found.alpha is not None:
        yield f"{len(found.reviewers)} reviewers together: Krippendorff's alpha {found.alpha:.2f}"
    if found.unmeasured:
        yield found.unmeasured
    if found.disputed:
        clips = plural(len(found.disputed), "clip")
        yield f"{clips} disputed, waiting for a decision: {', '.join(found.disputed[:10])}"
    if found.deviations:
        yield (f"{plural(len(found.deviations), 'anchor')} marked: median deviation {found.median_deviation:.2f} s, "
               f"{found.near:.1%} within 2 s")  # fmt: skip


def save(run: Run, clips: Clips, folder: Path) -> tuple[int, int]:
    """Write corrected captions of the sample as rows (`corrected.jsonl`) and as preference pairs (`preferences.jsonl`:
    the correction is preferred to what the pipeline wrote). Gives the number of each."""
    wordings = Wordings(run.prompts)
    rows, pairs = [], []
    for clip, given in sorted(latest(Book(run.storage).read()).items()):
        rewritten = [
            verdict for verdict in sorted(given.values(), key=lambda verdict: verdict.at) if verdict.correction
        ]
        if clip not in clips.shards or not rewritten:
            continue
        final = settled(given.values())
        chosen = final if final and final.correction else rewritten[-1]
        row = clips.get(clip)
        if chosen.correction == row.caption:
            continue
        rows.append({"id": clip, "caption": chosen.correction, "reviewer": chosen.reviewer, "was": row.caption})
        asked = {"role": "user", "content": wordings.ask(clip)}
        pairs.append({
            "id": clip, "video": row.uri.removeprefix("run:"), "prompt": [asked],
            "chosen": [{"role": "assistant", "content": chosen.correction}],
            "rejected": [{"role": "assistant", "content": row.caption}],
        })  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("corrected.jsonl", rows), ("preferences.jsonl", pairs)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / name).write_text(text, "utf-8")
    return len(rows), len(pairs)
