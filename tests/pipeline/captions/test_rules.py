"""Each rule on faults that it must name and on true variants that it must leave alone."""

import pytest

from asid.pipeline.captions.checks import examine
from asid.pipeline.captions.citations import CaptionCase, Difference
from asid.pipeline.captions.grounds import Grounds, Legible
from asid.pipeline.captions.spoken import alike, spoken
from asid.pipeline.rows import Cue, Shot, Subtitles, Turn, Utterance


def line(start: float, end: float, speaker: str, text: str, **more) -> Utterance:
    return Utterance(start=start, end=end, speaker=speaker, text=text, words=(), overlap=False, **more)


RED = line(3.0, 5.2, "S1", "He stood next to the red umbrella.")
TALK = (
    line(0.5, 2.0, "S1", "Where is my old bicycle?"),
    line(2.2, 3.5, "S2", "It is over there, behind the station."),
    line(6.0, 7.0, "S1", "I can see it now."),
    line(8.2, 9.5, "S2", "Then take it home today."),
)
GOOD = (
    'At 0s, a woman asks, "Where is my old bicycle?" At 2s, a man replies, "It is over there, behind the station." '
    'At 6s, the woman says, "I can see it now." At 8s, the man says, "Then take it home today."'
)
SHOTS = tuple(
    Shot(start=start, end=end, first_frame=0, last_frame=1, opens_with="cut")
    for start, end in ((0, 5), (5, 9), (9, 20))
)


def found(caption: str, *talk: Utterance, **known) -> dict[str, str]:
    grounds = Grounds(20.0, utterances=talk, **known)
    return {problem.kind: problem.why for problem in examine(caption, grounds)}


def test_a_caption_that_tells_what_was_said_is_left_alone():
    assert found(GOOD, *TALK) == {}


# --- word for word -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quote", "why"),
    [
        ("He stood next to the blue umbrella.", '"blue" was said as "red" at 4.3 s'),
        ("He stood right next to the red umbrella.", '"right" is not said at 3.5 s'),
        ("He stood next to red umbrella.", '"the" is left out at 4.0 s'),
        ("He stood next to the red parrot.", '"parrot" was said as "umbrella" at 4.5 s'),
        ("She stood next to the red umbrella.", '"She" was said as "He" at 3.0 s'),
    ],
)
def test_each_word_that_was_said_otherwise_is_named_with_its_time(quote, why):
    assert found(f'At 3s, a man says, "{quote}"', RED) == {"quote_word": why}


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("We have twenty-one of them.", "We have 21 of them."),
        ("It cost two hundred and five dollars.", "It cost $205."),
        ("That was in nineteen eighty four.", "That was in 1984."),
        ("I do not know.", "I don't know."),
        ("She can't have gone.", "She cannot have gone."),
        ("It has been a long day.", "It's been a long day."),
        ("We're gonna be late.", "We are going to be late."),
        ("Um, we could, uh, go now.", "We could go now."),
        ("We could go now.", "We could… go now."),
        ("OKAY, the the train left.", "okay the train left"),
        ("The colour is grey at the centre.", "The color is gray at the center."),
        ("The e-mail came at 7 p.m. today.", "The email came at seven PM today."),
    ],
)
def test_one_thing_said_is_the_same_in_two_spellings(said, quoted):
    assert found(f'At 1s, a man says, "{quoted}"', line(1.0, 4.0, "S1", said), language="en") == {}


def test_of_other_languages_only_what_is_known_of_their_numbers_is_said():
    said = line(1.0, 4.0, "S1", "Ich sehe sieben große Hunde.")
    assert found('At 1s, a man says, "Ich sehe 7 große Hunde."', said, language="de") == {}
    assert "quote_word" in found('At 1s, a man says, "Ich sehe 8 große Hunde."', said, language="de")
    assert alike(spoken(["7"]), spoken(["hét"]), "hu")


def test_what_nobody_says_is_no_quotation():
    assert "quote_not_found" in found('At 3s, a man says, "Give me the keys to the boat."', RED)


def test_subtitles_that_came_with_the_video_bear_a_quotation_out():
    shown = Subtitles(origin="file a.srt", language="en", lag=0.0, agreement=0.9,
                      cues=(Cue(start=3.0, end=5.2, text="He stood next to the blue umbrella."),))  # fmt: skip
    caption = 'At 3s, a man says, "He stood next to the blue umbrella."'
    assert found(caption, RED, subtitles=(shown,)) == {}


def test_where_two_words_differ_both_are_named():
    case = CaptionCase('At 3s, a man says, "He sat next to the blue umbrella."', Grounds(20.0, utterances=(RED,)))
    (citation,) = case.citations
    assert [(one.said, one.heard) for one in citation.differences] == [("sat", "stood"), ("blue", "red")]
    assert all(isinstance(one, Difference) and 3.0 <= one.time < 5.2 for one in citation.differences)


