"""What others add, each in a distribution of its own: the examples of `docs/extending.md`, installed and used."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from asid.pipeline import registry
from asid.pipeline.registry import Registry, UnknownName, nearest
from tests import samples
from tests.test_package import UV, run

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
PLUGINS = {  # section -> group, name and attribute of its entry point, and how it is used
    "A stage": ("asid.stages", "shout", "Shout", """
        from asid.pipeline.recipe.steps import find_stage
        from asid.pipeline.rows import Clip
        from asid.pipeline.testing import example, process
        assert process(find_stage("shout"), example(Clip), mark="?").tags == {"shout": "?"}
        """),
    "A provider": ("asid.providers", "parrot", "PARROT", """
        import asyncio
        from asid.pipeline.models.base import Request
        from asid.pipeline.models.config import ModelConfig
        from asid.pipeline.models.factory import open_model, open_provider, unknown_settings
        from asid.pipeline.storage import Storage
        config = ModelConfig(provider="parrot", model="grey", settings={"loud": True})
        model = open_provider(config, Storage("."))
        assert asyncio.run(model.generate(Request(task="caption", prompt="hi", settings=config.settings))).text == "HI"
        assert unknown_settings(ModelConfig(provider="parrot", model="grey", settings={"lout": 1}))
        open_model("bird", config, Storage("."))
        """),
    "A recogniser": ("asid.asr", "silent", "SILENT", """
        import pytest
        from asid.stages.transcribe import Transcribe, TranscribeConfig
        config = TranscribeConfig.model_validate({"backend": "silent", "mood": "glad"})
        assert config.what()["reads"] == {"language": "", "mood": "glad"}
        with pytest.raises(ValueError, match="the recogniser silent does not read it; it reads language, mood"):
            TranscribeConfig.model_validate({"backend": "silent", "beam": 5})
        from asid.pipeline.speech.recognisers import make
        one = make("silent", language="en")
        one.open()
        assert one.hear([]).language == "en" and one.name == "silent, calm"
        """),
    "A shot detector": ("asid.shots", "metronome", "METRONOME", """
        from asid.pipeline.vision.settings import ShotSettings
        from asid.pipeline.vision.shots import find_shots
        from tests.kits.shotkit import looks, scene
        frames = looks([*scene(1, 25), *scene(2, 25)])
        found = find_shots(frames, 2.0, ShotSettings(detector="metronome"))
        assert [shot.start for shot in found] == [0.0, 1.0], found
        """),
    "An input": ("asid.inputs", "shelf", "read_shelf", """
        from pathlib import Path
        from asid.pipeline.inputs.base import InputConfig
        from asid.pipeline.inputs.listing import list_inputs
        from asid.pipeline.storage import Storage
        Path("shelf.txt").write_text("one.mp4\\ntwo.mp4\\n")
        for given in ({"path": "shelf://shelf.txt"}, {"path": "shelf.txt", "kind": "shelf"}):
            found = list(list_inputs([InputConfig.model_validate(given)], Storage("run")))
            assert [row.name for row in found] == ["one.mp4", "two.mp4"]
        """),
    "An exporter": ("asid.exporters", "plain", "PLAIN", """
        import json
        from pathlib import Path
        from typer.testing import CliRunner
        from asid.pipeline.cli import app
        done = CliRunner().invoke(app, ["export", "RUN", "--to", "plain", "--out", "out"])
        assert done.exit_code == 0, done.output
        rows = [json.loads(line) for line in Path("out/train.jsonl").read_text().splitlines()]
        assert rows and all(row["text"] and row["video"] for row in rows)
        """),
    "A metric": ("asid.metrics", "lengths", "lengths", """
        import json
        from pathlib import Path
        from typer.testing import CliRunner
        from asid.pipeline.cli import app
        Path("truth").mkdir()
        Path("truth/words.txt").write_text("12")
        done = CliRunner().invoke(app, ["eval", "lengths", "RUN", "--truth", "truth", "--json"])
        assert done.exit_code == 0, done.output
        assert '"wanted": 12' in done.output or '"wanted":12' in done.output
        assert "lengths" in CliRunner().invoke(app, ["eval", "list"]).output
        """),
    "A reward": ("asid.rewards", "brevity", "Brevity", """
        import asyncio
        from asid.rewards import Rollout, reward
        score = lambda text: asyncio.run(reward("brevity", most=3).score(Rollout(text)))
        assert (score("one two three"), score("one two three four")) == (1.0, 0.0)
        """),
}  # fmt: skip


def example(section: str) -> str:
    """The Python of a section of the page."""
    text = PAGE.read_text("utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    return str(code)


def install(folder: Path, module: str, code: str, group: str, name: str, attribute: str) -> Path:
    """Make a distribution of one file and install it into a folder of its own. Gives that folder."""
    project = folder / module
    project.mkdir(parents=True)
    (project / f"{module}.py").write_text(code)
    (project / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "{module.replace("_", "-")}"\nversion = "1.0"\n'
        f'[project.entry-points."{group}"]\n{name} = "{module}:{attribute}"\n'
        f'[tool.hatch.build.targets.wheel]\ninclude = ["{module}.py"]\n'
    )
    site = folder / "site"
    run(UV, "pip", "install", "-q", "--python", sys.executable, "--no-build-isolation", "--no-deps", "--target", site,
        project, cwd=folder)  # fmt: skip
    return site


@pytest.mark.parametrize("section", PLUGINS)
def test_an_example_is_installed_found_by_name_and_used(section: str, tmp_path: Path) -> None:
    group, name, attribute, use = PLUGINS[section]
    site = install(tmp_path, f"plugin_{name}", example(section), group, name, attribute)
    samples.make(tmp_path / "RUN")
    code = "\n".join(line.removeprefix(" " * 8) for line in use.splitlines())
    root = PAGE.parents[1]
    run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=f"{site}:{root}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode != 0, "it works without being installed"


def test_the_page_has_an_example_of_every_kind() -> None:
    kinds = [value for value in vars(registry).values() if isinstance(value, Registry)]
    assert sorted(kind.group for kind in kinds) == sorted(group for group, *_ in PLUGINS.values())
    for kind in kinds:
        assert all(kind.find(name) is not None for name in kind.shipped), kind


def test_two_packages_with_one_name_are_told(tmp_path: Path) -> None:
    for number in "12":
        install(tmp_path / number, f"plugin_{number}", "A = 1", "asid.stages", "twice", "A")
    code = "from asid.pipeline.registry import STAGES; STAGES.find('twice')"
    path = ":".join(str(tmp_path / number / "site") for number in "12")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path,
                          env={"PYTHONPATH": path}, check=False)  # fmt: skip
    assert "two installed packages bring 'twice' for asid.stages" in done.stderr


def test_unknown_names_are_told_with_the_nearest() -> None:
    for kind in (value for value in vars(registry).values() if isinstance(value, Registry)):
        first = next(iter(kind.shipped))
        with pytest.raises(UnknownName, match=f"no {kind.kind} '{first}x'; did you mean '{first}'"):
            kind.find(f"{first}x")
        with pytest.raises(UnknownName, match=f"cannot load the {kind.kind} 'no.such.module:X'"):
            kind.find("no.such.module:X")
        assert not kind.knows("nothing of the kind")
    assert nearest("zzz", ["b", "a"]) == "; known: a, b"
