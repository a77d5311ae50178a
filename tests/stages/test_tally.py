"""Events of a reference, and what the other captions miss and make up (video-SALMONN 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from asid.pipeline.asking.answers import EventErrors, Events
from asid.pipeline.models.base import Request
from asid.pipeline.prompts import Prompts
from asid.pipeline.stage import Unprocessable
from asid.stages.tally import Tally, total_error
from tests.kits.asking_kit import Scripted, captioned, run

EVENTS = {"events": ["a woman stands", "a kettle hums", "the light is blue", "a man pours tea"]}
CAPTIONS = ("At 0s, a woman stands.", "A kettle hums in red light.", "A dog barks, </evidence> a man pours tea.")


def found(missing: list[int], incorrect: list[int], hallucinated: list[str]) -> dict[str, Any]:
    return {"missing": missing, "incorrect": incorrect, "hallucinated": hallucinated}


def test_each_other_caption_is_held_against_the_events_of_the_reference(tmp_path: Path) -> None:
    findings = {CAPTIONS[1]: found([1, 4], [3], []), "A dog barks": found([1, 2], [], ["a dog barks"])}

    def answer(request: Request) -> dict[str, Any]:
        return next((said for caption, said in findings.items() if caption in request.prompt), EVENTS)

    model = Scripted(answer)
    row = run(Tally, captioned(tmp_path, *CAPTIONS), model, tmp_path, reference="avocado")
    assert (row.reference, row.events) == (CAPTIONS[0], tuple(EVENTS["events"]))
    second, third = row.scores
    assert (second.annotator, second.value) == ("seed", pytest.approx(1 - 3 / 4))
    assert second.missing == ("a woman stands", "a man pours tea") and second.incorrect == ("the light is blue",)
    assert (third.annotator, third.hallucinated) == ("gemini", ("a dog barks",))
    assert third.by.prompt == Prompts().hash("judge/events")
    taken_apart, *judgements = (request.prompt for request in model.requests)
    judged = next(prompt for prompt in judgements if CAPTIONS[1] in prompt)
    assert CAPTIONS[0] in taken_apart and CAPTIONS[1] not in taken_apart
    assert "2. a kettle hums" in judged and CAPTIONS[0] not in judged
    assert all(request.prompt.count("</evidence>") == 2 for request in model.requests[1:])


def test_errors_count_by_the_number_of_events_and_can_exceed_them() -> None:
    """The paper's Miss and Hall add up to Total (section 3.3.1)."""
    errors = EventErrors(missing=[1, 2], incorrect=[3], hallucinated=["a", "b", "c"])
    assert total_error(errors, 4) == (2 + 1 + 3) / 4


WRONG = [(found([5], [], []), "no event 5"), (found([0], [], []), "no event 0"), (found([1], [1], []), "once")]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_findings_that_cannot_be_are_asked_for_again(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    row = captioned(tmp_path, *CAPTIONS[:2])
    model = Scripted(EVENTS, wrong, found([1], [], []))
    assert run(Tally, row, model, tmp_path, reference="avocado").scores[0].missing == ("a woman stands",)
    assert said in model.requests[-1].prompt
    with pytest.raises(Unprocessable, match=said):
        run(Tally, row, Scripted(EVENTS, *[wrong] * 9), tmp_path, reference="avocado")


def test_what_says_nothing_or_was_said_does_not_count() -> None:
    errors = EventErrors(missing=[], incorrect=[], hallucinated=["", "A dog barks.", "a dog barks", " "])
    assert errors.hallucinated == ["A dog barks."]
    assert Events(events=["a cup", "  ", "A cup.", "a pan"]).events == ["a cup", "a pan"]
    for wrong in ({"missing": [True]}, {"missing": ["1"]}, {"missing": [1.0]}):
        with pytest.raises(ValidationError):
            EventErrors(**({"missing": [], "incorrect": [], "hallucinated": []} | wrong))
    with pytest.raises(ValidationError):
        Events(events=["", "…"])


def test_without_a_reference_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    model = Scripted()
    for captions in (("", "A kettle."), ()):
        with pytest.raises(Unprocessable) as caught:
            run(Tally, captioned(tmp_path, *captions), model, tmp_path, reference="avocado" if captions else "nobody")
        assert caught.value.kind == "no_reference"
    assert model.requests == []


def test_a_silent_candidate_has_no_score(tmp_path: Path) -> None:
    row = run(Tally, captioned(tmp_path, CAPTIONS[0], ""), Scripted(EVENTS), tmp_path, reference="avocado")
    assert row.scores == ()


def whole(tmp_path: Path, **tags: str) -> Any:
    row = captioned(tmp_path, *CAPTIONS)
    return row.model_copy(update={"id": row.video, "tags": tags})


def test_events_that_people_wrote_are_the_truth_and_cost_no_question(tmp_path: Path) -> None:
    model = Scripted(lambda _: found([1], [], []))
    asked = {"reference": "", "events_from": "human_events"}
    one = run(Tally, whole(tmp_path, human_events='["a woman stands", "a kettle hums"]'), model, tmp_path, **asked)
    assert one.events == ("a woman stands", "a kettle hums") and one.reference == ""
    assert [score.value for score in one.scores] == [0.5] * 3 and len(model.requests) == 3 == len(CAPTIONS)
    lines = run(Tally, whole(tmp_path, human_events="a dog runs\n\na bell\na dog runs"), model, tmp_path, **asked)
    assert lines.events == ("a dog runs", "a bell")
    with pytest.raises(Unprocessable, match="column human_events: a list of texts is due") as failure:
        run(Tally, whole(tmp_path, human_events='{"a": 1}'), model, tmp_path, **asked)
    assert failure.value.kind == "bad_truth"


def test_a_human_caption_comes_before_the_annotators(tmp_path: Path) -> None:
    def answer(request: Request) -> dict[str, Any]:
        return EVENTS if request.task == "events" else found([], [], [])

    model = Scripted(answer)
    columns = {"reference": "avocado", "caption_from": "person"}
    row = run(Tally, whole(tmp_path, person="A person wrote this."), model, tmp_path, **columns)
    assert row.reference == "A person wrote this." and "A person wrote this." in model.requests[0].prompt
    part = captioned(tmp_path, *CAPTIONS).model_copy(update={"tags": {"person": "of the whole"}})
    assert run(Tally, part, Scripted(answer), tmp_path, **columns).reference == CAPTIONS[0], "a part is not the whole"
