"""A video fans out into clips, each with its own file and its own slice of what was seen and heard."""

from __future__ import annotations

import asyncio
import errno
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.asking import evidence
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Clip, Frame, Shot, Signal, Sound, Transcribed, Utterance, Word
from asid.pipeline.stage import Context, Unprocessable
from asid.pipeline.storage import Storage, to_uri
from asid.stages.cut import Cut, CutConfig

WORDS = [(0.4, 1.9), (2.0, 3.9), (4.1, 5.2), (5.8, 7.6), (7.7, 9.5)]


def utterance(words: list[tuple[float, float]], text: str) -> Utterance:
    said = tuple(
        Word(start=start, end=end, text=word.strip(",."), score=0.9, speaker="A")
        for (start, end), word in zip(words, text.split(), strict=True)
    )
    return Utterance(start=words[0][0], end=words[-1][1], speaker="A", text=text, words=said, overlap=False)


def video(path: Path, **new: Any) -> Transcribed:
    """Ten seconds at 25 frames a second: three shots, of 4, 1 and 5 seconds; one utterance through all of them."""
    edges = [0.0, 4.0, 5.0, 10.0]
    row: dict[str, Any] = {
        "id": "00ff00ff00ff00ff", "uri": to_uri(path), "name": path.name, "sha256": "ab" * 32, "size": 1,
        "duration": 10.0, "width": 96, "height": 54, "fps": 25.0, "video_codec": "h264", "audio_codec": "aac",
        "audio_streams": 1, "licence": "CC-BY", "source": "test", "tags": {"channel": "7"}, "duplicates": (),
        "shots": tuple(
            Shot(start=a, end=b, first_frame=round(a * 25), last_frame=round(b * 25) - 1, opens_with="cut")
            for a, b in pairwise(edges)
        ),
        "signal": tuple(
            Signal(time=n / 2, brightness=0.5, contrast=0.2, colour="red", change=0.1, pan=0, tilt=0, zoom=0,
                   residual=0)
            for n in range(20)
        ),
        "frames": tuple(Frame(time=float(n), uri=f"run:frames/{n}.jpg", phash="0" * 16) for n in range(10)),
        "detector": "test", "language": "en", "language_score": 0.9,
        "utterances": (utterance(WORDS, "One, two three. Four five."),),
        "sounds": (Sound(start=0, end=6, kind="speech", level=-20), Sound(start=6, end=10, kind="sound", level=-30)),
        "turns": (), "voices": (), "hearing": "test", "guards": (),
    }  # fmt: skip
    return Transcribed(**(row | new))


def stage(run: Path, **settings: Any) -> Cut:
    defaults = {"min_seconds": 2, "max_seconds": 8, "multi_shot": False}
    return Cut(CutConfig(**(defaults | settings)), Context(Storage(run), Prompts(), {}))


def cut(run: Path, row: Transcribed, **settings: Any) -> list[Clip]:
    return asyncio.run(stage(run, **settings).process(row))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "a film.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=s=96x54:r=25:d=10", "-f", "lavfi", "-i", "sine=d=10"]
    output = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)]
    subprocess.run(["ffmpeg", "-v", "error", *source, *output], check=True, timeout=60)
    return path


def test_a_video_becomes_clips_with_files_and_evidence(clip: Path, tmp_path: Path) -> None:
    clips = cut(tmp_path, video(clip))
    assert [(c.source_start, c.source_end) for c in clips] == [(0.0, 4.0), (4.0, 10.0)]
    assert [c.id for c in clips] == ["00ff00ff00ff00ff-00000000-00004000", "00ff00ff00ff00ff-00004000-00010000"]
    for one in clips:
        assert one.uri.startswith(f"run:media/clips/{one.video}/{one.id}-")
        assert Storage(tmp_path).size(one.uri) > 1000
        assert (one.duration, one.width, one.height, one.sound, one.offset) == (
            one.source_end - one.source_start, 96, 54, True, 0.0)  # fmt: skip
        assert (one.fps, one.licence, one.tags, one.source_uri) == (25.0, "CC-BY", {"channel": "7"}, to_uri(clip))
        assert all(0 <= moment.time < one.duration for moment in (*one.signal, *one.frames))
    first, second = clips
    assert [(s.start, s.end, s.first_frame, s.last_frame, s.opens_with) for s in second.shots] == [
        (0.0, 1.0, 0, 24, "start"),
        (1.0, 6.0, 25, 149, "cut"),
    ]
    assert [len(c.frames) for c in clips] == [4, 6]
    assert [(s.start, s.end, s.kind) for s in second.sounds] == [(0.0, 2.0, "speech"), (2.0, 6.0, "sound")]
    assert [(u.text, u.cut) for c in clips for u in c.utterances] == [("One, two", True), ("three. Four five.", True)]
    assert [round(w.start, 6) for w in second.utterances[0].words] == [0.1, 1.8, 3.7]
    assert first.utterances[0].end == 3.9
    assert not list((tmp_path / "scratch").iterdir())


def test_every_word_goes_to_one_clip(clip: Path, tmp_path: Path) -> None:
    words = [(n * 0.25, n * 0.25 + 0.22) for n in range(44)]  # the last ones are past the end of the picture
    row = video(clip, utterances=(utterance(words, " ".join(f"w{n}" for n in range(44))),), shots=())
    clips = cut(tmp_path, row, max_seconds=3, method="virtual")
    assert len(clips) >= 4
    assert [w.text for c in clips for u in c.utterances for w in u.words] == [f"w{n}" for n in range(40)]
    assert all(0 <= w.start <= w.end <= c.duration for c in clips for u in c.utterances for w in u.words)


