"""Run the `asid` command as `python -m asid`, where it is not on the path."""

from asid.pipeline.cli import main

main()
