"""Exports and published folders in one cache of `datasets`: none is taken for another, whatever loads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import pytest

from asid.pipeline.dataset import publish
from asid.pipeline.dataset.export import Settings, export
from asid.pipeline.registry import EXPORTERS
from asid.pipeline.run.folder import Run
from tests import samples


def folder(*config: str) -> Callable[[Path], Any]:
    return lambda path: datasets.load_dataset(str(path), *config)


def lines(path: Path) -> Any:
    return datasets.load_dataset("json", data_files=str(path / "*.jsonl"))


def config_lines(path: Path) -> Any:
    return datasets.load_dataset("json", data_files=str(path / "all_attributes" / "*.jsonl"))


def parquet(path: Path) -> Any:
    return datasets.load_dataset("parquet", data_files=str(path / "*.parquet"))


def nested_parquet(path: Path) -> Any:
    return datasets.load_dataset("parquet", data_files={"train": str(path / "data" / "all_attributes" / "*.parquet")})


def tars(path: Path) -> Any:
    return datasets.load_dataset("webdataset", data_files={"train": str(path / "*.tar")})


def answers(found: Any) -> list[str]:
    """The captions of all splits, whatever the format calls them."""
    told = []
    for split in found.values():
        if "json" in split.column_names:
            told += [row["caption"] for row in split["json"]]
        elif "caption" in split.column_names:
            told += split["caption"]
        else:
            said = [turns[-1]["content"] for turns in split["messages"]]
            told += [text if isinstance(text, str) else text[0]["text"] for text in said]
    return sorted(told)


@dataclass(frozen=True)
class Way:
    to: str
    load: Callable[[Path], Any]

    def write(self, run: Run, out: Path) -> None:
        if self.to == "publish":
            publish.build(run, "me/clips", out, publish.PublishSettings(videos="reference"))
        elif self.to == "embedded":
            publish.build(run, "me/clips", out, publish.PublishSettings(videos="embed"))
        else:
            export(run, self.to, out, Settings(kinds=("all",), audio="none" if self.to == "llama-factory" else "video"))


WAYS = {
    "asid-1m": Way("asid-1m", folder("all_attributes")),
    "asid-1m, its files": Way("asid-1m", config_lines),
    "ms-swift": Way("ms-swift", folder()),
    "ms-swift, its files": Way("ms-swift", lines),
    "llama-factory": Way("llama-factory", folder()),
    "llama-factory, its files": Way("llama-factory", lines),
    "trl": Way("trl", folder()),
    "trl, its files": Way("trl", parquet),
    "webdataset": Way("webdataset", folder()),
    "webdataset, its files": Way("webdataset", tars),
    "publish": Way("publish", folder("all_attributes")),
    "publish, its default": Way("publish", folder()),
    "publish, its files": Way("publish", nested_parquet),
    "embedded": Way("embedded", folder("all_attributes")),
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A small run, the same grown, and the same with other words."""
    base = tmp_path_factory.mktemp("runs")
    made = {
        "small": samples.make(base / "small" / "run", videos=1),
        "grown": samples.make(base / "grown" / "run", videos=3),
        "other words": samples.make(base / "other" / "run", videos=1, caption="At 0s, a dog sits."),
    }
    for run in made.values():
        samples.with_media(run)
    return made


def wanted(run: Run) -> list[str]:
    return sorted(row.caption for row in run.all_rows("finish") if row.kept)


def test_every_format_is_tried() -> None:
    assert {way.to for way in WAYS.values()} == {*EXPORTERS.shipped, "publish", "embedded"}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_folders_of_one_name(way: Way, runs: dict[str, Run], tmp_path: Path) -> None:
    for name, run in runs.items():
        way.write(run, tmp_path / name / "out")
    for name in (*runs, *reversed(runs), *runs):
        assert answers(way.load(tmp_path / name / "out")) == wanted(runs[name]), name


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_one_folder_filled_again(way: Way, runs: dict[str, Run], tmp_path: Path) -> None:
    for name in (*runs, *reversed(runs)):
        way.write(runs[name], tmp_path / "out")
        for _ in range(2):
            assert answers(way.load(tmp_path / "out")) == wanted(runs[name]), name


def test_one_attribute_that_changed_is_loaded_anew(runs: dict[str, Run], tmp_path: Path) -> None:
    """Each config says its own rows: the caption of all attributes stays as it is."""
    captions = next(iter(runs["small"].all_rows("finish"))).captions
    changed = captions.model_copy(update={"scene": "At 0s, it snows."})
    other = samples.make(tmp_path / "other" / "run", videos=1, captions=changed)
    for name, run in (("one", runs["small"]), ("two", other)):
        export(run, "asid-1m", tmp_path / name / "out", Settings(media="absolute"))
        found = datasets.load_dataset(str(tmp_path / name / "out"), "single_attribute")
        assert any("it snows" in text for text in answers(found)) == (name == "two")


def test_an_export_cut_short_leaves_no_card(
    runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export(runs["small"], "asid-1m", out, Settings())

    def cut(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("asid.pipeline.dataset.export.folder.os.replace", cut)
        with pytest.raises(OSError, match="full"):
            export(runs["grown"], "asid-1m", out, Settings())
    assert not (out / "README.md").exists()
    export(runs["grown"], "asid-1m", out, Settings())
    assert answers(datasets.load_dataset(str(out), "all_attributes")) == wanted(runs["grown"])


def test_a_card_of_somebody_else_stays(runs: dict[str, Run], tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(runs["small"], "ms-swift", out, Settings())
    (out / "README.md").write_text("mine")
    export(runs["grown"], "ms-swift", out, Settings())
    assert (out / "README.md").read_text() == "mine"


@pytest.mark.parametrize("videos", ["reference", "embed", "none"])
def test_published_videos_and_tags_are_typed(runs: dict[str, Run], tmp_path: Path, videos: publish.Videos) -> None:
    publish.build(runs["small"], "me/clips", tmp_path / "out", publish.PublishSettings(videos=videos))
    found = datasets.load_dataset(str(tmp_path / "out"), "all_attributes", split="train")
    assert found.features["video"] == datasets.Video(decode=False)
    rows = {row.id: row for row in runs["small"].all_rows("finish")}
    for row in found:
        assert row["tags"] == rows[row["id"]].tags
        if videos == "none":
            assert row["video"] is None
        elif videos == "embed":
            assert row["video"]["bytes"] == b"not a real video" + row["id"].encode()
        else:
            path = row["video"]["path"].removeprefix("hf://datasets/me/clips/")
            assert (tmp_path / "out" / path).read_bytes() == b"not a real video" + row["id"].encode()
