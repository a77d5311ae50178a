"""Attribute captions beside the caption they come from: each kind of fault in the attribute that has it."""

import pytest

from asid.pipeline.captions.parts import find

WHOLE = (
    'At 0s, a baker in a blue cap stands at two ovens in Porto. At 4s, he turns and says, "The bread is ready." '
    'At 9s, the camera tilts up to a board that reads "OPEN 24 HOURS".'
)
SPEECH = 'At 4s, the baker says, "The bread is ready."'


def kinds(name: str, text: str, *, whole: str = WHOLE, empty: bool = False) -> list[str]:
    return [problem.kind for problem in find({"speech": SPEECH} | {name: text}, whole, empty=empty)]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("scene", "At 0s, two ovens stand in Porto.", []),
        ("scene", "At 0s, 2 ovens stand in Porto.", []),
        ("scene", "At 0s, two ovens stand in Braga.", ["part_name"]),
        ("scene", "At 0s, seven ovens stand in Porto.", ["part_number"]),
        ("objects", 'At 9s, a board reads "open 24 hours".', []),
        ("objects", 'At 9s, a board reads "closed for lunch".', ["part_quote"]),
        ("characters", "At 0s, a nurse stands at two ovens.", ["part_name"]),
        ("characters", "At 0s, the baker stands there alone.", []),
    ],
)
def test_a_part_adds_no_name_number_or_quotation(name, text, found):
    assert kinds(name, text) == found


def test_the_reason_names_the_attribute():
    (problem,) = find({"speech": SPEECH, "scene": "At 0s, two ovens stand in Braga."}, WHOLE, empty=False)
    assert problem.why.startswith("scene:") and problem.snippet == "Braga"


def test_a_quotation_may_stand_in_any_of_the_parts():
    assert find({"speech": "", "actions": SPEECH}, WHOLE, empty=False) == []
    assert [one.kind for one in find({"speech": "", "actions": "He turns."}, WHOLE, empty=False)] == ["part_lost"]


def test_an_empty_part_is_named_only_where_the_caption_tells_something_of_it():
    parts = {"speech": SPEECH, "camera": "", "characters": "At 0s, a baker.", "emotions": ""}
    assert [(one.kind, one.snippet) for one in find(parts, WHOLE)] == [("part_empty", "camera")]


def test_words_of_speech_within_a_quotation_tell_nothing_of_an_attribute():
    whole = 'At 0s, a sign reads "CAMERA SHOP".'
    assert find({"camera": "", "objects": whole}, whole) == []


def test_one_event_has_one_second_in_two_parts_and_may_stand_twice_in_one():
    early, late = (f"At {second}s, the baker lifts a tray of rolls." for second in (1, 12))
    whole = f"{early} {late}"
    (problem,) = find({"actions": early, "narrative": late}, whole, empty=False)
    assert problem.kind == "event_seconds" and "12 s" in problem.why and "1 s under actions" in problem.why
    assert find({"actions": f"{early} {late}"}, whole, empty=False) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("two ovens, a board", ["part_fragment"]), ("oven", ["part_fragment"]),
        ("At 0.5s, two ovens, a board", ["part_fragment"]), ("Ovens; a board; the baker's cap", ["part_fragment"]),
        ("Two ovens stand there.", []), ('A board reads "OPEN 24 HOURS."', []), ("Zwei Öfen stehen da!", []),
        ("那里有两个烤炉。", []),
    ],
)  # fmt: skip
def test_keywords_are_no_account(text, found):
    assert kinds("objects", text, whole=f"{WHOLE} Zwei Öfen stehen da. 那里有两个烤炉。") == found


def test_nothing_has_nothing_wrong():
    assert find({}, "") == [] and find({"speech": ""}, "") == []
