"""Published files as they are, with their odd fields; captions in every form that scorers write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asid.pipeline.errors import UserError
from asid.pipeline.evaluation.benchmark import Benchmark
from asid.pipeline.evaluation.benchmarks import diadem, dream, elo, grounding, qa, salmonn2, ugc, vdc, vidcap
from asid.pipeline.evaluation.files import DataError, short_key, whole_key
from asid.pipeline.evaluation.intake import DataIntake
from asid.pipeline.evaluation.judges import JudgeError, model_of, models_of
from asid.pipeline.evaluation.predictions import join, load_predictions
from asid.pipeline.evaluation.registry import benchmarks, contract, find
from asid.pipeline.prompts import Prompts
from tests.kits.evalkit import lines, whole

CHOICES = ["A. yes", "B. no"]


@pytest.mark.parametrize(
    ("value", "key"),
    [("0.mp4", "0"), (0, "0"), (0.0, "0"), ("/data/video/0.MP4", "0"), (["video/0.mp4", "x"], "0"), ("a.b", "a.b"),
     ("C:\\clips\\0.webm", "0"), ("PI-0abb79ae", "PI-0abb79ae"), (None, ""), (True, "")],
)  # fmt: skip
def test_an_id_is_one_however_it_is_written(value: Any, key: str) -> None:
    assert short_key(value) == key


def test_folders_tell_videos_apart_where_they_must() -> None:
    assert whole_key("a/x.mp4") != whole_key("b/x.mp4")


def test_questions_of_three_sets(tmp_path: Path) -> None:
    """Daily-Omni's list, WorldSense's mapping with tasks, Video-MME's questions within videos."""
    intake = DataIntake()
    omni = whole(tmp_path / "qa.json", [{"video_id": "v", "Question": "?", "Choice": CHOICES, "Answer": "B"}] * 2)
    first, second = qa.load(omni, intake)
    assert (first.key, first.part, second.part, first.reference) == ("v", "q1", "q2", "B")
    task = {"question": "?", "candidates": CHOICES, "answer": "A", "task_type": "Event", "task_domain": "x"}
    sense = whole(tmp_path / "worldsense_qa.json", {
        "w1": {"video_caption": "never shown", "video_duration": "1min", "task0": task, "task1": task, "domain": "x"},
        "w2": {"task0": task | {"answer": "yes"}, "audio_class": ["x"]},
    })  # fmt: skip
    found = qa.load(sense, intake)
    assert [one.video for one in found] == ["w1", "w1", "w2"] and "never shown" not in repr(found)
    assert found[0].groups == {"set": "worldsense_qa", "type": "Event", "duration": "1min"}
    mme = lines(tmp_path / "mme.jsonl", [{"video_id": "m", "duration": "short", "questions": [
        {"question_id": "1", "task_type": "T", "question": "?", "options": CHOICES, "answer": "A"}]}])  # fmt: skip
    assert qa.load(mme, intake)[0].groups["duration"] == "short" and not intake.faults


def test_charades_in_its_own_form(tmp_path: Path) -> None:
    file = tmp_path / "charades_sta_test.txt"
    file.write_text("3MSZA 24.3 30.4##person turn a light on.\n3MSZA 9 2##another.\nno span here\n")
    intake = DataIntake()
    found = grounding.load(file, intake)
    assert [one.reference for one in found] == ["24.3 30.4 -1", "2 9 -1"] and found[
        0
    ].question == "person turn a light on."
    assert [fault.kind for fault in intake.faults] == ["unreadable"]
    assert intake.notes["spans that end before they begin, turned round"] == 1


def test_a_reference_that_stands_twice_counts_once(tmp_path: Path) -> None:
    intake = DataIntake()
    data = whole(tmp_path / "t.json", [{"video": "video/0.mp4", "events": ["a"]}, {"video": "0", "events": ["b", "c"]}])
    assert [one.statements for one in salmonn2.load(data, intake)] == [("a",)]
    assert intake.kinds() == {"double_reference": 1}


