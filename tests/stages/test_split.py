"""The whole video is seen once: its shots to the frame, what the picture does, and stills; sparing or in full."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from asid.pipeline.media.frames import decode
from asid.pipeline.media.parts import in_order
from asid.pipeline.media.probe import picture_start
from asid.pipeline.media.timeline import timeline_of
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import Shot, Split, Video
from asid.pipeline.stage import Context, Resources, Unprocessable
from asid.pipeline.storage import Storage, to_path, to_uri
from asid.pipeline.vision.hashes import phash
from asid.stages.split import SplitConfig, Splitter, choose
from tests.films import CUTS, SIZE, X264, film

FIXED = ("-x264-params", "scenecut=0:keyint=250:min-keyint=250:b-adapt=0")

FILMS: dict[str, tuple[str, ...]] = {
    "b_frames.mp4": (*X264, *FIXED, "-bf", "3"),
    "cuts_on_keyframes.mkv": (*X264, "-bf", "2"),
    "no_b_frames.mp4": (*X264, *FIXED, "-bf", "0"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:scenecut=0:bframes=3"),
    "late_start.ts": (*X264, *FIXED, "-bf", "3", "-output_ts_offset", "7"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M"),
}


@pytest.fixture(autouse=True)
def small_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are small here so that they are quickly made; sparing would not be worth its start."""
    monkeypatch.setattr("asid.stages.split.WORTH_SPARING", 1)


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder, made = tmp_path_factory.mktemp("films"), {}

    def by_name(name: str) -> Path:
        if name not in made:
            made[name] = film(folder / name, *FILMS[name])
        return made[name]

    return by_name


def row(path: Path, codec: str = "h264", **new: Any) -> Video:
    values: dict[str, Any] = {
        "id": "00ff00ff00ff00ff", "uri": to_uri(path), "name": path.name, "sha256": "ab" * 32, "size": 1,
        "duration": 4.8, "width": SIZE[0], "height": SIZE[1], "fps": 25.0, "video_codec": codec, "audio_codec": "",
        "audio_streams": 0, "licence": "CC-BY", "source": "test", "tags": {"channel": "7"}, "duplicates": (),
    }  # fmt: skip
    return Video(**(values | new))


def split(run: Path, video: Video, **settings: Any) -> Split:
    return asyncio.run(Splitter(SplitConfig(**settings), Context(Storage(run), Prompts(), {})).process(video))


@pytest.mark.parametrize("sparing", [True, False])
@pytest.mark.parametrize("name", FILMS)
def test_shots_are_exact(get: Callable[[str], Path], tmp_path: Path, name: str, sparing: bool) -> None:
    codec = {"hevc.mp4": "hevc", "vp9.webm": "vp9"}.get(name, "h264")
    shots = split(tmp_path, row(get(name), codec), sparing=sparing).shots
    assert [(s.first_frame, s.opens_with) for s in shots] == [(0, "start"), *((at, "cut") for at in CUTS)]
    assert [s.last_frame for s in shots] == [*(at - 1 for at in CUTS), 119]
    assert [s.start for s in shots] == pytest.approx([0, *(at / 25 for at in CUTS)], abs=0.0006)
    assert [s.end for s in shots] == [*(s.start for s in shots[1:]), 4.8]


