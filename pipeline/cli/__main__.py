"""`python -m pipeline.cli`, where `asid` is not on the path."""

from pipeline.cli import main

main()
