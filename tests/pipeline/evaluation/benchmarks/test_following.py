"""Prompts for some attributes: read, judged by level, shares by number asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.evaluation.benchmarks.following import FOLLOWING, AttributeLevels, key_of, load, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.rows import Case
from tests.kits.casekit import case, lines, outcome, rows


def levels(**told: str) -> dict[str, Any]:
    return {"levels": {str(name): told.get(str(name), "none") for name in ATTRIBUTES}}


def told(id: str, asked: tuple[str, ...], **explicit: str) -> Case:
    return case(id, replies={"levels": levels(**explicit)}, statements=asked, groups={"k": str(len(asked))})


def test_prompts_are_read_with_their_attributes_once_each(tmp_path: Path) -> None:
    intake = DataIntake()
    one, other = load(
        lines(tmp_path / "p.jsonl", {"video_id": "x/v.mp4", "prompt_id": 7, "prompt": "Tell.", "k": 9,
                                     "attributes": ["Speech", "Narrative Elements", "speech"]},
              {"video_rel": "w", "k": 5, "attributes": ["camera"]}, {"video_id": "a", "attributes": ["smell"]},
              {"video_id": "b", "attributes": []}), intake,
    )  # fmt: skip
    assert (one.key, one.prompt, one.question, one.statements) == ("v", "7", "Tell.", ("speech", "narrative"))
    assert one.groups == {"k": "2"} and other.prompt == "1"
    assert intake.kinds() == {"unknown_attribute": 1, "no_reference": 1} and intake.notes.total() == 2
    with pytest.raises(DataError, match="no prompt with attributes"):
        load(lines(tmp_path / "q.jsonl", {"video_id": "b", "attributes": []}), DataIntake())


@pytest.mark.parametrize(
    ("name", "key"), [("Narrative  elements", "narrative"), ("narrative_elements", "narrative"), ("Scene", "scene")]
)
def test_published_names_are_known(name: str, key: str) -> None:
    assert key_of(name) == key


def test_levels_are_read_under_the_published_names_in_any_case() -> None:
    given = levels()["levels"]
    del given["narrative"]
    found = AttributeLevels.model_validate({"levels": given | {"narrative elements": " Minor "}})
    assert found.levels.narrative == "minor"
    for wrong in (given, given | {"narrative": "much"}, given | {"narrative": "none", "smell": "none"}):
        with pytest.raises(ValidationError):
            AttributeLevels.model_validate({"levels": wrong})


def test_the_judge_is_told_what_was_asked_for() -> None:
    values = FOLLOWING.steps["levels"].values(told("a", ("speech", "camera")))
    assert values is not None and values["targets"] == "speech, camera"


def test_shares_by_number_asked_for() -> None:
    found = outcome([
        told("a", ("speech",), speech="explicit"), told("b", ("speech",), speech="explicit", camera="explicit"),
        told("c", ("speech", "camera"), speech="explicit", camera="explicit"),
        case("d", caption="", statements=("speech", "camera"), groups={"k": "2"}),
        told("e", tuple(map(str, ATTRIBUTES)), **dict.fromkeys(map(str, ATTRIBUTES), "explicit")),
    ])  # fmt: skip
    (table,) = tables(found)
    assert table.columns == ("Model", "1↑", "2↑", "3↑", "4↑", "8↑")
    assert rows(table) == {"mine": (50.0, 50.0, None, None, 100.0), "(prompts)": (2, 2, 0, 0, 1)}
