"""The kit for tests of stages of one's own: rows out of few words, and a stage's verb on one."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline import rows
from asid.pipeline.rows import Clip, Judged, Record, Video, grow
from asid.pipeline.stage import Stage, StageConfig, Unprocessable
from asid.pipeline.testing import example, process

KINDS = [
    kind for kind in vars(rows).values() if isinstance(kind, type) and issubclass(kind, Record) and kind is not Record
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_record_has_an_example_that_is_one(kind: type[Record]) -> None:
    made = example(kind)
    assert kind.model_validate_json(made.model_dump_json()) == made


def test_what_is_given_stands_and_the_rest_is_plain() -> None:
    clip = example(Clip, duration=12.0, tags={"a": "b"})
    assert (clip.duration, clip.tags, clip.utterances, clip.name) == (12.0, {"a": "b"}, (), "")
    judged = example(Judged)
    assert judged.draft_by.model == "" and judged.kept is False


class LettersConfig(StageConfig):
    least: int = 1


class Letters(Stage[Video, Video, LettersConfig]):
    """Counts the letters of a name, in a file of the run."""

    name = "letters"
    closed = 0

    def open(self) -> None:
        self.context.storage.write("run:open", b"yes")

    async def process(self, video: Video) -> Video:
        if len(video.name) < self.config.least:
            raise Unprocessable("too short", "short")
        there = self.context.storage.read("run:open").decode()
        return grow(video, Video, tags={"letters": str(len(video.name)), "open": there})

    def close(self) -> None:
        type(self).closed += 1


def test_a_stage_is_opened_worked_and_closed_with_its_settings() -> None:
    before = Letters.closed
    done: Any = process(Letters, example(Video, name="four"))
    assert done.tags == {"letters": "4", "open": "yes"}
    with pytest.raises(Unprocessable, match="too short"):
        process(Letters, example(Video, name="four"), least=5)
    assert Letters.closed == before + 2, "also after a row that failed"
