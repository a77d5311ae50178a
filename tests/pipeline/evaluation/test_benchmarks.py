"""Each judged benchmark end to end: the published file's form with its faults, a judge of known answers over HTTP."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from typer.testing import CliRunner

from asid.pipeline.cli import app
from asid.pipeline.evaluation import judged as judging
from asid.pipeline.prompts import Prompts
from tests import paid
from tests.kits.evalkit import (
    asid,
    asid_eval,
    evidence,
    judged,
    lines,
    reasked,
    table,
    whole,
    without_ray,
)
from tests.servers.llm import Behaviour, LlmServer


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "judge", without_ray)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A Ray that the engine takes for the cluster it belongs to."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH", "")]))
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


def served(answer: Any, **more: Any) -> LlmServer:
    return LlmServer(Behaviour(answer=answer, **more))


def captioned(path: Path, captions: dict[str, str], field: str = "caption") -> Path:
    return lines(path, [{"video_id": name, field: text} for name, text in captions.items()])


@pytest.mark.cluster
@pytest.mark.usefixtures("cluster")
def test_qa(tmp_path: Path) -> None:
    choices = ["A. Ann", "B. Bo", "C. Cy", "D. Di"]
    asked: list[dict[str, Any]] = [
        {"video_id": name, "Question": f"Who rings {name}?", "Choice": choices, "Answer": "B", "Type": "Inference"}
        for name in ("right", "wrong", "na", "prose", "mends", "gone", "empty")
    ]
    asked += [{"video_id": 7, "Question": "Again?", "Choice": choices, "Answer": "B", "Type": "Comparative"}] * 2
    asked += [{"video_id": "x", "Question": "No truth?", "Choice": choices, "Answer": "E", "Type": "Inference"}]
    data = whole(tmp_path / "daily.json", asked)
    said = {name: f"caption of {name}" for name in ("right", "wrong", "na", "prose", "mends", "7")}
    rows = [{"video_id": f"clips/{name}.mp4", "caption": text} for name, text in said.items()]
    rows += [{"video_id": "empty", "caption": " "}, {"video_id": "right", "caption": "another"},
             {"video_id": "nobody", "caption": "of nothing"}]  # fmt: skip
    captions = lines(tmp_path / "mine.jsonl", rows)
    captions.write_text(captions.read_text() + "{broken\n")
    answers = {"right": "B", "wrong": "A", "na": "N/A", "prose": "It must be B, I think", "mends": ["Bo rings", "(b)"],
               "7": "B."}  # fmt: skip
    with LlmServer(Behaviour(answer=judged({said[name]: text for name, text in answers.items()}))) as server:
        words = ("--captions", captions, "--data", data)
        found = asid_eval("qa", server, tmp_path / "run", *words)
        assert table(found, "Answers")["mine"] == [pytest.approx(100 * 4 / 9)]
        assert table(found, "Where")["daily"] == [9, 4, 1, 1, 3, pytest.approx(80.0)]
        assert table(found, "Accuracy by type")["Comparative"] == [2, 100.0]
        assert (found["scored"], found["expected"]) == (6, 9)
        assert found["missing"] == {"invalid_answer": 1, "no_caption": 1, "empty_caption": 1}
        assert found["faults"] == {"no_answer": 1, "double_id": 1, "unknown_id": 1, "unreadable": 1}
        assert found["judges"]["answer"][0]["model"] == "tiny-2026-01" and found["judges"]["answer"][0]["prompt_hash"]
        paid = server.seen.answers
        assert asid_eval("qa", server, tmp_path / "run", *words) == found
        assert server.seen.answers == paid
    told = asid("failures", tmp_path / "run")
    for named in ("nobody", "mine.jsonl line 10", "prose/q1", "x/q1"):
        assert named in told
    assert "`asid eval` goes on" in str(CliRunner().invoke(app, ["run", "--run", str(tmp_path / "run")]).exception)


@pytest.mark.usefixtures("quick")
def test_ugc(tmp_path: Path) -> None:
    """The check values of four clips; the judge's marks off the scale and with other keys end as failures."""
    marks = {"one": {"visual": 4, "audio": 3, "details": 5}, "two": {"visual": 2, "audio": 1, "details": 3},
             "three": [{"visual": 5, "audio": 4}, {"visual": 5, "audio": 4, "details": 4}],
             "four": {"visual": 6, "audio": 4, "details": 4},
             "five": {"sight": 5, "audio": 4, "details": 4}}  # fmt: skip
    samples = [{"video_id": f"PI-{name}", "path": "x", "answer": f"about {name}"} for name in marks]
    samples += [{"video_id": "PI-none", "path": "x", "answer": None}, {"path": "x", "answer": "whose?"}]
    data = whole(tmp_path / "final_caption_qa.json", {"question": "?", "valid_count": 7, "samples": samples})
    captions = captioned(tmp_path / "mine.jsonl", {f"PI-{name}.mp4": name for name in marks} | {"PI-none": "x"}, "pred")
    with served(judged(marks)) as server:
        found = asid_eval("ugc", server, tmp_path / "run", "--captions", captions, "--data", data)
    # visual 4 + 2 + 5, audio 3 + 1 + 4, details 5 + 3 + 4, and two failures at 0
    assert table(found, "UGC")["mine"] == pytest.approx([32.0, 44.0, 48.0, (32 + 44 + 48) / 3])
    assert found["missing"] == {"invalid_answer": 2} and found["faults"] == {"no_id": 1, "no_reference": 1}


