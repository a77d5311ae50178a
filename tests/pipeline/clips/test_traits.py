"""What is cheap to know of a clip, from each source that knows it."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline.clips.traits import COLUMNS, TRAITS, cell, disagreements, known


def row(**parts: Any) -> dict[str, Any]:
    return {"turns": [], "utterances": [], "shots": [], "language": "", "subtitles": [], "tags": {}} | parts


def turns(**seconds: float) -> list[dict[str, Any]]:
    return [{"speaker": name, "start": 1.0, "end": 1.0 + length} for name, length in seconds.items()]


def said(*speakers: str) -> list[dict[str, Any]]:
    return [{"speaker": name, "start": 0.0, "end": 1.0} for name in speakers]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"turns": turns(a=2, b=0.5), "utterances": said("a", "a")}, {"turns": "1", "words": "1"}),
        ({"turns": turns(a=0.6) + turns(a=0.6)}, {"turns": "1", "words": "0"}),  # brief twice is not brief
        ({"turns": turns(a=2, b=2, c=2), "utterances": said("a", "b")}, {"turns": "3+", "words": "2"}),
        ({"turns": turns(a=2, b=2, c=2, d=2), "utterances": said("a", "b", "c", "d")}, {"turns": "3+", "words": "3+"}),
        ({"turns": turns(a=0.2)}, {"turns": "0", "words": "0"}), ({}, {"words": "0"}),
        ({"utterances": said("", "")}, {}), ({"utterances": said("", "b")}, {"words": "1"}),
        ({"tags": {"speakers": 2}}, {"words": "0", "list": "2"}),
        ({"tags": [("speakers", "5")]}, {"words": "0", "list": "5"}),
    ],
)  # fmt: skip
def test_speakers_are_counted_by_turns_by_words_and_by_the_list(parts: dict[str, Any], found: dict[str, str]) -> None:
    assert known(row(**parts), "speakers") == found


@pytest.mark.parametrize(
    ("trait", "parts", "found"),
    [
        ("shots", {"shots": [{"start": 0}]}, {"detector": "single"}),
        ("shots", {"shots": [{}, {}]}, {"detector": "multi"}),
        ("shots", {}, {}), ("language", {"language": "en"}, {"heard": "en"}),
        ("language", {"subtitles": [{"language": "pt-BR"}, {"language": "pt"}, {"language": ""}]}, {"subtitles": "pt"}),
        ("language", {"subtitles": [{"language": "pt"}, {"language": "en"}]}, {}), ("language", {}, {}),
        ("speech", {"utterances": said("a")}, {"words": "yes"}), ("speech", {}, {"words": "no"}),
        ("mood", {}, {}), ("mood", {"tags": {"mood": "calm", "speech": ""}}, {"list": "calm"}),
    ],
)  # fmt: skip
def test_a_source_that_does_not_know_says_nothing(trait: str, parts: dict[str, Any], found: dict[str, str]) -> None:
    assert known(row(**parts), trait) == found


def test_sources_that_differ_are_named_with_what_they_say() -> None:
    clip = row(language="en", tags={"language": "de", "speech": "no"}, utterances=said("a"))
    assert list(disagreements(clip, ("language", "speech", "shots"))) == [
        "language: en by heard, de by list", "speech: yes by words, no by list"
    ]  # fmt: skip
    assert list(disagreements(row(language="en", tags={"language": "en"}), tuple(TRAITS))) == []


def test_a_quota_counts_by_the_first_source_and_unknown_where_nobody_knows() -> None:
    clip = row(language="en", shots=[{}], turns=turns(a=2), utterances=said("a", "b"))
    assert cell(clip, ("speakers", "language", "shots", "mood")) == "1/en/single/unknown"
    assert cell(clip, ()) == ""


def test_every_trait_is_told_of_a_row_that_has_the_columns_alone() -> None:
    names = {name.partition(".")[0] for name in COLUMNS}
    clip = {name: value for name, value in row().items() if name in names}
    for trait in TRAITS:
        known(clip, trait)  # a KeyError would say which column is not read
    assert set(row()) <= names
