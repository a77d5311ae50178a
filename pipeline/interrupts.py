"""Being told to stop: Ctrl-C, SIGTERM (Kubernetes, Slurm, a spot node) and SIGHUP (a terminal that is closed) all end a
command in order. The first one counts; while the command tidies up after it, further ones change nothing."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ENDING = 20.0  # s that what is held, or tidied up, may take once a signal has come: Ray's client aborts after 60
_told: list[int] = []  # signals that have come
_held = False  # whether one that comes now waits for the end of a block
_late: threading.Timer | None = None  # what ends a held block that goes on for too long


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


def is_told() -> bool:
    """Whether a signal has come."""
    return bool(_told)


def is_listening() -> bool:
    """Whether signals end this process in order."""
    return signal.getsignal(signal.SIGTERM) is _handle


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Let a signal wait until the block has ended: what starts processes must come to know them before it is stopped.
    Libraries that set handlers of their own inside it are not heeded: Ray's would end this process half way, with an
    exit code of its own. Raises Stopped at the end when a signal has come, whatever else went wrong by then."""
    global _held
    if threading.current_thread() is not threading.main_thread() or not is_listening():
        yield
        return
    _held = True
    setter = signal.signal
    signal.signal = _unheeded(setter)
    try:
        yield
    except Exception as error:
        if not _told:
            raise
        logging.getLogger(__name__).info("stopped while it started: %s", error)
    finally:
        signal.signal = setter
        _held = False
        if _late:
            _late.cancel()
    if _told:
        raise Stopped(_told[0])


def _unheeded(setter: Callable[..., Any]) -> Callable[..., Any]:
    """`signal.signal` for all signals but those that this module listens to."""

    def set_other(number: int, handler: Any) -> Any:
        return signal.getsignal(number) if number in SIGNALS else setter(number, handler)

    return set_other


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Tidy up in the block: once a signal has come it takes ENDING at most, then the process ends with its exit code.
    What it was to end may have been ended before it, and does not answer any more."""
    timer = _end_late() if _told else None
    try:
        yield
    finally:
        if timer:
            timer.cancel()


def _end_late() -> threading.Timer:
    def end() -> None:
        sys.stderr.write(f"stopped by {name()}; what had been started did not answer for {ENDING:.0f} s\n")
        sys.stderr.flush()
        os._exit(exit_code())

    timer = threading.Timer(ENDING, end)
    timer.daemon = True
    timer.start()
    return timer


def _handle(number: int, _: FrameType | None) -> None:
    global _late
    _told.append(number)
    if len(_told) > 1:
        return
    if not _held:
        raise Stopped(number)
    _late = _end_late()


def leave_terminal() -> None:
    """Give this process, and all that it starts, an empty standard input. What reads the terminal from a background
    process group is stopped by job control, with its whole group, for ever."""
    with contextlib.suppress(OSError):
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        if nothing:
            os.close(nothing)
