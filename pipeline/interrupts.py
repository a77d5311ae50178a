"""Being told to stop: Ctrl-C, SIGTERM (Kubernetes, Slurm, a spot node) and SIGHUP (a terminal that is closed) all end a
command in order. The first one counts; while the command tidies up after it, further ones change nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_told: list[int] = []  # signals that have come
_held = False  # whether one that comes now waits for the end of a block


class Stopped(KeyboardInterrupt):
    """Somebody has told this process to stop."""

    def __init__(self, number: int):
        super().__init__(name())
        self.number = number


def exit_code() -> int:
    """128 + the number of the signal that has come; 0 when none has."""
    return 128 + _told[0] if _told else 0


def name() -> str:
    """The signal that has come, as a person knows it."""
    known = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "the end of its terminal (SIGHUP)"}
    return known[signal.Signals(_told[0])] if _told else "an interrupt"


def listen() -> None:
    """Turn each signal into `Stopped`, in the main thread."""
    for number in SIGNALS:
        signal.signal(number, _handle)


def is_listening() -> bool:
    """Whether signals end this process in order."""
    return signal.getsignal(signal.SIGTERM) is _handle


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Let a signal wait until the block has ended: what starts processes must come to know them before it is stopped.
    Libraries that set handlers of their own inside it lose them."""
    global _held
    if threading.current_thread() is not threading.main_thread() or not is_listening():
        yield
        return
    _held = True
    try:
        yield
    finally:
        _held = False
        listen()
    if _told:
        raise Stopped(_told[0])


def _handle(number: int, _: FrameType | None) -> None:
    _told.append(number)
    if len(_told) == 1 and not _held:
        raise Stopped(number)


def leave_terminal() -> None:
    """Give this process, and all that it starts, an empty standard input. What reads the terminal from a background
    process group is stopped by job control, with its whole group, for ever."""
    with contextlib.suppress(OSError):
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        if nothing:
            os.close(nothing)
