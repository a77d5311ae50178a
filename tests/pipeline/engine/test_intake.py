"""What is said of the inputs while they are listed and probed, and which of them are to be probed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asid.pipeline.engine import intake
from asid.pipeline.engine.intake import Intake
from asid.pipeline.run.folder import Run
from asid.pipeline.run.listing import Listing
from tests.toys import recipe, videos


def taken(folder: Path, names: list[str], again: bool = False) -> tuple[Intake, list[str]]:
    run = Run(folder / "run", recipe(videos(folder / "in", names), {"stage": "ToyWork"}))
    said: list[str] = []
    return Intake(Listing(run, "ingest", run.survey()), said.append, again), said


def test_new_files_are_due_in_pieces_and_counted_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.md").write_text("beside")
    made, said = taken(tmp_path, [f"v{number:02d}" for number in range(20)])
    assert made.is_due and said == ["listing the inputs"]
    pieces = list(made.pieces)
    assert [len(piece.listed) for piece in pieces] == [16, 4]
    made.tell_end()
    assert said[1:] == ["passed over: .md 1", "20 files listed, 0 of them known, 0 that cannot be read"]


def test_how_far_probing_is_comes_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, said = taken(tmp_path, ["a", "b", "c"])
    now = [100.0]
    monkeypatch.setattr(intake.time, "monotonic", lambda: now[0])
    for at in (100.0, 101.0, 104.9, 105.1):
        now[0] = at
        made.probed(10)
    assert said[1:] == ["probed 10 of 3 files listed so far", "probed 40 of 3 files listed so far"]


def listing(**changed: Any) -> Any:
    """A run that holds all that is listed."""
    usual: dict[str, Any] = {
        "pieces": lambda: iter(()), "unlisted": [], "taken": SimpleNamespace(stale=set(), shards=["00000"]),
        "skipped": {}, "lost": [], "found": 0, "known": 5, "changed": {}, "moved": {}, "gone": list,
        "names": lambda ids: [f"{id}.mp4" for id in ids],
    }  # fmt: skip
    return SimpleNamespace(**(usual | changed))


def said_of(**changed: Any) -> list[str]:
    said: list[str] = []
    assert not Intake(listing(**changed), said.append, again=False).is_due
    return said[1:]


def test_a_run_that_holds_all_says_so_at_once() -> None:
    assert said_of() == ["5 files listed, nothing new"]


def test_an_input_out_of_reach_and_files_that_moved_or_went_are_named() -> None:
    said = said_of(
        lost=["there is nothing at /mnt"],
        moved={"file:///a.mp4": "file:///b/a.mp4"},
        gone=lambda: ["1", "2", "3", "4", "5"],
    )
    assert said == [
        "there is nothing at /mnt: going on with what the run has of it",
        "5 files listed, nothing new",
        "1 file moved: a.mp4: the same videos, nothing is done again",
        "5 files gone: 1.mp4, 2.mp4, 3.mp4 and 2 more: their rows stay; `asid forget` removes them",
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"unlisted": ["a failure"]},
        {"taken": SimpleNamespace(stale={0}, shards=["00000"])},
        {"taken": SimpleNamespace(stale=set(), shards=[])},
    ],
)
def test_without_a_new_file_ingest_is_due_for_other_reasons(changed: dict[str, Any]) -> None:
    said: list[str] = []
    assert Intake(listing(**changed), said.append, again=False).is_due
    assert said == ["listing the inputs"], "the end is told when it is there"