@pytest.mark.usefixtures("quick")
def test_runs_stand_together_in_the_layout_of_the_papers(tmp_path: Path) -> None:
    """A row for each system over two benchmarks; what was not run stays open; other judges are told."""
    data = lines(tmp_path / "ugc.jsonl", [{"video_id": name, "reference": name} for name in "ab"])
    videos = whole(tmp_path / "salmonn2.json", [{"video": f"video/{name}.mp4", "events": ["e", "f"]} for name in "ab"])
    files = {name: captioned(tmp_path / f"{name}.jsonl", {"a": name, "b": name}) for name in ("first", "second")}
    mark = {"first": 5, "second": 3}

    def answer(prompt: str, schema: Any) -> str:
        shown = evidence(prompt)
        if "events" in shown:
            return json.dumps({"missing": [1], "incorrect": [], "hallucinated": ["x", "y"]})
        return json.dumps(dict.fromkeys(("visual", "audio", "details"), mark[shown["caption"]]))

    with served(answer) as server:
        for name, file in files.items():
            asid_eval("ugc", server, tmp_path / f"ugc-{name}", "--captions", file, "--data", data)
        words = ("--captions", files["first"], "--data", videos, "--runs", 1)
        asid_eval("salmonn2", server, tmp_path / "events", *words)
        asid_eval("ugc", server, tmp_path / "other", "--captions", files["second"], "--data", data,
                  "--set", "recipe.mark.prompt=mine", "--prompts", own_prompt(tmp_path))  # fmt: skip
    runs = [tmp_path / name for name in ("ugc-first", "ugc-second", "events", "other")]
    (table,) = json.loads(asid("eval", "table", *runs, "--json"))
    assert table["columns"] == ["Model", "Miss↓", "Hall.↓", "Total↓", "Audio↑", "Visual↑", "Detail↑", "Avg.↑"]
    assert table["rows"] == [
        ["first", 50.0, 100.0, 150.0, *[100.0] * 4], ["second", *[None] * 3, *[60.0] * 4],
        [f"second ({tmp_path / 'other'})", *[None] * 3, *[60.0] * 4],
    ]  # fmt: skip
    assert table["notes"][-1] == "rows of ugc had different judges or prompts: they do not compare systems alone"
    assert "scored 2 of 2; mark tiny-2026-01 by prompt" in table["notes"][0]
    assert "Audiovisual captioning (ASID, Tab. 2" in asid("eval", "table", *runs)


def own_prompt(folder: Path) -> Path:
    """A folder with the shipped prompt of marks in other words."""
    made = folder / "prompts"
    made.mkdir()
    (made / "mine.txt").write_text("Be fair.\n" + Prompts().text("eval/ugc"))
    return made


