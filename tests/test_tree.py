"""Where tests are: they mirror the tree, so that whoever changes a module knows where its test is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import asid

HOUSE = Path(asid.__file__).parent
ROOT = Path(__file__).parents[1]

# Modules whose test has another name, and why. One that has got a test of its own name must go from here.
ELSEWHERE = {
    "pipeline/cli/__init__.py": "names the commands, which tests/pipeline/cli/test_starts.py types",
    "pipeline/embedded/__init__.py": "opens each kind of model for tests/pipeline/embedded/test_annotators.py",
    "pipeline/engine/worker.py": "is an actor, which tests/pipeline/engine/test_engine.py starts and kills",
    "pipeline/models/providers/gemini/__init__.py": "is a record, asked in tests/pipeline/models/test_ceiling.py",
    "pipeline/models/providers/openai/__init__.py": "is a record, asked in tests/pipeline/models/test_ceiling.py",
    "pipeline/models/providers/vllm/__init__.py": "is a record, asked in tests/pipeline/models/test_ceiling.py",
    "pipeline/review/__init__.py": "sums verdicts up, for tests/pipeline/review/test_verdicts.py",
}


def has_logic(text: str) -> bool:
    """Whether a module does anything: a function with more in it than words, or a refusal."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(not _is_idle(statement) for function in functions for statement in function.body)


def _is_idle(statement: ast.stmt) -> bool:
    words = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return words or isinstance(statement, ast.Pass | ast.Raise)


def places(module: str) -> list[str]:
    """Where the test of a module may be. A package's is in the folder of its tests, or beside it."""
    path = Path(module)
    folder = Path("tests") / path.parent
    if path.name != "__init__.py":
        return [f"{folder}/test_{path.stem}.py"]
    return [f"{folder}/test_{folder.name}.py", f"{folder.parent}/test_{folder.name}.py"]


MODULES = [
    str(path.relative_to(HOUSE))
    for folder in ("pipeline", "stages")
    for path in sorted((HOUSE / folder).rglob("*.py"))
    if has_logic(path.read_text())
]


@pytest.mark.parametrize("module", MODULES)
def test_every_module_that_does_something_has_its_test(module: str) -> None:
    found = [place for place in places(module) if (ROOT / place).is_file()]
    if module in ELSEWHERE:
        assert not found, f"{found[0]} is there: take {module} out of ELSEWHERE"
    else:
        assert found, f"{module} has no test: write {places(module)[0]}"


@pytest.mark.parametrize("module", ELSEWHERE)
def test_a_module_that_is_tested_elsewhere_is_there_and_so_is_that_test(module: str) -> None:
    (named,) = [word for word in ELSEWHERE[module].replace(",", " ").split() if word.startswith("tests/")]
    assert module in MODULES and (ROOT / named).is_file()


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ('"""Words."""\nNAMES = {"a": 1}\n', False),
        ("class A:\n    def f(self) -> int: ...\n", False),
        ('class A:\n    def f(self) -> int:\n        """Words."""\n        raise NotImplementedError\n', False),
        ("def f() -> int:\n    return 1\n", True),
        ("class A:\n    async def f(self) -> None:\n        await self.g()\n", True),
    ],
)
def test_what_counts_as_doing_something(text: str, does: bool) -> None:
    assert has_logic(text) is does


def test_where_a_test_belongs() -> None:
    assert places("pipeline/run/status.py") == ["tests/pipeline/run/test_status.py"]
    assert places("pipeline/report/__init__.py") == [
        "tests/pipeline/report/test_report.py", "tests/pipeline/test_report.py",
    ]  # fmt: skip
