"""Speech that nobody understood is told of all the same."""

import pytest

from asid.pipeline.captions.rules.silence import find
from asid.pipeline.rows import Turn
from tests.kits.captionkit import case, line

MUTE = "At 0s, a woman stands on a pier. At 6s, gulls fly over."
TURN = (Turn(start=3.0, end=9.0, speaker="S1"),)


def test_a_caption_without_a_word_of_speech_is_told_at_its_end_from_when_to_when():
    (flaw,) = find(case(MUTE, turns=TURN))
    assert (flaw.start, flaw.end, flaw.kind) == (len(MUTE), len(MUTE), "speech_untold")
    assert "3.0 s" in flaw.why and "9.0 s" in flaw.why


@pytest.mark.parametrize(
    "told", ["She talks in Greek.", "They chat.", "She sings.", "A man says something.", "Babbling is heard."]
)  # fmt: skip
def test_any_word_of_it_will_do(told):
    assert list(find(case(f"{MUTE} {told}", turns=TURN))) == []


def test_a_word_of_speech_within_a_quoted_text_tells_nothing():
    assert len(list(find(case(f'{MUTE} A sign shows "TALK SHOW".', turns=TURN)))) == 1


@pytest.mark.parametrize(("end", "named"), [(4.9, 0), (5.0, 1)])
def test_less_than_two_seconds_need_not_be_told(end, named):
    assert len(list(find(case(MUTE, turns=(Turn(start=3.0, end=end, speaker="S1"),))))) == named


def test_what_the_transcript_has_is_not_unwritten():
    assert list(find(case(MUTE, line(3.0, 8.0, "S1", "The ferry is late again."), turns=TURN))) == []
    assert len(list(find(case(MUTE, line(3.0, 6.0, "S1", "The ferry is late again."), turns=TURN)))) == 1


def test_without_turns_it_is_silent():
    assert list(find(case(MUTE))) == []
