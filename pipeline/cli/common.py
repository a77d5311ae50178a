"""What the commands share: the two consoles, how a run is named, and the changes that a command line makes."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

import typer

from asid.pipeline import api
from asid.pipeline.api import USUAL

if TYPE_CHECKING:
    from rich.console import Console


@cache
def out() -> Console:
    """Standard output. Tables keep their columns where no terminal says how wide it is; names keep their `:cat:`."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 240
    return Console(soft_wrap=True, highlight=False, emoji=False, width=width)


@cache
def err() -> Console:
    """Standard error, for progress and what went wrong."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def complain(text: str) -> None:
    """Print what is wrong, whatever bytes are in it."""
    sys.stderr.write(text.encode("utf-8", "backslashreplace").decode() + "\n")


def run_named(argument: str, option: str) -> str:
    """The run folder, named after the command or by --run."""
    if argument and option and argument != option:
        raise typer.BadParameter(f"two runs are named, {argument} and {option}: name one")
    return argument or option or USUAL


def words_and_run(words: list[str] | None, option: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The values of `names`, of which one is RUN, where the run may stand among the words or in --run. The run comes
    first."""
    given = list(words or [])
    if option:
        given.insert(names.index("RUN"), option)
    if len(given) == len(names) - 1:
        given.insert(names.index("RUN"), USUAL)
    if len(given) != len(names):
        raise typer.BadParameter(f"this command takes {' '.join(names)}, or --run RUN and the rest")
    run = given.pop(names.index("RUN"))
    return run, *given


def changes(settings: list[str] | None, prompts: str = "", models: list[str] | None = None) -> list[str]:
    """Settings as `path=value`, the folder of prompts and the models of the command line among them."""
    if prompts and not os.path.isdir(prompts):
        raise typer.BadParameter(f"there is no folder {prompts}", param_hint="--prompts")
    if unnamed := [word for word in models or [] if not word.partition("=")[2] or "." in word.partition("=")[0]]:
        said = f"{unnamed[0]}: write it as NAME=PROVIDER:MODEL@http://host:port/v1, NAME being a model of the recipe"
        raise typer.BadParameter(said, param_hint="--model")
    return api.changes([*(f"models.{word}" for word in models or []), *(settings or [])], prompts)
