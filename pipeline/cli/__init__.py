"""The `asid` command. Thin: parses, calls, prints. One file for what is done to a run, one for looking at it, one for
what leaves it, one for manifests. What is heavy is imported where it is used: `asid --help` must not wait for it.

Exit codes: 0 all done; 1 a stage was given up, too many rows failed, or nothing was kept; 2 wrong use; 3 the budget is
reached; 130, 143, 129 stopped by Ctrl-C, SIGTERM, SIGHUP. Whatever the code, the run folder can be taken up again.
"""

from __future__ import annotations

from typing import Annotated

import typer

from asid.pipeline import interrupts
from asid.pipeline.cli import benchmarks, manifests, measures, outputs, runs, training, views
from asid.pipeline.cli.common import complain
from asid.pipeline.errors import UserError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
for command in (
    *(runs.run, runs.estimate, runs.submit, runs.stage),
    *(views.status, views.show, views.failures, views.report, views.review, views.diff, views.sql, views.screen),
    *(outputs.export, outputs.publish, outputs.gc, outputs.forget),
    *(measures.audit, measures.power, measures.coverage),
    *(manifests.doctor, manifests.principles),
):
    app.command()(command)
app.command("eval")(benchmarks.evaluate)
app.command("try")(runs.trial)
app.command()(benchmarks.caption)
app.command()(training.partition)

of_manifests = typer.Typer(no_args_is_help=True, help="Write or check a manifest.")
of_manifests.command()(manifests.new)
of_manifests.command()(manifests.check)
app.add_typer(of_manifests, name="manifest")


def _version(wanted: bool) -> None:
    if wanted:
        import asid

        typer.echo(f"asid {asid.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version and exit", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turn videos into a dataset of verified audiovisual captions."""


def main() -> int:
    """Run the command line. Gives its exit code."""
    try:
        app()
    except SystemExit as end:
        return interrupts.exit_code() or int(end.code or 0)
    except UserError as error:
        complain(str(error))
    except OSError as error:
        what = error.strerror or str(error)
        complain(f"{error.filename}: {what}" if error.filename else what)
    return 2