@pytest.mark.usefixtures("quick")
def test_grounding(tmp_path: Path) -> None:
    """The check values, with an N/A, a failure, and a caption that is missing."""
    spans = {"a": (2, 8), "b": (5, 15), "c": (10, 4), "d": (3, 6), "e": (0, 5), "f": (0, 1), "g": (0, 1)}
    file = {name: {"duration": 9.0 if name == "b" else 30.0, "timestamps": [list(span)], "sentences": [f"{name} runs."]}
            for name, span in spans.items()}  # fmt: skip
    file["h"] = {"duration": 30.0, "timestamps": [], "sentences": ["no span"]}
    data = whole(tmp_path / "charades_test.json", file)
    replies = {"a": "2.0-8.0", "b": "0 to 10", "c": "12 and 4", "d": "N/A", "e": "20s to 30s", "f": "soon"}
    captions = whole(tmp_path / "mine.json", {f"videos/{name}.mp4": name for name in replies})
    with served(judged(replies)) as server:
        found = asid_eval("grounding", server, tmp_path / "run", "--captions", captions, "--data", data)
    rows = table(found, "Temporal")
    assert rows["mine"] == pytest.approx([100 * (1 + 1 / 3 + 0.75) / 7, 300 / 7, 200 / 7, 200 / 7])
    assert rows["(whole clip, no caption)"][0] == pytest.approx(100 * (0.2 + 4 / 15 + 0.2 + 0.1 + 1 / 6 + 2 / 30) / 7)
    assert found["missing"] == {"invalid_answer": 1, "no_caption": 1} and found["faults"] == {"no_span": 1}
    assert found["notes"]["spans that end before they begin, turned round"] == 1
    assert found["notes"]["spans that end after their video, as published"] == 1


@pytest.mark.usefixtures("quick")
def test_following(tmp_path: Path) -> None:
    """One video has two prompts; a level that is none, and a lacking attribute, are asked for again."""
    names = ("scene", "characters", "objects", "actions", "narrative elements", "speech", "camera", "emotions")

    def levels(*explicit: str, **more: str) -> dict[str, Any]:
        return {"levels": {name: "explicit" if name in explicit else "none" for name in names} | more, "evidence": []}

    prompts = [("0.mp4", ["scene"]), ("0.mp4", ["narrative elements"]), ("1.mp4", ["scene", "actions"]),
               ("2.mp4", ["scene", "speech", "actions"]), ("3.mp4", ["speech"])]  # fmt: skip
    data = lines(tmp_path / "prompts.jsonl", [
        {"video": f"/data/{name}", "video_rel": name, "k": len(wanted), "attributes": wanted, "prompt": "Tell."}
        for name, wanted in prompts
    ] + [{"video_rel": "9.mp4", "k": 1, "attributes": ["taste"], "prompt": "Tell."}])  # fmt: skip
    rows = [{"video_id": "0.mp4", "prompt_id": 0, "caption": "first"},
            {"video_id": "0.mp4", "prompt_id": 1, "caption": "second"},
            {"video_id": "1.mp4", "caption": "alone"}, {"video_id": "2.mp4", "caption": "extra"},
            {"video_id": "3.mp4", "caption": "lacking"}, {"video_id": "0.mp4", "caption": "whose"}]  # fmt: skip
    captions = lines(tmp_path / "mine.jsonl", rows)
    lacking = levels("speech")
    del lacking["levels"]["camera"]
    answers = {"first": levels("scene"), "second": [levels(scene="much"), levels("narrative elements")],
               "alone": levels("scene", "actions", speech="minor"), "lacking": lacking,
               "extra": levels("scene", "speech", "actions", "camera")}  # fmt: skip
    with served(judged(answers)) as server:
        found = asid_eval("following", server, tmp_path / "run", "--captions", captions, "--data", data)
    assert table(found, "Instruction") == {
        "mine": [pytest.approx(200 / 3), 100.0, 0.0, None],
        "(prompts)": [3, 1, 1, 0],
    }
    assert found["missing"] == {"invalid_answer": 1}
    assert found["faults"] == {"unknown_attribute": 1, "no_prompt": 1}


