"""A listed file becomes a checked video, wherever its bytes are; or it is refused with a kind that can be counted."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from asid.pipeline.inputs.base import InputConfig, Listed
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.inputs.packing import fold_duplicates
from asid.pipeline.media.probe import picture_start
from asid.pipeline.media.settings import ProbeLimits
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Video
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage, to_path
from asid.stages.ingest import Ingest, IngestConfig
from tests.servers.hub import TOKEN, Hub, Repo
from tests.servers.s3 import buckets

ROOT = Path(__file__).parents[2]


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-y", "-nostdin", "-v", "error", *map(str, arguments)], check=True, timeout=120)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video with two sound tracks, the second the default; a sound; a picture without sound."""
    out = tmp_path_factory.mktemp("clips")
    scene = ("-f", "lavfi", "-t", 2, "-i", "testsrc2=s=160x90:r=25")
    tone = ("-f", "lavfi", "-t", 2, "-i", "sine=r=16000")
    tracks = ("-map", 0, "-map", 1, "-map", 1, "-c:a:0", "aac", "-c:a:1", "flac", "-disposition:a:0", 0)
    ffmpeg(*scene, *tone, *tracks, "-disposition:a:1", "default", out / "video.mkv")
    ffmpeg(*tone, out / "sound.m4b")
    ffmpeg(*scene, "-preset", "ultrafast", out / "mute.mp4")
    return out


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "run", cache=tmp_path / "cache")


def listed(storage: Storage, path: str | Path, **settings: object) -> list[Listed]:
    inputs = [InputConfig(path=os.fspath(path), **settings)]  # type: ignore[arg-type]
    return [row for row in list_inputs(inputs, storage) if isinstance(row, Listed)]


def run(storage: Storage, row: Listed, **settings: object) -> Video:
    stage = Ingest(IngestConfig(**settings), Context(storage, Prompts(), {}))  # type: ignore[arg-type]
    return asyncio.run(stage.process(row))


def refusal(storage: Storage, path: Path, **settings: object) -> str:
    (row,) = listed(storage, path)
    with pytest.raises(Unprocessable) as caught:
        run(storage, row, **settings)
    assert str(caught.value)
    return caught.value.kind


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_video_with_what_is_known_of_it(storage: Storage, clips: Path) -> None:
    path = clips / "video.mkv"
    (row,) = listed(storage, path, licence="CC0", source="the attic", tags={"mood": "calm"})
    video = run(storage, row)
    assert to_path(video.uri) == path
    assert video.sha256 == sha256(path)
    assert video.id == video.sha256[:16]
    assert (video.name, video.size) == ("video.mkv", path.stat().st_size)
    assert (video.width, video.height, video.fps) == (160, 90, pytest.approx(25))
    assert video.duration == pytest.approx(2.0, abs=0.01)
    assert video.shown_from == picture_start(path)[1]
    assert (video.video_codec, video.audio_codec, video.audio_streams) == ("h264", "flac", 2)
    assert (video.licence, video.source, video.tags) == ("CC0", "the attic", {"mood": "calm"})
    assert video.duplicates == ()


def test_no_sound_is_no_mistake(storage: Storage, clips: Path) -> None:
    (row,) = listed(storage, clips / "mute.mp4")
    video = run(storage, row)
    assert (video.audio_codec, video.audio_streams) == ("", 0)


