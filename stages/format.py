"""The form is set right: captions are mended where there is only one right form, quoted speech is located in the
transcript, and what remains wrong is written down (ASID, section 3.3: repetition collapse, malformed timestamps,
non-compliant symbols)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pydantic import Field

from asid.pipeline import captions
from asid.pipeline.captions import latest
from asid.pipeline.captions.text import FOUND, Style
from asid.pipeline.rows import (
    AttributeCaptions,
    Decomposed,
    Drafted,
    Formatted,
    FormattedByAttribute,
    Problem,
    Row,
    grow,
    joined,
)
from asid.pipeline.stage import Stage, StageConfig


class FormatConfig(StageConfig):
    """Say how captions are set right in form."""

    style: Style = Field("decimal", description="anchors in whole seconds, or with one decimal at most")
    mend: bool = Field(True, description="False: captions stay as written, and problems are only named")
    quote_likeness: float = Field(FOUND, ge=0, le=1, description="from which a quotation counts as said")


class Format(Stage[Drafted, Formatted, FormatConfig]):
    """Of what the recipe has made by then: the refined caption, else the verified one, else the draft."""

    name = "format"
    version = 5

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Formatted]:
        return joined(taken, FormattedByAttribute if issubclass(taken, Decomposed) else Formatted)

    async def process(self, clip: Drafted) -> Formatted:
        return await asyncio.to_thread(format_clip, clip, self.config)


def format_clip(clip: Drafted, config: FormatConfig) -> Formatted:
    """All captions mended. A line or problem of an attribute's caption begins with the attribute."""
    known = captions.grounds.grounds(clip)
    caption, mends = mended(latest.caption(clip), clip, config)
    remaining = captions.checks.examine(caption, known, config.style, found=config.quote_likeness)
    lines = list(mends)
    parts: dict[str, str] = {}
    for attribute, part in latest.by_attribute(clip).items():
        text, mends = mended(part, clip, config)
        parts[attribute] = text
        lines += [f"{attribute}: {line}" for line in mends]
        if text:  # "" says that the clip gives nothing for it
            found = captions.checks.examine(
                text, known, config.style, anchored=False, whole=False, found=config.quote_likeness
            )
            remaining += [Problem(kind=it.kind, snippet=it.snippet, why=f"{attribute}: {it.why}") for it in found]
    return grow(
        clip,
        Format.gives(type(clip)),
        caption=caption,
        mends=tuple(lines),
        quotes=tuple(captions.checks.find_quotes(caption, clip.utterances, config.quote_likeness, clip.language)),
        remaining=tuple(remaining),
        **({"captions": AttributeCaptions(**parts)} if parts else {}),
    )


def mended(text: str, clip: Drafted, config: FormatConfig) -> tuple[str, Sequence[str]]:
    """Mend a caption by rule, unless it is to stay as it was written."""
    return captions.mend.mend(text, clip.duration, config.style) if config.mend else (text, ())
