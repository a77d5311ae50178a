"""DiaDemBench: annotations read, matches asked about, REF and ASR in their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.evaluation.benchmarks.diadem import DIADEM, SpeakerPairs, load, readable, tables
from asid.pipeline.evaluation.files import DataError
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.rows import Case
from tests.kits.casekit import case, lines, outcome, rows

LINES = ("Ann: Who left the gate open?", "Bo: I think it was the postman.")
SPOKEN = {"lines": [{"speaker": "a girl", "text": "Who left the gate open?"},
                    {"speaker": "", "text": "I think it was the postman."}]}  # fmt: skip
FLAGS = {"is_single_shot": "1", "speaker_num": "2", "people_num_in_screen": "2"}
SPEAKERS = DIADEM.steps["speakers"]


def told(id: str, same: tuple[bool, bool] = (True, True), **fields: Any) -> Case:
    pairs = [{"pair": number, "same": one} for number, one in enumerate(same, 1)]
    return case(id, replies={"dialogue": SPOKEN, "speakers": {"pairs": pairs}}, statements=LINES,
                **{"groups": FLAGS} | fields)  # fmt: skip


def test_annotations_are_read_with_flags_as_digits(tmp_path: Path) -> None:
    intake = DataIntake()
    found = load(
        lines(tmp_path / "a.jsonl",
              {"video_id": "x/v.mp4", "gt_dialogues": [*LINES, "nobody speaks"], "is_single_shot": True,
               "speaker_num": 5, "people_num_in_screen": "2"},
              {"video_id": "w", "dialogues": [], "is_single_shot": 0, "speaker_num": 0, "people_num_in_screen": -1},
              {"video_id": "v", "gt_dialogues": []}), intake,
    )  # fmt: skip
    assert [one.key for one in found] == ["v", "w"]
    assert found[0].groups == {"is_single_shot": "1", "speaker_num": "3", "people_num_in_screen": "2"}
    assert found[1].groups == {"is_single_shot": "0", "speaker_num": "0", "people_num_in_screen": ""}
    assert intake.kinds() == {"double_reference": 1} and intake.notes.total() == 4


def test_a_file_without_a_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"annotations\.jsonl"):
        load(lines(tmp_path / "a.jsonl", {"no": "id"}), DataIntake())


def test_lines_without_a_speaker_or_words_match_nothing() -> None:
    assert [line for line, _ in readable(["Ann:  Who \n left?", "no colon", "Bo:", "Bo: ..."])] == ["Ann: Who left?"]


def test_speakers_are_asked_of_each_match_and_of_none_there_is_nothing_to_ask() -> None:
    one = case("a", replies={"dialogue": SPOKEN}, statements=LINES)
    values = SPEAKERS.values(one)
    assert (
        values is not None
        and '1. "a girl" and "Ann"' in values["pairs"]
        and '2. "somebody" and "Bo"' in values["pairs"]
    )
    assert "without the clip" in values["material"]
    shown = SPEAKERS.values(one.model_copy(update={"clip": "file:///a.mp4"}))
    assert shown is not None and shown["material"] == "the clip"
    assert SPEAKERS.values(case("b", replies={"dialogue": {"lines": []}}, statements=LINES)) is None


def test_each_match_must_be_answered() -> None:
    one = case("a", replies={"dialogue": SPOKEN}, statements=LINES)
    pairs = [{"pair": 1, "same": True}, {"pair": 2, "same": False}]
    assert SPEAKERS.check(SpeakerPairs.model_validate({"pairs": pairs}), one) is None
    assert "pair 2" in (SPEAKERS.check(SpeakerPairs.model_validate({"pairs": pairs[:1]}), one) or "")


def test_words_and_speakers_are_scored_apart() -> None:
    main, people, plain, statistics = tables(outcome([told("a", (True, False))]))
    assert rows(main)["mine"][0] == "50.0 / 100.0"
    assert rows(people)["2 on screen"] == (1, "50.0 / 100.0")
    assert rows(plain)["mean of the clips' F1"] == pytest.approx((50, 50, 50, 100, 100, 100))
    assert rows(statistics)["single-shot"][-1] == 100.0


def test_a_clip_counts_in_the_columns_of_its_flags_and_a_missing_one_as_0() -> None:
    multi = {"groups": FLAGS | {"is_single_shot": "0", "speaker_num": "0"}}
    main = tables(outcome([told("a"), told("b", **multi), case("c", caption="", statements=LINES, groups=FLAGS)]))[0]
    row = dict(zip(main.columns[1:], rows(main)["mine"], strict=True))
    assert row["Single: N=2"] == row["Single: all"] == "50.0 / 50.0"
    assert row["Multi: Overlap"] == row["Multi: all"] == "100.0 / 100.0" and row["Multi: N=1"] is None


def test_it_is_said_how_many_clips_the_judge_was_shown() -> None:
    main = tables(outcome([told("a", clip="file:///a.mp4"), told("b")]))[0]
    assert "clip of 1 of 2" in main.notes[0]
