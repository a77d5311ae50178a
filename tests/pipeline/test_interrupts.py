"""Being told to stop: the first signal counts, what is held waits, and the exit code says which it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

BEGIN = """
import os, signal, sys, threading
from asid.pipeline import interrupts
from asid.pipeline.interrupts import Stopped, exit_code, held, is_listening, listen, name
def told(number): os.kill(os.getpid(), number)
"""


def process(code: str, **how: object) -> subprocess.CompletedProcess[str]:
    """Signals are tried in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", BEGIN + textwrap.dedent(code)], capture_output=True, text=True, timeout=60, **how
    )  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    ("number", "known"),
    [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "the end of its terminal")],
)
def test_each_signal_ends_work_in_order_and_is_called_by_its_name(number: signal.Signals, known: str) -> None:
    done = process(f"""
        print(exit_code(), name(), is_listening())
        listen()
        try:
            told({int(number)})
        except Stopped as stopped:
            print(stopped.number, stopped, is_listening())
            told(signal.SIGTERM)  # while it tidies up: nothing
            sys.exit(exit_code())
    """)
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first == "0 an interrupt False"
    assert second.startswith(f"{int(number)} {known}") and second.endswith("True")
    assert done.returncode == 128 + number


def test_a_signal_in_a_held_block_waits_for_its_end() -> None:
    done = process("""
        listen()
        try:
            with held():
                told(signal.SIGTERM)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as a library might
                print("to the end")
            print("never")
        except Stopped:
            print("then stopped", is_listening())
    """)
    assert done.stdout.splitlines() == ["to the end", "then stopped True"], done.stderr


def test_a_block_holds_nothing_in_a_thread_or_where_nobody_listens() -> None:
    done = process("""
        with held():
            print(is_listening())
        listen()
        thread = threading.Thread(target=lambda: held().__enter__())
        thread.start(); thread.join()
        print(interrupts._held)
    """)
    assert done.stdout.split() == ["False", "False"], done.stderr


def test_an_error_in_a_held_block_is_the_error() -> None:
    done = process("""
        listen()
        try:
            with held():
                raise ValueError("own")
        except ValueError as error:
            print(error)
        try:
            told(signal.SIGINT)
        except KeyboardInterrupt:
            print("heard")
    """)
    assert done.stdout.split() == ["own", "heard"], done.stderr


def test_a_process_that_left_its_terminal_reads_nothing() -> None:
    done = process(
        """
        interrupts.leave_terminal()
        print(repr(sys.stdin.read()), os.fstat(0).st_rdev == os.stat(os.devnull).st_rdev)
        """,
        input="from the terminal",
    )
    assert done.stdout.split() == ["''", "True"], done.stderr
