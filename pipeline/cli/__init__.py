"""The `asid` command. Thin: parses, calls, prints. One file for what is done to a run, one for looking at it, one for
what leaves it, one for manifests.

Exit codes: 0 all done; 1 a stage was given up or too many rows failed; 2 wrong use; 3 the budget is reached;
130 interrupted. Whatever the code, the run folder can be taken up again.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from asid import __version__
from asid.pipeline.cli import giving, looking, manifests, working
from asid.pipeline.cli.common import err, out
from asid.pipeline.inputs import InputError
from asid.pipeline.manifest import ManifestError
from asid.pipeline.prompts import PromptError
from asid.pipeline.run import RunError
from asid.pipeline.shards import ShardError

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
for command in (
    *(working.run, working.estimate, working.submit, working.stage),
    *(looking.status, looking.show, looking.failures, looking.report, looking.review),
    *(giving.export, giving.publish, giving.gc),
    manifests.doctor,
):
    app.command()(command)
app.command("eval")(looking.evaluate)

of_manifests = typer.Typer(no_args_is_help=True, help="Write or check a manifest.")
of_manifests.command()(manifests.new)
of_manifests.command()(manifests.check)
app.add_typer(of_manifests, name="manifest")


def _say_version(wanted: bool) -> None:
    if wanted:
        out.print(f"asid {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and exit")
    ] = False,
) -> None:
    """Turn raw videos into a dataset of attribute-structured, verified audiovisual captions."""


def main() -> None:
    try:
        app()
    except ManifestError as error:
        for problem in error.problems:
            err.print(problem, markup=False)
        sys.exit(2)
    except (InputError, RunError, PromptError, ShardError) as error:
        err.print(str(error), markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("interrupted; what is done is kept: the same command goes on from here")
        sys.exit(130)
