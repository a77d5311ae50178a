"""Figures of a run: who wrote what, found in the types of its rows."""

from __future__ import annotations

from pathlib import Path

from asid.pipeline.figures import AttributeFindings, Figures, _count_findings, _texts, gather
from asid.pipeline.rows import Answered, Clip, Judged, Preferred, Record, Refined, Scored, joined, written
from tests import samples


def test_who_wrote_what_is_found_by_its_type() -> None:
    assert written(Clip) == ()
    assert written(Refined) == (
        ("candidates", "by"), ("candidates", "corrected_by"), ("draft_by",), ("verified_by",), ("decomposed_by",),
        ("audits", "by"), ("edits", "by"),
    )  # fmt: skip
    assert ("scores", "by") in written(Scored)


def test_a_field_of_somebody_elses_row_is_found_too() -> None:
    class Note(Record):
        text: str
        noted_by: Answered | None

    class Noted(Clip):
        notes: tuple[Note, ...]
        titled_by: Answered

    assert written(Noted) == (("notes", "noted_by"), ("titled_by",))


def test_the_texts_of_a_preference_pair_are_counted_as_candidates() -> None:
    assert _texts(joined(Preferred, Judged)) == [("candidates", "by"), ("candidates", "corrected_by")]


def test_each_text_is_counted_with_its_writer(tmp_path: Path) -> None:
    figures = gather(samples.make(tmp_path, videos=1, clips=3))
    assert {text: count for (text, *_), count in figures.writers.items()} == {
        "candidates sight": 3, "candidates sound": 3, "draft": 3, "verified": 3, "decomposed": 3, "audits": 24,
        "edits": 3,
    }  # fmt: skip
    assert {tuple(rest) for _, *rest in figures.writers} == {("toy-writer", "scripted", "0123456789abcdef")}


def test_an_audit_that_nobody_could_make_is_not_counted_as_clean(tmp_path: Path) -> None:
    audit = {"errors": [], "missing": [], "expressiveness": []}
    nobody = audit | {"attribute": "speech", "by": {"provider": "", "model": "", "prompt": ""}}
    somebody = audit | {"attribute": "speech", "by": {"provider": "gemini", "model": "x", "prompt": "y"}}
    figures = Figures([], attributes={"speech": AttributeFindings()})
    _count_findings(figures, [nobody, somebody])
    assert figures.attributes["speech"].audited == 1
