"""What was spent, and what will be, on the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from asid.pipeline.models.base import Usage
from asid.pipeline.models.spend import Line, add
from asid.pipeline.text import plural

if TYPE_CHECKING:
    from asid.pipeline.run.estimate import Estimate

TEXTS = ("stage", "model", "attribute")
NUMBERS = ("answers", "rejected", "retries", "input", "cached", "audio", "video", "output", "thoughts", "USD", "saved")


def print_estimate(console: Console, estimate: Estimate) -> None:
    """Print what the rest of a run will cost, and how long the calls take at least."""
    console.print(table(estimate.lines))
    if found := estimate.interval:
        console.print(f"{found.point:.4f} USD, and between {found.low:.4f} and {found.high:.4f} in 95 of 100 such runs")
    hours, minutes = divmod(math.ceil(estimate.seconds / 60), 60)
    clips = f"for {plural(estimate.clips, 'clip')}, by {estimate.sampled} of them"
    console.print(f"{clips}; the calls take {hours} h {minutes} min or longer")


def table(lines: Sequence[Line]) -> Table:
    """One line for each stage, model and attribute, and their sum. A price that is not known is said."""
    drawn = Table(box=None, pad_edge=False, caption=caches_told(add(line.usage for line in lines)) or None,
                  caption_justify="left")  # fmt: skip
    for name in (*TEXTS, *NUMBERS):
        drawn.add_column(name, justify="left" if name in TEXTS else "right")
    for line in (*lines, total(lines)):
        usage = line.usage
        counts = (line.answers, line.rejected, line.retries, usage.input_tokens, usage.cached_tokens,
                  usage.audio_tokens, usage.video_tokens, usage.output_tokens, usage.thought_tokens)  # fmt: skip
        price = "unknown" if line.usd is None else f"{line.usd:.4f}"
        saved = f"{line.saved:.4f}" if line.saved else ""
        drawn.add_row(line.stage, line.model, line.attribute, *(str(count or "") for count in counts), price, saved)
    return drawn


def caches_told(usage: Usage) -> str:
    """What explicit caches took, and that some could not be made; "" where there are none."""
    parts = []
    if usage.stored_tokens:
        parts.append(f"{usage.stored_tokens} tokens went into explicit caches")
    if usage.uncached:
        parts.append(f"{usage.uncached} explicit caches could not be made or were gone: their requests went out plain")
    return "; ".join(parts)


def total(lines: Sequence[Line]) -> Line:
    """Their sum, whose price is unknown when one of theirs is."""
    prices = [line.usd for line in lines]
    return Line(
        stage="all",
        model="",
        attribute="",
        answers=sum(line.answers for line in lines),
        rejected=sum(line.rejected for line in lines),
        calls=sum(line.calls for line in lines),
        usage=add(line.usage for line in lines),
        usd=None if None in prices else sum(price for price in prices if price is not None),
        seconds=sum(line.seconds for line in lines),
        saved=sum(line.saved for line in lines),
    )
