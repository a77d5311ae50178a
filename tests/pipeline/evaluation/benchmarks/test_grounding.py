"""Sentences with their spans out of three forms of file, and spans out of replies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asid.pipeline.evaluation.benchmarks.grounding import GROUNDING, load, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from tests.kits.casekit import case, lines, outcome, rows

SPAN = GROUNDING.steps["span"]


def test_spans_by_video_are_read(tmp_path: Path) -> None:
    path = tmp_path / "charades_test.json"
    path.write_text(json.dumps({
        "AB": {"duration": 20.0, "timestamps": [[1, 5.5], [9, 7]],
               "sentences": ["a person sits.", "a person stands.", "extra"]},
        "CD": {"duration": 10, "timestamps": [[0, 12]], "sentences": ["a dog runs."]},
    }))  # fmt: skip
    intake = DataIntake()
    found = load(path, intake)
    assert [(one.video, one.part, one.question, one.reference) for one in found] == [
        ("AB", "s1", "a person sits.", "1 5.5 20"), ("AB", "s2", "a person stands.", "7 9 20"),
        ("CD", "s1", "a dog runs.", "0 12 10"),
    ]  # fmt: skip
    assert intake.kinds() == {"no_span": 1} and intake.notes.total() == 3


def test_lines_of_text_and_of_json_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("AB 1.0 5.5##a person sits.\n\nno such line\nAB -1 3##a person waits.\n")
    intake = DataIntake()
    assert [one.reference for one in load(path, intake)] == ["1 5.5 -1", "-1 3 -1"] and intake.kinds() == {
        "unreadable": 1
    }
    record = {"video_id": "AB", "query": "a dog", "start": "2", "end": 3, "duration": 9}
    (one,) = load(lines(tmp_path / "t.jsonl", record, record | {"end": None}), intake)
    assert (one.question, one.reference) == ("a dog", "2 3 9")
    with pytest.raises(DataError, match="no sentence with a span"):
        load(lines(tmp_path / "u.jsonl", record | {"start": "soon"}), DataIntake())


@pytest.mark.parametrize(("truth", "told"), [("1 5 20", "20.0"), ("1 5 -1", "an unknown number of")])
def test_the_judge_is_told_the_duration_where_it_is_known(truth: str, told: str) -> None:
    values = SPAN.values(case("a", question="a dog runs", reference=truth))
    assert values is not None and (values["duration"], values["event"]) == (told, "a dog runs")


@pytest.mark.parametrize(
    ("reply", "good"), [("5.0-12.0", True), ("N/A", True), ("from 3s to 4s", True), ("soon", False)]
)
def test_a_reply_without_a_span_is_asked_again(reply: str, good: bool) -> None:
    assert (SPAN.check(reply, case("a")) is None) == good


def test_what_has_no_span_counts_as_0_and_the_whole_clip_stands_below() -> None:
    cases = [case("a", replies={"span": "0 to 10"}, reference="0 10 20"),
             case("b", replies={"span": "N/A"}, reference="0 5 20"),
             case("c", caption="", reference="5 10 20"),
             case("d", replies={"span": "0 to 10"}, reference="0 5 -1")]  # fmt: skip
    (table,) = tables(outcome(cases))
    assert rows(table)["mine"] == pytest.approx((100 * 1.5 / 4, 50, 50, 25))
    assert rows(table)["(whole clip, no caption)"][0] == pytest.approx(100 * (0.5 + 0.25 + 0.25) / 3)
    assert "1 of 4" in table.notes[0]


def test_without_durations_the_baseline_is_said_to_be_missing() -> None:
    (table,) = tables(outcome([case("a", replies={"span": "0 to 10"}, reference="0 10 -1")]))
    assert list(rows(table)) == ["mine"] and "cannot be given" in table.notes[1]
