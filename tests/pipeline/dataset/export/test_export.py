"""Exports of a hand-made run, read back by the readers of their own kind."""

from __future__ import annotations

import json
import tarfile
import wave
from collections import defaultdict
from pathlib import Path

import datasets
import pytest
from typer.testing import CliRunner

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.cli import app
from asid.pipeline.dataset.export import ExportError, Settings, Splits, export
from asid.pipeline.dataset.export.wordings import Wordings
from asid.pipeline.media import process
from asid.pipeline.prompts import Prompts
from asid.pipeline.run.folder import Run, RunError
from tests import samples

HALVES = Splits(validation=0.3, test=0.2, seed=4)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return samples.make(tmp_path / "run")


def kept(run: Run) -> dict[str, samples.Judged]:
    return {row.id: row for row in run.all_rows("finish") if row.kept}


def load(folder: Path, tmp_path: Path, *config: str) -> datasets.DatasetDict:
    return datasets.load_dataset(str(folder), *config, cache_dir=str(tmp_path / "cache"))


def test_asid_1m_has_the_three_stages_and_loads_by_its_card(run: Run, tmp_path: Path) -> None:
    export(run, "asid-1m", tmp_path / "out", Settings())
    rows = kept(run)
    whole = load(tmp_path / "out", tmp_path, "all_attributes")
    assert sorted(whole) == ["0_30_s", "30_s_3_m"]
    found = {row["id"]: row for split in whole.values() for row in split}
    assert found.keys() == rows.keys()
    assert {row["messages"][1]["content"] for row in whole["0_30_s"]} >= set(samples.HOSTILE)
    assert all(row["duration"] <= 30 for row in whole["0_30_s"])
    assert all(found[id]["videos"] == [str(tmp_path / "run" / rows[id].uri.removeprefix("run:"))] for id in rows)
    single = load(tmp_path / "out", tmp_path, "single_attribute")
    assert sorted(single) == ["0_3_m"]
    given = {(row["id"], *row["attributes"]): row["messages"][1]["content"] for row in single["0_3_m"]}
    wanted = {(id, name): getattr(row.captions, name) for id, row in rows.items() for name in ATTRIBUTES}
    assert given == {key: text for key, text in wanted.items() if text}


@pytest.mark.parametrize("to", ["asid-1m", "ms-swift", "webdataset"])
def test_the_same_export_twice_is_the_same_bytes(run: Run, tmp_path: Path, to: str) -> None:
    samples.with_media(run)
    for name in ("one", "two"):
        export(run, to, tmp_path / name, Settings(splits=HALVES, kinds=("all", "single", "subset")))
    one, two = ({file.relative_to(tmp_path / name): file.read_bytes()
                 for file in (tmp_path / name).rglob("*") if file.is_file()} for name in ("one", "two"))  # fmt: skip
    assert one == two


def test_no_video_is_in_two_splits_and_another_seed_splits_otherwise(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=40, clips=2, per_shard=10)
    seen = []
    for seed in (1, 2):
        splits = Splits(validation=0.3, test=0.2, seed=seed)
        export(run, "ms-swift", tmp_path / str(seed), Settings(splits=splits, kinds=("all",)))
        of = defaultdict(set)
        for file in (tmp_path / str(seed)).glob("*.jsonl"):
            for row in samples.lines(file):
                of[Path(row["videos"][0]).parent.name].add(file.stem.partition("_")[0])
        assert len(of) == 40
        assert all(len(names) == 1 for names in of.values())
        assert set().union(*of.values()) == {"train", "validation", "test"}
        seen.append(of)
    assert seen[0] != seen[1]


def test_ms_swift_keeps_silent_clips_apart(run: Run, tmp_path: Path) -> None:
    export(run, "ms-swift", tmp_path / "out", Settings(kinds=("all",)))
    rows = {run.storage.resolve(row.uri).removeprefix("file://"): row for row in kept(run).values()}
    for name, sound in (("train_sound.jsonl", True), ("train_silent.jsonl", False)):
        found = list(samples.lines(tmp_path / "out" / name))
        assert len(found) == sum(row.sound is sound for row in rows.values())
        for line in found:
            row = rows[line["videos"][0]]
            assert row.sound is sound
            assert line["messages"][0]["content"].count("<video>") == len(line["videos"]) == 1
            assert line["messages"][1] == {"role": "assistant", "content": row.caption}


