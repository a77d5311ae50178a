"""What people wrote of a video, in columns of the input list."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline.asking import truth
from asid.pipeline.rows import Clip
from asid.pipeline.stage import Unprocessable
from asid.pipeline.testing import example


def whole(**tags: str) -> Clip:
    return example(Clip, id="v", video="v", source_uri="file:///v.mp4", tags=tags)


def test_what_is_said_of_a_video_is_nothing_of_a_part_of_it() -> None:
    there = whole(human=" A dog runs. ")
    part = there.model_copy(update={"id": "v-0-5"})
    assert truth.caption(there, "human") == "A dog runs."
    assert truth.caption(part, "human") == "" and truth.events(part, "human") == ()
    assert truth.caption(part.model_copy(update={"source_uri": ""}), "human") == "A dog runs.", "a clip that came alone"


def test_without_a_column_or_with_another_there_is_none() -> None:
    assert truth.caption(whole(human="A dog."), "") == "" and truth.caption(whole(human="A dog."), "gold") == ""
    assert truth.events(whole(), "human") == ()


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("a dog runs\n\n  it barks \na dog runs", ("a dog runs", "it barks")),
        ('["a dog runs", " ", "it barks", "it barks "]', ("a dog runs", "it barks")),
        ("[]", ()),
    ],
)
def test_events_come_one_to_a_line_or_as_json_each_once(text: str, events: tuple[str, ...]) -> None:
    assert truth.events(whole(human=text), "human") == events


@pytest.mark.parametrize("text", ['["a dog', '{"a": 1}', '"a dog"', '["a", 1]', '[["a"]]'])
def test_json_that_is_no_list_of_texts_fails_the_clip_with_its_column(text: str) -> None:
    with pytest.raises(Unprocessable, match="column human") as told:
        truth.events(whole(human=text), "human")
    failed: Any = told.value
    assert failed.kind == "bad_truth"