def test_captions_are_read_in_every_form(tmp_path: Path) -> None:
    rows = [{"id": ["/v/a.mp4"], "prompt": "?", "pred": "one"}, {"video_id": 2, "model_generation": "two"}]
    table = tmp_path / "t.parquet"
    pq.write_table(
        pa.Table.from_pylist([{"video_id": "a", "caption": "one"}, {"video_id": "2", "caption": "two"}]), table
    )
    folder = tmp_path / "dataset" / "data"
    folder.mkdir(parents=True)
    sample = [
        {"id": "0f", "source_name": f"{name}.mp4", "caption": text} for name, text in (("a", "one"), ("2", "two"))
    ]
    pq.write_table(pa.Table.from_pylist(sample), folder / "0.parquet")
    for source in (
        whole(tmp_path / "list.json", rows), lines(tmp_path / "lines.jsonl", rows), table, tmp_path / "dataset",
        whole(tmp_path / "map.json", {"a.mp4": "one", "2": "two"}),
        whole(tmp_path / "records.json", {"a": {"caption": "one"}, "2": {"caption": "two"}}),
    ):  # fmt: skip
        found = load_predictions(str(source), salmonn2.SALMONN2, DataIntake())
        assert {one.key: one.text for one in found.found.values()} == {"a": "one", "2": "two"}, source


def test_each_odd_caption_is_named_and_none_moves_another(tmp_path: Path) -> None:
    long = "x" * 40_000
    rows: list[Any] = [
        {"video_id": "a", "caption": "kept"}, {"video_id": "a", "caption": "kept"},
        {"video_id": "a", "caption": "other"},
        {"video_id": "b", "caption": long}, {"video_id": "c", "caption": None}, {"video_id": "d", "caption": ["x"]},
        {"caption": "whose"}, {"video_id": "", "caption": "whose"}, {"video_id": "e"}, ["x"],
        {"video_id": "z", "pred": "?"},
    ]  # fmt: skip
    file = lines(tmp_path / "mine.jsonl", rows)
    file.write_text(file.read_text() + '{"video_id": "f", "capt\n')
    data = lines(tmp_path / "d.jsonl", [{"video_id": name, "events": ["x"]} for name in "abcdef"])
    intake = DataIntake()
    found = load_predictions(str(file), salmonn2.SALMONN2, intake)
    cases = {case.video: case for case in join(salmonn2.SALMONN2, salmonn2.load(data, intake), found, 1, intake)}
    assert {name: (case.caption[:5], case.gap) for name, case in cases.items()} == {
        "a": ("kept", ""), "b": ("xxxxx", ""), "c": ("", "empty_caption"), "d": ("", "no_caption"),
        "e": ("", "no_caption"), "f": ("", "no_caption"),
    }  # fmt: skip
    assert len(cases["b"].caption) == 40_000
    assert intake.kinds() == {
        "double_id": 1,
        "no_text": 2,
        "no_id": 2,
        "not_a_record": 1,
        "unreadable": 1,
        "unknown_id": 1,
    }
    assert set(intake.notes) == {
        "captions that stand twice with the same text", "captions of more than 20000 characters, judged as they are",
        "captions of fewer than 20 characters, judged as they are",
    }  # fmt: skip


def test_videos_of_one_name_in_two_folders_keep_their_captions(tmp_path: Path) -> None:
    """Where the data has both; a caption of a third folder is nobody's. Where it has one, the first caption counts."""
    long = "is a caption that is long enough"
    names = ("/mine/a/x.mp4", "b/x.mp4", "c/x.mp4", "y")
    file = lines(tmp_path / "m.jsonl", [{"video_id": name, "caption": f"{name} {long}"} for name in names])
    for wanted, kinds in (
        ({"a/x.mp4": names[0], "b/x.mp4": names[1], "d/x.mp4": "", "z/y.mp4": "y"}, {"unknown_id": 1}),
        ({"x.mp4": names[0]}, {"double_id": 2, "unknown_id": 1}),
    ):
        data = lines(tmp_path / "d.jsonl", [{"video_id": name, "reference": name} for name in wanted])
        intake = DataIntake()
        found = load_predictions(str(file), ugc.UGC, intake)
        cases = join(ugc.UGC, ugc.load(data, intake), found, 1, intake)
        assert {case.video: case.caption.partition(" ")[0] for case in cases} == wanted
        assert intake.kinds() == kinds