@pytest.mark.usefixtures("quick")
def test_salmonn2(tmp_path: Path) -> None:
    """Three runs, of which the middle one is told whole; loops are seen to; a judge whose lists cannot be used is asked
    for counts, which must add up."""
    events = {"0": 10, "1": 20, "2": 40}
    data = whole(tmp_path / "video_salmonn2_test.json", [
        {"video": f"video/{name}.mp4", "conversations": [], "events": [f"event {name} {n}" for n in range(count)]}
        for name, count in events.items()
    ] + [{"video": "video/3.mp4", "events": []}])  # fmt: skip
    captions = whole(tmp_path / "avocado.json", [
        {"id": [f"/data/{name}.mp4"], "prompt": "?", "pred": f"caption {name}" + " and again" * 9} for name in events
    ])  # fmt: skip
    counts = {"0": (2, 1, 0), "1": (10, 2, 3), "2": (4, 4, 2)}

    def answer(prompt: str, schema: Any) -> str:
        shown = evidence(prompt)
        assert shown["caption"].count("again") == 1
        name = shown["caption"].split()[1]
        missed, incorrect, hallucinated = counts[name]
        numbers = list(range(1, missed + incorrect + 1))
        if name == "1":
            if "four numbers" not in prompt:
                return json.dumps({"missing": [len(prompt)], "incorrect": [], "hallucinated": []})
            correct = 20 - missed - incorrect if reasked(prompt) else 20
            return json.dumps({"missed": missed, "correct": correct, "incorrect": incorrect,
                               "hallucinated": hallucinated})  # fmt: skip
        return json.dumps({"missing": numbers[:missed], "incorrect": numbers[missed:],
                           "hallucinated": [f"made up {n}" for n in range(hallucinated)]})  # fmt: skip

    with served(answer) as server:
        words = ("--captions", captions, "--data", data, "--runs", 3)
        found = asid_eval("salmonn2", server, tmp_path / "run", *words)
        assert server.seen.paid_twice == 0 and server.seen.answers == 3 * (1 + (3 + 2) + 1)
    assert table(found, "Events")["avocado"] == pytest.approx([100 * 16 / 70, 100 * 12 / 70, 40.0])
    assert found["tables"][0]["notes"] == ["3 verdicts are counts alone: their judge's lists could not be used"]
    assert table(found, "Mean of")["run 1"] == pytest.approx([26.667, 16.667, 43.333], abs=0.001)
    assert (found["runs"], found["scored"], found["expected"]) == (3, 9, 9) and found["faults"] == {"no_reference": 1}