def test_bars_are_told_of_each_shot(get: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "barred.mp4"
    shape = "scale=240:180,pad=320:180:40:0,setsar=1"
    command = ["ffmpeg", "-v", "error", "-i", str(get("b_frames.mp4")), "-vf", shape, *X264, *FIXED, str(path)]
    subprocess.run(command, check=True, timeout=120)
    for shot in split(tmp_path, row(path)).shots:
        assert shot.bars and (shot.bars.top, shot.bars.bottom) == (0.0, 0.0)
        assert (shot.bars.left, shot.bars.right) == pytest.approx((0.125, 0.125), abs=0.012)


def test_sparing_decodes_less_and_sees_the_same(get: Callable[[str], Path], tmp_path: Path) -> None:
    path = get("b_frames.mp4")
    decoding = decode(path, *SIZE, 60, timeline=lambda: timeline_of(path, *picture_start(path)), sparing=True)
    spared = list(decoding.frames)
    whole = list(decode(path, *SIZE, 60).frames)
    assert len(spared) < 0.6 * len(whole)
    assert all(after - before > 1 for after, before in decoding.before.items())
    for frame in spared:
        same = whole[frame.index]
        assert frame.time == same.time
        assert np.abs(frame.gray.astype(int) - same.gray).mean() < 6
    one, other = (split(tmp_path, row(path), sparing=sparing).signal for sparing in (True, False))
    light = np.interp([s.time for s in one], [s.time for s in other], [s.brightness for s in other])
    assert np.abs(light - [s.brightness for s in one]).mean() < 0.02


PARTS: dict[str, tuple[str, ...]] = {
    "h264.mp4": (*X264, "-x264-params", "keyint=20:min-keyint=20:scenecut=0:b-adapt=0:bframes=3"),
    "open_gop.ts": (*X264, "-x264-params", "open-gop=1:keyint=20:min-keyint=20:scenecut=0:b-adapt=0:bframes=3"),
    "refreshed.mp4": (*X264, "-x264-params", "intra-refresh=1:keyint=20:bframes=0"),
    "hevc.mp4": (*FILMS["hevc.mp4"][:4], "-x265-params", "log-level=none:keyint=20:min-keyint=20:bframes=3"),
    "late_start.mkv": (*X264, "-x264-params", "keyint=20:min-keyint=20:bframes=0", "-output_ts_offset", "7.013"),
    "vp9.webm": (*FILMS["vp9.webm"], "-g", "20"),
}


@pytest.mark.parametrize("sparing", [True, False])
@pytest.mark.parametrize("name", PARTS)
def test_more_cpus_see_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sparing: bool) -> None:
    """To the last still: rows must not depend on what a worker holds."""
    parts: list[int] = []
    whole: list[int] = []  # decodings in parts that came to their end

    def watched(sources: Any, workers: int) -> Any:
        parts.append(len(sources))
        assert workers == cpus, "as many processes as the worker holds CPUs"
        yield from in_order(sources, workers)
        whole.append(cpus)

    monkeypatch.setattr("asid.pipeline.media.feed.in_order", watched)
    monkeypatch.setattr("asid.pipeline.media.parts.SHORTEST", 20)
    path = film(tmp_path / name, *PARTS[name])
    video = row(path, {"hevc.mp4": "hevc", "vp9.webm": "vp9"}.get(name, "h264"))
    seen = []
    for cpus in (1, 2, 3):
        settings = {"resources": Resources(cpus=cpus), "sparing": sparing, "still_every": 0.5, "stills_per_shot": 9}
        seen.append(split(tmp_path / str(cpus), video, **settings))
    assert seen[0] == seen[1] == seen[2]
    assert [s.first_frame for s in seen[0].shots] == [0, *CUTS]
    assert len(parts) == 2 and min(parts) > 2
    assert whole == ([] if name == "refreshed.mp4" else [2, 3]), "only what cannot be parted is decoded anew"


def test_opencv_takes_no_cpus_that_are_others(tmp_path: Path) -> None:
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(7)
        Splitter(SplitConfig(), Context(Storage(tmp_path), Prompts(), {})).open()
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before)


def test_a_picture_with_long_gaps_is_decoded_in_full(tmp_path: Path) -> None:
    """Eight B-frames in a row at ten frames a second: what is left would be too little to judge by."""
    path = film(tmp_path / "slow.mp4", *X264, *FIXED, "-bf", "8", rate=10)
    shots = split(tmp_path, row(path, duration=12.0, fps=10.0)).shots
    assert [s.first_frame for s in shots] == [0, *CUTS]


