"""What speaks for a finished caption, from its row alone."""

import pytest

from asid.pipeline.captions.proof import Remark, proof, quote_exact, word_score
from asid.pipeline.rows import Formatted, Mark, Problem, grow
from tests.kits.captionkit import case, line, timed
from tests.samples import judged, video

SAID = timed("S1", ("Mind", 1.0, 1.3), ("the", 1.3, 1.5), ("wet", 1.5, 1.8), ("floor", 1.8, 2.2))


@pytest.mark.parametrize(
    ("caption", "share"),
    [
        ("A floor.", 1.0), ('He says, "Mind the wet floor."', 1.0), ('He says, "Mind the wet door."', 0.0),
        ('He says, "Mind the wet floor." She says, "Give back my golden trumpet now."', 0.5),
    ],
)  # fmt: skip
def test_the_share_of_quotations_that_are_word_for_word(caption, share):
    assert quote_exact(case(caption, SAID)) == share


def test_the_least_score_is_of_the_words_that_are_quoted():
    words = SAID.words
    unsure = SAID.model_copy(update={"words": (words[0].model_copy(update={"score": 0.2}), *words[1:])})
    assert word_score(case('He says, "Mind the wet floor."', unsure)) == 0.2
    assert word_score(case('He says, "the wet floor."', unsure)) == 0.9
    assert word_score(case("A floor.", unsure)) == 1.0


def test_words_without_a_score_are_left_out():
    assert word_score(case('He says, "Mind the wet floor."', line(1, 2, "S1", "Mind the wet floor."))) == 1.0


def test_a_row_is_proven_by_its_caption_and_remarks():
    row = judged(video(0), 1, caption='At 1s, somebody says, "hello there".', utterances=(SAID,), audits=(), edits=(),
                 remaining=(Problem(kind="quote_time", snippet="a", why="b"),),
                 marks=(Mark(stage="verify", kind="symbol", snippet="*", why="c", mended=True),
                        Mark(stage="verify", kind="emoji", snippet="d", why="e", mended=False)))  # fmt: skip
    found = proof(row)
    assert (found.quotes, found.quote_exact, found.word_score) == (1, 0.0, 1.0)  # nobody says it
    assert found.lines_told == 0.0  # four words, and none of them told
    assert found.remarks == (
        Remark(kind="quote_time", snippet="a", mended=False),
        Remark(kind="symbol", snippet="*", mended=True),
    )


def test_findings_of_an_audit_are_mended_as_far_as_the_edit_says():
    row = judged(video(0), 0)
    error = row.audits[0].errors[0]
    audits = (row.audits[0].model_copy(update={"errors": (error, error)}), *row.audits[1:])
    found = [one for one in proof(row.model_copy(update={"audits": audits})).remarks if one.kind == "audit"]
    assert sorted(one.mended for one in found) == [False, True]  # one error is named as fixed


def test_a_recipe_without_audit_has_no_findings_and_no_lines_is_all_told():
    row = grow(judged(video(0), 0, utterances=()), Formatted)
    found = proof(row)
    assert found.lines_told == 1.0 and not [one for one in found.remarks if one.kind == "audit"]
