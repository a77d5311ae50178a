"""How modules import, read from their text."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import asid

ROOT = Path(asid.__file__).parent
FILES = [path for folder in ("pipeline", "stages") for path in sorted((ROOT / folder).rglob("*.py"))
         if path.parent.name != "cli"]  # commands have one thread  # fmt: skip


def entered_inside(function: ast.AST) -> Iterator[tuple[int, str]]:
    """Give line and module of imports in a function, in their order, of packages that are not Python's or ours."""
    for node in ast.walk(function):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            if name.partition(".")[0] not in {*sys.stdlib_module_names, "asid"}:
                yield node.lineno, name


def wrong_entries(text: str) -> list[str]:
    """Name imports within functions that reach into a package whose root the function has not imported before.

    Two threads that enter one package by two doors lock each other out (`import a` waits for `a.b`, and `import a.b`
    for `a`), and Python ends one of them with a deadlock error. By the root, the second waits for the first.
    """
    wrong = []
    tree = ast.parse(text)
    on_top = {name.partition(".")[0] for node in tree.body for _, name in entered_inside(node)
              if isinstance(node, ast.Import | ast.ImportFrom)}  # fmt: skip
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            entered = set(on_top)
            for line, name in sorted(entered_inside(function)):
                root = name.partition(".")[0]
                if root != name and root not in entered:
                    wrong.append(f"{line}: {name}")
                entered.add(root)
    return wrong


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_threads_enter_a_package_by_one_door(file: Path) -> None:
    assert wrong_entries(file.read_text()) == []


def test_a_second_door_is_seen() -> None:
    assert wrong_entries("def f():\n    from rapidfuzz.distance import Levenshtein\n") == ["2: rapidfuzz.distance"]
    assert wrong_entries("def f():\n    import vllm\n    import vllm.exceptions\n") == []
    assert wrong_entries("import rich\ndef f():\n    import rich.console\n") == []