def media_run(folder: Path) -> Run:
    """A run whose two videos are real: one second of colour, with a tone."""
    run = samples.make(folder, videos=2, clips=2, duration=1.0, frames=())
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
    for row in run.all_rows("finish"):
        target = Path(run.storage.resolve(row.uri).removeprefix("file://"))
        target.parent.mkdir(parents=True, exist_ok=True)
        picture = ["-f", "lavfi", "-i", "color=red:size=64x48:duration=1"]
        process.run(["ffmpeg", "-v", "error", *picture, *(tone if row.sound else []), str(target)], 60)
    return run


@pytest.mark.media
@pytest.mark.parametrize("to", ["ms-swift", "llama-factory"])
def test_sound_comes_as_files_that_play(tmp_path: Path, to: str) -> None:
    run = media_run(tmp_path / "run")
    export(run, to, tmp_path / "out", Settings(kinds=("all",), media="copy", audio="file"))
    rows = list(samples.lines(tmp_path / "out" / "train_sound.jsonl"))
    assert len(rows) == sum(row.sound for row in kept(run).values())
    for row in rows:
        assert row["messages"][0]["content"].startswith("<video><audio>")
        assert (tmp_path / "out" / row["videos"][0]).is_file()
        with wave.open(str(tmp_path / "out" / row["audios"][0])) as sound:
            assert sound.getnframes() / sound.getframerate() == pytest.approx(1.0, abs=0.05)
    if to == "llama-factory":
        info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
        assert info["asid_train_sound"]["file_name"] == "train_sound.jsonl"
        assert info["asid_train_sound"]["columns"] == {"messages": "messages", "videos": "videos", "audios": "audios"}


def test_trl_has_images_that_datasets_decodes(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=2, clips=1)
    red = process.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=red:size=16x16", "-frames:v", "1",
                       "-f", "mjpeg", "pipe:1"], 60, max_output=1 << 20)  # fmt: skip
    for row in run.all_rows("finish"):
        for frame in row.frames:
            run.storage.write(frame.uri, red)
    export(run, "trl", tmp_path / "out", Settings(kinds=("all",)))
    data = load(tmp_path / "out", tmp_path)["train"]
    assert len(data) == 2
    for row in data:
        asked = [part["type"] for part in row["messages"][0]["content"]]
        assert asked == ["image", "image", "text"]
        assert [image.size for image in row["images"]] == [(16, 16)] * 2
    assert data[0]["messages"][1]["content"][0]["text"] == samples.HOSTILE[0]


def test_trl_without_stills_says_what_to_do(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=1, clips=1, frames=())
    with pytest.raises(ExportError, match="no stills"):
        export(run, "trl", tmp_path / "out", Settings())
    assert not list((tmp_path / "out").rglob("*"))


def test_webdataset_pairs_videos_with_their_captions(run: Run, tmp_path: Path) -> None:
    samples.with_media(run)
    export(run, "webdataset", tmp_path / "out", Settings(tar_bytes=20_000))
    files = sorted((tmp_path / "out").glob("*.tar"))
    assert len(files) > 1
    found = load(tmp_path / "out", tmp_path)["train"].cast_column("mp4", datasets.Video(decode=False))
    rows = kept(run)
    assert {row["__key__"] for row in found} == rows.keys()
    for row in found:
        assert row["mp4"]["bytes"] == b"not a real video" + row["__key__"].encode()
        assert row["json"]["caption"] == rows[row["__key__"]].caption
    with tarfile.open(files[0]) as tar:
        assert {member.mtime for member in tar} == {0}


def test_relative_paths_lead_from_the_export_to_the_run(run: Run, tmp_path: Path) -> None:
    samples.with_media(run)
    export(run, "ms-swift", tmp_path / "deep" / "out", Settings(media="relative", kinds=("all",)))
    for file in (tmp_path / "deep" / "out").glob("*.jsonl"):
        for row in samples.lines(file):
            assert not row["videos"][0].startswith("/")
            assert (tmp_path / "deep" / "out" / row["videos"][0]).read_bytes().startswith(b"not a real video")


