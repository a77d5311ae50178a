"""Who a caption says speaks, by the words before a quotation or behind it."""

import pytest

from asid.pipeline.captions.paragraph import Paragraph
from asid.pipeline.captions.speakers import described, description


def speaker(caption: str):
    whole = Paragraph(caption)
    return description(whole, whole.quoted[-1])


@pytest.mark.parametrize(
    ("caption", "shown", "head", "new"),
    [
        ('A tall woman in red says, "I am here."', "A tall woman in red", "woman", True),
        ('At 3s, the boy with a kite shouts, "I am here."', "the boy with a kite", "boy", False),
        ('At 3s, rain falls, and another guard replies, "I am here."', "another guard", "guard", True),
        ('At 3s, a man named Bob says, "I am here."', "a man named Bob", "man", True),
        ('At 3s, "I am here," says the pilot.', "the pilot", "pilot", False),
        ('At 3s, "I am here," a young clerk calmly says.', "a young clerk", "clerk", True),
    ],
)
def test_one_person_is_described_by_noun_and_marks(caption, shown, head, new):
    one = speaker(caption)
    assert one is not None and (one.shown, one.head, one.new, one.sure) == (shown, head, new, True)
    assert caption[one.start :].startswith(shown)


def test_what_is_not_the_noun_marks_the_person():
    one = speaker('A tall woman in red says, "I am here."')
    assert one is not None and one.marks == {"tall", "red"}
    other = described("another man")
    assert other is not None and other.marks == {"another"}


def test_a_name_is_sure_and_a_pronoun_is_not():
    named = speaker('At 3s, Ada Lovelace says, "I am here."')
    assert named is not None and (named.head, named.sure) == ("adalovelace", True)
    for text in ("he", "She", "they"):
        one = described(text)
        assert one is not None and not one.sure and one.marks == frozenset()


@pytest.mark.parametrize(
    ("caption", "head", "marks"),
    [
        ('The next line belongs to the man in grey, who says, "I am here."', "man", {"grey"}),
        ('The line that follows comes from the sailor: "I am here."', "sailor", set()),
        ('The words "I am here" are spoken by a tall clerk.', "clerk", {"tall"}),
        ('The answer, "I am here," comes from Ada Lovelace.', "adalovelace", set()),
        ('A cry comes from the street, and a guard shouts, "I am here."', "guard", set()),
        ('At 3s, Man 2 says, "I am here."', "man2", set()),
        ('At 3s, "I am here," says Person B.', "personb", set()),
    ],
)
def test_whose_a_line_is_names_its_speaker(caption, head, marks):
    one = speaker(caption)
    assert one is not None and (one.head, one.marks, one.sure) == (head, marks, True)


def test_a_line_is_nobody():
    assert speaker('At 3s, the last line says, "I am here."') is None


@pytest.mark.parametrize("who", ["two men", "both women", "several voices", "some people"])
def test_several_are_nobody_in_particular(who):
    one = described(who)
    assert one is not None and not one.sure


@pytest.mark.parametrize("caption", ['"I am here."', '"I am here." It rains.', 'There is a shout: "I am here."'])
def test_where_nobody_is_said_to_speak_nobody_does(caption):
    assert speaker(caption) is None


def test_what_the_person_does_before_speaking_is_no_part_of_the_name():
    one = speaker('At 3s, the old sailor turns to the window and says, "I am here."')
    assert one is not None and one.shown == "the old sailor" and one.head == "sailor" and one.marks == {"old"}


@pytest.mark.parametrize(
    ("caption", "shown"),
    [
        ('Rain falls, and he says, "I am here."', "he"), ('Then a man says, "I am here."', "a man"),
        ('At 3s, "Come in," and she adds, "I am here."', "she"),
    ],
)  # fmt: skip
def test_what_only_stands_before_the_subject_is_no_name(caption, shown):
    one = speaker(caption)
    assert one is not None and one.shown == shown and one.sure == (shown == "a man")


@pytest.mark.parametrize("who", ["", "  ", "the", "...", "a in of"])
def test_words_that_describe_nothing_give_nobody(who):
    assert described(who) is None
