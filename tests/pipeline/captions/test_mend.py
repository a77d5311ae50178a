"""Mending is certain, settles at once, and takes no longer than the text is long."""

import json
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from itertools import groupby

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from asid.pipeline.captions.anchors import parse, same_blocks, times
from asid.pipeline.captions.checks import check, find_quotes
from asid.pipeline.captions.mend import mend
from asid.pipeline.rows import Utterance
from tests.kits.strategies import BROKEN, MARKUP, captions

HOSTILE = {
    "script": "<script>alert(1)</script> At 0s, a man walks.",
    "negative": "At -3s, a man walks.",
    "word loop": "At 0s, " + "no " * 13_000,
    "sentence loop": "At 0s, the man walks to the door. " * 1200,
    "letter loop": "At 0s, " + "a" * 40_000,
    "counted loop": " ".join(f"At {second}s, the man walks on." for second in range(1500)),
    "right to left": "At 0s, רחל פוגשת את أحمد. At 5s, שלום.",
    "emoji": "At 0s, 🎉 a party 👩‍👩‍👧 starts.",
    "empty": "",
    "space": " \n\t ",
    "only anchors": "At 0s, At 5s, At 9s,",
    "null bytes": "At 0s, a\x00b\x00.",
    "surrogates": "At 0s, a \ud800 b \udfff.",
    "terminal": "\x1b[31mAt 0s, red\x1b[0m \x1b]0;title\x07 text.",
    "writing direction": "At 0s, abc\u202egnp.exe\u202c.",
    "tag letters": "At 0s, a man\U000e0041\U000e0042 walks.",
    "marks without end": '"' * 5000 + "'" * 5000 + "“«「" * 5000,
    "brackets": "[" * 10_000 + "(" * 10_000 + "<" * 10_000 + "*" * 10_000,
    "nested markup": "*" * 30 + "x" + "*" * 30 + "<|<|<|<|<|<|<|<|<|a|>|>|>|>|>|>|>|>|>" * 30,
    "digits": "At " + "9" * 40_000 + "s, x. At ٣s, y.",
    "combining": "At 0s, e" + "\u0301\u0316" * 15_000,
    "spaces": "At 0s, a" + " " * 40_000 + "b.",
}


LAID_OUT = [
    ("```text\nAt 0s, a man.\n```", "At 0s, a man."),
    (
        "# **At 0s**, a *man* waves.\n\n- At 5 s: a `dog` [barks](http://x.y).",
        "At 0s, a man waves. At 5s, a dog barks.",
    ),
    ("1. At 0s, a man.\n2. At 5s, a dog.", "At 0s, a man. At 5s, a dog."),
    (r"At 0s, a tag says \$5 for item\_7.", "At 0s, a tag says $5 for item_7."),
    ("<p>At 0s, a <b>man</b>.</p><|im_end|>", "At 0s, a man."),
    ("\"At 0s, a man says, 'hi'.\"", "At 0s, a man says, 'hi'."),
    ("  At 0s, a\tman.\r\n\r\nAt 5s,  a dog. ", "At 0s, a man. At 5s, a dog."),
    ("At 0s, 5*3*2 snake_case_name a* b* at x@_y_ f***.", "At 0s, 5*3*2 snake_case_name a* b* at x@_y_ f***."),
]


@pytest.mark.parametrize(("written", "meant"), LAID_OUT)
def test_layout_goes_and_words_stay(written, meant):
    assert mend(written, 30.0)[0] == meant


@pytest.mark.parametrize("caption", HOSTILE.values(), ids=HOSTILE)
def test_hostile_captions_come_through_and_can_be_stored(caption):
    mended, mends = mend(caption, 30.0)
    assert mend(mended, 30.0) == (mended, ())
    assert len(mended) <= len(caption) + 100
    assert len(mends) <= 21
    rows = [*check(caption, 30.0, [], ["sound", "Seed-1.6"]), *check(mended, 30.0, []), *find_quotes(mended, [])]
    for text in (mended, *mends, *(json.dumps(row.model_dump(), ensure_ascii=False) for row in rows)):
        text.encode("utf-8")
        assert not re.search("[\x00-\x08\x1b\u202a-\u202e]", text)


@given(captions)
def test_mending_twice_is_mending_once(caption):
    mended, mends = mend(caption, 30.0)
    assert mend(mended, 30.0)[0] == mended
    assert bool(mends) or mended == caption


@given(captions, st.sampled_from(["integer", "decimal"]))
def test_a_clean_caption_is_left_alone_byte_for_byte(caption, style):
    mended, _ = mend(caption, 30.0, style)
    clean = {
        "quote_not_found",
        "quote_time",
        "quote_speakers",
        "source_named",
        "model_voice",
        "anchor_missing",
        "empty",
    }
    if not {problem.kind for problem in check(mended, 30.0, [], style=style)} - clean:
        assert mend(mended, 30.0, style) == (mended, ())
    if not check(caption, 30.0, [], style=style, anchored=False):
        assert mend(caption, 30.0, style) == (caption, ())


spoken = st.text(alphabet=st.sampled_from("abcé ,.!*_[]<>`#🎉你"), min_size=1, max_size=30).filter(
    lambda text: text == text.strip() and any(char.isalnum() for char in text)
)


@given(
    st.lists(st.tuples(st.sampled_from([*BROKEN, *MARKUP, "At 5s, ", "he waits. "]), spoken), min_size=1, max_size=6)
)
def test_quoted_words_are_never_touched(told):
    caption = " ".join(f'{stray} X{number} says "{text}" ' for number, (stray, text) in enumerate(told))
    mended, _ = mend(caption, 30.0)
    for number, (_, text) in enumerate(told):
        words = " ".join(text.split())  # spacing is not words
        assert f'X{number} says "{words}"' in mended


plain = st.sampled_from(
    ["a man walks on", "the dog barks", "rain falls hard", "she sings a song", "he sits down at last"]
)
forms = st.sampled_from(["At {}s, ", "At {} s, ", "at {}s, ", "(At {}s) ", "At {} seconds: ", "[0:{:02}] ", "At {}s "])


@given(st.lists(st.tuples(st.integers(0, 59), forms, plain), min_size=1, max_size=8))
def test_anchors_keep_their_times_and_order_and_only_repeated_ones_go(told):
    caption = " ".join(form.format(second) + text + "." for second, form, text in told)
    mended, mends = mend(caption, 60.0)
    assume(not any(line.startswith("repetition") for line in mends))
    expected = [Decimal(second) for second, _ in groupby(second for second, _, _ in told)]
    assert list(times(mended)) == expected
    if len(expected) == len(told):
        assert same_blocks(caption, mended)
        assert [block.text for block in parse(mended)] == [text + "." for _, _, text in told]


def steps(work: Callable[[], object]) -> int:
    """How many lines of Python the work takes: a measure that does not depend on the machine."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


PIECES = [
    "\"a b\" 'c' ",
    "no ",
    "a",
    "At 5s, he walks. ",
    '"a" ',
    "'b' ",
    '"',
    "“«",
    "[00:12] ",
    "**x** ",
    "<a",
    "At 3-5s, ",
    "x. y! ",
    "他走。",
    "\n- ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_work_grows_with_the_length_and_no_faster(piece):
    talk = [Utterance(start=0, end=1, speaker="S1", text="a b no x walks", words=(), overlap=False)]

    def work(copies: int) -> int:
        text = "At 0s, " + piece * copies
        return steps(lambda: (mend(text, 30.0), check(text, 30.0, talk), find_quotes(text, talk)))

    assert work(1200) <= 4.5 * work(300) + 2000
