"""The list of kinds is what code finds, and a setting with another name is a mistake that is told."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from asid.pipeline import captions
from asid.pipeline.asking.writing import WritingConfig
from asid.pipeline.captions.kinds import EVIDENCE, KINDS
from asid.pipeline.clips.quality import QualityLimits


def _words() -> set[str]:
    """All the words that stand in the code of the rules by themselves."""
    folder = Path(captions.__file__).parent
    trees = [ast.parse(file.read_text("utf-8")) for file in folder.rglob("*.py") if file.name != "kinds.py"]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_kind_is_found_by_some_code_and_none_stands_twice() -> None:
    assert set(KINDS) <= _words()
    assert len(KINDS) == len(set(KINDS))


def test_no_code_finds_a_kind_that_is_not_listed() -> None:
    assert set(captions.rules.KINDS) == set(EVIDENCE)
    beginnings = tuple({f"{kind.partition('_')[0]}_" for kind in KINDS if "_" in kind})
    kinds = {word for word in _words() if word.isidentifier() and word.startswith(beginnings)}
    assert kinds - set(KINDS) <= {"quote_exact", "text_bytes"}, "a kind is missing, or a word looks like one"


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        (QualityLimits, {"max_problems": {"quote_words": 0}}),
        (QualityLimits, {"drop_problems": ["quote_words"]}),
        (WritingConfig, {"fails": ["quote_words"], "model": "m"}),
    ],
)
def test_a_misspelt_kind_is_told_with_the_nearest_right_one(model: type, settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="did you mean 'quote_word'"):
        TypeAdapter(model).validate_python(settings)
