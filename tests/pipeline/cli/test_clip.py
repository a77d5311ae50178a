"""Which clip `asid show` finds, and that what it prints of a row comes as it is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from asid.pipeline.cli.clip import find, print_clip
from asid.pipeline.run.folder import Run, RunError
from tests import samples


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return samples.make(tmp_path / "run", videos=2, clips=4)


def printed(run: Run, clip: str) -> str:
    sink = io.StringIO()
    print_clip(Console(file=sink, width=4000, color_system=None, highlight=False, soft_wrap=True), run, clip)
    return sink.getvalue()


def test_a_clip_is_found_by_the_beginning_of_its_id(run: Run) -> None:
    row = next(run.all_rows("finish"))
    assert find(run, row.id[:-7]) == {"finish": row}
    assert find(run, row.id) == {"finish": row}


def test_a_video_of_one_clip_is_shown_with_it(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "one", videos=2, clips=1)
    assert {step: row.id[:16] for step, row in find(run, "0000000000000001").items()} == {
        "ingest": "0000000000000001", "finish": "0000000000000001",
    }  # fmt: skip


def test_an_id_that_others_begin_with_is_found_when_it_is_whole(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "own", videos=1, clips=1, per_shard=1)
    (video,) = run.rows("ingest", "00000")
    rows = [samples.judged(video, number, id=id) for number, id in enumerate(("film-1", "film-1#1", "film-1#10"))]
    samples.write(run, "00000", [video], [rows], 1)
    assert find(run, "film-1") == {"finish": rows[0]}
    assert find(run, "film-1#1") == {"finish": rows[1]}
    with pytest.raises(RunError, match="'film' is not one clip: film-1, film-1#1, film-1#10"):
        find(run, "film")


def test_what_is_not_there_or_not_one_is_told(run: Run) -> None:
    with pytest.raises(RunError, match="no clip and no video 'ffff'"):
        find(run, "ffff")
    with pytest.raises(RunError, match="'0000000000000000-' is not one clip: 0000000000000000-0000000-0010000, "):
        find(run, "0000000000000000-")


def test_why_a_clip_was_dropped_and_what_was_kept(run: Run) -> None:
    rows = list(run.all_rows("finish"))
    assert "  dropped by length: 3 words <script>" in printed(run, rows[3].id)
    assert printed(run, rows[0].id).rstrip().endswith("kept")


def test_nothing_that_a_row_holds_reaches_the_terminal_as_a_command(run: Run) -> None:
    row = list(run.all_rows("finish"))[2]
    said = printed(run, row.id)
    assert "\u202e" not in said and "\x00" not in said and "\x1b" not in said
    assert "\\u202e" in said and "[x](javascript:alert(1))" in said
