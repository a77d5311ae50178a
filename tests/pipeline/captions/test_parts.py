"""Attribute captions hold what their caption holds, and nothing else."""

import pytest

from asid.pipeline.captions.parts import find

CAPTION = (
    'At 0s, a woman in a red coat stands in front of three doors. At 3s, she smiles and says, "We are late." '
    'At 7s, the camera pans to a sign that reads "EXIT 6" in Lisbon.'
)
PARTS = {
    "scene": "At 7s, a sign can be seen in Lisbon.",
    "characters": "At 0s, a woman in a red coat stands there.",
    "objects": 'At 0s, there are 3 doors. At 7s, a sign reads "EXIT 6".',
    "actions": "",
    "narrative": "",
    "speech": 'At 3s, the woman says, "We are late."',
    "camera": "At 7s, the camera pans to a sign.",
    "emotions": "At 3s, she smiles.",
}


def test_parts_that_say_what_the_caption_says_are_left_alone():
    assert find(PARTS, CAPTION) == []


@pytest.mark.parametrize(
    ("attribute", "text", "kind"),
    [
        ("speech", 'At 3s, the woman says, "We are late again."', "part_quote"),
        ("objects", 'At 7s, a sign reads "EXIT 9".', "part_quote"),
        ("objects", "At 0s, there are four doors.", "part_number"),
        ("scene", "At 7s, a sign can be seen in Madrid.", "part_name"),
        ("characters", "At 0s, Teacher, artist stand there.", "part_name"),
        ("speech", "At 3s, the woman speaks.", "part_lost"),
        ("camera", "", "part_empty"),
    ],
)
def test_what_a_part_adds_loses_or_leaves_out_is_named(attribute, text, kind):
    assert kind in {problem.kind for problem in find(PARTS | {attribute: text}, CAPTION)}


def test_an_empty_part_may_be_allowed():
    assert find(PARTS | {"camera": ""}, CAPTION, empty=False) == []


def test_one_event_has_one_second():
    one = "At 2s, a boy throws a stone into the lake."
    other = "At 8s, a boy throws a stone into the lake."
    problems = find({"actions": one, "narrative": other}, f"{one} {other}", empty=False)
    assert [problem.kind for problem in problems] == ["event_seconds"]
    assert find({"actions": one, "narrative": one}, one, empty=False) == []


def test_what_one_caption_tells_twice_happens_twice():
    whole = (
        "At 4s, the picture cuts to a wide green field. At 9s, the picture cuts to a wide green field. "
        "At 14s, the picture cuts to a white green field."
    )
    assert find({"camera": whole, "scene": whole}, whole, empty=False) == []
    assert find({"camera": whole, "scene": whole[47:]}, whole, empty=False) == []
