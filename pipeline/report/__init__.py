"""One HTML file that shows a run: nothing in it comes from elsewhere, and nothing in it can run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from asid.pipeline.figures import Figures, PointFindings, gather
from asid.pipeline.models.spend import Line
from asid.pipeline.report import plots
from asid.pipeline.report.plots import Bar
from asid.pipeline.rows import Candidate, Clip
from asid.pipeline.run.completeness import lacks
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.run.screens import Screen, screen
from asid.pipeline.text import plural

LONGEST = 400  # characters of an untrusted text


def html(run: Run) -> str:
    """The report of a run that ends in judged clips, finished or not. Raises ShardError for a damaged shard."""
    survey = run.survey()
    figures = gather(run, survey)
    verified = "verified_by" in figures.columns
    page = Environment(loader=PackageLoader("asid.pipeline.report", "."), autoescape=True, undefined=StrictUndefined)
    page.filters["text"] = shown
    page.filters["plural"] = plural
    return page.get_template("page.html").render(
        title=run.manifest.title or "run",
        style=Markup((resources.files("asid.pipeline.report") / "page.css").read_text("utf-8")),
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        lacks=list(lacks(run, survey)),
        f=figures,
        steps=run.steps,
        length=f"{figures.seconds / 3600:.2f} h" if figures.seconds >= 3600 else f"{figures.seconds / 60:.1f} min",
        funnel=plots.bars(list(_funnel(run, figures))),
        rules=plots.bars([Bar(rule, count, str(count)) for rule, count in figures.rules.most_common()], "c"),
        durations=plots.histogram(figures.durations, "seconds"),
        shots=plots.histogram(figures.shots, "shots in a clip"),
        speakers=plots.histogram(figures.speakers, "speakers in a clip"),
        languages=plots.bars([Bar(name, count, str(count)) for name, count in figures.languages.most_common(12)]),
        quality=_quality(figures),
        checks=plots.shares([(kind.replace("_", " "), {**({"verified": before} if verified else {}), "finished": after})
                             for kind, (before, after) in figures.checks.items()]),
        attributes=plots.shares([(name, {"with errors": found.with_errors / (found.audited or 1),
                                         "with omissions": found.with_missing / (found.audited or 1)})
                                 for name, found in figures.attributes.items()]),
        points=list(_points(run, figures)),
        screen=_screen(run),
        coverage=_coverage(figures),
        spent=plots.bars(_spent(figures.spending)),
        slowest=plots.bars([Bar(clip, seconds, f"{seconds:.1f} s") for seconds, clip in figures.slowest if seconds]),
        failed=plots.bars([Bar(f"{step.name}: {kind}", count, str(count))
                           for step in figures.steps for kind, count in step.kinds.most_common()], "c"),
        failures=sorted(figures.failures.items()),
    )  # fmt: skip


def shown(text: object, longest: int = LONGEST) -> str:
    """Untrusted text: at most `longest` characters, with those that are invisible or turn the line around escaped."""
    whole = str(text)
    cut = whole[:longest] + (f"… ({len(whole)} characters)" if len(whole) > longest else "")
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in cut)


def _funnel(run: Run, figures: Figures) -> Iterator[Bar]:
    """Videos become clips, and clips are kept. A corpus pass makes decisions, no clips, and is left out."""
    for step in figures.steps:
        if run.steps[step.name].is_corpus_pass:
            continue
        what = "clips" if issubclass(run.types(step.name)[1], (Clip, Candidate)) else "videos"
        note = f"{step.rows} {what}" + (f", {step.failed} failed" if step.failed else "")
        yield Bar(step.name, step.rows, note if step.state == "done" else f"{note} ({step.state})", step.failed)
    yield Bar("kept", figures.kept, f"{plural(figures.kept, 'clip')}, {figures.dropped} dropped", figures.dropped)


def _quality(figures: Figures) -> Markup:
    """Audits and what rules have checked, apart: the one is no measure of the other."""
    parts = ([point for point in figures.quality if point.by_rules == ruled] for ruled in (False, True))
    drawn = [
        plots.columns([(f"{point.label}, {point.told}", point.rates()) for point in part]) for part in parts if part
    ]
    return Markup("").join(drawn)


def _points(run: Run, figures: Figures) -> Iterator[tuple[str, str, PointFindings]]:
    """What audits found of each VERIFY point, in the order of the attributes' lists; then of points that the lists have
    no longer, and of none."""
    for name, entry in run.prompts.attributes().items():
        found = figures.attributes[name].points
        order = [*(point for point in entry.verify if point in found), *sorted(found.keys() - {*entry.verify, ""}), ""]
        yield from ((name, point, found[point]) for point in order if point in found)


def _screen(run: Run) -> Screen | str:
    """What the run's cheap auditor saves, or why nothing can be said of it; "" where there is none."""
    if not any(getattr(step.config, "screen", "") for step in run.steps.values()):
        return ""
    try:
        return screen(run)
    except RunError as error:
        return str(error)


def _coverage(figures: Figures) -> list[tuple[str, Markup]]:
    """Of each attribute, the share of clips whose caption tells of each of its points."""
    if figures.coverage is None:
        return []
    rows: dict[str, list[Bar]] = {}
    for point in figures.coverage.points:
        share = point.clips / (figures.coverage.clips or 1)
        rows.setdefault(point.attribute, []).append(Bar(point.point, share, f"{share:.0%}"))
    return [(attribute, plots.bars(found)) for attribute, found in rows.items()]


def _spent(lines: list[Line]) -> list[Bar]:
    """Money by stage and model; where nothing costs any, the time of the calls; where they take none, their number."""
    named = [(f"{line.stage} {line.model} {line.attribute}".strip(), line) for line in lines]
    if any(line.usd for line in lines):
        return [
            Bar(name, line.usd or 0.0, "no price" if line.usd is None else f"{line.usd:.4f} USD")
            for name, line in named
        ]
    if any(line.seconds for line in lines):
        return [Bar(name, line.seconds, f"{line.seconds:.1f} s of calls") for name, line in named]
    return [Bar(name, line.calls, f"{line.calls} calls") for name, line in named]
