"""The editor made of rules: merging, verifying, taking apart, auditing with planted mistakes, mending, judging."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asid.pipeline import captions
from asid.pipeline.asking.answers import Findings, Refinement, Verification
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.embedded.claims import sentences
from asid.pipeline.embedded.story import tell
from asid.pipeline.models.base import Misconfigured
from asid.pipeline.rows import AttributeCaptions
from asid.stages.decompose import astray
from asid.stages.refine import moved
from tests.kits.embedded_kit import candidate, compose, fact, plain, utterance

DURATION = 20.0
SPEECH = (
    utterance(2.0, 4.0, "S0", "Where did you put the ladder?"),
    utterance(9.1, 11.0, "S1", "It stands behind the shed."),
)
FACTS = (
    fact(0.0, "narrative", "the clip opens with the first of three shots", end=20.0),
    fact(0.0, "scene", "the picture is bright and mostly green", end=8.0),
    fact(0.0, "characters", "two faces are in view, one on the left and one on the right", end=8.0),
    fact(0.2, "camera", "the camera pans to the left", end=3.0),
    fact(5.0, "objects", 'the text "GARDEN SHOW" appears at the top', end=8.0),
    fact(8.0, "camera", "the picture cuts to the second shot", end=14.0),
    fact(8.0, "scene", "the picture is dark and mostly blue", end=14.0),
    fact(8.4, "characters", "one face is in view in the centre, with red below it", end=14.0),
    fact(12.0, "actions", "the face in the centre moves to the right", end=14.0),
    fact(14.0, "camera", "the picture cuts to the third and last shot", end=20.0),
    fact(14.0, "emotions", "the second voice speaks quickly, at about five words a second", end=16.0),
)
SOURCES: dict[str, Any] = {
    "duration": DURATION,
    "candidates": [candidate("sight", *FACTS)],
    "utterances": plain(SPEECH),
}


def whole() -> str:
    return str(compose("ensemble", **SOURCES))


def parts() -> dict[str, str]:
    return dict(compose("decompose", caption=whole(), **SOURCES))


def audited(attribute: str, caption: str, **sources: Any) -> dict[str, Any]:
    asked = SOURCES | sources | {"attribute": attribute, "about": "", "verify": [], "caption": caption}
    found = compose("audit", **asked)
    Findings.model_validate(found)
    return dict(found)


def refined(attribute: str, caption: str, report: dict[str, Any]) -> dict[str, Any]:
    found = compose("refine", attribute=attribute, caption=caption, report=report, **SOURCES)
    Refinement.model_validate(found)
    assert moved(caption, found["improved_caption"], DURATION) is None
    return dict(found)


def clean(report: dict[str, Any]) -> bool:
    return not any(report.values())


# --- merging -----------------------------------------------------------------------------------------------------


def test_facts_and_speech_become_one_chronological_paragraph() -> None:
    assert whole() == (
        "At 0s, the clip opens with the first of three shots, and the picture is bright and mostly green. "
        "Two faces are in view, one on the left and one on the right; the camera pans to the left. "
        'At 2s, the first voice asks, "Where did you put the ladder?" '
        'At 5s, the text "GARDEN SHOW" appears at the top. '
        "At 8s, the picture cuts to the second shot, where the picture is dark and mostly blue. "
        "One face is in view in the centre, with red below it. "
        'At 9s, the second voice says, "It stands behind the shed." '
        "At 12s, the face in the centre moves to the right. "
        "At 14s, the picture cuts to the third and last shot. "
        "The second voice speaks quickly, at about five words a second."
    )
    assert captions.checks.check(whole(), DURATION, SPEECH, ["sight"], style="integer") == []


def test_what_two_annotators_found_is_told_once() -> None:
    twice = SOURCES | {"candidates": [candidate("sight", *FACTS), candidate("other", *FACTS[:5])]}
    assert compose("ensemble", **twice) == whole()


def test_a_long_list_keeps_what_matters_and_all_speech() -> None:
    crowd = [fact(number * 0.1, "actions", f"ball number {number} rolls", score=0.2) for number in range(190)]
    sources = SOURCES | {"candidates": [candidate("sight", *FACTS, *crowd)]}
    text = compose("ensemble", **sources)
    assert text.count("ball number") < 40
    assert all(one.text[8:] in text for one in FACTS)
    assert "behind the shed" in text


def test_written_captions_are_merged_by_time_and_their_speech_is_not_told_twice() -> None:
    written = (
        "At 0s, a gardener in a straw hat walks past a hedge. "
        'At 4s, he calls, "Where did you put the ladder?" At 13s, a dog barks.'
    )
    text = compose("ensemble", **SOURCES | {"candidates": [candidate("seed", caption=written), *SOURCES["candidates"]]})
    assert text.count("Where did you put the ladder?") == 1
    assert 'At 2s, he calls, "Where did you put the ladder?"' in text  # where it was recognised
    assert text.index("gardener in a straw hat") < text.index("he calls") < text.index("a dog barks")
    assert "At 13s, a dog barks. At 14s," in text
    assert captions.checks.check(text, DURATION, SPEECH, ["seed", "sight"], style="integer") == []


TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Z"]), max_size=30)


@given(
    st.lists(st.tuples(st.floats(0, 30), st.sampled_from(ATTRIBUTES), st.integers(0, 12), TEXT), max_size=25),
    st.floats(0.5, 25),
)
def test_any_facts_give_anchors_that_rise_within_the_clip(found: list[tuple], duration: float) -> None:
    said = [(time, name, number, text.replace('"', "")) for time, name, number, text in found]
    facts = [fact(time, name, f'thing {number} shows "{text}" there') for time, name, number, text in said]
    times = captions.anchors.times(tell(facts, duration))
    assert list(times) == sorted(set(times))
    assert all(time == int(time) and 0 <= time < max(duration, 1) for time in times)


# --- verifying ---------------------------------------------------------------------------------------------------


def test_a_caption_that_tells_all_is_left_as_it_is() -> None:
    found = compose("verify", caption=whole(), **SOURCES)
    Verification.model_validate(found)
    assert found == {"non_speech_deficiency_specific": "", "speech_deficiency_specific": "", "caption": whole()}


def test_what_lacks_is_named_and_completed_and_a_false_quotation_set_right() -> None:
    poor = 'At 0s, the picture is bright and mostly green. At 2s, the first voice asks, "Who let the goat out again?"'
    found = compose("verify", caption=poor, **SOURCES)
    assert 'what is said at 2.0 s is "Where did you put the ladder?"' in found["speech_deficiency_specific"]
    assert 'At 2s, the first voice asks, "Where did you put the ladder?"' in found["caption"]
    assert 'At 5s, the text "GARDEN SHOW" appears at the top.' in found["non_speech_deficiency_specific"]
    assert "Where did you put the ladder?" not in found["non_speech_deficiency_specific"]
    assert 'At 9s, the second voice says, "It stands behind the shed."' in found["speech_deficiency_specific"]
    assert "GARDEN SHOW" in found["caption"]
    assert captions.checks.check(found["caption"], DURATION, SPEECH, (), style="integer") == []
    assert clean(audited("objects", parts_of(found["caption"])["objects"]))


def parts_of(caption: str) -> dict[str, str]:
    return dict(compose("decompose", caption=caption, **SOURCES))


def test_invented_speech_goes_and_misplaced_blocks_return_to_their_time() -> None:
    line = 'the second voice says, "It stands behind the shed."'
    bad = whole().replace(f"At 9s, {line} ", "").replace("At 14s,", f"At 1s, {line} At 45s,")
    bad = bad.replace("At 5s,", 'At 5s, a man shouts, "Nobody leaves this island alive!" Then')
    found = compose("verify", caption=bad, **SOURCES)
    assert "island" not in found["caption"]
    assert "island" in found["speech_deficiency_specific"]
    assert f"At 9s, {line}" in found["caption"]
    assert captions.checks.check(found["caption"], DURATION, SPEECH, (), style="integer") == []


# --- taking apart ------------------------------------------------------------------------------------------------


def test_every_statement_goes_to_its_attribute_with_its_anchor() -> None:
    assert parts() == {
        "scene": "At 0s, the picture is bright and mostly green. At 8s, the picture is dark and mostly blue.",
        "characters": "At 0s, two faces are in view, one on the left and one on the right. "
        "At 8s, one face is in view in the centre, with red below it.",
        "objects": 'At 5s, the text "GARDEN SHOW" appears at the top.',
        "actions": "At 12s, the face in the centre moves to the right.",
        "narrative": "At 0s, the clip opens with the first of three shots.",
        "speech": 'At 2s, the first voice asks, "Where did you put the ladder?" '
        'At 9s, the second voice says, "It stands behind the shed."',
        "camera": "At 0s, the camera pans to the left. At 8s, the picture cuts to the second shot. "
        "At 14s, the picture cuts to the third and last shot.",
        "emotions": "At 14s, the second voice speaks quickly, at about five words a second.",
    }
    assert astray(whole(), AttributeCaptions(**parts())) is None


def test_what_nobody_found_is_empty_and_foreign_sentences_are_sorted_by_their_words() -> None:
    caption = 'At 1s, a woman in a blue coat smiles. At 4s, the camera zooms in on a sign that reads "EXIT".'
    found = compose("decompose", caption=caption, duration=9.0, candidates=[], utterances=[])
    AttributeCaptions.model_validate(found)
    assert found["characters"] == found["emotions"] == "At 1s, a woman in a blue coat smiles."
    assert found["camera"] == found["objects"] == 'At 4s, the camera zooms in on a sign that reads "EXIT".'
    assert found["speech"] == ""
    assert astray(caption, AttributeCaptions(**found)) is None


# --- auditing, mending -------------------------------------------------------------------------------------------

PLANTED = [
    ("speech", "put the ladder", "bury the treasure chest", "Where did you put the ladder?"),
    ("speech", "the second voice", "the first voice", "the second voice says"),
    ("speech", "It stands behind the shed.", "It was behind her bed.", "It stands behind the shed."),
    ("characters", "two faces", "five faces", "two faces"),
    ("characters", "in the centre, with red", "in the centre, with yellow", "with red below it"),
    ("characters", "one on the left and one on the right", "one on the left and one in the centre", "on the right"),
    ("objects", "GARDEN SHOW", "GARDEN SHED", "GARDEN SHOW"),
    ("objects", "at the top", "at the bottom", "at the top"),
    ("scene", "dark and mostly blue", "dark and mostly orange", "mostly blue"),
    ("scene", "bright and mostly green", "dark and mostly green", "bright"),
    ("camera", "pans to the left", "pans to the right", "pans to the left"),
    ("camera", "cuts to the second", "dissolves to the second", "cuts to the second"),
    ("narrative", "three shots", "seven shots", "three shots"),
    ("actions", "moves to the right", "moves to the left", "moves to the right"),
    ("emotions", "five words", "two words", "five words"),
]


@pytest.mark.parametrize(("attribute", "right", "wrong", "truth"), PLANTED)
def test_a_planted_mistake_is_found_explained_and_mended(attribute: str, right: str, wrong: str, truth: str) -> None:
    caption = parts()[attribute]
    bad = caption.replace(right, wrong, 1)
    assert bad != caption
    report = audited(attribute, bad)
    assert len(report["errors"]) == 1
    assert report["errors"][0]["snippet"] in bad
    assert truth in report["errors"][0]["why"]
    assert report["missing"] == []
    assert refined(attribute, bad, report)["improved_caption"] == caption
    everything = whole().replace(right, wrong, 1)
    assert refined("all", everything, report)["improved_caption"] == whole()


def test_a_line_of_which_another_one_is_told_is_missing_and_comes_in_by_itself() -> None:
    caption, right = parts()["speech"], "It stands behind the shed."
    bad = caption.replace(right, "Nobody has seen it since May.")
    report = audited("speech", bad)
    assert [right in error["why"] for error in report["errors"]] == [True]
    assert [right in item["what"] for item in report["missing"]] == [True]
    mended = refined("speech", bad, report)
    assert mended["improved_caption"] == caption
    assert "Nobody has seen it" in mended["enhance_summary"]["dropped_forbidden"][0]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_true_caption_is_clean(attribute: str) -> None:
    assert clean(audited(attribute, parts()[attribute]))


def test_inventions_are_errors_only_where_all_that_is_known_was_detected() -> None:
    bad = parts()["actions"].replace("At 12s,", "At 12s, a man juggles burning torches, and")
    report = audited("actions", bad)
    assert [error["snippet"] for error in report["errors"]] == ["a man juggles burning torches"]
    mended = refined("actions", bad, report)
    assert mended["improved_caption"] == parts()["actions"]
    assert "juggles" in mended["enhance_summary"]["dropped_forbidden"][0]
    seen = [*SOURCES["candidates"], candidate("seed", caption="At 12s, a man juggles.")]
    assert clean(audited("actions", bad, candidates=seen))


def test_times_that_are_wrong_are_errors() -> None:
    late = parts()["speech"].replace("At 9s,", "At 17s,")
    assert "is said at 9.1 s" in audited("speech", late)["errors"][0]["why"]
    beyond = parts()["objects"].replace("At 5s,", "At 25s,")
    assert {"snippet": "At 25s,", "why": "the clip ends at 20.0 s"} in audited("objects", beyond)["errors"]
    back = parts()["scene"].replace("At 8s,", "At 0s,")
    assert "At 0s," in [error["snippet"] for error in audited("scene", back)["errors"]]


def test_what_is_missing_is_worded_so_that_it_can_be_worked_in() -> None:
    first = parts()["camera"].split(" At 8s,")[0]
    report = audited("camera", first)
    assert report["errors"] == []
    assert [item["what"] for item in report["missing"]] == [
        "At 8s, the picture cuts to the second shot",
        "At 14s, the picture cuts to the third and last shot",
    ]
    assert all("detector" in item["why"] for item in report["missing"])
    mended = refined("camera", first, report)
    assert mended["improved_caption"] == (
        "At 0s, the camera pans to the left. The picture cuts to the second shot. "
        "The picture cuts to the third and last shot."
    )
    assert len(mended["enhance_summary"]["filled_missing"]) == 2


@pytest.mark.parametrize("attribute", ["speech", "camera"])
def test_an_empty_caption_is_given_its_anchors(attribute: str) -> None:
    assert refined(attribute, "", audited(attribute, ""))["improved_caption"] == parts()[attribute]


def test_repetition_is_reported_and_ended_but_what_happens_twice_may_be_told_twice() -> None:
    bad = parts()["objects"] + ' The text "GARDEN SHOW" appears at the top.'
    report = audited("objects", bad)
    assert "told twice" in report["expressiveness"][0]
    assert refined("objects", bad, report)["improved_caption"] == parts()["objects"]
    again = fact(16.0, "scene", "the picture is bright and mostly green", end=20.0)
    sources = {"candidates": [candidate("sight", *FACTS, again)]}
    told = f"{parts()['scene']} At 16s, the picture is bright and mostly green."
    assert clean(audited("scene", told, **sources))


def test_a_sentence_without_end_is_reported_and_divided() -> None:
    long = "At 0s, " + ", and ".join(f"the gate number {number} opens very slowly indeed" for number in range(9)) + "."
    sources = {"candidates": [candidate("seed", caption="At 0s, gates open.")], "utterances": []}
    report = audited("actions", long, **sources)
    assert "wants to be divided" in report["expressiveness"][0]
    mended = compose("refine", attribute="actions", caption=long, report=report, duration=DURATION, **sources)
    assert len(sentences(mended["improved_caption"])) == 9
    assert all(f"gate number {number} opens" in mended["improved_caption"] for number in range(9))


def test_what_no_report_names_stays_letter_for_letter() -> None:
    caption = whole().replace("Two faces", "Five faces").replace("mostly blue", "mostly red")
    report = audited("scene", parts()["scene"].replace("mostly blue", "mostly red"))
    mended = refined("all", caption, report)["improved_caption"]
    assert mended == caption.replace("mostly red", "mostly blue")


def test_findings_that_do_not_fit_change_nothing() -> None:
    report = {"errors": [{"snippet": "a purple elephant", "why": "no"}], "missing": [], "expressiveness": ["dull"]}
    assert refined("all", whole(), report)["improved_caption"] == whole()


# --- judging -----------------------------------------------------------------------------------------------------


def test_nobody_grades_his_own_text() -> None:
    with pytest.raises(Misconfigured, match="grade its own text"):
        compose("judge", caption=whole(), **SOURCES)


def test_a_task_of_another_kind_is_refused() -> None:
    with pytest.raises(Misconfigured, match="sight, text, sound and camera"):
        compose("caption", annotator="x", clip={})
