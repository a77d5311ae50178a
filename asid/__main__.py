"""The `asid` command; `python -m asid` where it is not on the path."""

import contextlib
import gc
import logging
import os
import sys
from typing import NoReturn

from asid.pipeline import interrupts

GARBAGE = 50_000  # new objects between two looks for garbage: loading makes many of them, and hardly any garbage


def main() -> None:
    """Run the command line, and exit with its code. It never reads the terminal, nor does anything that it starts."""
    gc.set_threshold(GARBAGE)
    interrupts.leave_terminal()
    interrupts.listen()
    try:
        from asid.pipeline.cli import main as command

        code = command()
    except KeyboardInterrupt:
        print(f"\nstopped by {interrupts.name()}", file=sys.stderr)
        code = interrupts.exit_code()
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End the process here. What was begun has been ended in order by now; what is left are threads of libraries, and a
    client of a bucket that is out of reach would hold the end up for its own time limits, or abort in it."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
