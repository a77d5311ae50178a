"""What the commands share: the two consoles, and options that several of them take."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

# Tables keep their columns where no terminal says how wide it is.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, soft_wrap=True, highlight=False)

RunFolder = Annotated[str, typer.Option("--run", help="Run folder: a path, s3://… or gs://…")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="path=value, such as recipe.cut.max_seconds=60")]
Prompts = Annotated[str, typer.Option("--prompts", help="Folder of prompts that come before the shipped ones")]


def changes(settings: list[str] | None, prompts: str) -> list[str]:
    return [*(settings or []), *([f"prompts={Path(prompts).resolve()}"] if prompts else [])]


def empty(name: str, command: str, folder: str) -> str:
    """What is said of a manifest without inputs, with the lines that mend it."""
    return (
        f"{name}: `inputs` is empty, and none are given on the command line: write `inputs: [s3://bucket/videos]` into "
        f"it, or type: asid {command} {name} s3://bucket/videos --run {folder}"
    )
