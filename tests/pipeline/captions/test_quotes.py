import pytest
from hypothesis import given

from asid.pipeline.captions import quotes
from asid.pipeline.captions.checks import find_quotes
from asid.pipeline.captions.speech import SpokenWords
from asid.pipeline.captions.text import FOUND
from asid.pipeline.rows import Utterance, Word
from tests.kits.strategies import captions


def said(start: float, speaker: str, text: str) -> Utterance:
    """One word every half second."""
    words = tuple(
        Word(start=start + at / 2, end=start + at / 2 + 0.4, text=word, score=1.0, speaker=speaker)
        for at, word in enumerate(text.split())
    )
    return Utterance(start=start, end=words[-1].end, speaker=speaker, text=text, words=words, overlap=False)


TALK = [
    said(1.0, "S1", "Have you ever seen a goat swim across the river?"),
    said(8.0, "S2", "No, never. I know nothing about goats."),
    said(14.0, "S1", "Never mind then, the river is cold."),
]
MARKS = [
    ('He says "no" and "yes".', ["no", "yes"]),
    ("He says “no” and “yes”.", ["no", "yes"]),
    ("„Nein“, sagt er. »Ja«, sagt sie.", ["Nein", "Ja"]),
    ("«Non», dit-il, « oui ».", ["Non", "oui"]),
    ("他说「你好」，她问：“去哪里？”", ["你好", "去哪里？"]),
    ('他说"你好"然后走了', ["你好"]),
    ("A sign says 'EXIT 6' to the dogs' left.", ["EXIT 6"]),
    ("He says, 'The dogs' bowl isn't here.' She nods.", ["The dogs' bowl isn't here."]),
    ("‘Stop’, he says.", ["Stop"]),
    ("He says \"it's the '90s\" twice.", ["it's the '90s"]),
    ("She says “he said ‘no’ to me”.", ["he said ‘no’ to me"]),
    ('He says "well, he says "bye".', ["bye"]),
    ('He says "well', []),
    ('He says, "She told me, "Go home," and left."', ['She told me, "Go home," and left.']),
    ('He says, "He cried "No!" and "Never!" at us." He nods.', ['He cried "No!" and "Never!" at us.']),
    ('He says, "She said, "Go home.""', ['She said, "Go home."']),
    ('At 0s, he says, "well. At 4s, he says, "bye" and "go." At 9s, it "rains."', ["bye", "go.", "rains."]),
    ("Hon säger: ”Kom hit”, och ”nu”.", ["Kom hit", "nu"]),
    ("He says “come” and ”, then “go”.", ["come", "go"]),
    ("Don't touch the dogs' bowl, it's rock 'n' roll from the '90s.", []),
    ('A 6" pipe beside a 7" pipe.', []),
    ('"At 0s, a man says "no" and waves."', ["no"]),
    ('""', []),
]
CLAIMS = [
    ('The man shouts, "Over here!"', "speech"),
    ('"Over here", the man shouts.', "speech"),
    ('The sign reads "OVER HERE".', "screen"),
    ('The words "over here" appear as text on the screen.', "screen"),
    ('Printed below are the words "over here".', "screen"),
    ('He leaves with the words "over here".', "speech"),
    ('He utters the words "over here".', "speech"),
    ('White text: "over here now".', "screen"),
    ('A "cozy" room.', "nothing"),
    ('She turns: "We should be over there by now."', "speech"),
]


@pytest.mark.parametrize(("caption", "texts"), MARKS)
def test_quotation_marks_of_all_kinds_and_apostrophes(caption, texts):
    assert [quotation.text for quotation in quotes.find(caption)] == texts


@pytest.mark.parametrize(("caption", "claim"), CLAIMS)
def test_the_words_around_a_quotation_say_what_it_is(caption, claim):
    assert quotes.find(caption)[0].claims == claim


def test_a_quotation_has_the_time_and_speaker_of_its_words():
    (quote,) = find_quotes('At 0s, a man asks, "ever seen a goat swim?"', TALK)
    assert (quote.found, quote.score, quote.speaker) == (True, 1.0, "S1")
    assert (quote.start, quote.end) == (2.0, 4.4)  # words 3 to 7


def test_a_slip_of_the_recogniser_or_writer_is_forgiven_and_scored():
    (quote,) = find_quotes('He asks, "Have you ever seen the goat swimming across a river?"', TALK)
    assert quote.found
    assert FOUND < quote.score < 1
    assert (quote.start, quote.end) == (1.0, 5.9)


def test_what_nobody_says_is_not_found_and_has_no_time():
    (quote,) = find_quotes('He says, "I would like some cheese please."', TALK)
    assert (quote.found, quote.start, quote.end, quote.speaker) == (False, 0.0, 0.0, "")
    assert quote.score < 0.6
    assert not find_quotes('He says, "Hello."', [])[0].found


def test_a_word_is_not_found_inside_another():
    (quote,) = find_quotes('She says, "No."', TALK)
    assert quote.start == 8.0  # not in "know" or "nothing"
    assert SpokenWords(TALK).locate("othing ab").score < 1.0


def test_of_equal_places_the_one_nearest_to_the_anchor_counts():
    texts = 'At 8s, she says "never". At 14s, he says "never". At 2s, he says "the river".'
    assert [quote.start for quote in find_quotes(texts, TALK)] == [8.5, 14.0, 5.0]


def test_words_left_out_at_an_ellipsis():
    (quote,) = find_quotes('He asks, "Have you ever … across the river?"', TALK)
    assert quote.found
    assert (quote.start, quote.end) == (1.0, 5.9)


def test_texts_on_the_screen_are_no_speech_unless_they_are_said():
    assert find_quotes('The sign reads "EXIT 6". A "cozy" room.', TALK) == []
    assert find_quotes('The sign reads "never mind then".', TALK)[0].speaker == "S1"


def test_scripts_without_spaces():
    talk = [said(3.0, "S1", "你 好 世 界")]
    (quote,) = find_quotes("她说：“世界！”", talk)
    assert (quote.found, quote.start, quote.end) == (True, 4.0, 4.9)


def test_an_utterance_without_words_gives_its_own_time():
    talk = [Utterance(start=3.0, end=5.0, speaker="S1", text="Hello there.", words=(), overlap=False)]
    (quote,) = find_quotes('He says "hello there".', talk)
    assert (quote.start, quote.end, quote.speaker) == (3.0, 5.0, "S1")


def test_a_long_quotation_with_gaps_keeps_both_ends():
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    talk = [said(0.0, "S1", "well now let me count " + text + " and that was that")]
    (quote,) = find_quotes(f'He says "{text.replace("seven eight ", "").replace("fourteen", "fortean")}".', talk)
    assert quote.found
    assert (quote.start, quote.end) == (2.5, 10.9)


@given(captions)
def test_quotations_lie_in_the_caption_in_order_and_apart(caption):
    last = 0
    for quotation in quotes.find(caption):
        assert last <= quotation.start < quotation.end <= len(caption)
        assert quotation.text
        assert quotation.text == caption[quotation.start + 1 : quotation.end - 1].strip()
        last = quotation.end
    for quote in find_quotes(caption, TALK):
        assert 0 <= quote.score <= 1
        assert quote.found == (quote.end > 0)
