"""What a user sees of a wrong manifest: every mistake, with its line and the nearest right key."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from asid.pipeline.prompts import shipped
from asid.pipeline.recipe import manifest as manifests
from asid.pipeline.recipe.manifest import ManifestError, dump, load, parse
from asid.pipeline.recipe.steps import flow
from asid.pipeline.rewards.rounds import ROUNDS
from asid.pipeline.rows import Judged, Refined

SHIPPED = ["asid.yaml", "avc-dpo.yaml", "avocado.yaml", "demo.yaml", "diadem.yaml", "salmonn2.yaml", "strict.yaml"]
RIGHT = """\
inputs:
- path: videos
recipe:
- stage: tests.toys:ToyIngest
- stage: tests.toys:ToyWork
  word: hello
- stage: tests.toys:ToyNext
"""


def problems(text: str, *settings: str) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        manifests.parse(text, "m.yaml", settings)
    return caught.value.problems


def test_steps_read_the_step_before_them() -> None:
    steps = manifests.parse(RIGHT).steps()
    assert [(step.name, step.inputs) for step in steps] == [("ingest", ()), ("work", ("ingest",)), ("next", ("work",))]


def test_annotators_stand_side_by_side_and_the_next_step_joins_them() -> None:
    manifest = manifests.load("demo.yaml")
    inputs = {step.name: step.inputs for step in manifest.steps()}
    annotators = tuple(name for name in inputs if name.startswith("caption-"))
    assert len(annotators) >= 3
    assert all(inputs[name] == ("cut",) for name in annotators)
    assert inputs["ensemble"] == ("cut", *annotators)
    assert inputs["filter"] == ("format", "near_duplicates")


def test_rounds_repeat_a_step_and_the_one_after_it() -> None:
    manifest = manifests.load("demo.yaml", ["recipe.audit.rounds=3"])
    inputs = {step.name: step.inputs for step in manifest.steps()}
    assert list(inputs)[list(inputs).index("audit") :] == [
        "audit", "refine", "audit-2", "refine-2", "audit-3", "refine-3", "format", "near_duplicates", "filter",
    ]  # fmt: skip
    assert inputs["audit-2"] == ("refine",) and inputs["refine-2"] == ("audit-2",) and inputs["format"] == ("refine-3",)
    rows = flow(manifest.steps())
    assert rows["audit-2"] == (Refined, Refined) and rows["refine-3"] == (Refined, Refined)


def test_rounds_without_refinement_are_a_mistake() -> None:
    text = (shipped("manifests") / "demo.yaml").read_text("utf-8").replace("- stage: refine\n  model: compose\n", "")
    told = problems(text, "recipe.audit.rounds=2")
    assert any("audit has `rounds`, and no step that refines comes next" in line for line in told)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_manifests_are_right(name: str) -> None:
    assert manifests.load(name).steps()[-1].name == "filter"


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    text = RIGHT.replace("inputs:", "input:").replace("word: hello", "wrd: hello").replace("ToyNext", "ToyNxt")
    told = problems(text + "budget:\n  usd: -1\n")
    assert len(told) == 4
    assert told[0].startswith("m.yaml:1: unknown key 'input'; did you mean 'inputs'?")
    assert any(line.startswith("m.yaml:6: unknown key 'wrd'; did you mean 'word'?") for line in told)
    assert any(line.startswith("m.yaml:7: cannot load the stage") for line in told)
    assert any(line.startswith("m.yaml:9: usd:") for line in told)


def test_a_step_that_cannot_work_on_the_rows_before_it_is_told(tmp_path: Path) -> None:
    text = (shipped("manifests") / "avocado.yaml").read_text()
    (tmp_path / "m.yaml").write_text(text.replace("- stage: format\n  style: integer\n", ""))
    with pytest.raises(ManifestError) as caught:
        manifests.load(tmp_path / "m.yaml")
    (told,) = caught.value.problems
    assert "filter works on Formatted rows, and ensemble before it gives Drafted" in told
    assert told.endswith("put `format` between them") and told.startswith("m.yaml:55:")


def test_an_annotator_that_the_recipe_does_not_have_is_told_before_any_work() -> None:
    text = (shipped("manifests") / "diadem.yaml").read_text()
    (told,) = problems(text.replace("annotator: dialogue", "annotator: dialog"))
    assert "correct names the annotator 'dialog', which the recipe does not have before it" in told
    assert told.endswith("did you mean 'dialogue'?")


@pytest.mark.parametrize("recipe", ["foo", "5", "{stage: ingest}"])
def test_a_recipe_that_is_no_list_is_told(recipe: str) -> None:
    (told,) = problems(f"inputs: []\nrecipe: {recipe}\n")
    assert told.startswith("m.yaml:2: recipe:")


def test_a_step_that_would_lose_what_was_made_is_told() -> None:
    text = (shipped("manifests") / "salmonn2.yaml").read_text()
    told = problems(text.replace("- stage: format", "- stage: verify\n  model: judge\n- stage: format"))
    assert any("verify would lose what prefer has made: put it before prefer" in line for line in told)
    text = (shipped("manifests") / "avocado.yaml").read_text()
    (line,) = problems(text.replace("  min_completeness: 4", "  min_margin: 0.05"))
    assert "filter works on Preferred rows, and format before it gives Formatted" in line


def test_advice_leads_on_from_where_the_recipe_is() -> None:
    text = (shipped("manifests") / "avc-dpo.yaml").read_text()
    without = text.replace("- stage: prefer\n  aspects: [temporal, spatial]\n  rejected: general\n", "").replace(
        "  min_margin: 0.2\n", ""
    )
    (told,) = problems(without)
    assert told.endswith("format works on Drafted rows, and grade before it gives Scored: put `prefer` between them")
    start, end = text.index("- stage: grade"), text.index("- stage: prefer")
    (told,) = problems(text[:start] + text[end:])
    assert told.endswith("put `tally` or `grade` between them")


def test_captions_cannot_be_worked_on_once_they_are_used() -> None:
    text = (shipped("manifests") / "diadem.yaml").read_text()
    step = text[text.index("- stage: correct") : text.index("- stage: ensemble")]
    told = problems(text.replace(step, "").replace("- stage: format", step + "- stage: format"))
    assert any("correct works on captions that ensemble has used already" in line for line in told)


def test_captions_are_due_before_they_are_merged() -> None:
    text = (shipped("manifests") / "avocado.yaml").read_text()
    before, _, rest = text.partition("- stage: caption\n")
    (told,) = problems(before + "- stage: ensemble" + rest.partition("- stage: ensemble")[2])
    assert "ensemble works on Captioned rows, and cut before it gives Clip: put `caption` between them" in told


def test_what_a_row_has_been_through_is_carried_to_the_end() -> None:
    made = {name: flow(manifests.load(f"{name}.yaml").steps())["filter"][1] for name in ("asid", "avocado")}
    assert all(issubclass(kind, Judged) for kind in made.values())
    assert {name for name, kind in made.items() if issubclass(kind, Refined)} == {"asid"}


def test_an_unknown_stage_and_an_unknown_model_name_the_nearest() -> None:
    text = RIGHT + "- stage: enssemble\n- stage: ensemble\n  model: sed\nmodels:\n  seed: {provider: scripted}\n"
    told = problems(text)
    assert any("no stage 'enssemble'; did you mean 'ensemble'?" in line for line in told)
    assert any("'sed'" in line and "did you mean 'seed'?" in line for line in told)


def test_two_steps_of_one_name_are_refused() -> None:
    assert "give one a `name`" in problems(RIGHT + "- stage: tests.toys:ToyNext\n")[0]


def test_text_that_is_not_yaml_says_where() -> None:
    assert problems("recipe: [\n- a")[0].startswith("m.yaml:2: not YAML")
    assert "mapping" in problems("- a\n- b\n")[0]


def test_a_setting_reaches_its_step_by_name() -> None:
    manifest = manifests.parse(
        RIGHT, "m.yaml", ["recipe.work.word=bye", "recipe.work.resources.cpus=2", "budget.usd=3"]
    )
    assert manifest.steps()[1].config.word == "bye"
    assert manifest.steps()[1].config.resources.cpus == 2
    assert manifest.budget.usd == 3


@pytest.mark.parametrize(
    ("setting", "said"),
    [("recipe.work", "path=value"), ("recipe.wrk.word=x", "no 'wrk'"), ("recipe.work.wrod=x", "did you mean 'word'?")],
)
def test_a_wrong_setting_says_so(setting: str, said: str) -> None:
    assert said in problems(RIGHT, setting)[0]


def test_a_frozen_manifest_is_the_same_manifest() -> None:
    for name in ("demo.yaml", "asid.yaml"):
        manifest = manifests.load(name)
        assert manifests.parse(manifests.dump(manifest)) == manifest


def test_an_input_may_be_its_path_alone() -> None:
    assert manifests.parse(RIGHT.replace("- path: videos", "- videos")).inputs[0].path == "videos"
    assert "a mapping is due here (got '7')" in problems(RIGHT.replace("- path: videos", "- 7"))[0]


def test_a_missing_manifest_names_the_shipped_ones() -> None:
    with pytest.raises(ManifestError, match=", ".join(SHIPPED)):
        manifests.load("nothing.yaml")


def test_relative_paths_start_at_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(RIGHT + "prompts: mine\n")
    manifest = manifests.load(tmp_path / "m.yaml")
    assert manifest.inputs[0].path == str(tmp_path / "videos")
    assert manifest.prompts == str(tmp_path / "mine")


# --- secrets -----------------------------------------------------------------------------------------------------

PLANTED = "sk-planted-0123456789abcdef"
PLAIN = "hunter2secret99"
BASE = "inputs: [{path: videos}]\nrecipe:\n- stage: ingest\n- stage: split\n"
MODEL = "models: {a: {provider: openai, model: m, "


@pytest.mark.parametrize(
    "text",
    [
        f"{BASE}{MODEL}key: {PLANTED}}}}}", f"{BASE}{MODEL}base_url: 'https://u:{PLAIN}@h/v1'}}}}",
        f"{BASE}{MODEL}base_url: 'https://h/v1?api_key={PLAIN}'}}}}", f"{BASE}{MODEL}api_key: {PLAIN}}}}}",
        f"{BASE}{MODEL}settings: {{extra: {{headers: {{Authorization: 'Bearer {PLANTED}'}}}}}}}}}}",
        f"{BASE}{MODEL}settings: {{extra: {{x: [1, {{password: {PLAIN}}}]}}}}}}}}",
        f"{BASE}{MODEL}settings: {{extra: {{proxy: 'http://u:{PLAIN}@h'}}}}}}}}",
        f"{BASE}{MODEL}timeout: {PLANTED}}}}}", f"{BASE}{MODEL}prices: {{input: {PLAIN}}}}}}}",
        f"{BASE}{MODEL}key: x, key: {PLANTED}}}}}", f"{BASE}models: {{a: {PLANTED}}}", f"{BASE}models: {PLANTED}",
        f"{BASE}environments: {{e: {{packages: [x], variables: {{HF_TOKEN: {PLAIN}}}}}}}",
        f"{BASE}environments: {{e: {{packages: ['git+https://t:{PLAIN}@github.com/x']}}}}",
        f"{BASE}{PLANTED}: 1", f"{BASE}title: 'x {PLANTED}'", f"{BASE}budget: {{usd: {PLANTED}}}",
        BASE.replace("path: videos", f"path: 's3://a:{PLAIN}@b'"), BASE.replace("stage: split", f"stage: {PLANTED}"),
        BASE.replace("stage: split", f"stage: split\n  settings: {{api_key: {PLAIN}}}"),
    ],
)  # fmt: skip
def test_a_secret_in_a_manifest_is_refused_wherever_it_stands_and_not_repeated(text: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(text)
    shown = "".join(traceback.format_exception(caught.value))
    assert PLANTED not in shown
    assert PLAIN not in shown


@pytest.mark.parametrize("setting", [f"models.a.key={PLANTED}", f"models.a.{PLANTED}", f"no.b.c={PLANTED}",
                                     f"models.a.timeout={PLANTED}", f"models.a.settings=[{PLAIN}"])  # fmt: skip
def test_nor_when_it_comes_by_set(setting: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(f"{BASE}models: {{a: {{provider: openai, model: m}}}}", settings=[setting])
    assert PLANTED not in str(caught.value)
    assert PLAIN not in str(caught.value)


def test_what_only_sounds_like_a_secret_is_none() -> None:
    settings = "settings: {max_tokens: 5, extra: {eos_token: x, stop_token_ids: [1], chat_template_kwargs: {a: b}}}"
    parse(f"{BASE}{MODEL}key: MY_API_KEY, base_url: 'https://host/v1', {settings}}}}}")


def test_a_run_of_an_earlier_release_opens_all_the_same() -> None:
    text = f"{BASE}environments: {{e: {{packages: [x], variables: {{HF_TOKEN: {PLAIN}}}}}}}"
    assert parse(text, frozen=True).environments["e"].variables == {"HF_TOKEN": PLAIN}


# --- manifests that build on others -----------------------------------------------------------------------------------


EXTENDING = """\
extends: asid.yaml
inputs: [videos]
models:
  seed: {limits: {concurrency: 8}}
  gemini: {provider: gemini, model: gemini-2.5-pro}
