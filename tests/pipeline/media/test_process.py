"""ffmpeg is bounded in time, memory and output, and leaves nothing behind."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from asid.pipeline.media.process import MediaError, MediaKilled, MediaTimeout, input_arguments, run, stream
from tests.kits.mediakit import ffmpeg

ENDLESS = ["ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25", "-f", "rawvideo", "pipe:1"]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children() -> set[int]:
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[1]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(parent) == os.getpid():
                found.add(int(name))
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = children()
    yield
    assert children() <= before


def fake_ffmpeg(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = folder / "ffmpeg"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_hang_ends_at_its_limit(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")  # nobody ever writes to it
    with pytest.raises(MediaTimeout) as caught:
        run(["ffprobe", *input_arguments(tmp_path / "pipe.mp4")], timeout=0.5)
    assert caught.value.kind == "timeout"


def test_the_children_of_a_killed_tool_die_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ffmpeg(tmp_path, f"sleep 1000 & echo $! > {tmp_path}/child; exec sleep 1000", monkeypatch)
    with pytest.raises(MediaTimeout):
        run(["ffmpeg"], timeout=1.0)
    child = int((tmp_path / "child").read_text())
    for _ in range(100):  # the kernel reaps it in its own time
        if not alive(child):
            break
        time.sleep(0.05)
    assert not alive(child)


def test_a_tool_that_ignores_signals_is_killed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ffmpeg(tmp_path, "trap '' TERM INT HUP\nwhile true; do sleep 0.2; done", monkeypatch)
    with pytest.raises(MediaTimeout):
        run(["ffmpeg"], timeout=0.5)


def test_a_reader_may_leave_early() -> None:
    with stream(ENDLESS, timeout=60) as output:
        assert len(output.read(1000)) == 1000


def test_a_reader_that_fails_leaves_no_process() -> None:
    def fail() -> None:
        with stream(ENDLESS, timeout=60) as output:
            raise ZeroDivisionError(len(output.read(1)))

    with pytest.raises(ZeroDivisionError, match="1"):
        fail()


def test_output_beyond_its_limit_is_refused() -> None:
    with pytest.raises(MediaError) as caught:
        run(ENDLESS, timeout=60, max_output=1 << 20)
    assert caught.value.kind == "too_much_output"


def test_memory_beyond_its_limit_is_refused(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=s=3840x2160:r=5", "-frames:v", 2, "-preset", "ultrafast", tmp_path / "4k.mp4")
    command = ["ffmpeg", *input_arguments(tmp_path / "4k.mp4"), "-vf", "scale=16:16", "-f", "rawvideo", "pipe:1"]
    assert len(run(command, timeout=60)) == 2 * 16 * 16 * 3 // 2
    with pytest.raises(MediaError):
        run(command, timeout=60, memory=160 << 20)


def test_the_limits_hold_without_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ffmpeg(tmp_path, "sleep 0.3; ulimit -t; ulimit -v; ulimit -c", monkeypatch)
    cpu, memory, core = run(["ffmpeg"], timeout=10, memory=1 << 30).split()
    assert int(cpu) <= 10 * (os.cpu_count() or 1) + 5
    assert int(memory) == 1 << 20  # KiB
    assert int(core) == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE])
def test_a_tool_that_is_ended_from_outside_gives_no_verdict(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_ffmpeg(tmp_path, f"kill -{number.value} $$", monkeypatch)
    with pytest.raises(MediaKilled, match=number.name) as caught:
        run(["ffmpeg"], timeout=10)
    assert caught.value.kind == "killed"


def test_a_tool_that_ends_in_order_when_it_is_told_to_gives_no_verdict() -> None:
    endless = ["ffmpeg", "-f", "lavfi", "-i", "color=s=64x64", "-f", "rawvideo", "pipe:1"]

    def read() -> None:
        with stream(endless, timeout=60) as output:
            output.read(1000)
            (child,) = [one for one in psutil.Process().children() if one.name() == "ffmpeg"]
            child.terminate()
            while output.read(1 << 16):
                pass

    with pytest.raises(MediaKilled) as caught:
        read()
    assert caught.value.kind == "killed"


def test_what_a_reader_says_of_half_an_output_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ffmpeg(tmp_path, f"echo half; kill -{signal.SIGKILL.value} $$", monkeypatch)
    with pytest.raises(MediaKilled), stream(["ffmpeg"], timeout=10) as output:
        raise MediaError(f"{output.read()!r} is no frame", "undecodable")
    fake_ffmpeg(tmp_path, "echo half; exec sleep 1000", monkeypatch)
    with pytest.raises(MediaTimeout), stream(["ffmpeg"], timeout=0.5) as output:
        raise MediaError(f"{output.read()!r} is no frame", "undecodable")


def test_a_tool_that_crashes_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ffmpeg(tmp_path, f"kill -{signal.SIGSEGV.value} $$", monkeypatch)
    with pytest.raises(MediaKilled, match="SIGSEGV") as caught:
        run(["ffmpeg"], timeout=10)
    assert caught.value.kind == "crashed"


def test_a_full_disk_is_not_the_files_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_ffmpeg(tmp_path, "echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1", monkeypatch)
    with pytest.raises(OSError, match="found no room") as caught:
        run(["ffmpeg"], timeout=10)
    assert caught.value.errno == errno.ENOSPC


def test_a_machine_that_can_start_nothing_is_not_the_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", refuse)
    with pytest.raises(BlockingIOError):
        run(["ffmpeg"], timeout=10)


def test_a_reason_holds_neither_places_nor_addresses(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(MediaError) as caught:
        run(["ffprobe", *input_arguments(tmp_path / "text.mp4")], timeout=10)
    assert str(tmp_path) not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MediaError, match="install ffmpeg") as caught:
        run(["ffmpeg"], timeout=5)
    assert caught.value.kind == "no_tool"
