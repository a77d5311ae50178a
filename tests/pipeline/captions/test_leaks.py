"""Sources and writers that a caption names, each pointed at; what is in the clip is left alone."""

import pytest

from asid.pipeline.captions import quotes
from asid.pipeline.captions.leaks import flaws


def leaks(text: str, *names: str) -> list[tuple[str, str]]:
    return [(flaw.kind, text[flaw.start : flaw.end]) for flaw in flaws(text, names, quotes.find(text))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("According to the transcript, he stays.", "According to the transcript"),
        ("Caption 2 adds a dog.", "Caption 2"),
        ("Both descriptions mention a dog.", "Both descriptions mention"),
        ("The second annotator saw a dog.", "second annotator"),
        ("A dog barks in the provided video.", "the provided video"),
        ("Both accounts mention a dog.", "Both accounts mention"),
        ("The second observer notes a dog.", "The second observer notes"),
        ("The accounts disagree about the dog.", "The accounts disagree"),
        ("The dog was not described by any observer.", "described by any observer"),
        ("Whose dog it is is not specified in the descriptions.", "specified in the descriptions"),
        ("The recognised speech has a name.", "The recognised speech"),
        ("From the evidence, a dog barks.", "From the evidence"),
        ("The caption does not mention a dog.", "The caption does not mention"),
    ],
)
def test_a_source_is_named(text, words):
    assert leaks(text) == [("source_named", words)]


@pytest.mark.parametrize(
    "text",
    ["As an AI, I see a dog.", "I cannot determine who speaks.", "Here is the final caption: a dog.", "Sure, a dog.",
     "I'm sorry, there is no dog.", "Caption: a dog.", "<think> a dog", '<evidence kind="caption"> A dog.',
     "A dog. </evidence>", '(evidence kind="account"> A dog.', "A dog. (/evidence)", "A dog. < / Evidence >",
     "The caption has been corrected to include a dog.", "A dog. The wording was slightly improved.",
     "All missing details have been added.", "I have fixed the dog.",
     "A dog. Let me know if it helps.", "A dog. Note: no cat.",
     "No further information is given about the dog.", "A dog. Word count: 120"],
)  # fmt: skip
def test_the_writer_speaks_of_itself(text):
    assert {kind for kind, _ in leaks(text)} == {"model_voice"}


@pytest.mark.parametrize(
    "text",
    ["A man reads a transcript.", "The caption says that it is open.", "She is sure of it.", "A source is dry.",
     'A woman says, "According to the transcript, I cannot determine who speaks."', "Of course stands the tower.",
     "She holds the first description card.", "Her bank account shows a loss.",
     "An observer in the last row nods.", 'One observer says, "A dog!"', "The evidence bag is sealed.",
     "She takes note.",
     "The sign has been corrected by hand.", "The caption on the screen is updated to LIVE.",
     "The errors in the ledger are marked.",
     "The caption covers the lower third.", "The form is provided by the accounts office.",
     "A man is sorry.", "A bag (evidence) lies there.", "The audio description says that a door opens.", ""],
)  # fmt: skip
def test_what_belongs_to_the_clip_is_left_alone(text):
    if text.startswith("Of course"):
        assert leaks(f"At 0s, {text.lower()}") == []  # only at the beginning it is an answer's
    else:
        assert leaks(text) == []


def test_odd_names_are_leaks_anywhere_and_plain_ones_only_as_sources():
    assert leaks("A dog, says gemini-2.5.", "gemini-2.5") == [("source_named", "gemini-2.5")]
    assert leaks("A SEED_ASR dog barks.", "seed_asr") == [("source_named", "SEED_ASR")]
    assert leaks("A sound is heard. It sounds sad.", "sound") == []
    assert leaks("According to sound, a dog barks.", "sound") == [("source_named", "According to sound")]
    assert leaks("A dog barks.", "", "  ") == []


def test_names_are_no_patterns():
    assert leaks("A dog barks at nothing.", ".*1", "(((2") == []


def test_one_leak_that_two_patterns_see_is_told_once():
    assert len(leaks("According to the ASR transcript, he stays.")) == 1
