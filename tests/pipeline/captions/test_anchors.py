from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions.anchors import Section, at, compose, parse, same_blocks, times
from asid.pipeline.captions.checks import check
from asid.pipeline.captions.mend import mend
from tests.kits.strategies import captions, prose

CLEAN = [
    "At 0s, a man opens the door. At 12s, the camera pans left.",
    "At 0s, a man turns at the rim; at 5s, the crowd roars and at 24.5s a whistle blows.",
    "At 3s, the sign reads 'MEET AT 10:30' and a voice says \"At 5s, we jump.\" She looks at 1920s photos.",
]
# What a model wrote, and the one thing that it can have meant.
MENDED = [
    ("At 12 s, x.", "At 12s, x."),
    ("At 12 seconds, x.", "At 12s, x."),
    ("AT 12S, x.", "At 12s, x."),
    ("At 05s, x.", "At 5s, x."),
    ("At 5s x.", "At 5s, x."),
    ("At 5s: x.", "At 5s, x."),
    ("At 5s,x.At 9s, y.", "At 5s, x. At 9s, y."),
    ("x. at 5s, y.", "x. At 5s, y."),
    ("(At 5s) x.", "At 5s, x."),
    ("A man waves (at 5s) and leaves.", "A man waves at 5s and leaves."),
    ("[00:12] x.", "At 12s, x."),
    ("At 1:05, x.", "At 65s, x."),
    ("0:05 - x.\n0:09 - y.", "At 5s, x. At 9s, y."),
    ("At the 5-second mark, x.", "At 5s, x."),
    ("at 12.25s, x.", "At 12.3s, x."),
    ("At 12,5s, x.", "At 12.5s, x."),
    ("At ١٢s, x.", "At 12s, x."),
    ("At 5s, a. At 5s, the b. At 5s, c.", "At 5s, a. The b. C."),
    ("At 5s, he waves and at 5s smiles.", "At 5s, he waves and smiles."),
]
# Wrong, but only a model or a person can tell what is right.
REPORTED = [
    ("At 3-5s, x.", "anchor_span"),
    ("From 3s to 5s, x.", "anchor_span"),
    ("He runs from 3s to 5s.", "anchor_span"),
    ("At 0:03 - 0:05, x.", "anchor_span"),
    ("Between 3s and 5s, x.", "anchor_span"),
    ("Around 15s, x.", "anchor_form"),
    ("At -3s, x.", "anchor_range"),
    ("At 91s, x.", "anchor_range"),
    ("At 99999999999999999s, x.", "anchor_range"),
    ("At 9s, x. At 5s, y.", "anchor_order"),
    ("At 5s, At 9s, x.", "anchor_empty"),
    ("A man walks.", "anchor_missing"),
]
NO_ANCHORS = [
    "He waits for around 15s.",
    "The shop opens at 10:30 and at 5 m/s.",
    "xAt 7s",
    "At ,5s",
    "At 10:30 PM, x.",
]


def kinds(caption: str, style: str = "decimal") -> list[str]:
    return [problem.kind for problem in check(caption, 90.0, [], style=style)]


@pytest.mark.parametrize("caption", CLEAN)
def test_well_formed_anchors_are_left_alone(caption):
    assert not [kind for kind in kinds(caption) if kind.startswith("anchor")]
    assert mend(caption, 90.0) == (caption, ())


@pytest.mark.parametrize(("written", "meant"), MENDED)
def test_an_anchor_that_can_mean_one_thing_only_is_mended(written, meant):
    assert {"anchor_form", "anchor_duplicate"} & set(kinds(written))
    mended, mends = mend(written, 90.0)
    assert mended == meant
    assert mends
    assert kinds(mended) == []


@pytest.mark.parametrize(("caption", "kind"), REPORTED)
def test_an_anchor_that_is_wrong_in_substance_is_reported_and_not_touched(caption, kind):
    assert kinds(caption) == [kind]
    assert mend(caption, 90.0) == (caption, ())


@pytest.mark.parametrize("caption", NO_ANCHORS)
def test_other_times_and_numbers_are_no_anchors(caption):
    assert times(caption) == ()


def test_whole_seconds_are_asked_for_where_the_style_says_so():
    caption = "At 12.5s, x."
    assert kinds(caption) == []
    assert kinds(caption, "integer") == ["anchor_decimal"]
    assert mend(caption, 90.0, "integer")[0] == "At 13s, x."


def test_an_anchor_may_be_rounded_up_beyond_the_end_and_no_further():
    assert check("At 22s, x.", 21.6, [], style="integer") == []
    assert [problem.kind for problem in check("At 22s, x.", 21.4, [], style="integer")] == ["anchor_range"]
    assert [problem.kind for problem in check("At 21.7s, x.", 21.6, [])] == ["anchor_range"]


def test_a_clock_beyond_the_clip_may_be_a_time_of_day():
    assert mend("At 10:30, x.", 90.0)[0] == "At 10:30, x."


def test_blocks_hold_anchor_text_and_place():
    caption = 'Rain. At 0s, a man. At 7.5s, he  says "At 9s, go."'
    head, first, second = parse(caption)
    assert (head.anchor, head.text) == (None, "Rain.")
    assert (first.anchor, first.text) == (Decimal(0), "a man.")
    assert (second.anchor, second.text) == (Decimal("7.5"), 'he  says "At 9s, go."')
    assert caption[first.start_char : first.end_char] == "At 0s, a man. "
    assert parse("") == parse("  ") == []


def test_compose_keeps_an_anchor_as_written_until_its_time_changes():
    (block,) = parse("at 5s the dog barks")
    assert compose([block]) == "at 5s the dog barks"
    later = Section(Decimal(6), block.text, lead=block.lead)
    assert compose([later]) == "At 6s, the dog barks"


def test_at_writes_one_decimal_at_most():
    assert [at(12), at(12.0), at(12.04), at(12.25), at(0)] == ["At 12s,", "At 12s,", "At 12s,", "At 12.3s,", "At 0s,"]


def test_same_blocks_compares_times_and_order_alone():
    assert same_blocks("At 0s, a. At 5 s: b.", "At 0s, other words. At 5.0s, b.")
    assert not same_blocks("At 0s, a. At 5s, b.", "At 5s, b. At 0s, a.")
    assert not same_blocks("At 0s, a. At 5s, b.", "At 0s, a and b.")
    assert not same_blocks("At 0s, a.", "At 0s, a. At 5s, b.")
    assert not same_blocks("At 3s, a.", "At 3-5s, a.")
    assert same_blocks("", "no anchors at all")


@given(st.lists(st.tuples(st.decimals(0, 500, places=1), prose), max_size=8))
def test_parse_gives_back_what_compose_put_together(told):
    blocks = [Section(time, text) for time, text in told]
    assert [(block.anchor, block.text) for block in parse(compose(blocks))] == told


@given(captions)
def test_parse_loses_nothing_but_space_between_blocks(caption):
    blocks = parse(caption)
    assert "".join(compose(blocks).split()) == "".join(caption.split())
    assert [block.anchor for block in blocks if block.anchor is not None] == list(times(caption))
    assert same_blocks(caption, caption)
