"""A process that is told to stop ends with the code of the signal, in bounded time, whatever libraries do meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

BEGIN = "import os, signal, sys, time\nfrom asid.pipeline import interrupts\ninterrupts.listen()\n"
END = "except interrupts.Stopped:\n    print('in order', flush=True)\n    os._exit(interrupts.exit_code())\n"


def run(body: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: what it does, in a `try` that `END` closes."""
    code = BEGIN + "try:\n" + "".join(f"    {line}\n" for line in body.strip("\n").split("\n")) + END
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_ends_a_command_in_order_with_its_own_code(number: signal.Signals) -> None:
    done = run(f"os.kill(os.getpid(), {int(number)})\ntime.sleep(30)")
    assert (done.returncode, done.stdout) == (128 + number, "in order\n")


def test_one_that_comes_while_held_waits_for_the_end_of_the_block() -> None:
    done = run("""
with interrupts.held():
    os.kill(os.getpid(), signal.SIGTERM)
    print("all of it", flush=True)
print("not this", flush=True)
""")
    assert (done.returncode, done.stdout) == (143, "all of it\nin order\n")


def test_a_handler_that_a_library_sets_while_held_ends_nobody_half_way() -> None:
    done = run("""
with interrupts.held():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(15))
    signal.signal(signal.SIGUSR1, lambda *_: print("others are heard", flush=True))
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGTERM)
    print("all of it", flush=True)
""")
    assert (done.returncode, done.stdout) == (143, "others are heard\nall of it\nin order\n")
    assert run("interrupts.held().__enter__()\nsys.exit(4)").returncode == 4


def test_what_fails_while_held_because_it_was_stopped_is_no_failure() -> None:
    fails = "with interrupts.held():\n    {}\n    raise OSError('its child is gone')"
    stopped = run(fails.format("os.kill(os.getpid(), signal.SIGTERM)"))
    assert (stopped.returncode, stopped.stdout) == (143, "in order\n")
    failed = run(fails.format("pass"))
    assert failed.returncode == 1 and "OSError: its child is gone" in failed.stderr


@pytest.mark.parametrize(
    "waits",
    [
        "with interrupts.held():\n    os.kill(os.getpid(), signal.SIGTERM)\n    time.sleep(30)",
        """
try:
    os.kill(os.getpid(), signal.SIGTERM)
finally:
    with interrupts.bounded():
        time.sleep(30)
""",
    ],
    ids=["held", "tidying up"],
)
def test_what_never_answers_holds_nobody_up(waits: str) -> None:
    done = run("interrupts.ENDING = 0.3\n" + waits.strip("\n"))
    assert done.returncode == 143 and "stopped by SIGTERM; what had been started did not answer" in done.stderr


def test_tidying_up_without_a_signal_has_all_the_time_it_needs() -> None:
    done = run("interrupts.ENDING = 0.1\nwith interrupts.bounded():\n    time.sleep(0.5)\nsys.exit(7)")
    assert (done.returncode, done.stderr) == (7, "")


HEAD = """
import os, signal, sys, threading
from asid.pipeline import interrupts
from asid.pipeline.interrupts import Stopped, exit_code, held, is_listening, listen, name
def told(number): os.kill(os.getpid(), number)
"""


def process(code: str, **how: object) -> subprocess.CompletedProcess[str]:
    """Signals are tried in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", HEAD + textwrap.dedent(code)], capture_output=True, text=True, timeout=60, **how
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
