"""Figures of a run: who wrote what, found in the types of its rows."""

from __future__ import annotations

from pathlib import Path

from asid.pipeline.figures import AttributeFindings, Figures, Quality, _count_findings, _texts, gather
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


def test_what_audits_found_is_counted_by_verify_point_and_what_was_not_heard_is_told() -> None:
    by = {"provider": "openai", "model": "x", "prompt": "y"}
    error = {"snippet": "a", "why": "b", "point": "who speaks"}
    audit = {"attribute": "speech", "errors": [error, error | {"point": ""}], "missing": [], "expressiveness": [],
             "by": by, "not_audited": ("tone",)}  # fmt: skip
    nobody = audit | {"errors": [], "by": by | {"provider": ""}, "not_audited": ("tone", "who speaks")}
    whole = audit | {"errors": [], "missing": [{"what": "a", "why": "b", "point": "who speaks"}], "not_audited": ()}
    figures = Figures([], attributes={"speech": AttributeFindings()})
    _count_findings(figures, [audit, nobody, whole])
    found = figures.attributes["speech"]
    assert (found.audited, found.partly, found.unheard) == (2, 1, 1)
    told = {point: (one.errors, one.missing, one.unheard) for point, one in found.points.items()}
    assert told == {"who speaks": (1, 1, 1), "": (1, 0, 0), "tone": (0, 0, 2)}
    point = Quality("at audit", "measured")
    for audits in ([audit, whole], [whole], [nobody, whole]):
        point.count(audits)
    assert (point.clips, point.partly, point.unheard, point.no_error) == (2, 1, 1, 1)
