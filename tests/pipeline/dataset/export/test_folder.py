"""The folder of an export: whole at its end, as it was when the export fails, and nobody else's files are touched."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from asid.pipeline.dataset.export.folder import NOTE, PARTIAL, ExportError, Folder
from asid.pipeline.dataset.identity import CARD


def export(out: Path, **files: str) -> None:
    """An export of these text files; `__` in a name is a folder."""
    with Folder(out) as folder:
        for name, text in files.items():
            folder.text(name.replace("__", "/"), text)


def test_nothing_appears_before_the_end(tmp_path: Path) -> None:
    with Folder(tmp_path / "out") as folder:
        folder.line("deep/a.jsonl", {"text": "é 🎬 \u2028"})
        folder.line("deep/a.jsonl", {"n": 1})
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [PARTIAL]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["deep", NOTE]
    lines = (tmp_path / "out/deep/a.jsonl").read_bytes().split(b"\n")
    assert [json.loads(line) for line in lines if line] == [{"text": "é 🎬 \u2028"}, {"n": 1}]
    assert json.loads((tmp_path / "out" / NOTE).read_text())["lines"] == {"deep/a.jsonl": 2}


def test_an_export_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    export(tmp_path / "out", a="old", b="old")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(FileNotFoundError), Folder(tmp_path / "out") as folder:  # noqa: PT012 - the last line fails
        folder.text("a", "new")
        folder.line("c.jsonl", {})
        folder.digest("never written")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_second_export_takes_away_what_only_the_first_had(tmp_path: Path) -> None:
    export(tmp_path / "out", a="one", deep__b="one")
    (tmp_path / "out/mine").write_text("mine")
    export(tmp_path / "out", a="two")
    assert (tmp_path / "out/a").read_text() == "two"
    assert not (tmp_path / "out/deep/b").exists()
    assert (tmp_path / "out/mine").read_text() == "mine"


def test_a_note_that_names_files_elsewhere_deletes_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("stays")
    (tmp_path / "out").mkdir()
    evil = ["../outside", str(tmp_path / "outside"), "deep/../../outside"]
    (tmp_path / "out" / NOTE).write_text(json.dumps({"files": evil}))
    export(tmp_path / "out", a="new")
    assert (tmp_path / "outside").read_text() == "stays"


@pytest.mark.parametrize("note", ["{", "[]", "{}", '{"files": 5}', '{"files": null}', '{"files": [5]}', "\udcff"])
def test_a_damaged_note_is_told_before_any_work(tmp_path: Path, note: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / NOTE).write_bytes(note.encode("utf-8", "surrogateescape"))
    with pytest.raises(ExportError, match="damaged: delete the folder"), Folder(tmp_path / "out"):
        pytest.fail("the work began")
    assert not (tmp_path / "out" / PARTIAL).exists()


def test_a_file_or_a_foreign_folder_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match="is a file"), Folder(tmp_path / "file"):
        pass
    with pytest.raises(ExportError, match="name an empty folder"), Folder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_leavings_of_an_export_that_was_killed_are_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "out" / PARTIAL / "media").mkdir(parents=True)
    (tmp_path / "out" / PARTIAL / "media/half.mp4").write_bytes(b"half")
    export(tmp_path / "out", a="whole")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", NOTE]


def test_a_digest_is_of_all_lines_so_far(tmp_path: Path) -> None:
    with Folder(tmp_path / "out") as folder:
        folder.line("a.jsonl", {"n": 1})
        one = folder.digest("a.jsonl")
        folder.line("a.jsonl", {"n": 2})
        two = folder.digest("a.jsonl")
    data = (tmp_path / "out/a.jsonl").read_bytes()
    assert two == hashlib.sha256(data).hexdigest()
    assert one == hashlib.sha256(data.splitlines(keepends=True)[0]).hexdigest()


def test_the_card_of_an_earlier_format_does_not_outlive_it(tmp_path: Path) -> None:
    with Folder(tmp_path / "out") as folder:
        folder.text(CARD, "old card")
    export(tmp_path / "out", a="rows of another format")
    assert not (tmp_path / "out" / CARD).exists()