def test_a_virtual_clip_needs_copying(tmp_path: Path) -> None:
    run = samples.make(tmp_path / "run", videos=1, clips=1, uri="file:///videos/0.mp4", offset=3.0)
    with pytest.raises(ExportError, match="--media copy"):
        export(run, "ms-swift", tmp_path / "out", Settings())
    with pytest.raises(ExportError, match="cannot be read"):
        export(run, "ms-swift", tmp_path / "out", Settings(media="copy"))


@pytest.mark.media
def test_a_virtual_clip_is_cut_when_copied(tmp_path: Path) -> None:
    source = tmp_path / "🎬 long.mp4"
    process.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:duration=4", str(source)], 60)
    run = samples.make(tmp_path / "run", videos=1, clips=1, uri=source.as_uri(), source_uri=source.as_uri(), offset=1.0,
                       duration=2.0, sound=False)  # fmt: skip
    export(run, "ms-swift", tmp_path / "out", Settings(media="copy", kinds=("all",)))
    (row,) = samples.lines(tmp_path / "out" / "train_silent.jsonl")
    told = process.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0",
                        str(tmp_path / "out" / row["videos"][0])], 60)  # fmt: skip
    assert float(told) == pytest.approx(2.0, abs=0.1)


def test_a_second_export_replaces_the_first_and_foreign_files_are_left_alone(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(run, "ms-swift", out, Settings(splits=HALVES))
    (out / "mine.txt").write_text("mine")
    export(run, "asid-1m", out, Settings())
    assert sorted(file.name for file in out.iterdir()) == [
        "README.md", "all_attributes", "export.json", "mine.txt", "single_attribute",
    ]  # fmt: skip
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="no export made"):
        export(run, "asid-1m", tmp_path / "full", Settings())


def test_an_unfinished_run_is_refused_unless_asked(run: Run, tmp_path: Path) -> None:
    run.storage.delete(run.uri("finish", "00001"))
    with pytest.raises(RunError, match="finish: 1 shard pending"):
        export(run, "asid-1m", tmp_path / "out", Settings())
    counts = export(run, "asid-1m", tmp_path / "out", Settings(unfinished=True, kinds=("all",)))
    assert sum(counts.values()) == len(kept(run))


def test_subsets_name_what_they_ask_for(run: Run, tmp_path: Path) -> None:
    export(run, "asid-1m", tmp_path / "out", Settings(kinds=("subset",)))
    sizes = defaultdict(int)
    for row in samples.lines(tmp_path / "out" / "some_attributes" / "0_3_m.jsonl"):
        sizes[len(row["attributes"])] += 1
        assert "emotions" not in row["attributes"]  # the clips give none
        answer = row["messages"][1]["content"]
        assert answer.startswith(f"At 0s, the {row['attributes'][0]} of clip") and answer.count("At 0s,") == 1
        assert "\n" not in answer
        for name in row["attributes"][1:]:
            assert f". The {name} of clip" in answer
    assert set(sizes) == {2, 3, 4}


def test_every_wording_is_asked_and_names_its_attributes() -> None:
    wordings = Wordings(Prompts(), seed=1)
    asked = {wordings.ask(f"clip {number}") for number in range(300)}
    assert asked == set(wordings.whole)
    assert sorted(wordings.phrases) == sorted(ATTRIBUTES)
    for number in range(300):
        text = wordings.ask(f"clip {number}", ("speech", "camera"))
        assert "{{" not in text
        assert any(phrase in text for phrase in wordings.phrases["speech"])
        assert any(phrase in text for phrase in wordings.phrases["camera"])
    assert all("{{attributes}}" in line for line in wordings.some)


def test_the_command_says_what_it_wrote(run: Run, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["export", str(tmp_path / "run"), "--to", "ms-swift", "--out", str(tmp_path / "out"),
                                    "--items", "all"])  # fmt: skip
    assert told.exit_code == 0, told.output
    assert f"train_silent.jsonl: {sum(not row.sound for row in kept(run).values())}" in told.output
    with pytest.raises(ExportError, match="'moon' is none of"):
        CliRunner().invoke(app, ["export", str(tmp_path / "run"), "--to", "trl", "--out", str(tmp_path / "o"),
                                 "--media", "moon"], catch_exceptions=False)  # fmt: skip
