"""The `asid` command; `python -m asid` where it is not on the path."""

import sys

from asid.pipeline import stopping


def main() -> None:
    """Run the command line, and exit with its code. It never reads the terminal, nor does anything that it starts."""
    stopping.leave_terminal()
    stopping.listen()
    try:
        from asid.pipeline.cli import main as command

        code = command()
    except KeyboardInterrupt:
        print(f"\nstopped by {stopping.name()}", file=sys.stderr)
        code = stopping.exit_code()
    sys.exit(code)


if __name__ == "__main__":
    main()
