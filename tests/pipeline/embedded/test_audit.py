"""One attribute's caption held against the evidence, and mended where the report says so."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline.embedded import audit, claims
from tests.kits.embedded_kit import candidate, fact, plain, utterance

PAN = fact(0.0, "camera", "the camera pans to the left", end=3.0)
CUT = fact(6.0, "camera", "the picture cuts to the second shot", end=9.0)
DIM = fact(1.0, "objects", "a dim thing", score=0.1)
SAID = (utterance(2.0, 4.0, "S0", "where did you put the ladder"),)
SOURCES: dict[str, Any] = {
    "duration": 20.0, "candidates": [candidate("sight", PAN, CUT, DIM)], "utterances": plain(SAID),
}  # fmt: skip
NOTHING: dict[str, list[Any]] = {"errors": [], "missing": [], "expressiveness": []}


def audited(caption: str, attribute: str = "camera") -> dict[str, Any]:
    return audit.audit({**SOURCES, "attribute": attribute, "caption": caption})


def refined(caption: str, report: dict[str, Any], attribute: str = "camera") -> tuple[str, dict[str, list[str]]]:
    found = audit.refine({**SOURCES, "attribute": attribute, "caption": caption, "report": report})
    return found["improved_caption"], {name: said for name, said in found["enhance_summary"].items() if said}


def test_a_caption_that_tells_all_is_clean() -> None:
    assert audited(f"At 0s, {PAN.text}. At 6s, {CUT.text}.") == NOTHING


def test_what_lacks_is_worded_with_its_second_and_who_found_it() -> None:
    assert audited("")["missing"] == [
        {"what": f"At 0s, {PAN.text}", "why": "found by detector"},
        {"what": f"At 6s, {CUT.text}", "why": "found by detector"},
    ]


def test_what_a_mend_brings_in_does_not_lack() -> None:
    found = audited(f"At 0s, the camera pans to the right. At 6s, {CUT.text}.")
    assert [error["snippet"] for error in found["errors"]] == ["the camera pans to the right"]
    assert found["missing"] == []


def test_a_doubtful_fact_need_not_be_told() -> None:
    assert audited("", "objects") == NOTHING


@pytest.mark.parametrize("attribute", ["camera", "speech"])
def test_what_a_report_names_is_mended_and_then_there_is_nothing_to_report(attribute: str) -> None:
    wrong = {
        "camera": "At 0s, the camera pans to the right.",
        "speech": 'At 2s, a voice says, "give me that big saw now".',
    }
    caption = wrong[attribute]
    report = audited(caption, attribute)
    assert report["errors"]
    better, _ = refined(caption, report, attribute)
    assert better != caption
    again = audited(better, attribute)
    assert again["errors"] == []


def test_the_summary_says_what_was_done() -> None:
    caption = "At 0s, the camera pans to the right."
    assert refined(caption, audited(caption))[1] == {
        "fixed_errors": [f"the camera pans to the right became {PAN.text}"], "filled_missing": [CUT.text]
    }  # fmt: skip


def test_what_no_report_names_stays() -> None:
    caption = "At 0s, the camera pans to the right. At 6s, a quiet street."
    assert refined(caption, NOTHING) == (caption, {})


def test_what_lacks_in_an_empty_caption_gets_its_own_second() -> None:
    better, summary = refined("", {**NOTHING, "missing": [{"what": f"At 6s, {CUT.text}", "why": "w"}]})
    assert better == f"At 6s, {CUT.text}."
    assert summary == {"filled_missing": [CUT.text]}


def test_an_invention_goes_and_its_anchor_keeps_what_was_found_there() -> None:
    caption = f"At 0s, {PAN.text}. At 6s, a purple elephant dances."
    better, summary = refined(caption, audited(caption))
    assert better == f"At 0s, {PAN.text}. At 6s, {CUT.text}."
    assert "dropped_forbidden" in summary


def test_a_sentence_without_end_is_reported_by_its_beginning_and_quotations_do_not_count() -> None:
    assert audit.prose('He says "one two three" now') == 3
    long = "At 0s, " + "word " * 61 + "."
    (said,) = audit.style(claims.passages(long, 9), [])
    assert "has 61 words" in said
    quoted = 'At 0s, he says "' + "word " * 80 + 'word".'
    assert audit.style(claims.passages(quoted, 9), []) == []


def test_a_hint_to_divide_is_followed() -> None:
    halves = " ".join(["one"] * 40), " ".join(["two"] * 40)
    caption = f"At 0s, {halves[0]}; {halves[1]}."
    hints = audit.style(claims.passages(caption, 20.0), [])
    better, summary = refined(caption, {**NOTHING, "expressiveness": hints})
    assert better == f"At 0s, {halves[0]}. T{halves[1][1:]}."
    assert len(summary["fixed_errors"]) == 1
