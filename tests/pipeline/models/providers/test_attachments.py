"""Media of a request as bytes: whole, cut, or as stills, and read once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from asid.pipeline.models.base import BadRequest, Media
from asid.pipeline.models.providers import attachments
from asid.pipeline.models.providers.attachments import Attachments, Blob, mime_of
from asid.pipeline.storage import Storage
from tests.kits.mediakit import ffmpeg, noise, write_wav


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "still.png").write_bytes(b"picture")
    (tmp_path / "film.webm").write_bytes(b"not looked into")
    write_wav(tmp_path / "sound.wav", noise(0.5))
    return tmp_path


def ask(folder: Path, *work: Callable[[Attachments], Awaitable[Any]]) -> list[Any]:
    async def scene() -> list[Any]:
        held = Attachments(Storage(folder))
        return [await one(held) for one in work]

    return asyncio.run(scene())


def medium(name: str, kind: str, **more: Any) -> Media:
    return Media.model_validate({"kind": kind, "uri": f"run:{name}", "sha256": name, **more})


@pytest.mark.parametrize(
    ("name", "kind", "mime"),
    [("a.MOV", "video", "video/quicktime"), ("a", "video", "video/mp4"), ("a.b.webp", "image", "image/webp"),
     ("a.xyz", "audio", "audio/wav"), ("a.flac", "audio", "audio/flac"), ("", "image", "image/jpeg")],
)  # fmt: skip
def test_a_type_is_told_by_the_name_and_else_the_usual_one(name: str, kind: str, mime: str) -> None:
    assert mime_of(name, kind) == mime


def test_a_blob_is_sent_in_base_64() -> None:
    blob = Blob(b"\x00\xff?", "image/png")
    assert base64.b64decode(blob.base64) == b"\x00\xff?"
    assert blob.data_uri == "data:image/png;base64,AP8/"


def test_stills_and_whole_videos_go_as_they_are_with_their_time(folder: Path) -> None:
    still, film = ask(
        folder,
        lambda held: held.whole(medium("still.png", "image", time=2.5)),
        lambda held: held.whole(medium("film.webm", "video")),
    )
    assert still == Blob(b"picture", "image/png", 2.5)
    assert film == Blob(b"not looked into", "video/webm")


def test_a_whole_sound_goes_as_it_is_and_a_span_of_it_as_wav_of_its_length(folder: Path) -> None:
    data = (folder / "sound.wav").read_bytes()
    whole, part = ask(
        folder,
        lambda held: held.whole(medium("sound.wav", "audio")),
        lambda held: held.whole(medium("sound.wav", "audio", start=0.1, end=0.3)),
    )
    assert whole == Blob(data, "audio/wav")
    assert part.mime == "audio/wav"
    assert len(part.data) == pytest.approx(44 + 2 * 0.2 * 16000, abs=100)


def test_stills_of_a_video_are_taken_within_their_bounds(folder: Path) -> None:
    ffmpeg("-f", "lavfi", "-t", 1, "-i", "testsrc2=s=64x48:r=10", "-c:v", "libx264", folder / "film.mp4")
    two, one = ask(
        folder,
        lambda held: held.stills(medium("film.mp4", "video"), 4.0, 2, 32),
        lambda held: held.stills(medium("film.mp4", "video"), 4.0, 1, 32),
    )
    assert [blob.time for blob in two] == [0.0, 0.75]
    assert [blob.mime for blob in (*two, *one)] == ["image/jpeg"] * 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [(medium("gone.mp4", "video"), "the video is not there: run:gone.mp4"),
     (medium("film.webm", "video", start=1.0), "the video cannot be prepared")],
)  # fmt: skip
def test_a_file_that_is_gone_or_broken_concerns_its_row_alone(folder: Path, asked: Media, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        ask(folder, lambda held: held.whole(asked))


def test_a_file_is_read_once_for_all_questions_about_it(folder: Path) -> None:
    async def gone_meanwhile(held: Attachments) -> Blob:
        (folder / "still.png").unlink()
        return await held.whole(medium("still.png", "image"))

    first, again = ask(folder, lambda held: held.whole(medium("still.png", "image")), gone_meanwhile)
    assert first == again


def test_what_was_used_longest_ago_is_dropped_when_room_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "CACHE_BYTES", 25)
    for name in "abc":
        (folder / f"{name}.png").write_bytes(name.encode() * 10)

    async def work(held: Attachments) -> list[str]:
        for name in "abac":
            await held.whole(medium(f"{name}.png", "image"))
        return [key[2] for key in held.cache]

    assert ask(folder, work) == [["run:a.png", "run:c.png"]]


def test_one_that_is_larger_than_all_room_is_sent_all_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "CACHE_BYTES", 3)
    (blob,) = ask(folder, lambda held: held.whole(medium("still.png", "image")))
    assert blob.data == b"picture"
