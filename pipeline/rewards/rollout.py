"""One rollout: a caption that a policy wrote, and what its row of the training set says of the video."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asid.pipeline.errors import UserError

# Columns of a training row that rewards read. A row that lacks the column of a reward is not scored by it.
SOLUTION = "solution"  # the reference caption
DIALOGUES = "dialogues"  # lines "Speaker: words"
POINTS = "points"  # key points: texts, or {"point", "category"}
EVENTS = "events"  # what happens, one sentence each
ATTRIBUTES = "attributes"  # those that the prompt asks for
VIDEOS = "videos"
COLUMNS = (SOLUTION, DIALOGUES, POINTS, EVENTS, ATTRIBUTES, VIDEOS)


class RewardUnavailable(Exception):
    """A reward that nobody could give: the judge is out, or its answers cannot be read. It is never a zero. `kind`: of
    the judge's failure."""

    def __init__(self, reason: str, kind: str = ""):
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True)
class Rollout:
    """`tokens`: how many were generated, None where the trainer does not say. `row`: columns of its training row."""

    caption: str
    tokens: int | None = None
    row: Mapping[str, Any] = field(default_factory=dict)

    def texts(self, column: str) -> tuple[str, ...] | None:
        """Read a column of texts: a list, an array, or JSON of one. None where the row has no such column. Raises
        UserError for anything else."""
        value = plain(self.row.get(column))
        if value is None:
            return None
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise UserError(f"column {column!r} holds a text: give a list of texts, or JSON of one") from None
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise UserError(f"column {column!r} holds {type(value).__name__}: give a list of texts")
        found = [plain(one) for one in value]
        return tuple(_text(one, column) for one in found if one is not None)

    def video(self) -> str:
        """Give the path of the row's first video, "" where it has none."""
        value = plain(self.row.get(VIDEOS))
        first = value[0] if isinstance(value, Sequence) and value and not isinstance(value, str) else value
        if isinstance(first, Mapping):
            first = first.get("path") or first.get("video")
        return first if isinstance(first, str) else ""


def plain(value: Any) -> Any:
    """Turn what a data loader made of a list (an array of NumPy, a tuple) back into one."""
    return value.tolist() if hasattr(value, "tolist") else value


def _text(value: Any, column: str) -> str:
    if isinstance(value, Mapping):  # a key point, or an event with more to it
        value = value.get(column.removesuffix("s")) or value.get("text")
    if not isinstance(value, str):
        raise UserError(f"column {column!r} holds {value!r} where a text should be")
    return value