@pytest.mark.usefixtures("quick")
def test_diadem(tmp_path: Path) -> None:
    """Check A by way of the judges; a silent caption, a caption without a verdict, and clips of other kinds."""
    flags = {"people_num_in_screen": 2, "is_single_shot": 1}
    rows = [
        {"video_id": 12, "gt_dialogues": ["tall man: Hello there, how are you?", "woman in red: I'm fine."],
         "speaker_num": 2, **flags},
        {"video_id": "silent.mp4", "gt_dialogues": ["nurse: Sit down."], "speaker_num": 1, "people_num_in_screen": 2,
         "is_single_shot": 0},
        {"video_id": "odd", "gt_dialogues": ["nurse: Sit down.", "no colon"], "speaker_num": 0, **flags},
    ]  # fmt: skip
    data = lines(tmp_path / "annotations.jsonl", rows)
    captions = captioned(tmp_path / "mine.jsonl", {"12": "check A", "silent": "nobody speaks", "odd": "nurse"}, "pred")
    told = {"check A": [("man", "Hello there."), ("man", "How are you?"), ("woman", "I am fine.")],
            "nobody speaks": [], "nurse": [("a nurse", "Sit down!")]}  # fmt: skip

    def answer(prompt: str, schema: Any) -> str:
        shown = evidence(prompt)
        if "caption" in shown:
            said = told[shown["caption"]]
            return json.dumps({"lines": [{"speaker": speaker, "text": text} for speaker, text in said]})
        assert "the descriptions alone" in prompt
        if "nurse" in shown["pairs"]:
            return json.dumps({"pairs": [{"pair": 1, "same": True}, {"pair": 2, "same": True}]})  # there is one
        assert '"man" and "tall man"' in shown["pairs"] and "2." in shown["pairs"]
        return json.dumps({"pairs": [{"pair": 2, "same": False}, {"pair": 1, "same": True}]})

    with served(answer) as server:
        found = asid_eval("diadem", server, tmp_path / "run", "--captions", captions, "--data", data)
    main = table(found, "DiaDemBench")["mine"]
    names = next(one["columns"] for one in found["tables"] if one["title"].startswith("DiaDemBench"))[1:]
    cells = dict(zip(names, main, strict=True))
    assert cells["Single: N=2"] == "50.0 / 92.9" and cells["Multi: N=1"] == "0.0 / 0.0"
    assert cells["Single: Overlap"] == "0.0 / 0.0" and cells["Single: N≥3"] is None
    assert cells["Overall"] == f"{50 / 3:.1f} / {92.857143 / 3:.1f}"
    assert table(found, "Clips of the data")["single-shot"] == [0, 1, 0, 1, pytest.approx(200 / 3)]
    assert found["missing"] == {"invalid_answer": 1}
    assert found["notes"]["lines of dialogue without a speaker or words, which no match can be made of"] == 1


@pytest.mark.usefixtures("quick")
def test_vdc(tmp_path: Path) -> None:
    """The check values: videos at 0 stay. A caption written for an aspect comes before the general one."""
    grades = {"u1": [(5, "yes"), (3, "Yes"), (0, "no"), (2, "no")], "u2": [(0, "no")] * 2, "u3": [(1, "no"), (2, "no")]}
    folder = tmp_path / "vdc"
    folder.mkdir()
    lines(folder / "camera.jsonl", [
        {name: [{"question": f"{name} {n}?", "answer": "a tram", "category": "x"} for n in range(len(found))]}
        for name, found in grades.items()
    ])  # fmt: skip
    lines(folder / "short.jsonl", [{"u1": [{"question": "short 0?", "answer": "a tram", "category": "x"}]}])
    rows: list[dict[str, Any]] = [{"video_id": f"{name}.mp4", "caption": "general"} for name in grades]
    captions = lines(tmp_path / "mine.jsonl", [*rows, {"video_id": "u1", "aspect": "short", "caption": "brief"}])

    def answer(prompt: str, schema: Any) -> str:
        shown = evidence(prompt)
        if "caption" in shown:
            assert shown["caption"] == ("brief" if "short" in shown["question"] else "general")
            return "It may be a tram."
        assert shown["answer"] == "It may be a tram."
        name, number = shown["question"].rstrip("?").split()
        score, pred = (7, "yes") if name == "short" else grades[name][int(number)]
        return json.dumps({"pred": pred, "score": score})

    with served(answer) as server:
        found = asid_eval("vdc", server, tmp_path / "run", "--captions", captions, "--data", folder)
    rows_ = table(found, "VDC")
    assert rows_["mine"] == pytest.approx([100 / 6, 0.0, 100 / 12, 4 / 3, 0.0])
    assert rows_["(published rule: videos at 0 dropped)"][0] == pytest.approx(50.0)
    assert found["missing"] == {"invalid_answer": 1}


