"""Grades by principles, with the clip in view (AVC-DPO)."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.prompts import Prompts
from asid.pipeline.stage import Unprocessable
from asid.stages.grade import Grader
from tests.kits.asking_kit import Scripted, captioned, run


def test_every_caption_is_graded_apart_with_the_clip_in_view(tmp_path: Path) -> None:
    whole, flat = {"grade": 9, "why": "whole"}, {"grade": 4, "why": "flat"}
    model = Scripted(lambda request: whole if "then leaves" in request.prompt else flat)
    row = captioned(tmp_path, "She opens the door, then leaves.", "", "A woman and a door.")
    made = run(Grader, row, model, tmp_path, prompt="judge/spatial")
    assert [(score.annotator, score.value, score.why) for score in made.scores] == [
        ("avocado", 0.9, "whole"),
        ("gemini", 0.4, "flat"),
    ]
    assert {score.by.prompt for score in made.scores} == {Prompts().hash("judge/spatial")}
    assert [[media.uri for media in request.media] for request in model.requests] == [[row.uri], [row.uri]]
    told = [request.prompt for request in model.requests]
    assert (
        sum("then leaves" in prompt for prompt in told) == sum("A woman and a door" in prompt for prompt in told) == 1
    )


def test_a_grade_off_the_scale_is_none(tmp_path: Path) -> None:
    with pytest.raises(Unprocessable) as caught:
        run(Grader, captioned(tmp_path, "A door."), Scripted(*[{"grade": 11, "why": ""}] * 9), tmp_path)
    assert "11" in caught.value.raw


def test_each_aspect_has_principles_of_its_own_and_grades_the_general_caption_too(tmp_path: Path) -> None:
    model = Scripted(lambda request: {"grade": 7 if "what changes" in request.prompt else 3, "why": ""})
    row = captioned(tmp_path, "First it falls.", "It lies left.", "A cup.")
    aspects = {"avocado": "judge/temporal", "seed": "judge/spatial"}
    made = run(Grader, row, model, tmp_path, aspects=aspects)
    found = [(score.aspect, score.annotator, score.value) for score in made.scores]
    assert found == [("avocado", "avocado", 0.7), ("avocado", "gemini", 0.7), ("seed", "seed", 0.3),
                     ("seed", "gemini", 0.3)]  # fmt: skip