def test_stills_are_kept_with_their_times_and_hashes(get: Callable[[str], Path], tmp_path: Path) -> None:
    seen = split(tmp_path, row(get("b_frames.mp4")), still_every=0.4, stills_per_shot=2)
    storage = Storage(tmp_path)
    assert 4 <= len(seen.frames) <= 8
    assert {next(n for n, s in enumerate(seen.shots) if s.start <= f.time < s.end) for f in seen.frames} == {0, 1, 2, 3}
    for frame in seen.frames:
        assert frame.uri == f"run:media/frames/{seen.id}/{round(frame.time * 1000):08d}.jpg"
        picture = cv2.imread(str(to_path(storage.resolve(frame.uri))), cv2.IMREAD_GRAYSCALE)
        assert picture.shape == (SIZE[1], SIZE[0])
        assert frame.phash == phash(picture)
        assert picture.std() > 10
    assert not list((tmp_path / "scratch").iterdir())
    assert (seen.licence, seen.tags) == ("CC-BY", {"channel": "7"})
    assert [s.time for s in seen.signal] == sorted(s.time for s in seen.signal)
    assert len(seen.signal) >= 15


def test_a_still_shows_the_frame_of_its_time(get: Callable[[str], Path], tmp_path: Path) -> None:
    path = get("no_b_frames.mp4")
    seen = split(tmp_path, row(path), still_every=0.4)
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-vf", "scale=96:54,format=gray", "-f", "rawvideo", "pipe:1"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    whole = np.frombuffer(data, np.uint8).reshape(-1, 54, 96).astype(float)
    for frame in seen.frames[:5]:
        picture = cv2.imread(str(to_path(Storage(tmp_path).resolve(frame.uri))), cv2.IMREAD_GRAYSCALE)
        small = cv2.resize(picture, (96, 54), interpolation=cv2.INTER_AREA).astype(float)
        off = [np.abs(small - 255 * (one - 16) / 219).mean() for one in whole]
        assert abs(off[round(frame.time * 25)] - min(off)) < 1.0


def test_what_cannot_be_decoded_is_set_aside(get: Callable[[str], Path], tmp_path: Path) -> None:
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(get("b_frames.mp4").read_bytes()[:4000])
    with pytest.raises(Unprocessable) as caught:
        split(tmp_path / "run", row(torn))
    assert caught.value.kind == "unreadable"
    assert not list((tmp_path / "run").rglob("*.jpg"))


def test_the_detector_is_told_with_its_settings(get: Callable[[str], Path], tmp_path: Path) -> None:
    seen = split(tmp_path, row(get("no_b_frames.mp4")), shots={"detector": "histogram", "gradual": False})
    assert seen.detector == "histogram 0.05, clear 0.03, unclear 0.25, min_shot 0.1, no gradual"


# --- the choice --------------------------------------------------------------------------------------------------


def shot(start: float, end: float) -> Shot:
    return Shot(start=start, end=end, first_frame=round(start * 25), last_frame=round(end * 25) - 1, opens_with="cut")


def chosen(times: list[float], shots: list[Shot], *rest: Any) -> list[float]:
    return [time for time, _ in choose([(time, Path(f"{time}.jpg")) for time in times], shots, *rest)]


def test_stills_are_spread_over_each_shot_away_from_its_edges() -> None:
    every = [float(n) for n in range(60)]
    assert chosen(every, [shot(0, 9), shot(9, 60)], 3, 100.0, 600) == [1, 4, 7, 17, 34, 51]
    assert len(chosen(every, [shot(0, 60)], 3, 4.0, 600)) == 15, "a long shot has more"
    crowded = [0.0, 0.2, 0.4, 1.0, 2.0, *range(4, 60, 2)]
    assert chosen(crowded, [shot(0, 60)], 3, 20.0, 600) == [10, 30, 50], "also where candidates are not"
    assert chosen([0.0, 0.1, 0.2], [shot(0, 9)], 3, 4.0, 600) == [0.0, 0.1, 0.2]
    assert chosen([5.0], [shot(0, 4), shot(4, 8)], 3, 4.0, 600) == [5.0], "a shot without stills has none"
    assert len(chosen(every, [shot(n, n + 1) for n in range(60)], 3, 4.0, 7)) == 7