# --- coverage ----------------------------------------------------------------------------------------------------


def test_a_line_that_is_cut_short_is_named_with_what_belongs_to_it():
    why = found('At 3s, a man says, "He stood next to"', RED)["quote_short"]
    assert '"the red umbrella"' in why


def test_a_line_quoted_in_two_pieces_is_whole():
    assert found('At 3s, a man says, "He stood next," and goes on, "to the red umbrella."', RED) == {}


def test_a_line_that_nobody_tells_is_missing_and_a_fragment_is_not():
    told = 'At 3s, a man says, "He stood next to the red umbrella."'
    untold = found(told, RED, line(7, 8, "S2", "Behind the old barn."))
    assert untold == {"line_missing": 'the line at 7.0 s is missing: "Behind the old barn."'}
    assert found(told, RED, line(7, 8, "S2", "Oh yes.")) == {}


def test_the_caption_of_an_attribute_need_not_tell_every_line():
    assert examine("At 3s, a man waves.", Grounds(20.0, utterances=(RED,)), anchored=False, whole=False) == []


def test_words_said_once_are_quoted_once():
    told = 'At 3s, a man says, "He stood next to the red umbrella." "He stood next to the red umbrella," he says.'
    assert "quote_repeated" in found(told, RED)
    assert "quote_repeated" not in found(told, RED, line(5.5, 7.0, "S1", "He stood next to the red umbrella."))


def test_somebody_who_speaks_without_being_understood_is_told_of():
    turn = Turn(start=2.0, end=8.0, speaker="S1")
    assert "speech_untold" in found("At 0s, a man stands on a bridge.", turns=(turn,))
    assert found("At 0s, a man stands on a bridge. At 2s, he talks in another language.", turns=(turn,)) == {}


# --- when, and by whom -------------------------------------------------------------------------------------------


def test_a_quotation_that_opens_a_block_is_said_at_its_anchor():
    for second in (0, 6):
        assert "quote_time" in found(f'At {second}s, a man says, "He stood next to the red umbrella."', RED)
    later = 'At 0s, a man waits on a bench in the rain. He says, "He stood next to the red umbrella."'
    assert found(later, RED) == {}


def test_one_description_does_not_speak_with_two_voices():
    swapped = GOOD.replace("At 6s, the woman", "At 6s, the man").replace("At 8s, the man", "At 8s, the woman")
    assert "voice S1" in found(swapped, *TALK)["described_speakers"]
    behind = GOOD.replace('At 6s, the woman says, "I can see it now."', 'At 6s, "I can see it now," says the man.')
    assert "described_speakers" in found(behind, *TALK)


def test_another_man_is_somebody_else():
    men = GOOD.replace("a woman", "a man").replace("a man replies", "another man replies")
    men = men.replace("the woman", "the man").replace("At 8s, the man", "At 8s, another man")
    assert found(men, *TALK) == {}


def test_labels_of_the_transcript_are_not_printed():
    assert "speaker_label" in found('At 3s, S1: "He stood next to the red umbrella."', RED)
    assert "speaker_label" not in found(
        'At 3s, the text "S1" appears. A man says, "He stood next to the red umbrella."', RED
    )


def test_what_stands_around_a_right_quotation_is_a_statement_of_its_own():
    accounts = ("At 3s, a man in a grey coat speaks to the camera.",)
    told = 'At 3s, {} says, "He stood next to the red umbrella."'
    assert "robot" in found(told.format("a robot"), RED, accounts=accounts)["speech_manner"]
    assert "angrily" in found(told.format("a man angrily"), RED, accounts=accounts)["speech_manner"]
    assert found(told.format("a man"), RED, accounts=accounts) == {}
    angry = ("At 3s, an angry man speaks to the camera.",)
    assert found(told.format("a man angrily"), RED, accounts=angry) == {}


# --- on the screen -----------------------------------------------------------------------------------------------

SIGN = (Legible(2.0, 6.0, "Felix BAUMGARTNER", 0.95), Legible(2.0, 6.0, "and", 0.95))


@pytest.mark.parametrize("text", ['the text "Felix BAUMGARDNER" appears', "the name Baumgardner appears below him"])
def test_a_text_spelt_otherwise_than_read_is_named(text):
    assert "BAUMGARTNER" in found(f"At 2s, {text}.", legible=SIGN)["text_spelling"]


@pytest.mark.parametrize(
    "text",
    ['the text "FELIX BAUMGARTNER" appears', 'the text "Baumgartner" appears', "two people shake hands and bow",
     'a sign reads "EXIT"', "Bavarian musicians play"],
)  # fmt: skip
def test_what_was_read_and_what_is_about_something_else_is_left_alone(text):
    assert found(f"At 2s, {text}.", legible=SIGN) == {}


def test_a_text_is_told_while_it_can_be_read():
    assert "text_time" in found('At 12s, the text "Felix Baumgartner" appears.', legible=SIGN)


