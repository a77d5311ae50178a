"""Running ffmpeg and ffprobe on files that may mean harm: no shell, no network, no second file, bounded time,
memory and output, killed with its children.

What ends a process is told apart: its own word on the file, a limit of ours, a signal from outside (Ctrl-C, a node that
is drained, the kernel when memory is short), a full disk. Only the first two are about the file.
"""

from __future__ import annotations

import contextlib
import errno
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
SETTLING = 0.5  # s for a process whose output broke off to be known as ended
TOLD_TO_STOP = (255, 123)  # exit statuses of ffmpeg, which catches SIGINT and SIGTERM and ends in order
CRASHES = frozenset(  # signals that a program brings on itself
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP, signal.SIGSYS}
)
SHORT = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)  # what the machine has too little of
NO_VERDICT = frozenset({"killed", "crashed", "timeout", "no_tool"})  # kinds of error that say nothing of the file


class MediaError(Exception):
    """ffmpeg or ffprobe could not work this file. The message is theirs, or says which limit was met."""

    def __init__(self, reason: str, kind: str = "unreadable"):
        super().__init__(reason)
        self.kind = kind


class MediaTimeout(MediaError):
    """Say that a program ran past its limit."""

    def __init__(self, tool: str, seconds: float):
        super().__init__(f"{tool} ran past its limit of {seconds:.0f} s", "timeout")


class MediaKilled(MediaError):
    """Somebody or something else ended the tool: `killed` from outside, `crashed` by a fault of its own. Neither is a
    verdict on the file: it is tried again."""


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
    it at the end a non-zero exit raises MediaError, and a full disk OSError. What a reader says of output that broke
    off counts for nothing when the process was ended. `pass_fds`: descriptors the process inherits under the same
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
            if isinstance(error, OSError) and error.errno in SHORT:
                raise
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
        broken: Exception | None = None
        try:
            yield process.stdout
            if not process.stdout.read(1):  # read to its end: its exit status counts
                process.wait()  # bounded by the timer
                finished = True
        except Exception as error:
            broken = error
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SETTLING)
                finished = True
        finally:
            timer.cancel()
            _kill(process)
            process.wait()
            process.stdout.close()
        if late.is_set():
            raise MediaTimeout(tool, timeout) from broken
        if finished and process.returncode != 0:
            words = _last_words(errors, arguments)
            _raise_if_ended(tool, process.returncode, words, max_file)
            if not broken:
                raise MediaError(words or f"{tool} ended with status {process.returncode}")
        if broken:
            raise broken


def _raise_if_ended(tool: str, status: int, words: str, max_file: int | None) -> None:
    """Raise what ended a process, where that was not its own word on the file."""
    if status == -signal.SIGXFSZ:
        raise MediaError(f"{tool} wrote a file of more than {max_file} bytes", "too_much_output")
    if status == -signal.SIGXCPU:
        raise MediaError(f"{tool} took more than its share of the CPU", "timeout")
    told_to_stop = tool == "ffmpeg" and status in TOLD_TO_STOP and os.strerror(errno.EPERM) not in words
    if -status in CRASHES:
        raise MediaKilled(f"{tool} crashed ({signal.Signals(-status).name})", "crashed")
    if status < 0 or told_to_stop:
        how = signal.Signals(-status).name if status < 0 else "a signal"
        raise MediaKilled(f"{tool} was ended from outside ({how}), perhaps as memory was short", "killed")
    for number in (errno.ENOSPC, errno.EDQUOT):
        if os.strerror(number) in words:
            raise OSError(number, f"{tool} found no room: {words}")


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
