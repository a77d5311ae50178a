"""A judged benchmark on the command line, in this process, against a judge of known answers that is served over
HTTP."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.models.factory import model_maker
from asid.pipeline.run.folder import Run
from asid.pipeline.run.progress import Result
from asid.pipeline.run.workshop import Task, Workshop
from tests.servers.llm import LlmServer

EVIDENCE = re.compile(r'<evidence kind="([^"]+)">\n(.*?)\n</evidence>', re.S)


def lines(path: Path, records: Iterable[Any]) -> Path:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def whole(path: Path, value: Any) -> Path:
    """Write one JSON value."""
    path.write_text(json.dumps(value))
    return path


def evidence(prompt: str) -> dict[str, str]:
    """What a prompt shows the judge, by kind."""
    return dict(EVIDENCE.findall(prompt))


def reasked(prompt: str) -> bool:
    """Whether the judge is told that its last answer could not be used."""
    return "Your last answer to this could not be used" in prompt


def judged(caption_answers: Mapping[str, Any]) -> Callable[[str, Any], str]:
    """A judge that knows its answer by the caption. A list is its answers to the first question and to those again."""

    def answer(prompt: str, schema: Any) -> str:
        found = caption_answers[evidence(prompt)["caption"]]
        if isinstance(found, list):
            found = found[1 if reasked(prompt) else 0]
        return found if isinstance(found, str) else json.dumps(found)

    return answer


def without_ray(run: Run, *_: Any) -> Result:
    """Judge in this process, as a worker of the engine does: its start is most of a small run's time."""

    async def work() -> None:
        shop = Workshop(run, model_maker())
        for step in list(run.steps)[1:]:
            for shard in run.survey().shards:
                await shop.work(Task(step, shard, run.survey().inputs(step, shard) or {}))
        await shop.close()

    asyncio.run(work())
    return Result()


def asid_eval(name: str, server: LlmServer, run: Path, *words: object, code: int = 0) -> dict[str, Any]:
    """`asid eval NAME`, as JSON."""
    done = asid("eval", name, "--run", run, "--judge", f"openai:tiny@{server.url}/v1", "--json", *words, code=code)
    return json.loads(done.splitlines()[-1]) if code == 0 else {}


def asid(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def table(figures: Mapping[str, Any], title: str) -> dict[str, list[Any]]:
    """Rows of the first table whose title begins so, by their first cell."""
    (found, *_) = [table for table in figures["tables"] if table["title"].startswith(title)]
    return {row[0]: row[1:] for row in found["rows"]}
