"""A text located among spoken words: the place, the likeness, the speakers, the times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline.captions.speech import NOWHERE, Place, SpokenWords, quote
from asid.pipeline.captions.text import FOUND
from tests.kits.captionkit import line, timed

ONE = timed("S1", ("Meet", 1.0, 1.2), ("me", 1.2, 1.4), ("at", 1.4, 1.5), ("the", 1.5, 1.6), ("fountain.", 1.6, 2.0))
TWO = timed("S2", ("No,", 3.0, 3.2), ("at", 3.2, 3.3), ("the", 3.3, 3.4), ("museum.", 3.4, 3.9))
BOTH = SpokenWords([ONE, TWO])


@pytest.mark.parametrize(
    ("text", "start", "end", "words"),
    [("Meet me at the fountain.", 1.0, 2.0, (0, 4)), ("THE MUSEUM!", 3.3, 3.9, (7, 8)), ("me", 1.2, 1.4, (1, 1))],
)
def test_what_was_said_is_found_to_the_word(text, start, end, words):
    place = BOTH.locate(text)
    assert (place.score, place.start, place.end, (place.first, place.last)) == (1.0, start, end, words)


def test_likeness_is_one_less_edits_over_the_longer_of_the_two():
    place = BOTH.locate("at the fountains")  # 14 letters against 13
    assert place.score == pytest.approx(1 - 1 / 14) and (place.start, place.end) == (1.4, 2.0)


def test_of_equal_places_the_nearest_and_without_a_time_the_first():
    assert BOTH.locate("at the").start == 1.4
    assert BOTH.locate("at the", near=3.0).start == 3.2 and BOTH.locate("at the", near=0.0).start == 1.4


def test_words_left_out_at_an_ellipsis_do_not_count():
    place = BOTH.locate("Meet me … the museum")
    assert place.score == 1.0 and (place.start, place.end) == (1.0, 3.9)
    assert BOTH.locate("the museum … Meet me").score < 1.0  # not in this order


def test_speakers_are_told_with_their_share_of_letters():
    place = BOTH.locate("the fountain. No, at")  # 11 letters of the one, 4 of the other
    assert [name for name, _ in place.speakers] == ["S1", "S2"]
    assert [share for _, share in place.speakers] == pytest.approx([11 / 15, 4 / 15])


def test_a_words_own_speaker_counts_before_its_utterances():
    word = TWO.words[0].model_copy(update={"speaker": "S9"})
    mixed = SpokenWords([TWO.model_copy(update={"words": (word, *TWO.words[1:])})])
    assert mixed.speakers == ["S9", "S2", "S2", "S2"]


def test_without_word_times_words_are_spread_by_their_letters():
    words = SpokenWords([line(2.0, 6.0, "S1", "ab cdefgh")]).words
    assert [(one.start, one.end) for one in words] == [(2.0, 3.0), (3.0, 6.0)]


@pytest.mark.parametrize("text", ["", "…", "?!", "\u200b"])
def test_what_has_no_letters_is_nowhere(text):
    assert BOTH.locate(text) == NOWHERE and SpokenWords([]).locate("meet me") == NOWHERE


@given(st.text(max_size=200), st.none() | st.floats(0, 10))
def test_any_text_has_a_place_within_bounds(text, near):
    place = BOTH.locate(text, near)
    assert 0 <= place.score <= 1 and place.start <= place.end
    assert sum(share for _, share in place.speakers) == pytest.approx(1.0) or place == NOWHERE


def test_a_long_text_is_found_by_its_pieces():
    said = " ".join(f"word{number} goes by" for number in range(40))
    place = SpokenWords([line(0, 40, "S1", f"before that {said} and then the end")]).locate(
        said.replace("word7 ", "w7 ")
    )
    assert place.score > 0.98 and place.first == 2 and place.last == 121


def test_a_quote_has_times_and_speaker_only_where_it_was_found():
    there = quote("me", Place(FOUND, 1.2, 1.4, (("S1", 1.0),), 1, 1))
    assert (there.found, there.start, there.end, there.speaker) == (True, 1.2, 1.4, "S1")
    gone = quote("me", Place(FOUND - 0.01, 1.2, 1.4, (("S1", 1.0),), 1, 1))
    assert (gone.found, gone.start, gone.end, gone.speaker) == (False, 0.0, 0.0, "")
    assert quote("me", NOWHERE, found=0.5).score == 0.0
