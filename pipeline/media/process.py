"""Running ffmpeg and ffprobe on files that may mean harm: no shell, no network, no second file, bounded time,
memory and output, killed with its children."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

# Containers that hold their own media. Not here: playlists and scripts that name other files (hls, dash, concat, …),
# image sequences, devices, lavfi, SVG.
DEMUXERS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,rm,wtv,mxf,gxf,nut,ivf,dv,h264,hevc,m4v,"
    "mp3,aac,ac3,eac3,wav,flac,aiff,amr,caf,gif,3dostr,swf,vob"
)
SAFE_INPUT = ("-protocol_whitelist", "file,pipe", "-format_whitelist", DEMUXERS)
MEMORY = 6 << 30  # bytes of address space for one process; 8K video decodes in less
STDERR_KEPT = 4000
PIPE = 1 << 20  # bytes, as much as Linux grants without asking


class MediaError(Exception):
    """ffmpeg or ffprobe could not work this file. The message is theirs, or says which limit was met."""

    def __init__(self, reason: str, kind: str = "unreadable"):
        super().__init__(reason)
        self.kind = kind


class MediaTimeout(MediaError):
    """Say that a program ran past its limit."""

    def __init__(self, tool: str, seconds: float):
        super().__init__(f"{tool} ran past its limit of {seconds:.0f} s", "timeout")


def have(tool: str) -> bool:
    """Whether a program is on the path."""
    return shutil.which(tool) is not None


def input_arguments(path: Path, *options: str) -> list[str]:
    """`options` and the locked-down input. `file:` keeps a name such as `-rf.mp4` or `a:b.mp4` from meaning more."""
    return [*options, *SAFE_INPUT, "-i", f"file:{os.path.abspath(path)}"]


def run(
    arguments: Sequence[str],
    timeout: float,
    *,
    max_output: int = 64 << 20,
    memory: int = MEMORY,
    max_file: int | None = None,
) -> bytes:
    """Run to the end and give its standard output. Raises MediaError with the tool's own last words.

    `arguments` starts with `ffmpeg` or `ffprobe`; `timeout` in seconds of wall time; `max_output` in bytes of
    standard output, `max_file` in bytes of any one file it writes.
    """
    with stream(arguments, timeout, memory=memory, max_file=max_file) as output:
        data = output.read(max_output + 1)
        if len(data) > max_output:
            raise MediaError(f"{arguments[0]} gave more than {max_output} bytes", "too_much_output")
    return data


@contextlib.contextmanager
def stream(
    arguments: Sequence[str],
    timeout: float,
    *,
    memory: int = MEMORY,
    pass_fds: Sequence[int] = (),
    max_file: int | None = None,
) -> Iterator[IO[bytes]]:
    """Run with its standard output as a stream to read. On leaving the block early the process is killed; on leaving
    it at the end a non-zero exit raises MediaError. `pass_fds`: descriptors the process inherits under the same
    numbers (`pipe:N` for ffmpeg); the caller closes its own copies."""
    tool = arguments[0]
    quiet = ["-v", "error", *(["-nostdin"] if tool == "ffmpeg" else [])]
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [tool, *quiet, *arguments[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        except FileNotFoundError:
            reason = f"{tool} is not installed: install ffmpeg (Debian: apt install ffmpeg)"
            raise MediaError(reason, "no_tool") from None
        except (OSError, ValueError) as error:
            raise MediaError(f"{tool} did not start: {error}") from error
        _limit(process.pid, timeout, memory, max_file)
        late = threading.Event()

        def expire() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(timeout, expire)
        timer.daemon = True
        timer.start()
        assert process.stdout is not None
        _widen(process.stdout)
        finished = False
        try:
            yield process.stdout
            if not process.stdout.read(1):  # read to its end: its exit status counts
                process.wait()  # bounded by the timer
                finished = True
        finally:
            timer.cancel()
            _kill(process)
            process.wait()
            process.stdout.close()
        if late.is_set():
            raise MediaTimeout(tool, timeout)
        if finished and process.returncode == -signal.SIGXFSZ:
            raise MediaError(f"{tool} wrote a file of more than {max_file} bytes", "too_much_output")
        if finished and process.returncode != 0:
            raise MediaError(_last_words(errors, arguments) or f"{tool} ended with status {process.returncode}")


def _widen(pipe: IO[bytes]) -> None:
    """Room for a dozen small frames, so that the process does not wait whenever its reader does something else."""
    with contextlib.suppress(OSError, AttributeError):  # more than the system grants, or a system without such pipes
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)


def _limit(pid: int, timeout: float, memory: int, max_file: int | None) -> None:
    """Limits that hold even when the worker that started the process is killed."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        resource.prlimit(pid, resource.RLIMIT_AS, (memory, memory))
        seconds = int(timeout * (os.cpu_count() or 1)) + 5
        resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        if max_file is not None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (max_file, max_file))


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _last_words(errors: IO[bytes], arguments: Sequence[str]) -> str:
    """The end of standard error, the same in every run: without memory addresses and without the file's place."""
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - STDERR_KEPT))
    text = os.fsdecode(errors.read())
    for argument in arguments:
        if argument.startswith("file:"):
            text = text.replace(argument, "input")
    text = re.sub(r" @ 0x[0-9a-f]+", "", text).encode("utf-8", "backslashreplace").decode()
    text = text.replace(f" on whitelist '{DEMUXERS}'", " among the media formats that are read")
    return "; ".join(line.strip() for line in text.strip().splitlines()[-3:])[:500]
