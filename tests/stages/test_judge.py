"""A judge is asked about a case by its contract; what has nothing to ask passes unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.evaluation.registry import BenchmarkError
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.models.base import Refused
from asid.pipeline.stage import Unprocessable
from asid.stages.judge import CaseJudge
from tests.kits.asking_kit import Scripted, run
from tests.kits.casekit import case

ASKED = {"question": "Who rings?", "choices": ("Ann", "Bo"), "reference": "B"}


def judged(
    tmp_path: Path, one: Case, *script: Any, contract: str = "qa.answer", prompt: str = "eval/qa"
) -> tuple[Case, Any]:
    model = Scripted(*script)
    return run(CaseJudge, one, model, tmp_path, contract=contract, prompt=prompt), model.requests


def test_the_reply_is_added_with_who_gave_it(tmp_path: Path) -> None:
    one = case("a", "Bo rings.", {"before": "kept"}, **ASKED)
    found, (request,) = judged(tmp_path, one, "B")
    assert found.reply("answer") == "B" and found.reply("before") == "kept"
    reply = found.replies[-1]
    assert (reply.asked, reply.attempts, reply.by.model) == (True, 1, "scripted-2") and reply.by.prompt
    assert "Bo rings." in request.prompt and "B. Bo" in request.prompt
    assert found.model_copy(update={"replies": one.replies}) == one


@pytest.mark.parametrize("gap", ["no_caption", "empty_caption"])
def test_a_case_without_a_caption_is_asked_nothing(tmp_path: Path, gap: str) -> None:
    found, requests = judged(tmp_path, case("a", "", gap=gap, **ASKED), "B")
    assert requests == [] and found.reply("answer") == "" and not found.replies[-1].asked


def test_a_case_of_which_there_is_nothing_to_ask_passes_too(tmp_path: Path) -> None:
    one = case("a", statements=("a point",), choices=("c",))  # its check list is there already
    found, requests = judged(tmp_path, one, "x", contract="avocado.points", prompt="eval/points")
    assert requests == [] and not found.replies[-1].asked


def test_an_answer_that_the_contract_does_not_take_is_asked_for_again(tmp_path: Path) -> None:
    found, requests = judged(tmp_path, case("a", **ASKED), "It must be Bo.", "(b)")
    assert found.reply("answer") == "(b)" and found.replies[-1].attempts == len(requests) == 2
    with pytest.raises(Unprocessable):
        judged(tmp_path, case("a", **ASKED), lambda _: "It must be Bo.")


def test_an_answer_with_a_form_is_kept_as_json(tmp_path: Path) -> None:
    mark = {"visual": 3, "audio": 4, "details": 5}
    found, _ = judged(tmp_path, case("a", reference="A cat."), mark, contract="ugc.mark", prompt="eval/ugc")
    assert found.reply("mark") == '{"visual":3,"audio":4,"details":5}'


def test_a_later_run_is_another_question(tmp_path: Path) -> None:
    _, (first,) = judged(tmp_path, case("a", **ASKED), "B")
    _, (second,) = judged(tmp_path, case("a#2", run=2, **ASKED), "B")
    assert "seed" not in first.settings and second.settings["seed"] == 2


def test_the_clip_is_shown_only_to_a_judge_that_sees(tmp_path: Path) -> None:
    shown = {"clip": "file:///a.mp4", "clip_sha256": "0" * 64}
    pair = case("a", "x", reference="y", gap="", groups={"a": "p", "b": "q", "first": "a"}, **shown)
    _, (request,) = judged(tmp_path, pair, {"better": "first", "why": ""}, contract="elo.better", prompt="eval/better")
    assert [medium.uri for medium in request.media] == ["file:///a.mp4"]
    _, (request,) = judged(tmp_path, case("a", **ASKED, **shown), "B")
    assert request.media == ()


def test_a_refusal_is_a_failure_of_its_kind(tmp_path: Path) -> None:
    with pytest.raises(Unprocessable) as raised:
        judged(tmp_path, case("a", **ASKED), Refused("no"))
    assert raised.value.kind == "refusal"


def test_an_unknown_contract_is_named_before_any_case(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="qa has no step 'ask'"):
        judged(tmp_path, case("a", **ASKED), "B", contract="qa.ask")