@pytest.mark.usefixtures("quick")
def test_vidcap(tmp_path: Path) -> None:
    """The check values in small. "-1" in the analysis is not read as the grade; folders tell videos apart."""
    grades = [2, 2, 1, 1, 1, 0, -1, -1, -1, -1]
    pairs = [{"question": f"q{n}?", "answer": "Wide.", "sub_category": "cinematography", "primary_category": "x"}
             for n in range(len(grades))]  # fmt: skip
    data = lines(tmp_path / "VidCapBench-AE_QA.jsonl", [
        {"video_dir": "one/a.mp4", "QA_pairs": pairs[:5]}, {"video_dir": "two/a.mp4", "QA_pairs": pairs[5:]},
        {"video_dir": "two/b.mp4", "QA_pairs": [pairs[0] | {"sub_category": "smell"}]},
    ])  # fmt: skip
    captions = lines(tmp_path / "mine.jsonl", [
        {"video_dir": f"{name}/a.mp4", "model_generation": name, "tokens": 250} for name in ("one", "two")
    ])  # fmt: skip

    def answer(prompt: str, schema: Any) -> str:
        shown = evidence(prompt)
        if "caption" in shown:
            return shown["caption"]
        number = int(shown["question"][1:-1])
        assert shown["answer"] == ("one" if number < 5 else "two")
        return json.dumps({"score": grades[number], "analysis": "not -1 but 2"})

    with served(answer) as server:
        found = asid_eval("vidcap", server, tmp_path / "run", "--captions", captions, "--data", data)
    assert table(found, "VidCapBench")["aesthetics"] == pytest.approx([10, 20.0, 500 / 9, 90.0, 8.0])
    assert found["faults"] == {"unknown_category": 1}


@pytest.mark.usefixtures("quick")
def test_dream(tmp_path: Path) -> None:
    """The check values over two subsets, in the published form; a caption without events is not precise."""
    wanted = {"t1/1": (5, 3, 4, 2), "t1/2": (1, 1, 2, 1), "t2/3": (1, 0, 2, 2), "t2/4": (1, 0, 0, 0)}
    data = lines(tmp_path / "DREAM-1k.jsonl", [
        {"dataset": f"DREAM/{name[:2]}", "idx": int(name[3:]),
         "extra_info": {"events": [f"Ev {n}." for n in range(count)]},
         "messages": [{"role": "assistant", "content": [{"type": "text", "reference": f"Ref {name}", "text": "x"}]}]}
        for name, (count, *_) in wanted.items()
    ])  # fmt: skip
    captions = lines(tmp_path / "mine.jsonl", [{"idx": int(name[3:]), "prediction": f"Cap {name}"} for name in wanted])

    def relations(count: int, entailed: int) -> str:
        rows = [{"event": n, "relation": "entailment" if n <= entailed else "neutral"} for n in range(1, count + 1)]
        return json.dumps({"relations": rows})

    def answer(prompt: str, schema: Any) -> str:
        shown = evidence(prompt)
        theirs, recalled, ours, precise = wanted[(shown.get("caption") or shown["description"]).split()[1]]
        if "caption" in shown:
            return json.dumps({"events": [f"It {n}." for n in range(ours)]})
        return relations(theirs, recalled) if shown["description"].startswith("cap") else relations(ours, precise)

    with served(answer) as server:
        found = asid_eval("dream", server, tmp_path / "run", "--captions", captions, "--data", data)
    rows = table(found, "DREAM")
    assert rows["t1"][1:] == pytest.approx([80.0, 50.0]) and rows["t2"][1:] == pytest.approx([0.0, 50.0])
    assert rows["mine"] == pytest.approx([100 * 2 * 0.4 * 0.5 / 0.9, 40.0, 50.0])
    assert table(found, "The same")["mine"] == pytest.approx([100 * 2 * 0.4 * 0.75 / 1.15, 40.0, 75.0])


