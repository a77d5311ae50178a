"""Options of the command line that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

from asid.pipeline.api import USUAL

RunFolder = Annotated[str, typer.Option("--run", help="Run folder: a path, s3://… or gs://…", show_default=USUAL)]
Where = Annotated[str, typer.Argument(metavar="[RUN]", help="Run folder: a path, s3://… or gs://…", show_default=USUAL)]
Settings = Annotated[list[str] | None, typer.Option("--set", help="path=value, such as recipe.cut.max_seconds=60")]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="NAME=PROVIDER:MODEL@URL: your own endpoint in the place of a model of the recipe"),
]
Prompts = Annotated[str, typer.Option("--prompts", help="Folder of prompts that come before the shipped ones")]
AnswersFrom = Annotated[
    list[str] | None,
    typer.Option("--answers-from", help="Use the stored answers of this run too; only read", metavar="RUN"),
]
Yes = Annotated[bool, typer.Option("--yes", help="Go on although what was made so far becomes stale")]
