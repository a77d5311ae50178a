"""A clip as the review page shows it: caption in pieces, what changed, what rules saw, and which clips are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.review.views import Clips, choose, diff, parts, problems, view, words
from asid.pipeline.rows import Mark, Problem, Utterance, Word
from asid.pipeline.run.folder import Run
from tests import samples


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return samples.make(tmp_path / "run")


def clip(**changed: Any) -> Any:
    return samples.judged(samples.video(0), 4, **changed)


def test_a_caption_in_pieces_is_the_caption(run: Run) -> None:
    for row in run.all_rows("finish"):
        pieces = parts(row.caption, row)
        assert "".join(piece["text"] for piece in pieces) == row.caption
    hostile = next(row for row in run.all_rows("finish") if row.caption == samples.HOSTILE[2])
    kinds = [(piece["kind"], piece.get("time")) for piece in parts(hostile.caption, hostile) if piece["kind"] != "text"]
    assert kinds == [("anchor", 0.0), ("quote", 1.0), ("anchor", 2.0)]
    before = next(row for row in run.all_rows("finish") if row.caption == samples.HOSTILE[0])
    assert [piece["time"] for piece in parts(before.caption, before) if piece["kind"] == "anchor"] == [0.0, -3.0]


def test_the_diff_has_both_texts() -> None:
    found = diff("At 0s, a dog sits down.", "At 0s, a cat sits.")
    assert " ".join(part["text"] for part in found if part["kind"] != "new") == "At 0s, a dog sits down."
    assert " ".join(part["text"] for part in found if part["kind"] != "gone") == "At 0s, a cat sits."
    assert [part["kind"] for part in diff(samples.LOOP, samples.LOOP + "!")] == ["gone", "new"]


def test_the_sample_is_drawn_by_clip_and_seed_and_not_by_place() -> None:
    clips = [(f"{number % 3:05d}", f"clip{number}") for number in range(60)]
    drawn = choose(clips, 20, 1)
    assert choose(reversed(clips), 20, 1) == drawn and len(drawn) == 20
    assert choose([one for one in clips if one in drawn or one[0] == "00000"], 20, 1) == drawn, "others do not matter"
    assert choose(clips, 20, 2) != drawn and choose(clips, 30, 1)[:20] == drawn


def test_a_clip_beyond_the_sample_is_not_shown(run: Run) -> None:
    first, other = [row.id for row in run.rows("finish", "00001")][:2]
    clips = Clips(run, [("00001", first)])
    assert clips.get(first).id == first
    with pytest.raises(KeyError):
        clips.get(other)


def problem(kind: str, snippet: str) -> Problem:
    return Problem(kind=kind, snippet=snippet, why=f"{kind} of {snippet}")


def mark(kind: str, snippet: str, mended: bool = False) -> Mark:
    return Mark(stage="refine", kind=kind, snippet=snippet, why="", mended=mended)


def test_what_is_left_of_a_mark_is_told_once() -> None:
    """A mark whose words are gone from the caption was mended, whoever did it; one of a problem that is left is it."""
    row = clip(
        caption="At 0s, a cat sits.",
        remaining=(problem("anchor_range", "At 0s"),),
        marks=(
            mark("anchor_range", "At 0s"), mark("quote_word", "a cat"), mark("quote_word", "a dog"),
            mark("repetition", "sits", mended=True), mark("repetition", "sits"),
        ),
    )  # fmt: skip
    assert [(one["state"], one["kind"], one["snippet"]) for one in problems(row)] == [
        ("left", "anchor_range", "At 0s"),
        ("marked by refine", "quote_word", "a cat"),
        ("mended", "quote_word", "a dog"),
        ("mended", "repetition", "sits"),
    ]


def test_words_have_their_times_only_where_they_are_the_text() -> None:
    said = (Word(start=1.0, end=1.4, text="hello", score=0.9, speaker="S1"),)
    line = Utterance(start=1.0, end=1.9, speaker="S1", text="hello", words=said, overlap=False)
    assert words(line) == [{"start": 1.0, "end": 1.4, "text": "hello"}]
    assert words(line.model_copy(update={"text": "hello there"})) == []


def test_a_page_has_the_findings_of_an_audit_and_says_where_there_was_none() -> None:
    row = clip()
    assert view(row)["findings"] == [f"scene: error: {samples.SCRIPT}: not in view"]
    assert view(samples.judged(samples.video(0), 5))["findings"][1] == "camera: missing: the pan: it is plain"