recipe:
  transcribe: {weights: medium, resources: {gpus: 0}}
  avocado: null
  second: {stage: caption, model: gemini, prompt: caption/audio, sees: [audio], after: gemini}
"""


def extending(folder: Path, text: str) -> manifests.Manifest:
    (folder / "mine.yaml").write_text(text)
    return manifests.load(folder / "mine.yaml")


def test_a_manifest_builds_on_another_with_the_lines_that_differ(tmp_path: Path) -> None:
    whole, mine = manifests.load("asid.yaml"), extending(tmp_path, EXTENDING)
    steps = {step.name: step.config for step in mine.steps()}
    before = {step.name: step.config for step in whole.steps()}
    assert [name for name in steps if name not in before] == ["caption-second"]
    assert [name for name in before if name not in steps] == ["caption-avocado"]
    (heard,) = (entry for entry in mine.recipe if entry["stage"] == "transcribe")
    assert (heard["weights"], heard["backend"]) == ("medium", "whisperx")
    assert (steps["transcribe"].resources.gpus, steps["transcribe"].resources.cpus) == (0, 4)
    names = list(steps)
    assert names.index("caption-second") == names.index("caption-gemini") + 1
    assert all(steps[name] == before[name] for name in steps if name not in ("transcribe", "caption-second"))
    seed = mine.models["seed"]
    assert seed.limits.concurrency == 8 and seed.limits.tokens_per_minute == 1_000_000
    assert seed.base_url == whole.models["seed"].base_url
    assert mine.models["gemini"].key == "" and mine.models["gemini"].settings == {}, "a whole model replaces the other"
    assert mine.inputs[0].path == str(tmp_path / "videos")
    assert manifests.parse(manifests.dump(mine)) == mine, "a run freezes it whole"


def test_what_a_manifest_builds_on_may_build_on_another_and_keeps_its_own_paths(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "first.yaml").write_text(EXTENDING + "prompts: ours\n")
    mine = extending(tmp_path, "extends: base/first.yaml\nmax_failure_rate: 0.5\n")
    assert mine.inputs[0].path == str(tmp_path / "base" / "videos") and mine.prompts == str(tmp_path / "base" / "ours")
    assert mine.max_failure_rate == 0.5 and "caption-second" in {step.name for step in mine.steps()}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("asid.yaml", "asd.yaml"), "mine.yaml:1: there is no manifest 'asd.yaml' to build on; did you mean"),
        (("asid.yaml", "mine.yaml"), "mine.yaml:1: mine.yaml extends itself"),
        (("transcribe:", "transcrib:"), "mine.yaml:7: there is no step 'transcrib' in what this extends; did you mean"),
        (("weights:", "wights:"), "mine.yaml:7: wights: the recogniser whisperx does not read it; it reads"),
        (("after: gemini", "after: gemni"), "mine.yaml:9: there is no step 'gemni'; did you mean 'gemini'?"),
        ((", after: gemini", ""), "mine.yaml:9: say where second belongs"),
        (("concurrency: 8", "concurrency: none"), "mine.yaml:4: concurrency:"),
    ],
)
def test_mistakes_of_an_extending_manifest_have_its_own_lines(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        extending(tmp_path, EXTENDING.replace(*change))
    assert len(caught.value.problems) == 1 and caught.value.problems[0].startswith(told), caught.value.problems


def test_an_own_endpoint_takes_the_place_of_a_model() -> None:
    mine = manifests.load(
        "asid.yaml", ["models.avocado=vllm:mine@http://gpu:8000/v1", "models.seed=openai:m@http://h/v1"]
    )
    avocado, seed = mine.models["avocado"], mine.models["seed"]
    assert (avocado.provider, avocado.model, avocado.base_url) == ("vllm", "mine", "http://gpu:8000/v1")
    assert avocado.settings["use_audio_in_video"] is True, "the same provider keeps its settings"
    assert (seed.base_url, seed.key, seed.prices.input) == ("http://h/v1", "", None), "neither key nor price is carried"
    resources = {step.name: step.config.resources for step in mine.steps()}
    assert (resources["caption-avocado"].gpus, resources["caption-avocado"].env) == (0, "")
    assert resources["transcribe"].gpus == 1
    local = manifests.load("asid.yaml", ["models.avocado=vllm:other"])
    assert {step.name: step.config.resources for step in local.steps()}["caption-avocado"].gpus == 1


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("models.sed=openai:m@http://h/v1", "--model sed: the manifest has no model 'sed'; did you mean 'seed'?"),
        ("models.seed=opnai:m@http://h/v1", "--model seed=opnai:m@http://h/v1: write it as PROVIDER:MODEL"),
    ],
)
def test_a_stand_in_that_cannot_be_is_told(setting: str, told: str) -> None:
    with pytest.raises(ManifestError) as caught:
        manifests.load("asid.yaml", [setting])
    assert caught.value.problems[0].startswith(told), caught.value.problems


def test_a_round_is_a_run_with_settings_of_its_own(tmp_path: Path) -> None:
    margins = []
    for number, least in enumerate(ROUNDS, start=1):
        manifest = load("salmonn2.yaml", [f"round={number}"])
        (entry,) = [entry for entry in manifest.recipe if entry["stage"] == "filter"]
        margins.append((entry["min_margin"], entry["min_repetition_gain"]))
        assert margins[-1] == (least.error, least.repetition) and manifest.round == number
    mine = load("salmonn2.yaml", ["round=2", "recipe.filter.min_margin=0.5"])
    assert mine.recipe[-1]["min_margin"] == 0.5, "the command line has the last word"
    assert parse(dump(mine), frozen=True) == mine
    with pytest.raises(ManifestError, match="there is no round 7: the manifest has 6"):
        load("salmonn2.yaml", ["round=7"])
    with pytest.raises(ManifestError, match="each round is a run of its own"):
        parse(dump(mine), settings=["round=3"], frozen=True)
