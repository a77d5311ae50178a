"""Commands for what leaves a run, or goes from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from asid.pipeline.cli.common import out, run_named
from asid.pipeline.cli.options import RunFolder, Where
from asid.pipeline.text import plural

Validation = Annotated[float, typer.Option("--validation", help="Share of the videos")]
Test = Annotated[float, typer.Option("--test", help="Share of the videos")]
Seed = Annotated[int, typer.Option("--seed", help="Of splits and of the wording of prompts")]


def export(
    to: Annotated[
        str,
        typer.Option("--to", help="asid-1m, ms-swift, llama-factory, trl, webdataset, or yours"),
    ],
    target: Annotated[Path, typer.Option("--out", help="Folder to write")],
    folder: Where = "",
    run: RunFolder = "",
    media: Annotated[
        str, typer.Option("--media", help="How rows name videos: absolute, relative, or copy")
    ] = "absolute",
    items: Annotated[str, typer.Option("--items", help="Of all, single, subset attributes")] = "all,single",
    audio: Annotated[str, typer.Option("--audio", help="Sound in the video, in a file of its own, or none")] = "video",
    validation: Validation = 0.0,
    test: Test = 0.0,
    seed: Seed = 0,
    stages: Annotated[
        bool, typer.Option("--stages", help="ASID-Captioner's three training sets, all that fit")
    ] = False,
    draw: Annotated[
        list[str] | None,
        typer.Option("--draw", help="So many of a stage: stage1=150000, stage2:SOURCE=0.5, stage3=20%"),
    ] = None,
    grpo: Annotated[
        int | None, typer.Option("--grpo", min=0, help="A set for GRPO, of so many clips; 0: all of them")
    ] = None,
    clips: Annotated[
        Path | None, typer.Option("--clips", help="With --grpo: JSON list of clips, each as often as it is to stand")
    ] = None,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Also from a run that is not whole")] = False,
) -> None:
    """Write what a trainer reads. Clips of one video are in one split."""
    from asid.pipeline.dataset import export as exports
    from asid.pipeline.run.folder import Run
    from asid.pipeline.run.preflight import writable_or_refuse

    splits = exports.Splits(validation, test, seed)
    settings = exports.settings(splits, media, items.split(","), audio, unfinished)
    if stages or draw:
        settings = replace(settings, draws=exports.amounts(draw or []))
    if clips and grpo is None:
        raise typer.BadParameter("--clips is for a set for GRPO: add --grpo 0")
    if grpo is not None:
        settings = replace(settings, grpo=exports.GrpoSet(grpo, exports.clips_of(clips) if clips else None))
    opened = Run.open(run_named(folder, run))
    writable_or_refuse(target)
    for name, count in exports.export(opened, to, target, settings).items():
        out().print(f"{name}: {count}")
    if settings.draws is not None:
        for stage, counts in json.loads((target / "export.json").read_text("utf-8"))["stages"].items():
            out().print(f"{stage}: " + ", ".join(f"{count} {name}" for name, count in counts.items()), markup=False)


def publish(
    repo: Annotated[str, typer.Option("--repo", help="ORGANISATION/NAME on the Hub")],
    folder: Where = "",
    source: RunFolder = "",
    target: Annotated[str, typer.Option("--out", help="Folder to build in; RUN/publish by default")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the folder and stop")] = False,
    public: Annotated[bool, typer.Option("--public", help="A new repository is private otherwise")] = False,
    videos: Annotated[str, typer.Option("--videos", help="reference, embed or none")] = "reference",
    validation: Validation = 0.0,
    test: Test = 0.0,
    seed: Seed = 0,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Also a run that is not whole")] = False,
) -> None:
    """Publish the dataset with its card on the Hub. The token comes from HF_TOKEN."""
    from asid.pipeline.dataset import publish as publishing
    from asid.pipeline.dataset.export.splits import Splits
    from asid.pipeline.run.folder import Run
    from asid.pipeline.run.preflight import writable_or_refuse

    run = Run.open(run_named(folder, source))
    built = publishing.place(run, target)
    writable_or_refuse(built)
    splits = Splits(validation, test, seed)
    for name, count in publishing.build(run, repo, built, publishing.settings(videos, splits, unfinished)).items():
        out().print(f"{name}: {plural(count, 'row')}")
    out().print(f"written to {built}" if dry_run else publishing.upload(built, repo, public))


def gc(
    folder: Where = "",
    run: RunFolder = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go")] = False,
) -> None:
    """Remove media that no row of the run speaks of, and what killed workers have left."""
    from asid.pipeline.run.folder import Run
    from asid.pipeline.run.gc import orphans, remove
    from asid.pipeline.run.lock import lock

    target = Run.open(run_named(folder, run))
    with lock(target.storage):
        found = orphans(target)
        for orphan in found:
            out().print(f"{orphan.size:12,}  {orphan.uri}", markup=False)
        if not dry_run:
            remove(target, found)
    size = sum(orphan.size for orphan in found)
    out().print(
        f"{plural(len(found), 'file')}, {size:,} bytes{', nothing removed: a dry run' if dry_run else ' removed'}"
    )


def forget(
    words: Annotated[
        list[str], typer.Argument(metavar="RUN VIDEO…", help="The run, and videos: ids, file names or addresses")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go")] = False,
) -> None:
    """Remove videos from a run: their rows in every step and their media. Answers stay, and so do the inputs' files."""
    from asid.pipeline.dataset import parquet
    from asid.pipeline.run.folder import Run
    from asid.pipeline.run.forgetting import find
    from asid.pipeline.run.forgetting import forget as forget_videos
    from asid.pipeline.run.lock import lock

    if len(words) < 2:
        raise typer.BadParameter("name the run and at least one video: asid forget RUN VIDEO…")
    target = Run.open(words[0])
    with lock(target.storage):
        result = forget_videos(target, find(target, words[1:]), dry_run)
        if not dry_run and parquet.ends_judged(target):
            parquet.write(target)
    for id, name in result.videos.items():
        out().print(f"{id}  {name}", markup=False)
    counts = f"{plural(len(result.videos), 'video')}, {plural(result.rows, 'row')}, {plural(len(result.media), 'file')}"
    out().print(f"{counts}{': nothing removed, a dry run' if dry_run else ' removed; answers are kept'}")