def test_a_file_that_is_no_video_is_refused_by_kind(storage: Storage, clips: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("This is not a video.\n" * 20)
    assert refusal(storage, tmp_path / "empty.mp4") == "empty"
    assert refusal(storage, tmp_path / "text.mp4") == "unreadable"
    assert refusal(storage, clips / "sound.m4b") == "no_video"
    assert refusal(storage, clips / "mute.mp4", limits=ProbeLimits(max_seconds=1)) == "too_long"


def test_a_file_that_changes_after_it_was_listed(storage: Storage, clips: Path, tmp_path: Path) -> None:
    path = tmp_path / "now_you_see_me.mp4"
    path.write_bytes((clips / "mute.mp4").read_bytes())
    (row,) = listed(storage, path)
    path.unlink()
    with pytest.raises(Unprocessable) as caught:
        run(storage, row)
    assert caught.value.kind == "missing"
    os.mkfifo(path)  # opened as a file is, it would wait for ever
    with pytest.raises(Unprocessable) as caught:
        run(storage, row)
    assert caught.value.kind == "unreadable"
    path.unlink()
    path.mkdir()
    with pytest.raises(Unprocessable) as caught:
        run(storage, row)
    assert caught.value.kind == "unreadable"


def test_the_same_bytes_twice_are_one_video(storage: Storage, clips: Path, tmp_path: Path) -> None:
    folder = tmp_path / "twice"
    folder.mkdir()
    for name in ("b.mp4", "c.mp4"):
        (folder / name).write_bytes((clips / "mute.mp4").read_bytes())
    (folder / "a.mp4").symlink_to("c.mp4")
    rows = listed(storage, folder)
    (video,) = fold_duplicates([run(storage, row) for row in rows])
    assert video.name == "a.mp4"
    assert [to_path(uri).name for uri in video.duplicates] == ["b.mp4", "c.mp4"]


def test_a_member_of_a_tar_is_taken_into_the_run(storage: Storage, clips: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        tar.add(clips / "mute.mp4", "x/0.mp4")
        tar.add(clips / "mute.mp4", "x/1.$(id)")
    first, second = listed(storage, tmp_path / "s.tar")
    video = run(storage, first)
    digest = sha256(clips / "mute.mp4")
    assert video.uri == f"run:media/inputs/{digest}.mp4"
    assert storage.read(video.uri) == (clips / "mute.mp4").read_bytes()
    assert video.name == "s.tar/x/0.mp4"
    assert run(storage, first) == video
    assert run(storage, second).uri == f"run:media/inputs/{digest}.bin"
    assert list((tmp_path / "run" / "scratch").iterdir()) == []


def test_a_full_disk_is_not_the_files_fault(
    storage: Storage, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        tar.add(clips / "mute.mp4", "0.mp4")
    (row,) = listed(storage, tmp_path / "s.tar")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("asid.pipeline.inputs.tars.copy_member", full)
    with pytest.raises(OSError, match="No space left"):
        run(storage, row)


def test_a_video_in_a_bucket(storage: Storage, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cloud" / "vids").mkdir(parents=True)
    (tmp_path / "cloud" / "vids" / "mute #1.mp4").write_bytes((clips / "mute.mp4").read_bytes())
    with buckets(tmp_path / "cloud", monkeypatch):
        (row,) = listed(storage, "s3://vids/")
        video = run(storage, row)
        (tmp_path / "cloud" / "vids" / "mute #1.mp4").unlink()
        with pytest.raises(Unprocessable) as caught:
            run(Storage(storage.root, cache=tmp_path / "other"), row)
    assert (video.uri, video.sha256) == ("s3://vids/mute #1.mp4", sha256(clips / "mute.mp4"))
    assert caught.value.kind == "missing"


# In a process of its own: the Hub's libraries read their endpoint when they are imported.
HUB = """
import asyncio, sys
from asid.pipeline.inputs.base import InputConfig
from asid.pipeline.inputs.listing import list_inputs
from asid.pipeline.prompts import Prompts
from asid.pipeline.stage import Context
from asid.pipeline.storage import Storage
from asid.stages.ingest import Ingest, IngestConfig
storage = Storage(sys.argv[1])
stage = Ingest(IngestConfig(), Context(storage, Prompts(), {}))
for row in list_inputs([InputConfig(path="hf://datasets/me/vids")], storage):
    print(asyncio.run(stage.process(row)).model_dump_json())
"""


def test_a_dataset_of_the_hub(storage: Storage, clips: Path, tmp_path: Path) -> None:
    table = b"file_name,licence,mood\na.mp4,CC-BY,calm\n"
    files = {"train/a.mp4": (clips / "mute.mp4").read_bytes(), "train/metadata.csv": table}
    with Hub() as hub:
        hub.repos["me/vids"] = Repo(private=False, files=files)
        settings = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hub")}
        done = subprocess.run(
            [sys.executable, "-c", HUB, tmp_path / "run"],
            cwd=ROOT,
            env=os.environ | settings,
            capture_output=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr.decode()
    video = Video.model_validate(json.loads(done.stdout))
    assert storage.read(video.uri) == files["train/a.mp4"]
    assert (video.name, video.licence, video.tags) == ("a.mp4", "CC-BY", {"split": "train", "mood": "calm"})
