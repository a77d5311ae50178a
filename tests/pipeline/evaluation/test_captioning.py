"""Captions by one model alone: its manifest, its prompt, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.evaluation.captioning import CaptioningError, manifest, prompt_of
from asid.pipeline.prompts import PromptError

MODEL = "openai:tiny@http://localhost:1/v1"


def test_the_recipe_is_one_annotator_on_whole_videos(tmp_path: Path) -> None:
    made = manifest(MODEL, [str(tmp_path)], "caption/general", sees=["video"], budget=3)
    text = made.model_dump_json()
    assert made.title == "captions" and len(made.recipe) == 3
    assert '"whole"' in text and '"captioner"' in text


def test_a_prompt_of_ones_own_is_a_file_and_its_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("Tell what happens.")
    assert prompt_of(str(tmp_path / "mine.txt")) == (str(tmp_path), "mine")
    assert prompt_of("caption/general") == ("", "caption/general")


def test_a_prompt_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptioningError, match=r"name a \.txt file, or a shipped one"):
        prompt_of(str(tmp_path / "gone.txt"))
    with pytest.raises(PromptError):
        prompt_of("caption/gone")


def test_embedded_annotators_are_sent_to_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(CaptioningError, match="use `asid run` with a manifest"):
        manifest("embedded:sight", [str(tmp_path)], "caption/general")
