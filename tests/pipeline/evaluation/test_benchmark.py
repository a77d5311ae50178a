"""What benchmarks say of themselves."""

from __future__ import annotations

import pytest

from asid.pipeline.evaluation.benchmark import Reference
from asid.pipeline.evaluation.files import short_key
from asid.pipeline.evaluation.registry import benchmarks, find


def test_a_benchmark_sees_where_one_of_its_judges_does() -> None:
    assert find("diadem").sees and find("elo").sees
    assert not find("qa").sees and not find("vdc").sees


@pytest.mark.parametrize("name", benchmarks())
def test_each_says_in_one_line_what_it_is_and_what_it_reads(name: str) -> None:
    one = find(name)
    assert one.about and "\n" not in one.about and one.data and one.steps and one.missing and one.runs >= 1


def test_captions_are_joined_by_short_ids_unless_folders_tell_videos_apart() -> None:
    assert find("qa").key is short_key
    assert find("vidcap").key("a/b.mp4") != find("vidcap").key("c/b.mp4")


def test_a_reference_is_whole_unless_it_says_otherwise() -> None:
    one = Reference("v", "v")
    assert not one.is_empty and one.groups == {} and one.prompt == ""
