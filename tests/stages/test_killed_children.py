"""An ffmpeg or ffprobe that is killed, whichever of all that a stage starts, costs no row and changes none."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.inputs.base import Listed, address_id
from asid.pipeline.media.process import MediaKilled
from asid.pipeline.models.base import Media
from asid.pipeline.models.providers.attachments import Attachments
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Split, Transcribed, Video
from asid.pipeline.run import workshop
from asid.pipeline.run.workshop import RowOutcome, Workshop
from asid.pipeline.stage import Context, Stage
from asid.pipeline.storage import Storage, to_uri
from asid.stages.cut import Cut, CutConfig
from asid.stages.ingest import Ingest, IngestConfig
from asid.stages.split import SplitConfig, Splitter
from asid.stages.transcribe import Transcribe, TranscribeConfig
from tests.films import X264, film

AT_ONCE = "kill -KILL $$"
HALF_WAY = 'REAL "$@" | head -c 30000; kill -KILL $$'


class Tools:
    """ffmpeg and ffprobe that count their calls; the one numbered `victim` is killed, at once or half way."""

    def __init__(self, folder: Path):
        self.calls, self.victim, self.how = folder / "calls", folder / "victim", folder / "how"
        for tool in ("ffmpeg", "ffprobe"):
            real = shutil.which(tool)
            assert real
            script = f"""#!/bin/sh
echo >> {self.calls}
[ $(wc -l < {self.calls}) = $(cat {self.victim}) ] && case $(cat {self.how}) in
  at_once) {AT_ONCE};;
  half_way) {HALF_WAY.replace("REAL", real)};;
  always) {AT_ONCE};;
esac
[ $(cat {self.how}) = always ] && {AT_ONCE}
exec {real} "$@"
"""
            (folder / tool).write_text(script)
            (folder / tool).chmod(0o755)
        self.kill(0)

    def kill(self, victim: int, how: str = "at_once") -> None:
        self.calls.write_text("")
        self.victim.write_text(str(victim))
        self.how.write_text(how)

    @property
    def count(self) -> int:
        return self.calls.read_text().count("\n")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    folder = tmp_path / "tools"
    folder.mkdir()
    made = Tools(folder)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(workshop, "PAUSE", 0.0)
    return made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, sound and a stream of subtitles."""
    folder = tmp_path_factory.mktemp("film")
    (folder / "words.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nhello there\n")
    picture = film(folder / "picture.mp4", *X264)
    inputs = ["-i", picture, "-f", "lavfi", "-i", "sine=d=4.8", "-i", folder / "words.srt"]
    target = folder / "clip.mp4"
    command = ["ffmpeg", "-v", "error", *inputs, "-c:v", "copy", "-c:a", "aac", "-c:s", "mov_text", "-map", "0",
               "-map", "1", "-map", "2", target]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    return target


def attempt(stage: Stage[Any, Any, Any], row: Any, wanted: type[Any]) -> RowOutcome:
    return asyncio.run(Workshop(None, lambda *_: None)._attempt(stage, row, stage.name, wanted))  # type: ignore[arg-type, return-value]


def survives(stage: Stage[Any, Any, Any], row: Any, wanted: type[Any], tools: Tools) -> Any:
    """The stage's row, the same whichever call is killed and however; and a failure that may pass when all are."""
    tools.kill(0)
    whole = attempt(stage, row, wanted)
    assert whole.failure is None, whole.failure
    calls = tools.count
    for how in ("at_once", "half_way"):
        for victim in range(1, calls + 1):
            tools.kill(victim, how)
            assert attempt(stage, row, wanted) == whole, (how, victim)
    tools.kill(0, "always")
    failure = attempt(stage, row, wanted).failure
    assert failure is not None
    assert (failure.kind, failure.attempts, failure.may_pass) == ("killed", 3, True)
    return whole.rows[0]


@pytest.mark.models
def test_no_stage_takes_the_end_of_a_tool_for_a_verdict(tools: Tools, clip: Path, tmp_path: Path) -> None:
    context = Context(Storage(tmp_path / "run"), Prompts(), {})
    uri = to_uri(clip)
    listed = Listed(id=address_id(uri), uri=uri, name="clip.mp4", licence="", source="", tags={})
    video = survives(Ingest(IngestConfig(), context), listed, Video, tools)
    split = Splitter(SplitConfig(), context)
    split.open()
    seen = survives(split, video, Split, tools)
    transcribe = Transcribe(TranscribeConfig(), context)
    transcribe.open()
    heard = survives(transcribe, seen, Transcribed, tools)
    transcribe.close()
    assert heard.subtitles
    cut = Cut(CutConfig(min_seconds=1.0), context)
    for one in (cut, Cut(CutConfig(min_seconds=1.0, method="copy"), context)):
        shutil.rmtree(tmp_path / "run" / "media" / "clips", ignore_errors=True)
        tools.kill(0)
        whole = attempt(one, heard, cut.types()[1])
        assert whole.failure is None, whole.failure
        for victim in range(1, tools.count + 1):
            shutil.rmtree(tmp_path / "run" / "media" / "clips")
            tools.kill(victim)
            assert attempt(one, heard, cut.types()[1]) == whole, victim


def test_media_for_a_model_are_not_called_unfit_because_a_tool_was_killed(tools: Tools, clip: Path) -> None:
    tools.kill(0, "always")
    medium = Media(kind="video", uri=to_uri(clip), sha256="x", start=1.0, end=2.0)
    with pytest.raises(MediaKilled):
        asyncio.run(Attachments(Storage(clip.parent)).whole(medium))
