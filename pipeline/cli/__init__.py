"""The `asid` command. Thin: parses, calls, prints. One file for what is done to a run, one for looking at it, one for
what leaves it, one for manifests. What is heavy is imported where it is used: `asid --help` must not wait for it.

Exit codes: 0 all done; 1 a stage was given up, too many rows failed, or nothing was kept; 2 wrong use; 3 the budget is
reached; 130, 143, 129 stopped by Ctrl-C, SIGTERM, SIGHUP. Whatever the code, the run folder can be taken up again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asid.pipeline import interrupts
from asid.pipeline.cli.common import complain
from asid.pipeline.errors import UserError

COMMANDS = {  # name: where its function is
    "run": "runs:run", "estimate": "runs:estimate", "submit": "runs:submit", "stage": "runs:stage", "try": "runs:trial",
    "status": "views:status", "show": "views:show", "failures": "views:failures", "report": "views:report",
    "review": "views:review", "diff": "views:diff", "sql": "views:sql", "screen": "views:screen",
    "export": "outputs:export", "publish": "outputs:publish", "gc": "outputs:gc", "forget": "outputs:forget",
    "eval": "benchmarks:evaluate", "caption": "benchmarks:caption",
    "audit": "measures:audit", "power": "measures:power", "coverage": "measures:coverage",
    "doctor": "manifests:doctor", "principles": "manifests:principles",
    "partition": "training:partition", "manifest": "manifests:group",
}  # fmt: skip

if TYPE_CHECKING:
    app: typer.Typer


def __getattr__(name: str) -> Any:
    if name == "app":
        return command_line(COMMANDS)
    raise AttributeError(name)


def command_line(names: Iterable[str]) -> typer.Typer:
    """Build the command line with the commands named alone: to read what all of them take needs its time."""
    built = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
    built.callback()(top)
    for name in names:
        module, _, function = COMMANDS[name].partition(":")
        found = getattr(import_module(f"{__name__}.{module}"), function)
        if isinstance(found, typer.Typer):
            built.add_typer(found, name=name)
        else:
            built.command(name)(found)
    return built


def _version(wanted: bool) -> None:
    if wanted:
        import asid

        typer.echo(f"asid {asid.__version__}")
        raise typer.Exit


def top(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version and exit", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turn videos into a dataset of verified audiovisual captions."""


def main() -> int:
    """Run the command line. Gives its exit code."""
    asked = sys.argv[1:2]
    try:
        command_line(asked if asked and asked[0] in COMMANDS else COMMANDS)()
    except SystemExit as end:
        return interrupts.exit_code() or int(end.code or 0)
    except UserError as error:
        complain(str(error))
    except OSError as error:
        what = error.strerror or str(error)
        complain(f"{error.filename}: {what}" if error.filename else what)
    return 2
