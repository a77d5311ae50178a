"""The draft is completed once, between two rounds of checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.stage import Unprocessable
from asid.stages.verify import Verify
from tests.kits.asking_kit import CAPTION, Scripted, drafted, run

DRAFT = 'At 0s, a woman stands in a kitchen and says "the cattle are in". At 70s, the clip ends.'


def answer(caption: str = CAPTION, **more: Any) -> dict[str, Any]:
    return {"non_speech_deficiency_specific": "the tea", "speech_deficiency_specific": "", "caption": caption} | more


def test_the_checks_tell_the_model_about_the_draft_and_the_row_about_the_result(tmp_path: Path) -> None:
    model = Scripted(answer())
    row = run(Verify, drafted(tmp_path, DRAFT), model, tmp_path)
    assert row.verified == CAPTION
    assert (row.missing_sight, row.missing_speech) == ("the tea", "")
    assert row.problems == ()
    prompt = model.requests[0].prompt
    checks = prompt.split('<evidence kind="checks">\n')[1].split("\n</evidence>")[0]
    assert "At 70s," in checks
    assert f'<evidence kind="caption">\n{DRAFT}\n</evidence>' in prompt
    assert "[8.2-9.9] S2: no sugar for me please" in prompt


def test_what_the_model_leaves_wrong_is_told_again_and_marked(tmp_path: Path) -> None:
    wrong = CAPTION.replace("no sugar for me please", "no butter for me please")
    model = Scripted(lambda _: answer(wrong))
    row = run(Verify, drafted(tmp_path), model, tmp_path)
    assert len(model.requests) == 3 and '"butter" was said as "sugar"' in model.requests[1].prompt
    assert row.verified == wrong
    assert [problem.kind for problem in row.problems] == ["quote_word"]
    assert [(mark.stage, mark.kind, mark.mended) for mark in row.marks] == [("verify", "quote_word", False)]


def test_of_all_tries_the_one_with_the_fewest_problems_is_taken(tmp_path: Path) -> None:
    worse = CAPTION.replace("no sugar for me please", "a lot of honey and cream")
    one = CAPTION.replace("no sugar", "no butter")
    row = run(Verify, drafted(tmp_path), Scripted(answer(worse), answer(one), answer(worse)), tmp_path)
    assert row.verified == one


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (DRAFT, "anchor_range"),
        (CAPTION.replace("a woman in a red coat", "according to avocado, a woman in red"), "source_named"),
        (CAPTION.replace("At 4s", "At 9s"), "anchor_order"),
    ],
)
def test_a_useless_answer_is_a_failure_by_its_kind(tmp_path: Path, text: str, kind: str) -> None:
    with pytest.raises(Unprocessable) as failure:
        run(Verify, drafted(tmp_path), Scripted(lambda _: answer(text)), tmp_path)
    assert failure.value.kind == kind and failure.value.attempts == 3
    row = run(Verify, drafted(tmp_path), Scripted(lambda _: answer(text)), tmp_path, fails=[])
    assert kind in {mark.kind for mark in row.marks}


def test_a_draft_without_problems_says_so(tmp_path: Path) -> None:
    model = Scripted(answer())
    run(Verify, drafted(tmp_path), model, tmp_path)
    assert '<evidence kind="checks">\n(nothing)\n</evidence>' in model.requests[0].prompt


def test_the_facts_of_an_embedded_verifier(tmp_path: Path) -> None:
    model = Scripted(answer(), reads_facts=True)
    run(Verify, drafted(tmp_path), model, tmp_path)
    assert set(model.requests[0].facts) == {"duration", "caption", "candidates", "utterances"}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (answer("  "), "`caption` is empty"),
        (answer(extra=""), "extra"),
        (answer(speech_deficiency_specific=["a line", "one more"]), "speech_deficiency_specific"),
        ({"caption": CAPTION}, "non_speech_deficiency_specific"),
        (answer("At 0s, so it goes. " * 10_000), "characters"),
    ],
)
def test_another_form_is_asked_for_again_and_then_named(tmp_path: Path, wrong: dict[str, Any], reason: str) -> None:
    assert run(Verify, drafted(tmp_path), Scripted(wrong, answer()), tmp_path).verified == CAPTION
    with pytest.raises(Unprocessable, match=reason) as caught:
        run(Verify, drafted(tmp_path), Scripted(lambda _: wrong), tmp_path, reasks=1)
    assert (caught.value.kind, caught.value.attempts) == ("invalid_answer", 2)


def test_the_clip_itself_is_in_view_where_it_is_asked_for(tmp_path: Path) -> None:
    texts, seen = Scripted(answer()), Scripted(answer())
    alone = run(Verify, drafted(tmp_path), texts, tmp_path)
    beside = run(Verify, drafted(tmp_path), seen, tmp_path, sees=["video"])
    assert texts.requests[0].media == () and [one.kind for one in seen.requests[0].media] == ["video"]
    assert "You are given: the video with its sound." in seen.requests[0].prompt
    assert "You are given" not in texts.requests[0].prompt
    assert alone.verified_by.prompt != beside.verified_by.prompt