# --- shots, and what annotators dated ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        ("The clip consists of four shots.", "shot_count"), ("The video contains 3 cuts.", "shot_count"),
        ("The clip has twenty-one shots.", "shot_count"), ("The video is a montage of 12 shots.", "shot_count"),
        ("The film unfolds in two separate shots of a lake.", "shot_count"),
        ("In total the clip contains four shots.", "shot_count"),
        ("The clip has two shots, and the camera holds still.", "shot_count"),
        ("The video shows five different shots.", "shot_count"),
        ("The sequence consists of seven shots.", "shot_count"),
        ("The clip is one long, unbroken take.", "shot_count"),
        ("Filmed in one continuous take, it shows a lake.", "shot_count"),
        ("It is filmed in a single continuous shot.", "shot_count"), ("At 15s, the scene cuts to a hut.", "cut_time"),
    ],
)  # fmt: skip
def test_shots_are_those_that_were_found(claim, kind):
    assert list(found(f"At 0s, a man rows a boat. {claim}", shots=SHOTS)) == [kind]


@pytest.mark.parametrize(
    "claim",
    ["The clip consists of three shots.", "The video contains 2 cuts.", "At 9s, the picture cuts to a lake.",
     "Two shots ring out.", "A two-shot of the couple follows.",
     # Shots that are none of a film's: drinks, bullets, throws, photographs, injections.
     "On the bar stands a row of two shots.", "He drinks in a row of four shots.", "She downs two of five shots.",
     "The cocktail is made of two shots of rum.", "It consists of two shots of rum and a slice of lime.",
     "The video has five shots of tequila on the bar.", "The clip shows four shots being poured.",
     "The film has two shots of whisky, and nobody drinks them.",
     "He fires in a series of four shots.", "A volley of seven shots is heard.", "It takes her over ten shots.",
     "He hits the target in two shots.", "The clip shows two separate shots, both fired from a rifle.",
     "She scores in one of two shots.", "He misses two of six shots.", "The video has two shots at the goal.",
     "Across four shots the player only hits the rim.", "The clip contains two shots, and both hit the net.",
     "On the wall hangs a series of five shots of the same tree.", "A vaccine is given in two shots.",
     "It is a long shot.", "The video opens with a long shot of a field.", "It is a single shot of espresso.",
     # Parts of a clip may have fewer shots than the whole, and may be one.
     "The opening sequence consists of two shots.", "Both people are shown in a single shot.",
     "The scene is captured in one continuous take.", "The first of two shots shows a lake.",
     # Cuts that are none of a film's.
     "The piece has five cuts on its side.", "The video contains two cuts of beef.", "A cut shows on his cheek.",
     "At 14s, a cut to his left hand bleeds."],
)  # fmt: skip
def test_what_holds_of_the_shots_is_left_alone(claim):
    assert found(f"At 0s, a man rows a boat. {claim}", shots=SHOTS) == {}


def test_what_an_annotator_dated_is_told_at_that_time():
    account = ("At 1s, a dog jumps over the low garden wall. At 12s, a cat sleeps on the warm roof.",)
    swapped = "At 1s, a cat sleeps on the warm roof. At 12s, a dog jumps over the low garden wall."
    assert "event_time" in found(swapped, accounts=account)
    assert found(account[0], accounts=account) == {}


# --- leaks and loops ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["As heard in the transcript, he leaves.", "The transcription reads the same.",
     "Judging from the subtitles, he left.",
     "As the transcript shows, he leaves.", "In the transcript, he leaves.",
     "As clearly stated in the caption, it rains."],
)  # fmt: skip
def test_sources_are_named_in_many_ways(text):
    assert list(found(f"At 0s, a man waits. {text}")) == ["source_named"]


@pytest.mark.parametrize(
    "text",
    ["A woman sings that I can't get no sleep tonight.", "The audio description says that a door opens.",
     "The lyrics go on, I cannot see the sun.", "He reads a description of the house."],
)  # fmt: skip
def test_lyrics_and_the_clips_own_audio_description_are_no_leaks(text):
    assert not {"source_named", "model_voice"} & set(found(f"At 0s, a man waits. {text}"))


@pytest.mark.parametrize(
    "text",
    ["The number is 7777777777777777777777.", "There are 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and more.",
     " ".join(f"Person number {n} walks past the gate." for n in range(1, 9)),
     "One, two, three, four, five, six, seven, eight, nine, ten, eleven."],
)  # fmt: skip
def test_one_digit_and_a_count_that_does_not_end_are_loops(text):
    assert "repetition" in found(f"At 0s, a man waits. {text}")


@pytest.mark.parametrize("text", ["It cost 1000000000000 yen.", "He counts 3, 2, 1 and jumps.", "Cars 4, 5 and 6 win."])
def test_numbers_that_mean_something_are_left_alone(text):
    assert found(f"At 0s, a man waits. {text}") == {}
