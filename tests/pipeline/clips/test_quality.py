"""Each rule drops what it should and nothing else, and every rule is always heard."""

from __future__ import annotations

from typing import Any

import pytest

from asid import load_manifest
from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.clips.quality import QualityLimits, bars_share, motion, reasons, speech_share
from asid.pipeline.prompts import shipped
from asid.pipeline.rows import (
    Answered,
    AttributeCaptions,
    Audit,
    Bars,
    Decision,
    Edit,
    Error,
    Formatted,
    Problem,
    Quote,
    Refined,
    Shot,
    Signal,
    Utterance,
    joined,
)

BY = Answered(model="m", provider="p", prompt="0")
CAPTION = (
    "At 0s, a woman in a red coat stands in a bright kitchen and looks out of the window. At 4s, a man pours tea into "
    "two blue cups while rain runs down the glass. At 8s, both sit down and smile."
)


def utterance(start: float, end: float) -> Utterance:
    return Utterance(start=start, end=end, speaker="S1", text="x", words=(), overlap=False)


def signal(**values: float) -> Signal:
    still = dict.fromkeys(("time", "brightness", "contrast", "change", "pan", "tilt", "zoom", "residual"), 0.0)
    return Signal(colour="grey", **(still | values))


def bars(**values: float) -> Bars:
    return Bars(**(dict.fromkeys(("top", "bottom", "left", "right"), 0.0) | values))


def shot(start: float, end: float, edges: Bars | None = None) -> Shot:
    return Shot(start=start, end=end, first_frame=0, last_frame=0, opens_with="cut", bars=edges)


def quote(found: bool) -> Quote:
    return Quote(text="x", found=found, score=1.0, start=0.0, end=1.0, speaker="S1")


def audit(attribute: str, errors: int) -> Audit:
    wrong = tuple(Error(snippet="x", why=f"wrong {number}") for number in range(errors))
    return Audit(attribute=attribute, errors=wrong, missing=(), expressiveness=(), by=BY)


def edit(attribute: str, *fixed: str) -> Edit:
    none: dict[str, Any] = dict.fromkeys(("filled_missing", "dropped_forbidden", "timestamp_adjustments"), ())
    return Edit(attribute=attribute, fixed_errors=fixed, by=BY, **none)


def clip(**changes: Any) -> Formatted:
    empty = AttributeCaptions(**dict.fromkeys(ATTRIBUTES, ""))
    values: dict[str, Any] = {
        "id": "v-0-12000", "video": "v", "uri": "run:v.mp4", "sha256": "c" * 64, "offset": 0.0, "name": "v.mp4",
        "source_uri": "file:///v", "source_start": 0.0, "source_end": 12.0, "duration": 12.0, "width": 64, "height": 36,
        "fps": 25.0, "sound": True, "licence": "", "source": "", "tags": {}, "shots": (), "signal": (), "frames": (),
        "language": "en", "language_score": 1.0, "utterances": (utterance(1.0, 4.0),), "sounds": (), "hearing": "",
        "turns": (), "voices": (), "guards": (), "candidates": (), "draft": "", "draft_by": BY, "verified": "",
        "missing_sight": "", "missing_speech": "", "problems": (), "verified_by": BY, "attributes": empty,
        "decomposed_by": BY, "audits": (), "caption": CAPTION, "captions": empty, "edits": (), "mends": (),
        "quotes": (), "remaining": (),
    }  # fmt: skip
    made: Formatted = joined(Refined, Formatted)(**(values | changes))
    return made


LIMITS = QualityLimits()
HEARD = QualityLimits(
    min_speech=0.5, languages=("en", "de"), min_motion=0.05, max_motion=2.0, max_bars=0.3, max_sound_lag=0.1,
    max_content_lag=0.1,
)  # fmt: skip
WALK = (signal(residual=0.2), signal(residual=0.2))


def rules(row: Formatted, limits: QualityLimits = LIMITS, **more: Any) -> list[str]:
    return [reason.rule for reason in reasons(row, limits, **more)]


