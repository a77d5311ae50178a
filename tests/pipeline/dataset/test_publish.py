"""Publishing through the real client of the Hub, to a server on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from ruamel.yaml import YAML
from typer.testing import CliRunner

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.cli import app
from asid.pipeline.dataset import publish
from asid.pipeline.dataset.card import plain
from asid.pipeline.dataset.export import ExportError, Splits
from asid.pipeline.media import process
from asid.pipeline.run.folder import Run, RunError
from tests import samples
from tests.servers.hub import TOKEN, Hub

REPO = "me/clips"
LOAD = """
import json, sys, datasets
from huggingface_hub import HfFileSystem
found = {}
for config in ("all_attributes", "single_attribute"):
    for split, rows in datasets.load_dataset(sys.argv[1], config).items():
        found[f"{config}/{split}"] = [len(rows), sorted(set(rows["source_id"])), str(rows.features["video"])]
        path = rows[0]["video"]["path"]
        found["bytes"] = HfFileSystem().open(path).read().decode()
print(json.dumps(found))
"""
REVISIONS = """
import json, sys, datasets
found = []
for revision in sys.argv[2:]:
    rows = datasets.load_dataset(sys.argv[1], "all_attributes", split="train", revision=revision)
    found.append(sorted(zip(rows["id"], rows["caption"])))
