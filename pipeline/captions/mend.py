"""Mending of what has only one right form. Everything else is left for a model or a person to see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from asid.pipeline.captions import anchors, quotes, repetition, symbols
from asid.pipeline.captions.text import Flaw, Style, TextSpan, apply, snippet

ROUNDS = 8  # mending one thing can lay bare another; a text that does not settle in so many rounds stays as it is
LISTED = 20


def mend(caption: str, duration: float, style: Style = "decimal") -> tuple[str, tuple[str, ...]]:
    """The caption with its form set right, and one line for each thing done.

    A caption without flaws comes back byte for byte, a mended one does not change again. No anchor moves, none goes but
    one that repeats the anchor before it; quoted words stay as they are. Time grows with the length of the caption.
    """
    text, done = apply(caption, symbols.invisible(caption))
    lines = _lines(caption, done)
    steps: tuple[Callable[[str, Sequence[TextSpan]], list[Flaw]], ...] = (
        symbols.markup,
        repetition.flaws,
        lambda text, quoted: anchors.flaws(text, duration, style, quoted),
        lambda text, _: symbols.spacing(text),
    )
    mended, more, quoted = text, list(lines), quotes.find(text)
    for _ in range(ROUNDS):
        settled = True
        for step in steps:
            after, done = apply(mended, step(mended, quoted))
            if done:
                more += _lines(mended, done)
                mended, settled, quoted = after, False, quotes.find(after)
        if settled:
            return mended, _short(more)
    return text, _short(lines)


def _lines(text: str, done: Sequence[Flaw]) -> list[str]:
    changes = [(flaw, snippet(text[flaw.start : flaw.end]), snippet(flaw.mended or "")) for flaw in done]
    return [f"{flaw.kind}: {flaw.why}: <{old}> became <{new}>" for flaw, old, new in changes]


def _short(lines: list[str]) -> tuple[str, ...]:
    """At most LISTED different lines; how often each was done, and how many more there are."""
    counts = Counter(lines)
    told = [line if count == 1 else f"{line} ({count} times)" for line, count in counts.items()]
    return (*told[:LISTED], *([f"and {len(told) - LISTED} more"] if len(told) > LISTED else []))