@pytest.mark.usefixtures("quick")
def test_avocado(tmp_path: Path) -> None:
    """One check list is in the file, one is drawn up; a judge that leaves a point out is asked again."""
    sound, still = "auditory elements", "static entities"
    data = lines(tmp_path / "refs.jsonl", [
        {"video_id": "a", "reference": "ra",
         "points": [{"point": "bark", "category": sound}, {"point": "dog", "category": still}]},
        {"video_id": "b", "reference": "rb"}, {"video_id": "c", "reference": "rc"}, {"video_id": "d", "reference": ""},
    ])  # fmt: skip
    captions = lines(tmp_path / "mine.jsonl", [
        {"video_id": "a", "caption": "a dog", "tokens": 100},
        {"video_id": "b", "caption": "the cat sat " * 3, "tokens": 3072},
        {"video_id": "c", "caption": ""},
    ])  # fmt: skip

    def answer(prompt: str, schema: Any) -> str:
        shown = evidence(prompt)
        if "reference" in shown:
            assert shown["reference"] == "rb"
            return json.dumps({"points": [{"point": f"p{n}", "category": still} for n in range(3)]})
        told = {"a dog": [False, True]}.get(shown["caption"], [True, True, False])
        verdicts = [{"point": n, "told": one} for n, one in enumerate(told, 1)]
        return json.dumps({"verdicts": verdicts if reasked(prompt) else verdicts[:-1]})

    with served(answer) as server:
        found = asid_eval("avocado", server, tmp_path / "run", "--captions", captions, "--data", data)
    assert table(found, "AVoCaDO")["mine"] == pytest.approx([50.0, 50.0, 100 * (0 + 4 / 7 + 1) / 3, 100 / 3])
    assert table(found, "Key points")[still] == [4, 75.0] and table(found, "Key points")[sound] == [1, 0.0]
    assert found["missing"] == {"empty_caption": 1} and found["faults"] == {"no_reference": 1}


@pytest.mark.usefixtures("quick")
def test_elo(tmp_path: Path) -> None:
    """Votes of people in their order, without a judge; and a judge's, whichever caption it is shown first."""
    votes = [("A", "B", "a"), ("A", "C", "A"), ("B", "C", "a"), ("C", "A", "a"), ("C", "A", "both")]
    data = lines(tmp_path / "votes.jsonl", [{"video_id": "3", "a": a, "b": b, "winner": won} for a, b, won in votes])
    words = ("eval", "elo", "--data", data, "--run", tmp_path / "votes", "--json")
    found = json.loads(asid(*words).splitlines()[-1])
    ratings = {name: row[2] for name, row in table(found, "Elo").items()}
    assert ratings == pytest.approx({"A": 1003.7709, "B": 1000.0005, "C": 996.2285}, abs=1e-3)
    assert found["faults"] == {"no_vote": 1}

    good = captioned(tmp_path / "good.jsonl", {str(n): "good" for n in range(6)})
    bad = captioned(tmp_path / "bad.jsonl", {str(n): "bad" for n in range(5)})

    def answer(prompt: str, schema: Any) -> str:
        shown = evidence(prompt)
        return json.dumps({"better": "first" if shown["caption 1"] == "good" else "second", "why": "x"})

    with served(answer) as server:
        found = asid_eval("elo", server, tmp_path / "run", "--captions", good, "--captions", bad)
        assert server.seen.answers == 2, "five pairs, in two orders: what is the same question is paid for once"
    rows = table(found, "Elo")
    assert rows["good"][3] == 6 and rows["good"][0] > 1020 and rows["good"][0] + rows["bad"][0] == pytest.approx(2000)


@pytest.mark.cluster
@pytest.mark.media
@pytest.mark.usefixtures("cluster")
def test_a_model_captions_the_videos_that_are_judged(tmp_path: Path) -> None:
    """With a published prompt, which says nothing of the clip; a file with the same bytes has its caption too."""
    videos = paid.clips(tmp_path / "videos", 2)
    shutil.copy(videos / "clip-0000.mp4", videos / "twin.mp4")
    (videos / "broken.mp4").write_text("<html>")
    (tmp_path / "plain.txt").write_text("Describe the video.\n")
    data = lines(tmp_path / "ugc.jsonl", [
        {"video_id": name, "reference": f"of {name}"} for name in ("clip-0000", "clip-0001", "twin", "broken")
    ])  # fmt: skip

    def answer(prompt: str, schema: Any) -> str:
        if prompt.strip() == "Describe the video.":
            return "A test picture."
        assert evidence(prompt)["caption"] == "A test picture."
        return json.dumps({"visual": 5, "audio": 5, "details": 5})

    with served(answer) as server:
        model, prompt = f"openai:tiny@{server.url}/v1", tmp_path / "plain.txt"
        words = ("--captions", model, "--videos", videos, "--prompt", prompt, "--data", data)
        found = asid_eval("ugc", server, tmp_path / "run", *words)
        assert table(found, "UGC")["tiny"] == pytest.approx([75.0] * 4) and found["missing"] == {"no_caption": 1}
        paid_so_far = server.seen.answers
        assert paid_so_far == 2 + 3  # twins are captioned once, and judged by their own references
        out = tmp_path / "mine.jsonl"
        said = asid("caption", model, "--videos", videos, "--prompt", prompt, "--out", out,
                    "--run", tmp_path / "run-captions" / "tiny")  # fmt: skip
        assert server.seen.answers == paid_so_far
    assert "3 captions" in said and "1 failed" in said
    written = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted(line["video_id"] for line in written) == ["clip-0000.mp4", "clip-0001.mp4", "twin.mp4"]
    assert {line["model"] for line in written} == {"tiny-2026-01"}


