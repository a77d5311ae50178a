"""One description speaks with one voice, one quotation is one speaker's, and labels stay in the transcript."""

import pytest

from asid.pipeline.captions.rules.voices import find, people
from tests.kits.captionkit import at_words, case, line

TALK = (
    line(0.5, 2.0, "S1", "Did you lock the cellar door?"),
    line(2.5, 4.0, "S2", "Of course I locked it."),
    line(6.0, 7.5, "S1", "Then who is making that noise?"),
)
FIRST, SECOND, THIRD = (one.text for one in TALK)
RIGHT = f'A girl asks, "{FIRST}" A boy replies, "{SECOND}" The girl asks, "{THIRD}"'


def test_speakers_told_as_they_are_heard_are_left_alone():
    assert list(find(case(RIGHT, *TALK))) == []


def test_each_person_has_their_lines():
    found = {person.description.head: [voice for voice, _ in person.said] for person in people(case(RIGHT, *TALK))}
    assert found == {"girl": ["S1", "S1"], "boy": ["S2"]}


def test_a_description_with_two_voices_is_pointed_at_where_it_speaks_with_the_rarer_one():
    caption = f'A girl asks, "{FIRST}" The girl replies, "{SECOND}" The girl asks, "{THIRD}"'
    held = case(caption, *TALK)
    assert at_words(find, held) == [("described_speakers", f'"{SECOND}"')]
    (flaw,) = find(held)
    assert "voice S2" in flaw.why and "voice S1" in flaw.why and "0.5 s" in flaw.why


def test_pronouns_and_groups_describe_nobody():
    caption = f'She asks, "{FIRST}" She replies, "{SECOND}" Both people ask, "{THIRD}"'
    assert people(case(caption, *TALK)) == [] and list(find(case(caption, *TALK))) == []


def test_he_and_then_are_no_names_that_speak_with_two_voices():
    talk = [line(start, start + 1, who, text) for start, who, text in (
        (0, "S1", "Did you lock the door?"), (2, "S1", "I hope you did."), (5, "S2", "Of course I locked it."),
        (7, "S2", "Nobody can get in."))]  # fmt: skip
    a, b, c, d = (one.text for one in talk)
    he = f'A boy asks, "{a}" and he adds, "{b}" An old man replies, "{c}" and he adds, "{d}"'
    assert list(find(case(he, *talk))) == []
    then = f'Then a boy asks, "{a}" He adds, "{b}" Then an old man replies, "{c}" He adds, "{d}"'
    assert list(find(case(then, *talk))) == []


def test_of_unknown_voices_nothing_is_said():
    nobody = [one.model_copy(update={"speaker": ""}) for one in TALK]
    assert people(case(RIGHT, *nobody)) == []


def test_a_quotation_over_two_speakers_is_not_one():
    held = case(f'A girl asks, "{FIRST} {SECOND}"', *TALK)
    assert at_words(find, held) == [("quote_speakers", f'"{FIRST} {SECOND}"')]


@pytest.mark.parametrize(
    ("caption", "label"),
    [
        (f'At 0s, S1 asks, "{FIRST}"', "S1"), (f'SPEAKER_00 asks, "{FIRST}"', "SPEAKER_00"),
        (f'Speaker 2: "{FIRST}"', "Speaker 2"), (f'Speaker 1 softly asks, "{FIRST}"', "Speaker 1"),
        (f'Speaker B asks, "{FIRST}"', "Speaker B"), ("Speaker 2's voice is low.", "Speaker 2"),
        (f'The second speaker asks, "{FIRST}"', ""), ("Speaker A stands on a box of parts.", ""),
        ("She drives an S9 home.", ""), ('A sign reads "S1".', ""),
        ("The speaker 2 metres away hums.", ""),
    ],
)  # fmt: skip
def test_labels_are_never_printed_and_what_only_looks_like_one_is_left_alone(caption, label):
    labels = [words for kind, words in at_words(find, case(caption, *TALK)) if kind == "speaker_label"]
    assert labels == ([label] if label else [])


@pytest.mark.parametrize(
    ("one", "other"),
    [("Man 1", "Man 2"), ("Guest A", "Guest B"), ("Mr. Brown", "Mrs. Brown"), ("Dr. Grey", "Prof. Grey"),
     ("The line of the girl", "The line of the boy")],
)  # fmt: skip
def test_people_told_apart_by_a_number_a_letter_or_a_title_are_two(one, other):
    caption = f'{one} asks, "{FIRST}" {other} replies, "{SECOND}" {one} asks, "{THIRD}"'
    assert list(find(case(caption, *TALK))) == []
    wrong = f'{one} asks, "{FIRST}" {one} replies, "{SECOND}" {one} asks, "{THIRD}"'
    if "line" not in one:
        assert {flaw.kind for flaw in find(case(wrong, *TALK))} == {"described_speakers"}
