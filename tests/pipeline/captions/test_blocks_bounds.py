"""Blocks that findings name, and the rest put back: bounds and round trips."""

from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions.anchors import parse
from asid.pipeline.captions.blocks import NamedBlocks, changed, named, restored

BEFORE = 'A hall is empty. At 3s, a porter rings a bell. At 8s, a guest asks, "Is my room ready yet?"'
AFTER = 'A hall is full. At 3s, a porter rings a gong. At 8s, a guest asks, "Is my bath ready yet?"'


def test_a_quotation_within_a_finding_names_the_block_that_has_it():
    assert named(BEFORE, [NamedBlocks('nobody says "is my room ready"')]) == {2}


def test_a_second_names_the_block_that_covers_it_and_the_head_before_the_first_anchor():
    assert named(BEFORE, [NamedBlocks("xyz", "seen at 5 seconds")]) == {1}
    assert named(BEFORE, [NamedBlocks("xyz", "around second 1")]) == {0}
    assert named(BEFORE, [NamedBlocks("xyz", "at 99s")]) == {2}


def test_words_of_less_than_four_letters_name_nothing():
    assert named(BEFORE, [NamedBlocks("a is my")]) == set()


def test_no_finding_names_no_block_and_no_caption_has_none():
    assert named(BEFORE, []) == set()
    assert named("", [NamedBlocks("porter")]) == set()


def test_each_block_changed_without_leave_is_told_by_its_place():
    problems = changed(BEFORE, AFTER, set())
    assert [one.kind for one in problems] == ["block_unnamed"] * 3
    assert ["the beginning" in one.why for one in problems] == [True, False, False]
    assert "3s" in problems[1].why and "8s" in problems[2].why
    assert changed(BEFORE, AFTER, {0, 1, 2}) == [] and changed(BEFORE, BEFORE, set()) == []


@given(st.sets(st.integers(0, 2)))
def test_only_what_is_allowed_comes_back_changed(allowed):
    mended = restored(BEFORE, AFTER, allowed)
    assert changed(BEFORE, mended, allowed) == []
    assert changed(AFTER, mended, {0, 1, 2} - allowed) == []
    assert [block.anchor for block in parse(mended)] == [block.anchor for block in parse(BEFORE)]


def test_blocks_that_cannot_be_paired_are_left_to_others():
    more = f"{AFTER} At 12s, it ends."
    assert changed(BEFORE, more, set()) == [] and restored(BEFORE, more, set()) == more
