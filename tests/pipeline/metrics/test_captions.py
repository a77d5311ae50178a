"""Captions that are right, late and wrong against a truth file, and the figures that must come out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.captions.checks import find_quotes
from asid.pipeline.metrics.captions import ScreenText, measure, read_truth, table, tells
from asid.pipeline.rows import Answered, Judged

BY = Answered(model="m", provider="p", prompt="0")
TRUTH: dict[str, Any] = {
    "file": "tea.mp4",
    "shots": [{"start": 0.0, "end": 10.0}, {"start": 10.0, "end": 30.0}],
    "utterances": [
        {"speaker": "S1", "start": 2.0, "end": 4.0, "text": "The kettle is on the stove.", "overlaps": []},
        {"speaker": "S2", "start": 14.0, "end": 16.0, "text": "No sugar for me, please.", "overlaps": []},
    ],
    "text": [{"text": "EXIT 6 A", "start": 5.0, "end": 8.0}, {"text": "Clara Baker", "start": 21.0, "end": 25.0}],
}


def judged(caption: str, start: float = 0.0, end: float = 30.0, name: str = "tea.mp4") -> Judged:
    return Judged(
        id=f"v-{start}", video="v", uri="run:v.mp4", sha256="c" * 64, offset=0.0, name=name, source_uri="file:///v",
        source_start=start, source_end=end, duration=end - start, width=64, height=36, fps=25.0, sound=True, licence="",
        source="", tags={}, shots=(), signal=(), frames=(), language="en", language_score=1.0, utterances=(), sounds=(),
        turns=(), voices=(), hearing="", guards=(), candidates=(), draft="", draft_by=BY, caption=caption,
        mends=(), quotes=tuple(find_quotes(caption, [])), remaining=(),
        kept=True, reasons=(), completeness=0,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "synth").mkdir()
    (tmp_path / "synth" / "tea.truth.json").write_text(json.dumps(TRUTH))
    cuts = {"file": "bikes.mp4", "cut_times": [4.0, 8.0], "text": ["FOR BIGGER ESCAPES", "Chromecast"]}
    (tmp_path / "bikes.mp4.truth.json").write_text(json.dumps(cuts))
    return tmp_path


RIGHT = (
    'At 2s, a man says, "The kettle is on the stove." At 5s, a sign reads "EXIT 6 A". At 10s, the shot changes. '
    'At 14s, she answers, "No sugar for me, please." At 21s, the name Clara Baker appears.'
)


def test_a_true_caption_is_true_in_every_figure(folder: Path) -> None:
    line, whole = table([judged(RIGHT)], folder)
    assert line["name"] == "tea.mp4"
    assert (line["quotes"], line["quotes_true"], line["text_recall"]) == (2, 1.0, 1.0)
    assert (line["anchors"], line["anchors_measured"], line["anchor_error_mean"]) == (5, 5, 0.0)
    assert (line["anchors_within_2s"], line["events_in_block"]) == (1.0, 1.0)
    assert whole == line | {"name": "all"}


def test_times_that_are_late_and_speech_that_nobody_said(folder: Path) -> None:
    caption = (
        'At 5s, a man says, "The kettle is on the stove." At 9s, she says, "I never liked this town." '
        "At 11s, there is a cut. At 12s, rain falls."
    )
    line, _ = table([judged(caption)], folder)
    assert (line["quotes"], line["quotes_true"]) == (2, 0.5)
    assert line["text_recall"] == 0.0
    assert (line["anchors"], line["anchors_measured"]) == (4, 2)
    assert line["anchor_error_mean"] == pytest.approx((3.0 + 1.0) / 2)
    assert line["anchors_within_2s"] == 0.5
    assert line["events_in_block"] == 0.0


def test_a_line_told_later_in_its_block_has_no_drift(folder: Path) -> None:
    figures = measure([judged('At 0s, a kitchen; a man says, "The kettle is on the stove." At 9s, rain.')],
                      read_truth(folder / "synth" / "tea.truth.json"))  # fmt: skip
    assert figures.anchor_errors == (2.0,)
    assert figures.drifts == (0.0,)


def test_a_line_told_before_or_after_its_time_has_drift(folder: Path) -> None:
    caption = 'At 0s, she says, "No sugar for me, please." At 3s, rain. At 9s, he says, "The kettle is on the stove."'
    figures = measure([judged(caption)], read_truth(folder / "synth" / "tea.truth.json"))
    assert figures.drifts == (11.0, 7.0)


def test_times_are_of_the_clip_and_texts_of_the_video(folder: Path) -> None:
    first = judged('At 2s, a man says, "The kettle is on the stove."', 0.0, 6.0)
    second = judged('At 0s, EXIT 6 A is seen. At 8s, she says, "No sugar for me, please."', 6.0, 30.0)
    line, _ = table([first, second], folder)
    assert (line["clips"], line["quotes_true"], line["text_recall"]) == (2, 1.0, 0.5)
    assert line["anchor_error_mean"] == 0.0  # the sign was there when the second clip began


def test_a_text_counts_only_in_a_clip_that_shows_it(folder: Path) -> None:
    line, _ = table([judged("At 0s, EXIT 6 A is seen.", 12.0, 30.0)], folder)
    assert line["text_recall"] == 0.0


def test_a_truth_without_times_or_words(folder: Path) -> None:
    clip = judged(
        'At 4s, a cut; the text "For Bigger Escapes" is shown and a man says, "Hello over there."', name="bikes.mp4"
    )
    line, _ = table([clip], folder)
    assert (line["texts"], line["text_recall"], line["anchor_error_mean"]) == (2, 0.5, 0.0)
    assert (line["quotes"], line["quotes_true"]) == (0, None)
    values = TRUTH | {"utterances": [{"speaker": "S1", "start": 2.0, "end": 4.0, "text": None, "overlaps": [1]}]}
    (folder / "synth" / "tea.truth.json").write_text(json.dumps(values))
    line, _ = table([judged(RIGHT)], folder)
    assert (line["quotes"], line["quotes_true"]) == (0, None)
    (folder / "synth" / "tea.truth.json").write_text(
        json.dumps(values | {"duration": 30.0, "source": {"transcript": "Well, the kettle is on the stove. Good."}})
    )
    line, _ = table([judged(RIGHT)], folder)
    assert (line["quotes"], line["quotes_true"]) == (2, 0.5)
    assert line["anchors_measured"] == 3  # the sign, the name and the shot: words without times say no times


def test_what_cannot_be_measured_is_none_and_other_videos_are_left_out(folder: Path) -> None:
    lines = table([judged("At 3s, rain.", name="unknown.mp4")], folder)
    assert lines == table([], folder)
    assert lines[0]["quotes_true"] is lines[0]["anchor_error_mean"] is lines[0]["text_recall"] is None


def test_a_text_may_be_a_letter_off() -> None:
    assert tells("the sign says EXIT-6A.", ScreenText("EXIT 6 A", 0, 1))
    assert tells("a name, CLARA BAKFR, below", ScreenText("Clara Baker", 0, 1))
    assert not tells("an exit on the left", ScreenText("EXIT 33 N", 0, 1))
    assert not tells("EX", ScreenText("EXIT 6 A", 0, 1))
