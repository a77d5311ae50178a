"""Speakers are set right; words, and the other accounts, stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from asid.pipeline.prompts import Prompts
from asid.pipeline.stage import Unprocessable
from asid.stages.correct import Correct, objection
from tests.kits.asking_kit import BY, Scripted, captioned, run

ACCOUNT = 'At 0s, the man says, "The kettle is on. No sugar for me, please."'
RIGHT = 'At 0s, the woman says, "The kettle is on." At 8s, the man answers, "No sugar for me, please."'


def test_the_account_is_corrected_with_the_clip_in_view(tmp_path: Path) -> None:
    model = Scripted(f"{RIGHT}\n")
    row = captioned(tmp_path, "At 0s, a kitchen.", ACCOUNT)
    made = run(Correct, row, model, tmp_path, annotator="seed")
    assert [candidate.caption for candidate in made.candidates] == ["At 0s, a kitchen.", RIGHT]
    first, second = made.candidates
    assert first == row.candidates[0]
    assert (second.by, second.corrected_by.prompt) == (BY, Prompts().hash("correct"))
    (request,) = model.requests
    assert [(media.kind, media.uri) for media in request.media] == [("video", row.uri)]
    assert f'<evidence kind="account">\n{ACCOUNT}\n</evidence>' in request.prompt
    assert "a kitchen" not in request.prompt and "[0.4-2.0] S1: the kettle is on" in request.prompt


def test_an_answer_with_other_words_is_asked_for_again_and_then_fails_the_clip(tmp_path: Path) -> None:
    changed = RIGHT.replace("No sugar", "Two sugars")
    row = captioned(tmp_path, ACCOUNT)
    assert run(Correct, row, Scripted(changed, RIGHT), tmp_path, annotator="avocado").candidates[0].caption == RIGHT
    with pytest.raises(Unprocessable, match="quoted words") as caught:
        run(Correct, row, Scripted(*[changed] * 9), tmp_path, annotator="avocado")
    assert caught.value.raw == changed


@pytest.mark.parametrize("after", [RIGHT, ACCOUNT.upper(), ACCOUNT.replace("the man", "a voice off screen")])
def test_quotations_may_be_split_and_speakers_renamed(after: str) -> None:
    assert objection(ACCOUNT, after) is None


@pytest.mark.parametrize("after", ["", ACCOUNT.replace(" on.", "."), f'{ACCOUNT} "Yes."', ACCOUNT.replace('"', "")])
def test_words_may_not_go_come_or_leave_their_quotation(after: str) -> None:
    assert objection(ACCOUNT, after)


def test_scripts_without_spaces_and_words_on_signs_are_no_hindrance() -> None:
    assert (
        objection('At 1s, a man says, "你好吗我很好。"', 'At 1s, a man says, "你好吗" and a woman, "我很好。"') is None
    )
    assert objection(ACCOUNT, ACCOUNT.replace("the man", 'the man behind the counter labelled "Tickets"')) is None


def test_no_part_of_the_account_may_go() -> None:
    assert "part at 8 s is gone" in str(objection(RIGHT, RIGHT.replace("At 8s, the", "The")))


def test_nobody_is_asked_about_an_account_without_speech(tmp_path: Path) -> None:
    model = Scripted()
    row = captioned(tmp_path, "Nobody speaks.", "")
    assert run(Correct, row, model, tmp_path, annotator="avocado") == row
    assert run(Correct, row, model, tmp_path, annotator="seed") == row
    assert model.requests == []


def test_a_clip_whose_annotator_failed_goes_on_without(tmp_path: Path) -> None:
    model = Scripted()
    row = captioned(tmp_path, ACCOUNT)
    assert run(Correct, row, model, tmp_path, annotator="seed") == row
    assert model.requests == []
