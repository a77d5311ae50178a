"""Raw answers of a real, weak language model (`recorded/`, made by `tests.llm.trial`): each stage takes every one of
them, and what a rule sees in it is mended, marked on the row, or a failure by its kind."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking.answers import Verification
from asid.pipeline.asking.exchange import read
from asid.pipeline.captions import latest, parts
from asid.pipeline.captions.checks import examine
from asid.pipeline.captions.grounds import grounds
from asid.pipeline.models.base import Request, Response
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Audited, Captioned, Decomposed, Refined
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage
from tests.llm.trial import CHAIN, Recording, through

HERE = Path(__file__).parent / "recorded"
ANSWERS = [json.loads(line) for line in (HERE / "answers.jsonl").read_text("utf-8").splitlines()]
ROWS = {
    row.id: row for row in map(Captioned.model_validate_json, (HERE / "rows.jsonl").read_text("utf-8").splitlines())
}
STAGES = {"ensemble": 0, "verify": 1, "decompose": 2, "audit": 3, "refine": 4}  # by task


class Replayed:
    """Gives back what was recorded for a question, in order, and at last the same again and again."""

    reads_facts = False

    def __init__(self, answers: list[dict[str, Any]]):
        self.left: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
        for answer in answers:
            self.left[answer["clip"], answer["task"], answer["attribute"]].append(answer)

    async def generate(self, request: Request) -> Response:
        known = self.left[request.row, request.task, request.attribute]
        if not known:
            return Response(text="", model="weak", provider="recorded", finish="stop")
        answer = known.pop(0) if len(known) > 1 else known[0]
        return Response(text=answer["text"], model="weak", provider="recorded", finish=answer["finish"])

    async def close(self) -> None: ...


@cache
def before(clip: str) -> list[Any]:
    """The row that each stage of the chain was given, as far as the clip came."""
    rows: list[Any] = [ROWS[clip]]
    model = Replayed(ANSWERS)
    for kind, settings in CHAIN[:-1]:
        try:
            rows.append(once(kind, settings, rows[-1], model))
        except Unprocessable:
            break
    return rows


def once(kind: Any, settings: dict[str, Any], row: Any, model: Any) -> Any:
    config = kind.types()[2].model_validate({"model": "weak", "reasks": 2, **settings})
    stage = kind(config, Context(Storage(HERE), Prompts(), {"weak": model}))
    stage.open()
    return asyncio.run(stage.process(row))


def unmarked(row: Any) -> set[str]:
    """Kinds of problem that rules see in what has been written, and that the row does not say."""
    if isinstance(row, Decomposed) and not isinstance(row, Audited):
        seen = {one.kind for one in parts.find(row.attributes.model_dump(), row.verified)}
    else:
        seen = {one.kind for one in examine(latest.caption(row), grounds(row), style="integer")}
    if isinstance(row, Refined):
        seen -= {"anchor_style"}
    return seen - {mark.kind for mark in row.marks}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: f"{one['clip']}-{one['task']}-{one['attribute']}")
def test_no_answer_passes_in_silence(answer: dict[str, Any]) -> None:
    place = STAGES[answer["task"]]
    rows = before(answer["clip"])
    if place >= len(rows):
        pytest.fail("the chain ends before the stage that this was an answer to: record the answers anew")
    kind, settings = CHAIN[place]
    others = [one for one in ANSWERS if (one["clip"], one["task"]) == (answer["clip"], answer["task"])]
    others = [one for one in others if one["attribute"] != answer["attribute"]]
    try:
        row = once(kind, settings, rows[place], Replayed([answer, *others]))
    except Unprocessable as error:
        row, failed = None, error.kind
    if row is None:
        assert failed
    elif kind.name != "audit":
        assert unmarked(row) == set()


@pytest.mark.parametrize("clip", sorted({answer["clip"] for answer in ANSWERS}))
def test_what_is_kept_says_what_is_wrong_with_it(clip: str, tmp_path: Path) -> None:
    calls: list[dict[str, Any]] = []
    done = asyncio.run(through(ROWS[clip], Recording(Replayed(ANSWERS), calls.append), tmp_path))
    assert calls and done.ended
    told = {mark.split()[-1] for mark in done.marks}
    if done.ended == "kept":
        assert set(done.found) <= told


def test_the_weak_model_breaks_enough_to_learn_from() -> None:
    """Of the drafts, most copy the tags of the prompt, and none quotes a line of speech; attribute captions are
    keywords; what was mended is told in the place of the mended caption."""
    assert {answer["task"] for answer in ANSWERS} == set(STAGES)
    known = grounds(ROWS["synth_single_109"])
    texts = [answer["text"] for answer in ANSWERS if answer["task"] == "ensemble"]
    seen = [{one.kind for one in examine(text, known, style="integer")} for text in texts]
    assert all("line_missing" in kinds for kinds in seen)
    assert sum("model_voice" in kinds for kinds in seen) >= 2, "the tags of the prompt are seen"
    attributes = next(json.loads(answer["text"]) for answer in ANSWERS if answer["task"] == "decompose")
    assert "part_fragment" in {one.kind for one in parts.find(attributes, before("synth_single_109")[2].verified)}
    mended = [json.loads(answer["text"]) for answer in ANSWERS if answer["task"] == "refine"]
    told = [{one.kind for one in examine(one["improved_caption"], known, anchored=False)} for one in mended]
    assert any("model_voice" in kinds for kinds in told)


def test_the_tags_that_it_copies_cost_no_second_call() -> None:
    for answer in ANSWERS:
        if answer["task"] in ("ensemble", "verify"):
            form = Verification if answer["task"] == "verify" else None
            text = read(answer["text"], form)[0]
            assert "evidence" not in (text.caption if isinstance(text, Verification) else text)
