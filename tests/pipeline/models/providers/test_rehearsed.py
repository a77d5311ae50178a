"""The shipped script: an answer of the right form for each task, made of nothing but the prompt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.captions.anchors import parse
from asid.pipeline.models.providers import rehearsed
from tests.kits.modelkit import request

CAPTION = 'At 0s, a room. A man says, "hello". At 3s, he leaves.'


def fenced(kind: str, text: str) -> str:
    return f'<evidence kind="{kind}">\n{text}\n</evidence>'


def test_fenced_texts_are_read_by_kind_and_the_first_of_a_kind_counts() -> None:
    prompt = (
        fenced("a", " one ") + " between " + fenced("b", "two\nlines") + fenced("a", "three") + "<evidence>x</evidence>"
    )
    assert rehearsed.evidence(prompt) == {"a": "one", "b": "two\nlines"}
    assert rehearsed.evidence("no fences") == {}


@pytest.mark.parametrize(("seconds", "most"), [("0.4", 1), ("1.5", 1), ("2", 2), ("30.0", 3)])
def test_a_caption_has_anchors_that_rise_within_the_clip(seconds: str, most: int) -> None:
    text = rehearsed.caption(request(f"The clip lasts {seconds} seconds."))
    anchors = [float(block.anchor or 0) for block in parse(text)]
    assert anchors == sorted(set(anchors))
    assert anchors[0] == 0
    assert anchors[-1] < float(seconds)
    assert len(anchors) <= most


def test_spoken_lines_are_quoted_at_their_second_without_marks_of_their_own() -> None:
    speech = fenced("transcript", '[3.2s - 4.0s] S1: say "cheese"\nnothing timed\n[99.0s - 99.5s] S1: too late')
    text = rehearsed.caption(request(f"lasts 10 seconds {speech}"))
    quoted = {float(block.anchor or 0): block.text for block in parse(text) if '"' in block.text}
    assert "\"say 'cheese'\"" in quoted[3.0]
    assert '"too late"' in quoted[9.0]  # the clip's last second
    assert "nothing timed" not in text


def test_a_seed_makes_another_candidate_and_the_same_seed_the_same() -> None:
    told = [rehearsed.caption(request("x", settings={"seed": seed})) for seed in range(12)]
    assert len(set(told)) > 3
    assert rehearsed.caption(request("x", settings={"seed": 5})) == told[5]


def test_of_several_accounts_the_longest_is_the_draft_from_its_first_anchor_on() -> None:
    prompt = (
        fenced("caption one", "At 0s, x.") + fenced("caption two", f"It shows: {CAPTION}") + fenced("note", "y" * 500)
    )
    assert rehearsed.ensemble(request(prompt)) == CAPTION


def test_a_line_that_a_caption_lacks_is_reported_and_the_caption_kept() -> None:
    prompt = fenced("caption", CAPTION) + fenced("transcript", "[0.5s - 1.0s] S1: Hello\n[5.0s - 6.0s] S1: goodbye")
    found = rehearsed.verify(request(prompt))
    assert found["caption"] == CAPTION
    assert found["speech_deficiency_specific"] == "The line 'goodbye' is left out."


def test_only_blocks_that_quote_are_speech() -> None:
    found = rehearsed.decompose(request(fenced("caption", CAPTION)))
    assert set(found) == set(ATTRIBUTES)
    assert found.pop("speech") == 'At 0s, a room. A man says, "hello".'
    assert set(found.values()) == {CAPTION}


@pytest.mark.parametrize(("text", "grade", "rank"), [(CAPTION, 4, 1), ("(empty)", 1, 0), ("x" * 4000, 4, 10)])
def test_grades_follow_what_there_is(text: str, grade: int, rank: int) -> None:
    asked = request(fenced("caption", text))
    assert rehearsed.judge(asked)["completeness"] == grade
    assert rehearsed.grade(asked)["grade"] == rank


def test_events_are_sentences_and_a_caption_of_nothing_has_one_too() -> None:
    assert rehearsed.events(request(fenced("caption", "A man sits. He waits!")))["events"] == [
        "A man sits.",
        "He waits!",
    ]
    assert rehearsed.events(request(fenced("caption", "(empty)")))["events"] == ["nothing is told"]


def test_findings_quote_the_caption_and_come_for_about_every_third() -> None:
    audits = [
        rehearsed.audit(request(fenced("caption", f"At 0s, clip {n} is here to see now.")))["errors"] for n in range(60)
    ]
    assert 10 <= sum(map(bool, audits)) <= 30
    assert all(f"At 0s, clip {n} is here".startswith(found[0]["snippet"]) for n, found in enumerate(audits) if found)
    assert rehearsed.audit(request(fenced("caption", "(empty)"))) == {"errors": [], "missing": [], "expressiveness": []}


@pytest.mark.parametrize("task", sorted(rehearsed.TASKS))
def test_each_task_has_an_answer_that_json_can_hold_and_another_has_none(task: str) -> None:
    prompt = fenced("caption", CAPTION) + fenced("account", CAPTION)
    first: Any = rehearsed.answer(request(prompt, task=task))
    assert json.loads(json.dumps(first)) == first
    assert rehearsed.answer(request(prompt, task=task)) == first
    with pytest.raises(KeyError):
        rehearsed.answer(request(prompt, task="dance"))