print(json.dumps(found))
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = samples.make(tmp_path / "run")
    samples.with_media(made)
    return made


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A server that the client of this process takes for the Hub. It uploads the plain way, without Xet."""
    with Hub() as server:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield server


def load(hub: Hub, tmp_path: Path, script: str = LOAD, *more: str) -> Any:
    """Every config as somebody else loads it, in a process of its own; in one cache for each test."""
    settings = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    told = subprocess.run([sys.executable, "-c", script, REPO, *more], env=os.environ | settings, capture_output=True,
                          text=True, timeout=500, check=False, cwd=tmp_path)  # fmt: skip
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def command(tmp_path: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["publish", str(tmp_path / "run"), "--repo", REPO, *more])


def folder(path: Path) -> dict[str, bytes]:
    files = (file for file in path.rglob("*") if file.is_file() and file.name != "export.json")
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


def on_server(hub: Hub) -> dict[str, bytes]:
    return {path: data for path, data in hub.repos[REPO].files.items() if path != ".gitattributes"}


def test_published_interrupted_resumed_and_repeated(run: Run, hub: Hub, tmp_path: Path) -> None:
    held = ("--validation", "0.4", "--seed", "3")
    hub.fail(10)
    told = command(tmp_path, *held)
    assert isinstance(told.exception, ExportError)
    assert "the same command goes on from here" in str(told.exception)
    assert on_server(hub) == {}
    assert hub.repos[REPO].private
    sent = len(hub.objects)
    assert sent == 9

    hub.fail(None)
    hub.uploads = 0
    assert command(tmp_path, *held).exit_code == 0
    wanted = folder(tmp_path / "run" / "publish")
    assert on_server(hub) == wanted
    large = {data for path, data in wanted.items() if path.endswith((".mp4", ".parquet"))}
    assert hub.uploads == len(large) - sent  # nothing was sent twice

    commits, hub.uploads = len(hub.commits), 0
    assert command(tmp_path, *held).exit_code == 0
    assert (len(hub.commits), hub.uploads) == (commits, 0)

    rows = [row for row in run.all_rows("finish") if row.kept]
    found: dict[str, Any] = load(hub, tmp_path)
    assert found.pop("bytes").startswith("not a real video")
    assert sorted(found) == ["all_attributes/train", "all_attributes/validation", "single_attribute/train",
                             "single_attribute/validation"]  # fmt: skip
    counts = {config: sum(found[f"{config}/{split}"][0] for split in ("train", "validation"))
              for config in ("all_attributes", "single_attribute")}  # fmt: skip
    given = sum(bool(getattr(row.captions, name)) for row in rows for name in ATTRIBUTES)
    assert counts == {"all_attributes": len(rows), "single_attribute": given}
    assert not set(found["all_attributes/train"][1]) & set(found["all_attributes/validation"][1])
    assert found["all_attributes/train"][2].startswith("Video")


def test_each_revision_is_itself_in_one_cache(run: Run, hub: Hub, tmp_path: Path) -> None:
    first = sorted([row.id, row.caption] for row in run.all_rows("finish") if row.kept)
    assert command(tmp_path, "--videos", "none").exit_code == 0
    old = hub.repos[REPO].head
    assert load(hub, tmp_path, REVISIONS, "main") == [first]
    grown = samples.make(tmp_path / "run", videos=7, caption="At 0s, a dog sits.")
    second = sorted([row.id, row.caption] for row in grown.all_rows("finish") if row.kept)
    assert command(tmp_path, "--videos", "none").exit_code == 0
    new = hub.repos[REPO].head
    assert load(hub, tmp_path, REVISIONS, "main", old, new, old, "main") == [second, first, second, first, second]


def test_what_is_no_longer_in_the_dataset_leaves_the_hub(run: Run, hub: Hub, tmp_path: Path) -> None:
    assert command(tmp_path).exit_code == 0
    hub.repos[REPO].files["notes.txt"] = b"somebody's own"
    run.storage.delete(run.uri("finish", "00001"))
    assert "pending" in str(command(tmp_path).exception)
    assert command(tmp_path, "--unfinished").exit_code == 0
    wanted = folder(tmp_path / "run" / "publish")
    assert on_server(hub) == wanted | {"notes.txt": b"somebody's own"}
    assert sum(path.startswith("videos/") for path in wanted) == sum(row.kept for row in run.all_rows("finish"))


def test_a_refused_token_is_said_plainly(run: Run, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    told = command(tmp_path)
    assert isinstance(told.exception, ExportError)
    assert "401" in str(told.exception)
    assert not hub.repos


def test_a_dry_run_calls_nobody_and_public_must_be_asked_for(run: Run, hub: Hub, tmp_path: Path) -> None:
    assert command(tmp_path, "--dry-run", "--out", str(tmp_path / "built")).exit_code == 0
    assert not hub.calls
    assert (tmp_path / "built" / "README.md").is_file()
    assert command(tmp_path, "--public").exit_code == 0
    assert not hub.repos[REPO].private


def test_building_twice_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        publish.build(run, REPO, tmp_path / name, publish.PublishSettings())
    assert folder(tmp_path / "one") == folder(tmp_path / "two")


def test_embedded_videos_are_the_bytes_and_shards_are_limited(run: Run, tmp_path: Path) -> None:
    publish.build(run, REPO, tmp_path / "out", publish.PublishSettings(videos="embed", shard_bytes=50_000))
    files = sorted((tmp_path / "out" / "data" / "all_attributes").iterdir())
    assert len(files) > 1
    data = datasets.load_dataset(str(tmp_path / "out"), "all_attributes", cache_dir=str(tmp_path / "cache"))["train"]
    assert data.features["video"] == datasets.Video(decode=False)
    for row in data:
        assert row["video"]["bytes"] == b"not a real video" + row["id"].encode()
    assert not (tmp_path / "out" / "videos").exists()


@pytest.mark.media
@pytest.mark.parametrize("videos", ["reference", "embed"])
def test_a_virtual_clip_is_published_as_a_file_that_begins_with_it(tmp_path: Path, videos: publish.Videos) -> None:
    source = tmp_path / "long.mp4"
    process.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:duration=4", str(source)], 60)
    run = samples.make(tmp_path / "run", videos=1, clips=1, uri=source.as_uri(), source_uri=source.as_uri(), offset=1.0,
                       duration=2.0, sound=False)  # fmt: skip
    publish.build(run, REPO, tmp_path / "out", publish.PublishSettings(videos=videos))
    (row,) = datasets.load_dataset(str(tmp_path / "out"), "all_attributes", cache_dir=str(tmp_path / "cache"))["train"]
    clip = tmp_path / "clip.mp4"
    name = str(row["video"]["path"]).removeprefix(f"hf://datasets/{REPO}/")
    clip.write_bytes(row["video"]["bytes"] or (tmp_path / "out" / name).read_bytes())
    told = process.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(clip)], 60)
    assert (float(told), row["video_offset"]) == (pytest.approx(2.0, abs=0.1), 0.0)


def test_no_local_path_leaves_the_machine(run: Run, tmp_path: Path) -> None:
    publish.build(run, REPO, tmp_path / "out", publish.PublishSettings())
    for file in (tmp_path / "out" / "data").rglob("*.parquet"):
        text = str(pq.read_table(file).to_pylist())
        assert str(tmp_path) not in text
        assert "file://" not in text


def test_the_card_survives_hostile_text(run: Run, tmp_path: Path) -> None:
    publish.build(run, REPO, tmp_path / "out", publish.PublishSettings(splits=Splits(test=0.3, seed=2)))
    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    _, head, body = card.split("---\n", 2)
    told = YAML(typ="safe").load(head)
    assert [config["config_name"] for config in told["configs"]] == ["all_attributes", "single_attribute"]
    assert [entry["split"] for entry in told["configs"][0]["data_files"]] == ["test", "train"]
    assert "<script" not in body
    assert "&lt;script" in body
    rows = list(run.all_rows("finish"))
    assert f"{sum(row.kept for row in rows)} clips" in body
    assert "toy\\-writer" in body


def test_plain_text_cannot_be_markup() -> None:
    assert plain("[x](javascript:1)|<b>\n`c`") == "\\[x\\]\\(javascript\\:1\\)\\|&lt;b&gt; \\`c\\`"
    assert len(plain("x" * 9000)) == 120


def test_a_run_that_failed_is_refused(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=2)
    videos = [samples.video(number) for number in range(2)]
    manifest = run.manifest.model_copy(update={"max_failure_rate": 0.4})
    run = Run(tmp_path / "run", manifest)
    samples.write(run, "00000", videos, [[samples.judged(videos[0], 0)], []], 1)
    with pytest.raises(RunError, match="finish: 1 of 2 rows failed, more than 40%"):
        publish.build(run, REPO, tmp_path / "out", publish.PublishSettings(videos="none"))
    assert publish.build(run, REPO, tmp_path / "out", publish.PublishSettings(videos="none", unfinished=True)) == {
        "data/all_attributes/train-00000.parquet": 1, "data/single_attribute/train-00000.parquet": 7,
    }  # fmt: skip


def test_a_word_that_is_no_choice_is_refused() -> None:
    with pytest.raises(ExportError, match="'hologram' is none of reference, embed, none"):
        publish.settings("hologram", Splits(), False)
