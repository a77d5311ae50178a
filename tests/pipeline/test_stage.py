"""What a stage is: its types are read off the class statement, its settings are strict, some of them say only how."""

from __future__ import annotations

from typing import Generic, TypeVar

import pytest
from pydantic import ValidationError

from asid.pipeline.rows import Clip, Decision, Judged, Video
from asid.pipeline.stage import CorpusPass, Resources, Stage, StageConfig, Unprocessable

Settings = TypeVar("Settings", bound=StageConfig)


class LoudConfig(StageConfig):
    """Settings of a stage of our own."""

    level: float = -20.0
    model: str = ""
    annotator: str = ""


class LoudStage(Stage[Clip, Clip, LoudConfig]):
    """Gives what it takes."""

    name = "loud"


class LouderStage(LoudStage):
    """Names no types of its own."""


class OpenStage(Stage[Video, Clip, Settings], Generic[Settings]):
    """Leaves its settings open."""


class ClosedStage(OpenStage[LoudConfig]):
    """Closes them, in other brackets than a stage's."""


class BareStage(Stage):  # type: ignore[type-arg]
    """Forgets its types."""


class LoudPass(CorpusPass[Clip, LoudConfig]):
    """A pass over all clips."""

    name = "loudness"


def test_types_are_read_off_the_class_statement() -> None:
    assert LoudStage.types() == LouderStage.types() == (Clip, Clip, LoudConfig)
    assert LoudPass.types() == (Clip, Decision, LoudConfig)


@pytest.mark.parametrize("kind", [BareStage, OpenStage])
def test_a_stage_without_types_is_told_by_its_name(kind: type[Stage]) -> None:  # type: ignore[type-arg]
    with pytest.raises(TypeError, match=f"{kind.__name__} must name its 3 types"):
        kind.types()


def test_a_stage_that_gives_what_it_takes_keeps_what_a_row_is() -> None:
    assert LoudStage.gives(Judged) is Judged
    assert LoudStage.takes(LoudConfig()) == [Clip]

    class FirstStage(Stage[Video, Clip, LoudConfig]):
        """Gives another row."""

    assert FirstStage.gives(Video) is Clip
    assert LoudPass.gives(Judged) is Decision


def test_models_and_annotators_are_those_that_the_settings_name() -> None:
    assert LoudStage.models(LoudConfig()) == LoudStage.annotators(LoudConfig()) == []
    config = LoudConfig(model="writer", annotator="ears")
    assert (LoudStage.models(config), LoudStage.annotators(config)) == (["writer"], ["ears"])


def test_how_a_stage_is_run_changes_no_result() -> None:
    quick = LoudConfig(
        concurrency=64, max_workers=9, resources=Resources(gpus=1), row_timeout=5, budget=1, mode="batch"
    )
    assert quick.what() == LoudConfig().what() == {"level": -20.0, "model": "", "annotator": ""}
    assert LoudConfig(level=-10).what() != LoudConfig().what()


@pytest.mark.parametrize(
    "wrong",
    [{"concurrency": 0}, {"row_timeout": 0}, {"max_failure_rate": 1.1}, {"budget": 0}, {"mode": "fast"}, {"lvel": 1},
     {"resources": {"cpus": -1}}, {"resources": {"cpu": 1}}, {"min_workers": -1}],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused_without_their_value(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        LoudConfig(**wrong)  # type: ignore[arg-type]
    assert "input_value" not in str(caught.value)


def test_a_dead_end_has_a_reason_and_a_kind_to_count() -> None:
    end = Unprocessable("no audio stream", "no_audio", raw="…", attempts=3)
    assert (str(end), end.kind, end.raw, end.attempts) == ("no audio stream", "no_audio", "…", 3)
    assert Unprocessable("why").kind == "unprocessable"