def test_a_good_clip_is_kept() -> None:
    assert rules(clip(signal=WALK, quotes=(quote(True),)), LIMITS, completeness=5) == []
    assert rules(clip(signal=WALK, utterances=(utterance(0, 11),)), HEARD) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"caption": "At 0s, a man walks."}, "length"),
        ({"caption": " ".join(f"word{number}" for number in range(1600))}, "length"),
        ({"caption": ("At 0s, one man walks here. " * 9)}, "repetition"),
        ({"remaining": (Problem(kind="repetition", snippet="x", why="9 times in a row"),)}, "repetition"),
        ({"remaining": (Problem(kind="anchor_range", snippet="At 99s,", why="beyond"),)}, "anchor_range"),
        ({"remaining": (Problem(kind="source_named", snippet="Seed", why="speech: named"),)}, "source_named"),
        ({"audits": (audit("camera", 1),)}, "audit"),
        ({"audits": (audit("camera", 1),), "edits": (edit("scene", "a"), edit("camera"))}, "audit"),
        ({"quotes": (quote(True), quote(False))}, "quotes"),
    ],
)
def test_each_rule_drops_what_it_should(changes: dict[str, Any], rule: str) -> None:
    assert rules(clip(**changes)) == [rule]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"language": "fr"}, "language"),
        ({"utterances": (utterance(0, 2), utterance(1, 3))}, "speech"),
        ({"signal": ()}, "motion"),
        ({"signal": (signal(), signal(residual=0.01))}, "motion"),
        ({"signal": (signal(pan=-3.0),)}, "motion"),
        ({"shots": (shot(0, 4), shot(4, 12, bars(top=0.2, bottom=0.2, left=0.1)))}, "bars"),
        ({"sound_lag": -0.125}, "sound_lag"),
        ({"content_lag": 0.2}, "content_lag"),
    ],
)
def test_rules_that_are_off_until_they_are_set(changes: dict[str, Any], rule: str) -> None:
    spoken = {"signal": WALK, "utterances": (utterance(0, 11),)}
    assert rules(clip(**(spoken | changes))) == []
    assert rules(clip(**(spoken | changes)), HEARD) == [rule]


def test_a_clip_of_few_attributes_is_dropped_where_that_is_asked_for() -> None:
    few = AttributeCaptions(**(dict.fromkeys(ATTRIBUTES, "") | {"scene": "A room.", "camera": "It pans."}))
    assert rules(clip(captions=few), QualityLimits(min_attributes=2)) == []
    assert rules(clip(captions=few), QualityLimits(min_attributes=3)) == ["attributes"]


def test_quotations_word_for_word_and_problems_by_kind() -> None:
    said = Utterance(start=0, end=3, speaker="S1", text="He stood next to the red umbrella.", words=(), overlap=False)
    told = 'At 0s, a man in a long coat walks over the bridge to the other side and says, "He stood next to the {}"'
    for words, quoted, told_share in (("red umbrella.", [], []), ("blue umbrella.", ["quote_exact"], [])):
        row = clip(caption=told.format(words), utterances=(said,), quotes=())
        assert rules(row, QualityLimits(min_words=0)) == quoted
        assert rules(row, QualityLimits(min_words=0, quote_exact=0, min_lines_told=1)) == told_share
    silent = clip(caption="At 0s, a man in a long coat waits on the bridge.", utterances=(said,), quotes=())
    assert rules(silent, QualityLimits(min_words=0, min_lines_told=0.5)) == ["lines_told"]
    wrong = Problem(kind="quote_word", snippet="x", why="y")
    assert rules(clip(remaining=(wrong,)), QualityLimits(max_problems={"quote_word": 0})) == ["quote_word"]
    assert rules(clip(remaining=(wrong,)), QualityLimits(max_problems={"quote_word": 1})) == []


def shipped_limits(recipe: str) -> QualityLimits:
    (step,) = [
        dict(step) for step in load_manifest(shipped("manifests") / recipe).recipe if dict(step)["stage"] == "filter"
    ]
    return QualityLimits(**{name: value for name, value in step.items() if name in QualityLimits.model_fields})