@pytest.mark.cluster
@pytest.mark.media
@pytest.mark.usefixtures("cluster")
def test_each_prompt_of_a_video_has_a_caption_of_its_own(tmp_path: Path) -> None:
    """Two prompts on one video, and one on another with the same bytes: the model is asked in their words."""
    videos = paid.clips(tmp_path / "videos", 2)
    shutil.copy(videos / "clip-0000.mp4", videos / "twin.mp4")
    asked = [("clip-0000.mp4", "scene", "Tell the scene."), ("clip-0000.mp4", "speech", "Tell what is said."),
             ("twin.mp4", "camera", "Tell how it is filmed.")]  # fmt: skip
    data = lines(tmp_path / "prompts.jsonl", [
        {"video": f"/x/{name}", "video_rel": name, "k": 1, "attributes": [target], "prompt": prompt}
        for name, target, prompt in asked
    ])  # fmt: skip
    names = ("scene", "characters", "objects", "actions", "narrative elements", "speech", "camera", "emotions")
    explicit = {"Tell the scene.": "scene", "Tell what is said.": "scene", "Tell how it is filmed.": "camera"}

    def answer(prompt: str, schema: Any) -> str:
        if prompt.strip() in explicit:
            return f"Caption: {prompt.strip()}"
        told = explicit[evidence(prompt)["caption"].removeprefix("Caption: ")]
        return json.dumps({"levels": {name: "explicit" if name == told else "none" for name in names}, "evidence": []})

    with served(answer) as server:
        model = f"openai:tiny@{server.url}/v1"
        words = ("--captions", model, "--videos", videos, "--data", data)
        found = asid_eval("following", server, tmp_path / "run", *words)
        assert table(found, "Instruction")["tiny"][0] == pytest.approx(200 / 3)
        assert (found["scored"], found["faults"]) == (3, {}) and server.seen.answers == 3 + 3
        again = asid_eval("following", server, tmp_path / "again", "--captions", tmp_path / "run-captions" / "tiny",
                          "--data", data)  # fmt: skip
        assert again["tables"][0]["rows"][0][1:] == found["tables"][0]["rows"][0][1:]
    with served(lambda prompt, schema: f"Caption {prompt.strip()}") as server:
        out, model = tmp_path / "three.jsonl", f"openai:tiny@{server.url}/v1"
        asid("caption", model, "--videos", videos / "twin.mp4", "--prompt", data, "--samples", 3, "--out", out,
             "--run", tmp_path / "three")  # fmt: skip
        assert server.seen.answers == 3  # each sample is a question with a seed of its own
    assert [json.loads(line)["sample"] for line in out.read_text().splitlines()] == [1, 2, 3]
    written = (tmp_path / "run-captions" / "tiny.jsonl").read_text().splitlines()
    assert [(line["video_id"], line["prompt_id"], line["generated_tokens"]) for line in map(json.loads, written)] == [
        ("clip-0000.mp4", "0", 6), ("clip-0000.mp4", "1", 6), ("twin.mp4", "2", 7)
    ]  # fmt: skip