def test_clips_that_are_there_stay_as_they_are(clip: Path, tmp_path: Path) -> None:
    before = cut(tmp_path, video(clip))
    files = sorted((tmp_path / "media").rglob("*.mp4"))
    marks = [(file.stat().st_mtime_ns, file.read_bytes()) for file in files]
    assert cut(tmp_path, video(clip)) == before
    assert [(file.stat().st_mtime_ns, file.read_bytes()) for file in files] == marks
    files[0].unlink()
    assert cut(tmp_path, video(clip)) == before
    assert [file.read_bytes() for file in files] == [data for _, data in marks]
    assert files[1].stat().st_mtime_ns == marks[1][0]


def test_a_clip_is_known_by_its_content_not_by_its_place(clip: Path, tmp_path: Path) -> None:
    def hashes(run: str, **settings: Any) -> list[str]:
        return [c.sha256 for c in cut(tmp_path / run, video(clip), **settings)]

    assert hashes("a") == hashes("b", patience=5, concurrency=2)
    others = cut(tmp_path / "a", video(clip), quality=40)
    assert {c.sha256 for c in others}.isdisjoint(hashes("a"))
    assert len(list((tmp_path / "a").rglob("*.mp4"))) == 4, "other settings, other files"
    config = CutConfig(min_seconds=2)
    assert config.what() == CutConfig(min_seconds=2, patience=1, max_gib=1, concurrency=3).what()
    assert config.what() != CutConfig(min_seconds=3).what()


def test_what_is_dropped_is_told_with_its_reason(clip: Path, tmp_path: Path) -> None:
    clips = cut(tmp_path, video(clip, utterances=()), merge_short=False, method="virtual")
    assert [(c.source_start, c.source_end) for c in clips] == [(0.0, 4.0), (5.0, 10.0)]
    assert clips[0].tags == {"channel": "7", "dropped_spans": "4.000-5.000 short"}
    assert clips[1].tags == {"channel": "7"}


def test_a_video_of_which_nothing_is_left_fails_with_the_reasons(clip: Path, tmp_path: Path) -> None:
    dark = tuple(s.model_copy(update={"brightness": 0.0}) for s in video(clip).signal)
    with pytest.raises(Unprocessable, match=r"no clip left: 0.000-4.000 black; 4.000-10.000 black") as caught:
        cut(tmp_path, video(clip, signal=dark))
    assert caught.value.kind == "no_clip"
    assert not list(tmp_path.rglob("*.mp4"))


def test_virtual_and_copied_clips(clip: Path, tmp_path: Path) -> None:
    row = video(clip)
    virtual = cut(tmp_path, row, method="virtual")
    assert [(c.uri, c.offset) for c in virtual] == [(row.uri, 0.0), (row.uri, 4.0)]
    assert not list(tmp_path.rglob("*.mp4"))
    copied = cut(tmp_path, row, method="copy")
    assert [(c.duration, 0 <= c.offset <= 4) for c in copied] == [(4.0, True), (6.0, True)]
    assert all(Storage(tmp_path).exists(c.uri) for c in copied)
    assert len({c.sha256 for c in (*virtual, *copied)}) == 4


def test_videos_that_cannot_be_cut(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(Unprocessable, match="gone") as caught:
        cut(tmp_path, video(tmp_path / "nowhere.mp4"))
    assert caught.value.kind == "missing_media"
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(clip.read_bytes()[:3000])
    with pytest.raises(Unprocessable):
        cut(tmp_path, video(torn))


def test_a_full_disk_is_not_the_videos_fault(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage._replace(free=1 << 20))
    with pytest.raises(OSError, match="free disk") as caught:
        cut(tmp_path, video(clip))
    assert caught.value.errno == errno.ENOSPC


def test_the_stage_says_what_it_takes_and_gives() -> None:
    assert Cut.types() == (Transcribed, Clip, CutConfig)
    with pytest.raises(ValueError, match="max_seconds must be above min_seconds"):
        CutConfig(min_seconds=10, max_seconds=5)
    with pytest.raises(ValueError, match="extra"):
        CutConfig(crf=3)  # type: ignore[call-arg]


def test_a_whole_video_is_a_clip_with_its_own_bytes_and_id(clip: Path, tmp_path: Path) -> None:
    row = video(clip)
    (one,) = cut(tmp_path, row, whole=True, max_seconds=180)
    assert (one.id, one.uri, one.sha256, one.offset) == (row.id, row.uri, row.sha256, 0.0)
    assert (one.source_start, one.source_end, one.duration, one.fps) == (0.0, 10.0, 10.0, 25.0)
    assert len(one.shots) == 3 and len(one.frames) == 10 and one.utterances == row.utterances
    assert not (tmp_path / "media").exists(), "nothing is encoded"
    (shown,) = asyncio.run(evidence.media(one, ["video"], 8, Storage(tmp_path)))
    assert (shown.uri, shown.sha256, shown.start, shown.end) == (row.uri, row.sha256, 0.0, None), "and none cut out"


def test_a_video_that_is_too_long_is_dropped_with_a_reason_or_cut(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(Unprocessable, match=r"0\.000-10\.000 long") as caught:
        cut(tmp_path, video(clip), whole=True, max_seconds=8)
    assert caught.value.kind == "no_clip"
    assert len(cut(tmp_path, video(clip), whole=True, longer="cut", max_seconds=8)) == 2
    with pytest.raises(Unprocessable, match="short"):
        cut(tmp_path, video(clip), whole=True, min_seconds=12, max_seconds=20, keep_short_videos=False)
