"""Rows: they grow without losing anything, refuse what they do not know, and say who wrote what."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from asid.pipeline import rows
from asid.pipeline.rows import (
    PASSING,
    Answered,
    Audited,
    Captioned,
    Clip,
    Drafted,
    Failure,
    Formatted,
    FormattedByAttribute,
    Judged,
    Preferred,
    Record,
    Refined,
    Row,
    Scored,
    Split,
    Transcribed,
    Verified,
    Video,
    grow,
    joined,
    written,
)
from tests import samples

BY = Answered(model="m", provider="p", prompt="0")


class GrownRow(Video):
    """A row of somebody's own."""

    text: str


class Remark(Record):
    """A part of a row with its writer."""

    text: str
    by: Answered | None


class Remarked(Row):
    """A row with remarks, of which one stands alone."""

    remarks: tuple[Remark, ...]
    first: Remark
    title: str
    title_by: Answered


def test_a_row_grows_by_its_new_fields_and_keeps_the_others() -> None:
    video = samples.video(3)
    grown = grow(video, GrownRow, text="more", name="renamed")
    assert (grown.text, grown.name, grown.sha256) == ("more", "renamed", video.sha256)
    assert grow(grown, Video) == video.model_copy(update={"name": "renamed"})
    with pytest.raises(ValidationError, match="text"):
        grow(video, GrownRow)


def test_a_row_takes_no_unknown_field_and_never_changes() -> None:
    video = samples.video(0)
    with pytest.raises(ValidationError):
        Video(**(dict(video) | {"titel": "x"}))
    with pytest.raises(ValidationError):
        video.name = "other"  # type: ignore[misc]


def test_each_type_of_the_dataflow_is_one_of_those_before_it() -> None:
    assert issubclass(Transcribed, Split) and issubclass(Split, Video)
    assert issubclass(Refined, Audited) and issubclass(Audited, Verified) and issubclass(Verified, Drafted)
    assert issubclass(Drafted, Captioned) and issubclass(Captioned, Clip) and issubclass(Judged, Formatted)
    assert not issubclass(Clip, Video)  # its times are its own
    assert issubclass(Preferred, Drafted) and not issubclass(Scored, Drafted)


def test_a_joined_type_has_the_fields_of_both_and_is_made_once() -> None:
    both = joined(Refined, FormattedByAttribute)
    assert issubclass(both, Refined) and issubclass(both, FormattedByAttribute)
    assert both.model_fields.keys() == Refined.model_fields.keys() | FormattedByAttribute.model_fields.keys()
    assert joined(Refined, FormattedByAttribute) is both
    assert joined(Refined, Drafted) is Refined and joined(Drafted, Refined) is Refined


def test_who_wrote_what_is_found_wherever_it_stands() -> None:
    assert written(Remarked) == (("remarks", "by"), ("first", "by"), ("title_by",))
    assert written(Video) == ()
    assert ("audits", "by") in written(Audited) and ("draft_by",) in written(Drafted)


@pytest.mark.parametrize(
    "kind", [value for value in vars(rows).values() if isinstance(value, type) and issubclass(value, Row)]
)
def test_every_type_can_be_built(kind: type[Row]) -> None:
    assert kind.model_json_schema()["title"] == kind.__name__
    with pytest.raises(ValidationError):
        kind.model_validate({})


@pytest.mark.parametrize(
    ("kind", "passes"),
    [("timeout", True), ("unavailable", True), ("missing_media", True), ("refusal", False), ("unprocessable", False),
     ("invalid_answer", False), ("Timeout", False), ("", False), ("a word nobody knows", False)],
)  # fmt: skip
def test_only_what_is_known_to_pass_may_pass(kind: str, passes: bool) -> None:
    failure = Failure(id="1", name="x", stage="cut", kind=kind, reason="", attempts=1, raw="")
    assert failure.may_pass is passes
    assert (kind in PASSING) is passes
