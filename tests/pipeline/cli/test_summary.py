"""The last lines of a run: what came of it, counted in its files, and the command to type next."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from asid.pipeline.cli.summary import Summary, print_summary, summary
from asid.pipeline.run.progress import Result
from tests import samples

SOUND: dict[str, Any] = {
    "folder": "/run", "videos": 2, "seconds": 5400.0, "clips": 5, "kept": 3, "rules": {}, "failures": {}, "usd": 0.0,
    "asks": False, "samples": 3, "rows": 5, "unfinished": 0, "stopped": {}, "out_of_budget": "", "example": "clip-1",
    "worked": 1, "took": 61.4,
}  # fmt: skip


def lines(**changed: Any) -> list[str]:
    sink = io.StringIO()
    print_summary(Console(file=sink, width=1000), Summary(**(SOUND | changed)))
    return sink.getvalue().splitlines()


def test_it_is_counted_in_the_files_whatever_this_call_did(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=4, clips=4)  # each fourth clip is dropped
    found = summary(run, Result(folder=str(tmp_path / "run"), samples=12, shards=0, seconds=2.0))
    assert (found.videos, found.seconds, found.clips, found.kept) == (4, 800.0, 16, 12)
    assert (dict(found.rules), found.failures, found.unfinished, found.asks) == ({"length": 4}, {}, 0, False)
    assert found.example == next(row.id for row in run.all_rows("finish") if row.kept)
    assert not found.is_empty


def test_what_failed_and_what_is_not_done_is_counted(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=4, clips=1)
    rows = run.rows("ingest", "00000")
    samples.write(run, "00000", rows, [[samples.judged(rows[0], 0)], []], 2)
    run.storage.delete(run.uri("finish", "00001"))
    found = summary(run, Result(samples=1))
    assert found.failures == {"finish": {"refusal": 1}}
    assert found.unfinished == 1 and found.kept == 1


def test_the_first_line_has_the_numbers_with_their_nouns() -> None:
    assert lines()[0] == "2 videos, 1.50 h; 5 clips: 3 kept, 2 dropped; 1 shard worked in 61 s"
    assert lines(samples=None, rows=1)[0] == "2 videos, 1.50 h; 1 row from the last step; 1 shard worked in 61 s"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rules": {"mute": 1, "length": 2}}, "dropped by: length 2, mute 1 (a clip may fall to several rules)"),
        ({"failures": {"cut": {"crash": 2}}}, "failed in cut: crash 2"),
        ({"asks": True, "usd": 0.5}, "spent: 0.5000 USD"),
        ({"asks": True, "usd": None}, "spent: unknown, as the price of a model is"),
        ({"stopped": {"cut": "no \x1b[31mdisk"}}, "stage cut stopped: no \\x1b[31mdisk"),
        ({"out_of_budget": "5 USD"}, "budget reached: 5 USD"),
        ({}, "dataset: 3 clips in /run/dataset"),
    ],
)
def test_what_there_is_to_say_is_said(changed: dict[str, Any], said: str) -> None:
    assert said in lines(**changed)


def test_what_there_is_not_is_not() -> None:
    assert len(lines()) == 3  # counts, dataset, next
    assert not any("spent" in line for line in lines(usd=None))


@pytest.mark.parametrize(
    ("changed", "last"),
    [
        ({}, "next: asid show /run clip-1"),
        ({"example": ""}, "next: asid status /run"),
        ({"unfinished": 1}, "next: asid run --run /run"),
        (
            {"unfinished": 1, "stopped": {"cut": "x"}},
            "next: mend what stopped it, then go on with: asid run --run /run",
        ),
        ({"videos": 0, "samples": 0}, "no video came through. next: asid failures /run"),
        ({"samples": 0, "example": ""}, "nothing was kept, so there is no dataset. next: asid status /run"),
    ],
)
def test_the_last_line_is_the_command_to_type_next(changed: dict[str, Any], last: str) -> None:
    assert lines(**changed)[-1] == last


def test_a_run_is_empty_when_it_is_finished_and_nothing_came_of_it() -> None:
    assert Summary(**(SOUND | {"samples": 0})).is_empty
    assert Summary(**(SOUND | {"samples": None, "rows": 0})).is_empty
    assert not Summary(**(SOUND | {"samples": None})).is_empty
    assert not Summary(**(SOUND | {"samples": 0, "unfinished": 2})).is_empty
