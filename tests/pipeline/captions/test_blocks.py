"""Which blocks findings name, and that the others come back byte for byte."""

from asid.pipeline.captions.blocks import NamedBlocks, changed, named, restored

BEFORE = "At 0s, a man opens a door.  At 4s, he sits down on a red chair. At 9s, a dog runs in and barks."


def test_a_finding_names_a_block_by_its_words_by_its_second_or_by_what_they_share():
    assert named(BEFORE, [NamedBlocks("he sits down", "he stands")]) == {1}
    assert named(BEFORE, [NamedBlocks("a cat that follows at 10s", "it is in view")]) == {2}
    assert named(BEFORE, [NamedBlocks("the animal that barks is brown", "its coat shows")]) == {2}
    assert named(BEFORE, [NamedBlocks("he sits down", "that is at 9s")]) == {1, 2}
    assert named(BEFORE, [NamedBlocks("quite another matter", "none")]) == set()


def test_a_caption_of_one_block_is_named_by_any_finding():
    assert named("A man opens a door.", [NamedBlocks("quite another matter")]) == {0}


def test_what_no_finding_names_is_told_and_put_back():
    after = "At 0s, a purple elephant sings. At 4s, he stands by a red chair. At 9s, a dog runs in and barks."
    (problem,) = changed(BEFORE, after, {1})
    assert problem.kind == "block_unnamed" and "0s" in problem.why
    mended = restored(BEFORE, after, {1})
    assert mended == "At 0s, a man opens a door. At 4s, he stands by a red chair. At 9s, a dog runs in and barks."
    assert changed(BEFORE, mended, {1}) == []
    assert changed(BEFORE, after, {0, 1}) == []
