"""Cases of judged benchmarks with the replies of their judges, in few words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from asid.pipeline.evaluation.outcome import Outcome
from asid.pipeline.evaluation.rows import Case, Reply
from asid.pipeline.evaluation.tables import Table
from asid.pipeline.rows import Answered, Failure

BY = Answered(model="tiny", provider="scripted", prompt="0123")


def case(id: str, caption: str = "A caption.", replies: dict[str, Any] | None = None, **fields: Any) -> Case:
    """A case; `replies`: step -> text, or a value that becomes JSON, or None where nothing was asked."""
    said = tuple(
        Reply(step=step, text=text if isinstance(text, str) else "" if text is None else json.dumps(text),
              asked=text is not None, attempts=1, by=BY)
        for step, text in (replies or {}).items()
    )  # fmt: skip
    values: dict[str, Any] = {
        "video": id, "system": "mine", "run": 0, "gap": "" if caption else "no_caption", "question": "", "choices": (),
        "reference": "", "statements": (), "groups": {}, "tokens": 0, "clip": "", "clip_sha256": "",
    }  # fmt: skip
    return Case(id=id, caption=caption, replies=said, **(values | fields))


def outcome(cases: Sequence[Case], failed: dict[str, str] | None = None) -> Outcome:
    """What came of these cases: each with its replies, but for those that failed, id -> kind."""
    kinds = failed or {}
    failures = {
        id: Failure(id=id, name=id, stage="judge", kind=kind, reason="", attempts=1, raw="")
        for id, kind in kinds.items()
    }
    judged = {one.id: one for one in cases if one.id not in kinds}
    return Outcome("mine", [one.model_copy(update={"replies": ()}) for one in cases], judged, failures)


def rows(table: Table) -> dict[Any, tuple[Any, ...]]:
    """The rows of a table by their first cell."""
    return {row[0]: row[1:] for row in table.rows}


def lines(path: Path, *records: Any) -> Path:
    """A file of JSON lines; a text is written as it is."""
    path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in records))
    return path
