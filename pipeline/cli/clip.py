"""One clip on the terminal: what each step found out, word by word what it changed. Everything printed of
a row is escaped: captions, file names and reasons come from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from asid.pipeline.captions import latest
from asid.pipeline.evaluation.rows import Case
from asid.pipeline.rows import (
    Audited,
    Captioned,
    Clip,
    Decomposed,
    Drafted,
    Formatted,
    Judged,
    Preferred,
    Refined,
    Score,
    Scored,
)
from asid.pipeline.run.folder import Run, RunError
from asid.pipeline.text import plural, safe


def find(run: Run, clip: str) -> dict[str, Any]:
    """The row of one clip, or of one video, at every step that has it: step -> row. Raises RunError."""
    rows: list[tuple[str, Any]] = []
    for step in run.steps:
        if run.steps[step].is_corpus_pass:
            continue
        for row in run.all_rows(step):
            if row.id.startswith(clip):
                rows.append((step, row))
    ids = {row.id for _, row in rows}
    clips = {id for id in ids if "-" in id}
    if clip in clips:  # whole, though others begin with it: `film-1` and `film-1#2`
        return {step: row for step, row in rows if row.id == clip}
    if not ids:
        raise RunError(f"the run has no clip and no video {clip!r}")
    if len(clips) > 1:
        raise RunError(f"{clip!r} is not one clip: {', '.join(sorted(clips)[:10])}")
    return dict(rows)


def print_clip(console: Console, run: Run, clip: str) -> None:
    """Print what each step found out about a clip, and what it changed in the caption. Raises RunError."""
    caption = ""
    for step, row in find(run, clip).items():
        console.rule(step, align="left")
        if isinstance(row, Clip) and not caption and type(row) is Clip:
            console.print(Text(f"{safe(row.name)}  {row.source_start:.2f}–{row.source_end:.2f} s of the source, "
                               f"{row.width}×{row.height}, {plural(len(row.shots), 'shot')}"))  # fmt: skip
            for said in row.utterances:
                console.print(Text(f"  {said.start:6.2f} {said.speaker or '?'}: {safe(said.text)}"))
        elif not isinstance(row, Clip):
            _print_other(console, row)
        else:
            after = latest.caption(row) if isinstance(row, Drafted) else ""
            if after and after != caption:
                _print_change(console, caption, after)
            found = list(_findings(row)) or (["  kept as it was"] if after == caption else [])
            for line in found:
                console.print(Text(safe(line)))
            caption = after or caption


def _print_other(console: Console, row: Any) -> None:
    if isinstance(row, Case):
        _print_case(console, row)
    elif hasattr(row, "annotator"):
        console.print(Text(f"{row.annotator} ({row.by.model}): {safe(row.caption)}"))
    else:
        console.print(Text(f"{safe(row.name)}  {row.duration:.2f} s  {row.width}×{row.height}"))


def _print_case(console: Console, case: Case) -> None:
    """A case of a benchmark: before it is judged what it is of, after that the last reply."""
    if not case.replies:
        for name in ("question", "choices", "reference", "statements", "caption", "gap"):
            if value := getattr(case, name):
                console.print(Text(f"{name}: {safe(value if isinstance(value, str) else '; '.join(value))}"))
        return
    reply = case.replies[-1]
    said = f"{reply.by.model}, asked {reply.attempts}×: {reply.text}" if reply.asked else "nothing was asked"
    console.print(Text(safe(said)))


def _print_change(console: Console, before: str, after: str) -> None:
    """The caption, with what is new in it and what is gone marked word by word."""
    from asid.pipeline.review.views import diff

    text = Text()
    for part in diff(before, after) if before else [{"kind": "same", "text": after}]:
        words = safe(part["text"])
        if part["kind"] == "gone":
            text.append(f"[-{words}-] ", "red strike")
        elif part["kind"] == "new":
            text.append(f"{{+{words}+}} ", "green")
        else:
            text.append(words + " ")
    console.print(text)


def _score(score: Score) -> Iterator[str]:
    yield f"  {score.annotator} {score.value:.3f} ({score.by.model}) {score.why}".rstrip()
    for kind in ("missing", "incorrect", "hallucinated"):
        yield from (f"    {kind}: {event}" for event in getattr(score, kind))


def _audit(audit: dict[str, Any]) -> Iterator[str]:
    name = audit["attribute"]
    yield from (f"  {name} error: {error['snippet']}: {error['why']}" for error in audit["errors"])
    yield from (f"  {name} missing: {missing['what']}: {missing['why']}" for missing in audit["missing"])
    yield from (f"  {name}: {remark}" for remark in audit["expressiveness"])


def _findings(row: Clip) -> Iterator[str]:
    """What a step found out about a clip, beside its caption."""
    values = row.model_dump()
    if isinstance(row, Audited) and not isinstance(row, Refined | Formatted):
        found = [line for audit in values.get("audits", ()) for line in _audit(audit)]
        yield from found or ["  nothing found"]
    if isinstance(row, Decomposed) and not isinstance(row, Audited | Formatted):
        yield from (f"  {attribute}: {caption or '—'}" for attribute, caption in values["attributes"].items())
    if type(row) is Captioned:
        for candidate in row.candidates:
            if candidate.corrected_by:
                yield f"{candidate.annotator}, corrected ({candidate.corrected_by.model}): {candidate.caption}"
    if type(row) is Scored:
        for score in row.scores:
            yield from _score(score)
    if isinstance(row, Preferred) and not isinstance(row, Formatted):
        yield (f"  {row.chosen_from} before {row.rejected_from}, by {row.margin:.3f}; "
               f"repeats itself less by {row.repetition_gain:.3f}")  # fmt: skip
    if isinstance(row, Formatted) and not isinstance(row, Judged):
        yield from (f"  mended: {line}" for line in row.mends)
    if isinstance(row, Judged):
        yield from [f"  dropped by {reason.rule}: {reason.detail}" for reason in row.reasons] or ["  kept"]
