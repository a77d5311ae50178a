"""`asid` where people type it: in an interactive shell on a terminal, with job control."""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import psutil
import pytest

from tests import heads

PROMPT = "ready> "


class Shell:
    """An interactive bash in a pseudo-terminal. `readers`: command lines seen to have the terminal as their input."""

    def __init__(self, folder: Path):
        (folder / "r").mkdir()
        env = heads.environment(TERM="xterm-256color", RAY_TMPDIR=str(folder / "r"), PS1=PROMPT)
        self.child = pexpect.spawn(
            "bash", ["--norc", "-i"], cwd=str(folder), env=env, dimensions=(40, 100), encoding="utf-8", timeout=300
        )
        self.child.delaybeforesend = None
        self.terminal = os.ttyname(self.child.child_fd)
        self.readers: set[str] = set()
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def type(self, line: str) -> None:
        self.child.sendline(f"{line}; echo END=$?")

    def see(self, pattern: str) -> None:
        """Wait for something to be shown. Fails at once when the command has ended without it."""
        if self.child.expect([pattern, r"END=\d+"]):
            pytest.fail(f"ended without {pattern}: {self.child.before[-2000:]}")

    def code(self) -> int:
        self.child.expect(r"END=(\d+)")
        print(self.child.before[-2000:])  # shown when the test fails
        return int(self.child.match[1])

    def close(self) -> None:
        self.over.set()
        self.watcher.join()
        self.child.close(force=True)

    def _watch(self) -> None:
        """Look, again and again, who reads the terminal."""
        slave = os.readlink(f"/proc/{self.child.pid}/fd/0")
        while not self.over.wait(0.05):
            for process in psutil.process_iter():
                try:
                    reads = os.readlink(f"/proc/{process.pid}/fd/0") == slave
                    if reads and self._is_settled(process) and (words := process.cmdline()):
                        self.readers.add(" ".join(words))
                except (OSError, psutil.Error):
                    continue

    def _is_settled(self, process: psutil.Process) -> bool:
        """Whether a process has had the time to leave the terminal: the commands that are typed by what they have
        worked, since Python starts slowly on a busy machine; what they start, soon."""
        if process.pid == self.child.pid:
            return False
        if process.ppid() == self.child.pid:
            spent = process.cpu_times()
            return spent.user + spent.system > 0.3
        return time.time() - process.create_time() > 1.0


@pytest.fixture
def shell() -> Iterator[Shell]:
    with tempfile.TemporaryDirectory(prefix="t") as folder:  # short: Ray's sockets lie in it
        made = Shell(Path(folder))
        yield made
        made.close()


def left(folder: Path) -> list[str]:
    """Processes that still run for a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if str(folder) in words:
            found.append(words)
    return found


@pytest.mark.cluster
@pytest.mark.models
def test_the_demo_is_stopped_goes_on_and_ends_and_nothing_reads_the_terminal(shell: Shell, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shell.type(f"asid run demo.yaml --run {run}")
    shell.see("starting Ray")
    shell.see(r"split\S*\s+0/1")  # the live table
    shell.child.sendintr()
    assert shell.code() == 130
    assert "is kept" in shell.child.before and f"asid run --run {run}" in shell.child.before
    assert not left(run) and not left(Path(shell.child.cwd or ".") / "r")

    shell.type(f"asid run demo.yaml --run {run}")
    shell.see(r"transcribe\s+1/1")
    assert shell.code() == 0
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shell.child.before)
    assert (
        "1 video, " in said
        and re.search(r"[1-9]\d* kept", said)
        and f"{run}/dataset" in said
        and "next: asid show" in said
    )

    truth = tmp_path / "truth"
    truth.mkdir()
    for words in (
        f"status {run}",
        f"doctor {run}",
        f"report {run} --out {tmp_path}/r.html",
        "manifest check demo.yaml",
    ):
        shell.type(f"asid {words}")
        assert shell.code() == 0, words
    shell.type(f"asid stage format {run} --force")
    assert shell.code() == 0
    shell.type(f"asid review {run} --unfinished")
    shell.see("http://127.0.0.1")
    shell.child.sendintr()
    assert shell.code() in (0, 130)
    assert shell.readers == set()
    assert not left(run)
