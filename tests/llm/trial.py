"""Three clips through the stages that write, with whatever model is given: what it broke, and what became of it.

    python -m tests.llm.trial URL [--minutes 40] [--out FOLDER]      # one JSON line for each figure

The rows come from the truth of three test clips: lines, shots and legible texts as they are, accounts as annotators
would write them. Every raw answer is written to `answers.jsonl`, the rows to `rows.jsonl`: from these two, tests do it
all again without a model.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asid.pipeline.captions import latest
from asid.pipeline.captions.checks import examine
from asid.pipeline.captions.grounds import grounds
from asid.pipeline.clips.quality import QualityLimits, reasons
from asid.pipeline.models.base import Model, Request, Response
from asid.pipeline.models.config import ModelConfig
from asid.pipeline.models.factory import open_model
from asid.pipeline.models.layers.replay import AnswerStore, current_store
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Audited, Captioned, Drafted
from asid.pipeline.stage import Context, Stage, Unprocessable
from asid.pipeline.storage import Storage
from asid.stages.audit import Auditor
from asid.stages.decompose import Decompose
from asid.stages.ensemble import Ensemble
from asid.stages.format import FormatConfig, format_clip
from asid.stages.refine import Refine
from asid.stages.verify import Verify

CLIPS = ("synth_single_109", "synth_talk_101", "synth_crosscut_102")
ASPECTS = ("speech", "objects")  # that are audited
CHAIN: tuple[tuple[type[Stage[Any, Any, Any]], dict[str, Any]], ...] = (
    (Ensemble, {}), (Verify, {}), (Decompose, {}), (Auditor, {"sees": [], "attributes": ASPECTS}), (Refine, {}),
)  # fmt: skip


@dataclass
class Recording:
    """A model whose answers are noted as they come."""

    model: Model
    note: Callable[[dict[str, Any]], None]
    reads_facts: bool = False

    async def generate(self, request: Request) -> Response:
        began = time.monotonic()
        response = await self.model.generate(request)
        self.note({"clip": request.row, "task": request.task, "attribute": request.attribute, "text": response.text,
                   "finish": response.finish, "seconds": round(time.monotonic() - began, 1)})  # fmt: skip
        return response

    async def close(self) -> None:
        await self.model.close()


@dataclass
class Outcome:
    """What became of one clip: `ended` says where and why it failed, or what the filter said of it."""

    clip: str
    asked: Counter[str] = field(default_factory=Counter)  # calls of each stage, and rows that they are for
    ended: str = ""
    marks: Counter[str] = field(default_factory=Counter)
    mended: int = 0
    found: Counter[str] = field(default_factory=Counter)  # problems of the finished caption
    findings: int = 0  # of the audits


async def through(row: Captioned, model: Model, folder: Path) -> Outcome:
    """One clip through the chain, format and the filter's own limits. Raises what is no failure of the row alone."""
    done = Outcome(row.id)
    now: Any = row
    for kind, settings in CHAIN:
        config = kind.types()[2].model_validate({"model": "weak", "reasks": 2, **settings})
        stage = kind(config, Context(Storage(folder), Prompts(), {"weak": model}))
        stage.open()
        try:
            now = await stage.process(now)
        except Unprocessable as error:
            done.ended = f"failed at {kind.name}: {error.kind}"
            break
    else:
        now = format_clip(now, FormatConfig())
        why = reasons(now, QualityLimits())
        done.ended = "dropped: " + ", ".join(reason.rule for reason in why) if why else "kept"
        done.mended = len(now.mends)
    if isinstance(now, Drafted):
        done.marks = Counter(f"{mark.stage} {mark.kind}" for mark in now.marks)
        done.found = Counter(problem.kind for problem in examine(latest.caption(now), grounds(now)))
    if isinstance(now, Audited):
        done.findings = sum(len(audit.errors) + len(audit.missing) for audit in now.audits)
    return done


def rows(folder: Path) -> list[Captioned]:
    """The three clips, as annotators left them."""
    from tests.bench.bench_ignored import captioned
    from tests.finished import CLIPS as TEST_CLIPS
    from tests.finished import strong, truths

    found = {truth["file"].split(".")[0]: truth for truth in truths(TEST_CLIPS)}
    made = []
    for name in CLIPS:
        row = captioned(strong(found[name], 7), folder)
        made.append(row.model_copy(update={"id": name, "video": name}))
    return made


def figures(outcomes: Sequence[Outcome], calls: Sequence[dict[str, Any]]) -> None:
    asked = Counter(call["task"] for call in calls)
    questions = Counter({(call["clip"], call["task"], call["attribute"]): 1 for call in calls})
    first = Counter(task for _, task, _ in questions)
    for task in asked:
        tell(f"{task}: asked again", asked[task] - first[task], "calls", of=first[task])
    for one in outcomes:
        tell(f"{one.clip}: {one.ended}", len(one.found), "kinds of problem left", marks=dict(one.marks),
             left=dict(one.found), mends=one.mended, findings=one.findings)  # fmt: skip


def tell(figure: str, value: float, unit: str, **more: Any) -> None:
    line = {"bench": "llm", "figure": figure, "value": value, "unit": unit, "limit": None, "holds": None}
    print(json.dumps(line | more), flush=True)


async def trial(url: str, out: Path, minutes: float) -> None:
    calls: list[dict[str, Any]] = []
    ends = time.monotonic() + 60 * minutes
    with (out / "answers.jsonl").open("w") as sink, tempfile.TemporaryDirectory(prefix="r") as name:
        folder = Path(name)

        def note(call: dict[str, Any]) -> None:
            calls.append(call)
            sink.write(json.dumps(call, ensure_ascii=False) + "\n")
            sink.flush()

        clips = rows(folder)
        (out / "rows.jsonl").write_text("".join(row.model_dump_json() + "\n" for row in clips))
        config = ModelConfig.model_validate(
            {"provider": "openai", "base_url": f"{url}/v1", "model": "weak", "timeout": 900.0, "deadline": 1800.0,
             "limits": {"concurrency": 1}, "settings": {"temperature": 0.2, "max_tokens": 700}}
        )  # fmt: skip
        store = AnswerStore(Storage(folder), "run:answers", "weak")
        current_store.set(store)
        model = Recording(open_model("weak", config, Storage(folder)), note)
        outcomes = []
        for row in clips:
            if time.monotonic() > ends:
                tell(f"{row.id}: not tried, the time is over", 0, "clips")
                break
            outcomes.append(await through(row, model, folder))
            figures(outcomes[-1:], [call for call in calls if call["clip"] == row.id])
        await store.close()
        await model.close()
    print("--- together")
    figures(outcomes, calls)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--minutes", type=float, default=40, help="after which no further clip is begun")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "asid-llm")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    asyncio.run(trial(options.url, options.out, options.minutes))
