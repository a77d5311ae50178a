"""Signs a caption may not hold: what is certain is mended, what may mean something is reported."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions import quotes
from asid.pipeline.captions.symbols import invisible, markup, spacing
from asid.pipeline.captions.text import apply


def mended(text: str) -> str:
    return apply(text, markup(text, quotes.find(text)))[0]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a **bold** cat", "a bold cat"), ("a *soft* cat", "a soft cat"), ("a __dark__ cat", "a dark cat"),
        ("~~no~~ cat", "no cat"), ("a `code` cat", "a code cat"), ("# Title\ntext", "Title\ntext"),
        ("- one\n- two", "one\ntwo"), ("1. one\n2. two", "one\ntwo"), ("[cat](http://a.b)", "cat"),
        ("```text\na cat\n```", "a cat\n"), ("a cat<br/>", "a cat"), ("a cat<|im_end|>", "a cat"),
        (r"a \* cat", "a * cat"), ("---\na cat", "a cat"), ("<b>a</b> cat", "a cat"),
    ],
)  # fmt: skip
def test_what_only_lays_text_out_is_taken_away(text, plain):
    assert mended(text) == plain


@pytest.mark.parametrize(
    "text",
    ["a 3*4 board", "snake_case_name", "1. only one numbered line", 'a sign reads "**SALE**"', "@some_name_ is shown",
     "it's 5 - 3", "a cat"],
)  # fmt: skip
def test_what_may_mean_something_stays(text):
    assert mended(text) == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [("a cat 🎬", "emoji"), ("a {cat}", "symbol"), ("a &amp; b", "symbol"), ("a <tag> cat", "symbol"),
     ("a | b", "symbol")],
)  # fmt: skip
def test_what_may_mean_something_is_reported_without_a_mend(text, kind):
    found = markup(text, [])
    assert found and {flaw.kind for flaw in found} == {kind} and all(flaw.mended is None for flaw in found)


def test_signs_within_a_quotation_are_somebodys():
    text = 'a sign reads "50% | 🎬 {x}"'
    assert markup(text, quotes.find(text)) == []


def test_marks_around_the_whole_caption_go():
    assert mended('"At 0s, a cat sits."') == "At 0s, a cat sits."


@pytest.mark.parametrize("sign", ["\x00", "\u200b", "\ufeff", "\u202e", "\x1b[31m", "\u00ad", "\U000e0041", "\ud800"])
def test_what_nobody_can_see_goes_even_within_words(sign):
    (flaw,) = invisible(f"a c{sign}at")
    assert apply(f"a c{sign}at", [flaw])[0] == "a cat"


@pytest.mark.parametrize("text", ["नमस्ते", "👩\u200d🚀", "می\u200cخواهم", "a\tb"])
def test_joiners_that_scripts_and_emoji_need_stay(text):
    assert invisible(text) == []


@given(st.text(alphabet=" \t\n\u2028ab.", max_size=40))
def test_spacing_leaves_one_line_with_single_spaces(text):
    plain = apply(text, spacing(text))[0]
    assert plain == " ".join(text.split()) and spacing(plain) == []


@given(st.text(max_size=200))
def test_any_text_is_taken_and_flaws_do_not_overlap(text):
    found = markup(text, quotes.find(text))
    assert all(0 <= flaw.start <= flaw.end <= len(text) for flaw in found)
    certain = sorted((flaw for flaw in found if flaw.mended is not None), key=lambda flaw: flaw.start)
    assert all(one.end <= two.start for one, two in pairwise(certain))