def test_recipes_drop_by_what_their_papers_say_and_strict_by_more() -> None:
    """Nothing of the paper's drops a short caption, a quotation that the transcript lacks, or an error left open."""
    said = Utterance(start=0, end=3, speaker="S1", text="He stood next to the red umbrella.", words=(), overlap=False)
    made_up = clip(caption='At 0s, a man says, "Nobody ever said these words to them"', utterances=(said,),
                   quotes=(quote(False),), audits=(audit("camera", 2),),
                   remaining=(Problem(kind="source_named", snippet="x", why="y"),))  # fmt: skip
    asid, strict = shipped_limits("asid.yaml"), shipped_limits("strict.yaml")
    assert rules(made_up, asid) == []
    assert set(rules(made_up, strict)) == {
        "length", "quotes", "quote_exact", "audit", "source_named", "attributes"
    }  # fmt: skip
    looped = clip(remaining=(Problem(kind="repetition", snippet="x", why="y"),))
    assert rules(looped, asid) == ["repetition"]
    heard = clip(caption=f'{CAPTION} At 9s, she says, "Nobody ever said these words to them"', utterances=(said,),
                 quotes=(quote(False),))  # fmt: skip
    assert rules(heard, shipped_limits("diadem.yaml")) == []


def test_problems_that_do_not_matter_and_fixed_errors_keep_the_clip() -> None:
    emoji = Problem(kind="emoji", snippet="x", why="emoji")
    assert rules(clip(remaining=(emoji,))) == []
    assert rules(clip(remaining=(emoji,)), QualityLimits(drop_problems=("emoji",))) == ["emoji"]
    assert rules(clip(audits=(audit("camera", 2), audit("scene", 0)), edits=(edit("camera", "pan", "tilt"),))) == []
    assert rules(clip(audits=(audit("camera", 2),), edits=(edit("camera", "pan"),))) == ["audit"]  # one fix, one error
    assert rules(clip(audits=(audit("camera", 2),)), QualityLimits(max_unfixed_errors=2)) == []
    assert rules(clip(language="", utterances=()), QualityLimits(languages=("en",))) == []


def test_all_reasons_are_given_each_rule_once() -> None:
    wrong = (
        Problem(kind="anchor_range", snippet="At 99s,", why="beyond"),
        Problem(kind="anchor_range", snippet="", why="3 more"),
    )
    bad = clip(
        caption="no",
        remaining=wrong,
        audits=(audit("camera", 1),),
        quotes=(quote(False),),
        language="fr",
        utterances=(),
    )
    copy = Decision(id="v-0-12000", value="duplicate_of:u-0-12000", detail="stills differ by 1.0 of 64 bits")
    found = reasons(bad, HEARD, [copy], completeness=2)
    expected = [
        "length",
        "anchor_range",
        "audit",
        "quotes",
        "language",
        "speech",
        "motion",
        "completeness",
        "duplicate_of",
    ]
    assert [reason.rule for reason in found] == expected
    details = {reason.rule: reason.detail for reason in found}
    assert details["duplicate_of"] == "u-0-12000 stills differ by 1.0 of 64 bits"
    assert details["anchor_range"] == "beyond: At 99s,; 3 more"
    assert details["audit"] == "1 unfixed, first in camera: wrong 0"


def test_a_grade_counts_only_when_somebody_judged() -> None:
    assert rules(clip(), completeness=0) == []
    assert rules(clip(), completeness=4) == []
    assert rules(clip(), completeness=3) == ["completeness"]


def test_words_of_scripts_without_spaces_are_counted() -> None:
    assert rules(clip(caption="At 0s, " + "一个女人站在明亮的厨房里看着窗外下雨的街道和行人")) == []


def test_speech_share_counts_overlap_once_and_ends_with_the_clip() -> None:
    assert speech_share(clip(utterances=(utterance(0, 4), utterance(2, 6), utterance(9, 20)))) == pytest.approx(9 / 12)
    assert speech_share(clip(utterances=())) == 0


def test_motion_is_camera_and_things_together() -> None:
    assert motion(clip(signal=(signal(pan=-0.2, tilt=0.1), signal(zoom=0.1, residual=0.2)))) == pytest.approx(0.3)


def test_bars_count_by_how_long_they_are_seen() -> None:
    wide, none = bars(top=0.25, bottom=0.25), bars()
    assert bars_share(clip(shots=(shot(0, 3, wide), shot(3, 12, none)))) == pytest.approx(0.125)
    assert bars_share(clip(shots=(shot(0, 3, bars(top=0.5, left=0.5)), shot(3, 12, None)))) == pytest.approx(0.75)
    assert bars_share(clip(shots=())) == 0