def test_captions_that_are_none_and_records_in_doubt_are_told(tmp_path: Path) -> None:
    """NaN in the place of a text, as tables have it; a number; two ids; two texts; a number of tokens that is none."""
    file = tmp_path / "mine.jsonl"
    long = "A caption that is long enough."
    file.write_text(
        f'{{"video_id": "a", "caption": NaN}}\n{{"video_id": "b", "caption": 7}}\n'
        f'{{"id": 3, "video": "video/c.mp4", "caption": "{long}"}}\n'
        f'{{"video_id": "d", "caption": "{long}", "pred": "another", "tokens": -4}}\n'
        '{"video_id": "e", "pred": "Error"}\n'
    )
    intake = DataIntake()
    found = load_predictions(str(file), salmonn2.SALMONN2, intake).found
    assert {key: one.text for (key, _), one in found.items()} == {"a": "", "3": long, "d": long, "e": "Error"}
    assert intake.kinds() == {"no_text": 1} and found["d", ""].tokens == 0
    assert set(intake.notes) == {
        "ids that are no text, read as text", "records whose `id` and `video` name two videos, read by `id`",
        "records whose `caption` and `pred` are two texts, of which `caption` is scored",
        "numbers of tokens below 0, taken for unknown", "captions of fewer than 20 characters, judged as they are",
    }  # fmt: skip


def test_clips_without_a_field_of_dialogue_are_not_silent_ones(tmp_path: Path) -> None:
    flags = {"is_single_shot": 1, "speaker_num": 1, "people_num_in_screen": 1}
    rows = [{"video_id": "a", "gt_dialogues": []}, {"video_id": "b"}, {"video_id": "c", "gt_dialogues": "x: hi\ny: ho"}]
    intake = DataIntake()
    silent, absent, text = diadem.load(lines(tmp_path / "d.jsonl", [row | flags for row in rows]), intake)
    assert (silent.is_empty, absent.is_empty, text.statements) == (False, True, ("x: hi", "y: ho"))
    assert intake.notes["clips without dialogue: a caption without dialogue is right"] == 1


