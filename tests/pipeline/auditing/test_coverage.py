"""What captions tell, as a tree: attribute, point, groups of phrases (ASID, Fig. 6)."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from asid.pipeline.auditing.auditor import Auditing
from asid.pipeline.auditing.coverage import BATCH, MOST, cover
from asid.pipeline.auditing.side import COVERAGE
from asid.pipeline.cli import app
from asid.pipeline.models.base import Refused, Request
from asid.pipeline.prompts import Prompts
from asid.pipeline.report import html
from asid.pipeline.storage import Storage
from tests import samples
from tests.kits.asking_kit import Scripted, decomposed


def auditing(model: Any, tmp_path: Path) -> Auditing:
    return Auditing("m", model, Prompts(), Storage(tmp_path))


def clips(tmp_path: Path, count: int, scene: str) -> list[Any]:
    rows = []
    for number in range(count):
        row = decomposed(tmp_path)
        texts = dict.fromkeys(type(row.attributes).model_fields, "") | {"scene": scene.format(number=number)}
        row = row.model_copy(update={"id": f"{number:04d}"})
        rows.append(_with_captions(row, texts))
    return rows


def _with_captions(row: Any, texts: dict[str, str]) -> Any:
    return type("Finished", (), {"captions": type(row.attributes)(**texts), "id": row.id, "candidates": ()})()


def found(tree: Any, attribute: str, number: int) -> Any:
    return [point for point in tree.points if point.attribute == attribute][number - 1]


def test_phrases_are_counted_by_point_and_grouped(tmp_path: Path) -> None:
    def answer(request: Request) -> Any:
        if request.task == "phrases":
            return {"mentions": [{"point": 1, "phrase": "a kitchen"}, {"point": 4, "phrase": "warm light"}]}
        return {"groups": [{"name": "Room" if "kitchen" in request.prompt else "Lamp", "phrases": [1]}]}

    model = Scripted(answer)
    rows = clips(tmp_path, 3, "a kitchen in warm light")
    tree = asyncio.run(cover(auditing(model, tmp_path), rows))
    kind = found(tree, "scene", 1)
    assert (kind.clips, kind.mentions, kind.groups) == (3, 3, {"room": 3})
    assert found(tree, "scene", 4).groups == {"lamp": 3} and found(tree, "scene", 2).clips == 0
    assert (tree.clips, tree.failed) == (3, 0)
    assert [request.task for request in model.requests].count("phrases") == 3, "empty captions cost nothing"


def test_words_that_do_not_stand_in_the_caption_are_asked_for_again(tmp_path: Path) -> None:
    made_up = {"mentions": [{"point": 1, "phrase": "a harbour"}]}
    true = {"mentions": [{"point": 1, "phrase": "A kitchen"}]}
    model = Scripted(made_up, true, {"groups": [{"name": "room", "phrases": [1]}]})
    tree = asyncio.run(cover(auditing(model, tmp_path), clips(tmp_path, 1, "a kitchen")))
    assert found(tree, "scene", 1).groups == {"room": 1}
    assert "'a harbour' does not stand in the caption" in model.requests[1].prompt


def test_many_phrases_are_grouped_in_batches_that_know_the_groups_so_far_and_merged(tmp_path: Path) -> None:
    def answer(request: Request) -> Any:
        if request.task == "phrases":
            words = re.search(r"place \d+", request.prompt)
            assert words
            return {"mentions": [{"point": 1, "phrase": words[0]}]}
        count = len(re.findall(r"^\d+\. ", request.prompt.partition('kind="phrases"')[2], re.MULTILINE))
        if request.task == "merge":
            half = count // 2
            return {"groups": [{"name": "near", "phrases": list(range(1, half + 1))},
                               {"name": "far", "phrases": list(range(half + 1, count + 1))}]}  # fmt: skip
        return {"groups": [{"name": f"group {number % 20}", "phrases": [number]} for number in range(1, count + 1)]}

    model = Scripted(answer)
    tree = asyncio.run(cover(auditing(model, tmp_path), clips(tmp_path, BATCH + 5, "place {number}")))
    point = found(tree, "scene", 1)
    assert set(point.groups) == {"near", "far"} and sum(point.groups.values()) == BATCH + 5
    grouping = [request.prompt for request in model.requests if request.task == "groups"]
    assert len(grouping) == 2 and "(none yet)" in grouping[0] and "group 7" in grouping[1]
    assert f"at most {MOST}" in next(request.prompt for request in model.requests if request.task == "merge")


def test_a_caption_without_an_answer_is_told_and_counts_for_nothing(tmp_path: Path) -> None:
    tree = asyncio.run(cover(auditing(Scripted(lambda _: Refused("no")), tmp_path), clips(tmp_path, 2, "a kitchen")))
    assert tree.failed == 2 and all(point.clips == 0 for point in tree.points)


def test_a_run_is_counted_once_and_its_report_shows_the_tree(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run")
    text = (tmp_path / "run" / "manifest.yaml").read_text()
    (tmp_path / "run" / "manifest.yaml").write_text(text + "models: {judge: {provider: scripted, model: rehearsed}}\n")
    words = ["coverage", str(tmp_path / "run"), "--model", "judge", "--json"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    points = [json.loads(line) for line in said.output.splitlines() if line.startswith("{")]
    assert points[0]["attribute"] == "scene" and points[0]["groups"] == {"anything": points[0]["mentions"]}
    assert run.storage.exists(COVERAGE)
    page = html(run)
    assert "What the captions tell" in page and "anything" in page
    again = CliRunner().invoke(app, words)
    assert again.output == said.output
