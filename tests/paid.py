"""A recipe whose stages ask real clients of real servers, for tests of what is paid. Clips are cheap.

A "video" is a real, tiny MP4 with a few bytes of its own after the end; `ToyCut` takes it for one clip. Everything from
`caption` on is the product's own. The servers answer as the rehearsing script does.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.models.base import Request
from asid.pipeline.models.providers import rehearsed
from asid.pipeline.prompts import shipped
from asid.pipeline.rows import Audited, Clip, Decomposed, Shot, Utterance, Video
from asid.pipeline.run.folder import Run
from asid.pipeline.stage import Stage, StageConfig
from asid.stages.audit import Auditor

KEY = "TEST_KEY"
TASKS = {
    "errors": "audit", "improved_caption": "refine", "completeness": "judge", "scene": "decompose", "caption": "verify"
}  # fmt: skip
AUDITED = re.compile(r"The aspect that you audit: (\w+)")


class ToyCut(Stage[Video, Clip, StageConfig]):
    """The whole video as one clip, with a line of speech that no other clip has."""

    name = "cut"

    async def process(self, row: Video) -> Clip:
        number = int(re.sub(r"\D", "", row.name))
        length = 4.0 + number % 7
        said = Utterance(start=0.5, end=2.0, speaker="S1", text=f"line {number} " + "of many " * (number % 5), words=(),
                         overlap=False)  # fmt: skip
        return Clip(
            id=f"{row.id}-0-{int(length * 1000)}", video=row.id, uri=row.uri, sha256=row.sha256, offset=0.0,
            source_uri="", source_start=0.0, source_end=length, name=row.name, duration=length, width=32, height=32,
            fps=5.0, sound=True, licence="", source="", tags={}, language="en", language_score=1.0, utterances=(said,),
            shots=(Shot(start=0.0, end=length, first_frame=0, last_frame=9, opens_with="start"),), signal=(), frames=(),
            turns=(), voices=(), sounds=(), hearing="", guards=(),
        )  # fmt: skip


class OtherAuditor(Auditor):
    """The same questions, read in another way."""

    version = Auditor.version + 1

    async def process(self, clip: Decomposed) -> Audited:
        audited = await super().process(clip)
        return audited.model_copy(
            update={"audits": tuple(audit.model_copy(update={"errors": ()}) for audit in audited.audits)}
        )


def answer(prompt: str, schema: dict[str, Any] | None) -> str:
    """What the rehearsing script says, for a server that sees only a prompt and a schema."""
    names = schema["properties"] if schema else {}
    task = next((task for name, task in TASKS.items() if name in names), "")
    task = task or ("ensemble" if 'kind="description' in prompt else "caption")
    about = AUDITED.search(prompt)
    given = rehearsed.answer(Request(task=task, prompt=prompt, attribute=about[1] if about else ""))
    return given if isinstance(given, str) else json.dumps(given)


def audited(bodies: Sequence[dict[str, Any]]) -> Counter[str]:
    """How many different questions were about the audit of which attribute; "" counts all others."""
    texts = {json.dumps(body) for body in bodies}
    return Counter(found[1] if (found := AUDITED.search(text)) else "" for text in texts)


def clips(folder: Path, count: int) -> Path:
    """A folder of tiny videos, no two the same."""
    folder.mkdir(parents=True)
    first = folder / "clip-0000.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=0.4:s=32x32:r=5", "-pix_fmt", "yuv420p", first],
        check=True, timeout=60,
    )  # fmt: skip
    data = first.read_bytes()
    for number in range(count):
        (folder / f"clip-{number:04d}.mp4").write_bytes(data + number.to_bytes(4, "big"))
    return folder


@dataclass
class Job:
    """A manifest over a folder of clips, as a file for the command line. `openai` and `gemini` are addresses."""

    folder: Path
    source: Path
    openai: str
    gemini: str = ""
    attributes: tuple[str, ...] = ATTRIBUTES
    shard_rows: int = 50
    auditor: str = "audit"
    budget: float | None = None
    more: dict[str, Any] | None = None  # settings of every model

    @property
    def run(self) -> Path:
        return self.folder / "run"

    def write(self) -> Path:
        common: dict[str, Any] = {"model": "tiny", "key": KEY, "prices": {"input": 1.0, "output": 4.0}}
        common |= {"timeout": 120.0, "deadline": 600.0, "limits": {"concurrency": 16}} | (self.more or {})
        models = {"strong": {"provider": "openai", "base_url": f"{self.openai}/v1", **common}}
        if self.gemini:
            models["wide"] = {"provider": "gemini", "base_url": self.gemini, **common}
        asking = {"model": "strong"}
        captions = [{"stage": "caption", "model": name, "sees": ["video", "transcript"], "prompt": "caption/subtitles"}
                    for name in models]  # fmt: skip
        recipe = [
            {"stage": "tests.toys:ToyIngest", "shard_rows": self.shard_rows, "shard_minutes": 1000},
            {"stage": "tests.paid:ToyCut"},
            *captions,
            *({"stage": name, **asking} for name in ("ensemble", "verify", "decompose")),
            {"stage": self.auditor, **asking, "sees": ["video"], "attributes": list(self.attributes)},
            {"stage": "refine", **asking},
            {"stage": "format"},
            {"stage": "filter", "max_unfixed_errors": 99, **asking},
        ]
        manifest = {"inputs": [{"path": str(self.source)}], "models": models, "recipe": recipe, "max_failure_rate": 1.0}
        if self.budget:
            manifest["budget"] = {"usd": self.budget}
        file = self.folder / "manifest.yaml"
        with file.open("w") as sink:
            YAML().dump(manifest, sink)
        return file


def rows_and_failures(run: Run) -> tuple[Counter[str], Counter[str]]:
    """Ids of clips that came out at the end, and of those that failed on the way, each as often as it is there."""
    last = list(run.steps)[-1]
    shards = run.survey().shards
    failed = {
        (failure.stage, failure.id) for step in run.steps for shard in shards for failure in run.failures(step, shard)
    }
    annotators = [step for step in run.steps if step.startswith("caption-")]
    lost = Counter(id for stage, id in failed if stage not in annotators)
    return Counter(row.id for row in run.all_rows(last)), lost


def other_prompts(folder: Path, attribute: str, point: str) -> Path:
    """A folder of prompts in which one attribute's VERIFY list has another point."""
    folder.mkdir()
    shutil.copy(shipped("prompts") / "attributes.yaml", folder)
    yaml, file = YAML(), folder / "attributes.yaml"
    entries = yaml.load(file)
    entries[attribute]["verify"].append(point)
    with file.open("w") as sink:
        yaml.dump(entries, sink)
    return folder


def until(met: Callable[[], bool]) -> None:
    """Waits for something that happens in another process."""
    while not met():
        time.sleep(0.02)
