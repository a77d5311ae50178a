"""One HTML file that shows a run: nothing in it comes from elsewhere, and nothing in it can run."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.figures import Figures, Quality, gather
from pipeline.finished import lacks
from pipeline.models.spend import Line
from pipeline.report import plots
from pipeline.run import Run

LONGEST = 400  # characters of an untrusted text


def html(run: Run) -> str:
    """The report of a run that ends in judged clips, finished or not. Raises ShardError for a damaged shard."""
    survey = run.survey()
    figures = gather(run, survey)
    page = Environment(loader=PackageLoader("pipeline.report", "."), autoescape=True, undefined=StrictUndefined)
    page.filters["text"] = shown
    return page.get_template("page.html").render(
        title=run.manifest.title or "run",
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        lacks=list(lacks(run, survey)),
        f=figures,
        length=f"{figures.seconds / 3600:.2f} h" if figures.seconds >= 3600 else f"{figures.seconds / 60:.1f} min",
        funnel=plots.bars([(step.name, step.rows, _funnel_note(figures, number))
                           for number, step in enumerate(figures.steps)]),
        rules=plots.bars([(rule, count, str(count)) for rule, count in figures.rules.most_common()], "c"),
        durations=plots.histogram(figures.durations, "seconds"),
        shots=plots.histogram(figures.shots, "shots in a clip"),
        speakers=plots.histogram(figures.speakers, "speakers in a clip"),
        languages=plots.bars([(name, count, str(count)) for name, count in figures.languages.most_common(15)]),
        quality=plots.shares([(_label(point), point.rates()) for point in figures.quality]),
        attributes=plots.shares([(name, {"with errors": found.with_errors / (found.audited or 1),
                                         "with omissions": found.with_missing / (found.audited or 1)})
                                 for name, found in figures.attributes.items()]),
        spending=[(stage, list(lines)) for stage, lines in groupby(figures.spending, lambda line: line.stage)],
        spent=plots.bars(_spent(figures.spending)),
        slowest=plots.bars([(clip, seconds, f"{seconds:.1f} s") for seconds, clip in figures.slowest if seconds]),
        failures=sorted(figures.failures.items()),
    )  # fmt: skip


def shown(text: object, longest: int = LONGEST) -> str:
    """Untrusted text: at most `longest` characters, with those that are invisible or turn the line around escaped."""
    whole = str(text)
    cut = whole[:longest] + (f"… ({len(whole)} characters)" if len(whole) > longest else "")
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in cut)


def _funnel_note(figures: Figures, number: int) -> str:
    step = figures.steps[number]
    note = f"{step.rows} rows" + (f", {step.failed} failed" if step.failed else "")
    return note if step.state == "done" else f"{note} ({step.state})"


def _label(point: Quality) -> str:
    return f"{point.label}, {point.how}"


def _spent(lines: list[Line]) -> list[tuple[str, float, str]]:
    """Money by stage and model; where nothing costs any, the time of the calls; where they take none, their number."""
    named = [(f"{line.stage} {line.model} {line.attribute}".strip(), line) for line in lines]
    if any(line.usd for line in lines):
        return [
            (name, line.usd or 0.0, "no price" if line.usd is None else f"{line.usd:.4f} USD") for name, line in named
        ]
    if any(line.seconds for line in lines):
        return [(name, line.seconds, f"{line.seconds:.1f} s of calls") for name, line in named]
    return [(name, line.calls, f"{line.calls} calls") for name, line in named]
