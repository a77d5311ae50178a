"""A rollout's columns as loaders make them, and refusals that name the column."""

from __future__ import annotations

from typing import Any

import pytest

from asid.pipeline.errors import UserError
from asid.pipeline.rewards.rollout import Rollout, plain


class Array(list):  # type: ignore[type-arg]
    """Stands for an array of NumPy."""

    def tolist(self) -> list[Any]:
        return list(self)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (["a", "b"], ("a", "b")), (("a",), ("a",)), (Array(["a"]), ("a",)), ('["a", "b"]', ("a", "b")), ([], ()),
        ("[]", ()),
        ([{"event": "a", "time": 3}, {"text": "b"}], ("a", "b")), (["a", None], ("a",)), (None, None),
    ],
)  # fmt: skip
def test_a_column_of_texts_is_read(value: Any, texts: tuple[str, ...] | None) -> None:
    assert Rollout("", row={"events": value}).texts("events") == texts


def test_a_row_without_the_column_has_none() -> None:
    assert Rollout("").texts("events") is None


@pytest.mark.parametrize(
    "value", ["a dog runs", '"a"', '{"event": "a"}', "5", 5, {"event": "a"}, [5], [["a"]], [{"why": "a"}]]
)
def test_anything_else_is_refused_by_the_columns_name(value: Any) -> None:
    with pytest.raises(UserError, match="column 'events' holds"):
        Rollout("", row={"events": value}).texts("events")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (["a.mp4", "b.mp4"], "a.mp4"), ("a.mp4", "a.mp4"), ([{"path": "a.mp4"}], "a.mp4"),
        ([{"video": "a.mp4"}], "a.mp4"),
        ({"path": "a.mp4"}, "a.mp4"), ([], ""), (None, ""), ([7], ""), ([{"bytes": b""}], ""),
        (Array(["a.mp4"]), "a.mp4"),
    ],
)  # fmt: skip
def test_the_first_video_is_named(value: Any, path: str) -> None:
    assert Rollout("", row={"videos": value}).video() == path


def test_plain_leaves_plain_values() -> None:
    assert plain("a") == "a" and plain(None) is None and plain(Array([1])) == [1]
