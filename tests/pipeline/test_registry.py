"""Names of stages, providers and formats: what leads somewhere, and what is said of what does not."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from asid.pipeline import registry
from asid.pipeline.registry import EXPORTERS, STAGES, Registry, UnknownName, nearest

ALL = [value for value in vars(registry).values() if isinstance(value, Registry)]
SHAPES = {"round": "pathlib:Path", "square": "pathlib:PurePath"}


@pytest.fixture
def shapes(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A table of two shapes, and an installed package that brings a third and breaks a fourth."""
    entries = {
        "oval": EntryPoint("oval", "pathlib:PosixPath", "g"),
        "torn": EntryPoint("torn", "no.such.module:X", "g"),
    }
    monkeypatch.setattr(registry, "_entries", lambda group: entries if group == "tests.shapes" else {})
    return Registry("shape", "tests.shapes", "tests.pipeline.test_registry:SHAPES")


@pytest.mark.parametrize("found", ALL, ids=lambda one: one.kind)
def test_everything_shipped_can_be_loaded(found: Registry) -> None:
    assert found.shipped
    for name in found.shipped:
        assert found.find(name) is not None


def test_names_lead_to_what_is_shipped_installed_or_placed(shapes: Registry) -> None:
    assert shapes.names() == ["round", "square", "oval", "torn"]
    assert shapes.find("round") is Path and shapes.find("oval").__name__ == "PosixPath"
    assert shapes.find("pathlib:Path.home") == Path.home
    assert all(shapes.knows(name) for name in ("round", "torn", "any:thing")) and not shapes.knows("flat")


def test_an_unknown_name_is_told_with_the_nearest_or_with_all(shapes: Registry) -> None:
    with pytest.raises(UnknownName, match=r"no shape 'sqare'; did you mean 'square'?"):
        shapes.find("sqare")
    with pytest.raises(UnknownName, match="no shape 'x'; known: oval, round, square, torn"):
        shapes.find("x")


@pytest.mark.parametrize(
    "name", ["torn", "no.such:X", "pathlib:Nothing", "pathlib:Path.nothing", ":X", ".own:X", "pathlib:", ":", "a b:c"]
)
def test_code_that_cannot_be_loaded_is_told_by_its_name(shapes: Registry, name: str) -> None:
    with pytest.raises(UnknownName, match=f"cannot load the shape '{name}'"):
        shapes.find(name)


def test_code_that_is_broken_is_told(shapes: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_shape_a.py").write_text("def (:\n")
    (tmp_path / "broken_shape_b.py").write_text("X = undefined\n")
    for name in ("broken_shape_a:X", "broken_shape_b:X"):
        with pytest.raises(UnknownName, match="cannot load the shape"):
            shapes.find(name)


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("cutt", ["cut", "split"], "; did you mean 'cut'?"),
        ("x", ["b", "a"], "; known: a, b"),
        ("x", [], ""),
        ("", ["a"], "; known: a"),
    ],
)
def test_the_end_of_a_sentence_about_an_unknown_word(word: str, known: list[str], said: str) -> None:
    assert nearest(word, known) == said


def test_stages_and_formats_are_known_by_the_names_of_the_commands() -> None:
    assert {"ingest", "split", "transcribe", "cut", "verify"} <= set(STAGES.names())
    assert EXPORTERS.names()[0] == "asid-1m"