@pytest.mark.parametrize("text", ["", "[]", "hello", "{", '{"a": 1}', '[{"video_id": "x"}]'])
def test_a_file_without_captions_is_told_before_anything_is_asked(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.json"
    file.write_text(text)
    with pytest.raises(DataError, match="holds no"):
        load_predictions(str(file), salmonn2.SALMONN2, DataIntake())


def test_captions_of_other_videos_are_told_before_anything_is_asked(tmp_path: Path) -> None:
    intake = DataIntake()
    found = load_predictions(str(whole(tmp_path / "c.json", {"x": "one"})), salmonn2.SALMONN2, intake)
    references = salmonn2.load(whole(tmp_path / "d.json", [{"video": "y", "events": ["e"]}]), intake)
    with pytest.raises(DataError, match=r"captions are of 'x', … and the data of 'y'"):
        join(salmonn2.SALMONN2, references, found, 1, intake)


def test_dream_by_id_or_by_number(tmp_path: Path) -> None:
    data = lines(tmp_path / "d.jsonl", [{"vid": "clip_7", "idx": 7, "reference": "r", "events": ["e"]}])
    for record in ({"idx": 7, "pred": "p"}, {"vid": "clip_7.mp4", "pred": "p"}):
        captions = load_predictions(str(lines(tmp_path / "c.jsonl", [record])), dream.DREAM, DataIntake())
        (case,) = join(dream.DREAM, dream.load(data, DataIntake()), captions, 1, DataIntake())
        assert case.caption == "p" and case.id == "clip_7"


def test_votes_name_a_winner_in_some_way(tmp_path: Path) -> None:
    rows = [{"video_id": 1, "a": "s", "b": "t", "winner": won} for won in ("a", "T", "t", "draw", "both", None)]
    intake = DataIntake()
    assert [one.groups["winner"] for one in elo.load(lines(tmp_path / "v.jsonl", rows), intake)] == ["a", "b", "tie"]
    assert intake.kinds() == {"no_vote": 3}
    twisted = lines(tmp_path / "w.jsonl", [{"video_id": 1, "a": "b", "b": "a", "winner": "a"}] * 2 + rows[:1])
    assert len(elo.load(twisted, intake)) == 1 and intake.kinds() == {"no_vote": 5}


def test_a_question_that_is_no_record_is_named_and_an_event_without_words_told(tmp_path: Path) -> None:
    intake = DataIntake()
    asked = {"question": "?", "answer": "x", "sub_category": "color"}
    vidcap.load(lines(tmp_path / "v.jsonl", [{"video_dir": "a", "QA_pairs": [asked, "odd", None]}]), intake)
    (tmp_path / "camera.jsonl").write_text(json.dumps({"u1": [asked, "odd"]}))
    vdc.load(tmp_path / "camera.jsonl", intake)
    good = {"question": "?", "options": CHOICES, "answer": "A"}
    qa.load(lines(tmp_path / "q.jsonl", [{"video_id": "m", "questions": [good, "odd"]}]), intake)
    salmonn2.load(whole(tmp_path / "s.json", [{"video": "0", "events": ["one", "", None]}]), intake)
    assert intake.kinds() == {"unknown_category": 2, "no_question": 2}
    assert intake.notes["lists of events of which some have no words: those are no events"] == 1


def test_a_record_that_is_no_json_object_names_its_place(tmp_path: Path) -> None:
    file = tmp_path / "v.jsonl"
    file.write_text('{"video_dir": "a.mp4", "QA_pairs": []}\nnull\n{"video_dir": "b", "QA_pairs": [{}]}\n')
    intake = DataIntake()
    with pytest.raises(DataError, match="holds no question"):
        vidcap.load(file, intake)
    assert [(fault.kind, fault.name) for fault in intake.faults] == [
        ("not_a_record", "v.jsonl line 2"), ("unknown_category", "b/q1")
    ]  # fmt: skip


# --- what a command line names -----------------------------------------------------------------------------------


def test_every_benchmark_has_prompts_that_fit() -> None:
    prompts = Prompts()
    for name in benchmarks():
        found = find(name)
        assert isinstance(found, Benchmark) and found.name == name and found.about and found.data
        for step, one in found.steps.items():
            assert prompts.render(one.prompt, **dict.fromkeys(one.places, "x"))
            assert contract(f"{name}.{step}") is one


@pytest.mark.parametrize("name", ["", "nothing", "no.such.module:X", "asid.pipeline.rows:Row"])
def test_an_unknown_benchmark_is_told_with_those_there_are(name: str) -> None:
    with pytest.raises(UserError, match=r"diadem|did you mean|cannot load"):
        find(name)


def test_judges_are_named_for_all_steps_or_one(tmp_path: Path) -> None:
    models, chosen = models_of(["openai:big@http://h:1/v1", "speakers=gemini:flash"], ["dialogue", "speakers"])
    assert models["judge"] == {"provider": "openai", "model": "big", "base_url": "http://h:1/v1"}
    assert chosen == {"dialogue": "judge", "speakers": "judge-speakers"}
    file = tmp_path / "m.yaml"
    file.write_text("models:\n  deep: {provider: openai, model: x, prices: {input: 1, output: 2}}\n")
    assert model_of(f"{file}#deep")["prices"] == {"input": 1, "output": 2}


@pytest.mark.parametrize("words", [[], ["gpt-4o"], ["step=openai:x"], ["openai:x", "openai:y"], ["none.yaml#x"]])
def test_a_judge_that_cannot_be_is_told(words: list[str]) -> None:
    with pytest.raises(JudgeError):
        models_of(words, ["one", "step"] if words[:1] == ["step=openai:x"] else ["one"])
